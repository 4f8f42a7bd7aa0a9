// Starts the programs of local/shop as processes of their own, as local/shop/up does, and asks them over HTTP.

import { spawn } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

const READY_MS = 20_000;

/**
 * Starts a program, and answers with its address once it says that it is ready. It ends with the test.
 * `switches` is the address of its second port, if it has one.
 */
export async function start(test, program, ...args) {
  const path = fileURLToPath(new URL(`../${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  test.after(() => {
    child.kill('SIGTERM');
    return ended;
  });
  let out = '';
  let err = '';
  child.stderr.on('data', (data) => (err += data));
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${program} is not ready: ${out}${err}`)), READY_MS);
    child.stdout.on('data', (data) => {
      out += data;
      const ready = / ready: (http:\S+)\n/.exec(out);
      if (ready) resolve(ready[1]);
    });
    child.once('exit', (status) => reject(new Error(`${program} ended with status ${status}: ${err}`)));
    test.after(() => clearTimeout(late));
  });
  return { url: address, switches: /: (http:\S+)\n.* ready: /s.exec(out)?.[1], child, ended };
}

/** Runs a program that is to fail at its start. */
export async function fails(program, ...args) {
  const path = fileURLToPath(new URL(`../${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: READY_MS });
  let err = '';
  child.stderr.on('data', (data) => (err += data));
  const status = await new Promise((resolve) => child.once('close', resolve));
  return { status, err };
}

/** One request with all headers as they are. `fetch` sets some by itself, and does not let a test set Host. */
export function ask(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false });
    request.on('error', reject);
    request.on('response', async (response) => {
      const parts = [];
      try {
        for await (const part of response) parts.push(part);
      } catch (error) {
        return reject(error);
      }
      return resolve({ status: response.statusCode, headers: response.headers, rawHeaders: response.rawHeaders, text: Buffer.concat(parts).toString() });
    });
    request.end(body);
  });
}

/** A browser as far as these tests need one: it keeps cookies, each for its path. Redirects the test follows itself. */
export function browser() {
  const cookies = new Map();
  return async (url, options = {}) => {
    const { pathname } = new URL(url);
    const sent = [...cookies.values()].filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`));
    const cookie = sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await ask(url, { ...options, headers: { ...(cookie && { cookie }), ...options.headers } });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      const path = /; *path=([^;]*)/i.exec(line)?.[1] ?? '/';
      const over = value === '' || new Date(/; *expires=([^;]*)/i.exec(line)?.[1] ?? Infinity) < new Date() || /; *max-age=0/i.test(line);
      if (over) cookies.delete(`${path} ${name}`);
      else cookies.set(`${path} ${name}`, { name, value, path });
    }
    return answer;
  };
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
export const form = (fields) => new URLSearchParams(fields).toString();
