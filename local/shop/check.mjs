#!/usr/bin/env node
// Waits until the shop front answers as it should, for half a minute at most, and says what does not.
//
//   node local/shop/check.mjs --site http://localhost:8080 --hot /products/85123A --api /sluice/api

import { setTimeout as pause } from 'node:timers/promises';
import { options } from './common.mjs';

const USAGE = 'node local/shop/check.mjs --site http://localhost:8080 --hot /products/85123A --api /sluice/api';
const { site, hot, api } = options({ site: { type: 'string' }, hot: { type: 'string' }, api: { type: 'string' } }, USAGE);
const SECONDS = 30;

const servedBy = (answer) => answer.headers.get('x-served-by');
const checks = [
  ['/', 'the front page of the legacy shop', (answer) => answer.status === 200 && servedBy(answer) === 'legacy-shop'],
  [hot, 'a page that is not the legacy shop\'s', (answer) => answer.status === 200 && servedBy(answer) === null],
  [`${api}/orders/none`, 'a refusal, since there is no token', (answer) => answer.status === 401],
];

const deadline = Date.now() + SECONDS * 1000;
for (const [path, wanted, good] of checks) {
  let seen;
  do {
    if (seen) await pause(200);
    try {
      const answer = await fetch(site + path, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
      await answer.arrayBuffer();
      seen = good(answer) ? undefined : `${answer.status}${servedBy(answer) ? ` of ${servedBy(answer)}` : ''}`;
    } catch (error) {
      seen = error.cause?.code ?? error.message;
    }
  } while (seen && Date.now() < deadline);
  if (seen) {
    console.error(`    ${path} should be ${wanted}, but: ${seen}`);
    process.exitCode = 1;
  }
}
