// The legacy shop as a process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORM, ask, browser, form, start } from './programs.mjs';

const legacyOf = (t) => start(t, 'legacy', '--port', '0');

test('each page says who served it, and links only to pages that are there', async (t) => {
  const { url } = await legacyOf(t);
  const seen = new Set();
  const open = ['/'];
  while (open.length) {
    const path = open.pop();
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, headers, text } = await ask(url + path);
    assert.equal(status, 200, path);
    assert.equal(headers['x-served-by'], 'legacy-shop');
    assert.match(text, /served by the legacy shop/);
    assert.match(text, /<h1>[^<]+<\/h1>/);
    for (const [, link] of text.matchAll(/href="([^"]*)"/g)) open.push(link);
  }
  assert.deepEqual([...seen].sort(), ['/', '/basket', '/products/22423', '/products/47566', '/products/84879', '/products/85123A']);
});

test('a basket holds what was put into it, and adds up', async (t) => {
  const { url } = await legacyOf(t);
  const visit = browser();
  const put = (fields) => visit(`${url}/basket`, { method: 'POST', headers: FORM, body: form(fields) });
  assert.match((await visit(`${url}/basket`)).text, /empty/);
  const added = await put({ sku: '22423', quantity: '2' });
  assert.equal(added.status, 303);
  assert.equal(added.headers.location, '/basket');
  await put({ sku: '85123A', quantity: '1' });
  await put({ sku: '22423', quantity: '1' });
  assert.match((await visit(`${url}/basket`)).text, /Together<\/th><td>£40\.80</);
  for (const wrong of [{ sku: 'x', quantity: '1' }, { sku: '22423', quantity: '0' }, { sku: '22423', quantity: '1e3' }, { sku: '22423' }, {}]) {
    assert.equal((await put(wrong)).status, 422);
  }
  await put({ empty: 'yes' });
  assert.match((await visit(`${url}/basket`)).text, /empty/);
});

test('a strange basket is an empty one', async (t) => {
  const { url } = await legacyOf(t);
  for (const cookie of ['basket=<script>.1', 'basket=NOPE.5', 'basket=22423.0~22423.100', 'basket=22423', 'other=1; basket=~~']) {
    const { status, text } = await ask(`${url}/basket`, { headers: { cookie } });
    assert.equal(status, 200);
    assert.match(text, /Your basket is empty/);
  }
});

test('what is not there, and what cannot be done', async (t) => {
  const { url } = await legacyOf(t);
  for (const path of ['/products/<script>', '/products/', '/constructor', '/products/constructor', '//evil.example/']) {
    const { status, text } = await ask(url + encodeURI(path));
    assert.equal(status, 404, path);
    assert.doesNotMatch(text, /<script/);
  }
  assert.equal((await ask(`${url}/`, { method: 'DELETE' })).status, 405);
});

test('it counts its requests and how long they took, until it is told to begin anew', async (t) => {
  const { url } = await legacyOf(t);
  const stats = async (method = 'GET') => JSON.parse((await ask(`${url}/_stats`, { method })).text);
  assert.equal((await stats()).p50_ms, null);
  for (let i = 0; i < 20; i += 1) await ask(`${url}/`);
  await ask(`${url}/nothing`);
  const after = await stats('POST');
  assert.equal(after.requests, 21);
  assert.equal(after.failed, 0);
  assert.ok(after.p50_ms > 0 && after.p50_ms <= after.p99_ms && after.p99_ms <= after.max_ms, JSON.stringify(after));
  assert.equal((await stats()).requests, 0);
});
