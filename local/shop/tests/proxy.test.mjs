// The proxy as a process, before a backend that tells what it got.

import assert from 'node:assert/strict';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { ask, fails, start } from './programs.mjs';

const HOST = 'd111111abcdef8.cloudfront.net';

async function backend(t, handler) {
  const server = http.createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return server.address().port;
}

const proxyOf = (t, to, ...args) => start(t, 'proxy', '--port', '0', '--to', String(to), '--host', HOST, ...args);

/** Answers with what it got. */
async function mirror(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { method, url, rawHeaders } = request;
  response.writeHead(201, 'Made', [['X-Two', 'a'], ['X-Two', 'b'], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['Connection', 'close, X-Hop'], ['X-Hop', '1']].flat());
  response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(parts).toString() }));
}

test('a request goes on as it is, but for the host', async (t) => {
  const { url } = await proxyOf(t, await backend(t, mirror));
  const headers = { 'Idempotency-Key': 'k-1', authorization: 'Bearer x', connection: 'close, x-secret-hop', 'x-secret-hop': '1', te: 'trailers' };
  const answer = await ask(`${url}/sluice/api/orders?a=%2F&b=//`, { method: 'POST', headers: { ...headers, 'content-length': 5 }, body: 'hallo' });
  const got = JSON.parse(answer.text);
  assert.equal(got.method, 'POST');
  assert.equal(got.url, '/sluice/api/orders?a=%2F&b=//');
  assert.equal(got.body, 'hallo');
  const names = got.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  assert.equal(names.filter((name) => name === 'host').length, 1);
  assert.equal(got.rawHeaders[got.rawHeaders.indexOf('host') + 1], HOST);
  assert.ok(got.rawHeaders.includes('Idempotency-Key'));
  assert.ok(got.rawHeaders.includes('Bearer x'));
  for (const hop of ['te', 'x-secret-hop', 'keep-alive']) assert.ok(!names.includes(hop), hop);
});

test('status and headers come back as they are', async (t) => {
  const { url } = await proxyOf(t, await backend(t, mirror));
  const { status, headers, rawHeaders } = await ask(`${url}/`);
  assert.equal(status, 201);
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(rawHeaders.filter((name) => name === 'X-Two').length, 2);
  assert.equal(headers['x-hop'], undefined);
});

test('a body of unknown length arrives', async (t) => {
  const { url } = await proxyOf(t, await backend(t, mirror));
  for (const method of ['POST', 'DELETE']) {
    const text = await (await fetch(url, { method, duplex: 'half', body: new Blob(['one ', 'two']).stream() })).json();
    assert.equal(text.body, 'one two', method);
  }
});

test('HEAD and 304 have no body, and do not hang', async (t) => {
  const port = await backend(t, (request, response) => response.writeHead(request.method === 'HEAD' ? 200 : 304, { etag: '"1"', ...(request.method === 'HEAD' && { 'content-length': 7 }) }).end());
  const { url } = await proxyOf(t, port);
  const head = await ask(url, { method: 'HEAD' });
  assert.equal(head.headers['content-length'], '7');
  assert.equal((await ask(url, { headers: { 'if-none-match': '"1"' } })).status, 304);
});

test('bodies stream in both directions', async (t) => {
  const port = await backend(t, async (request, response) => {
    response.writeHead(200);
    for await (const part of request) response.write(part); // each part is answered before the next is sent
    response.end();
  });
  const { url } = await proxyOf(t, port);
  const request = http.request(url, { method: 'POST', agent: false });
  request.flushHeaders();
  const response = await new Promise((resolve) => {
    request.on('response', resolve);
    request.write('first');
  });
  const parts = response[Symbol.asyncIterator]();
  assert.equal(String((await parts.next()).value), 'first');
  request.write('second');
  assert.equal(String((await parts.next()).value), 'second');
  request.end();
  assert.ok((await parts.next()).done);
});

test('an answer that breaks off does not look whole', async (t) => {
  const port = await backend(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  const { url } = await proxyOf(t, port);
  await assert.rejects(ask(url));
});

test('who goes away ends the request behind it', async (t) => {
  let gone;
  const left = new Promise((resolve) => (gone = resolve));
  const { url } = await proxyOf(t, await backend(t, (_request, response) => response.on('close', gone)));
  const request = http.get(url, { agent: false });
  request.on('error', () => {});
  await pause(100);
  request.destroy();
  await left;
});

test('without a backend it says so', async (t) => {
  const port = await backend(t, mirror);
  const { url } = await proxyOf(t, port === 1 ? 2 : 1);
  const { status, text, headers } = await ask(url);
  assert.equal(status, 502);
  assert.match(text, /does not answer.*Next: /);
  assert.equal(headers['x-served-by'], 'proxy');
});

test('an answer is lost on request, after the backend gave it', async (t) => {
  let orders = 0;
  const port = await backend(t, async (request, response) => {
    for await (const part of request) void part;
    orders += request.method === 'POST';
    response.writeHead(202).end('{}');
  });
  const { url, switches } = await proxyOf(t, port, '--faults', '0');
  await ask(`${switches}/?fault=lose-answer&method=POST&path=/orders`, { method: 'POST' });
  assert.equal((await ask(`${url}/orders?x=1`)).status, 202, 'another method');
  assert.equal((await ask(`${url}/other`, { method: 'POST' })).status, 202, 'another path');
  await assert.rejects(ask(`${url}/orders?x=1`, { method: 'POST', body: '{}' }), { code: 'ECONNRESET' });
  assert.equal(orders, 2);
  const [fault] = JSON.parse((await ask(switches)).text);
  assert.deepEqual([fault.left, fault.met, fault.statuses], [0, 1, [202]]);
  assert.equal((await ask(`${url}/orders`, { method: 'POST', body: '{}' })).status, 202, 'only once');
});

test('a request is lost on request, and a status answered', async (t) => {
  let met = 0;
  const port = await backend(t, (_request, response) => {
    met += 1;
    response.end();
  });
  const { url, switches } = await proxyOf(t, port, '--faults', '0');
  await ask(`${switches}/?fault=lose-request`, { method: 'POST' });
  await assert.rejects(ask(url, { method: 'POST', body: 'x' }));
  await ask(`${switches}/?fault=status&status=429&retry-after=1&count=2`, { method: 'POST' });
  for (let i = 0; i < 2; i += 1) {
    const { status, headers } = await ask(url);
    assert.equal(status, 429);
    assert.equal(headers['retry-after'], '1');
  }
  assert.equal(met, 0);
  assert.equal((await ask(url)).status, 200);
  await ask(`${switches}/?fault=status&count=5`, { method: 'POST' });
  await ask(switches, { method: 'DELETE' });
  assert.equal((await ask(url)).status, 200);
  for (const wrong of ['fault=x', 'fault=status&status=200', 'fault=status&count=0', 'fault=status&retry-after=-1']) {
    assert.equal((await ask(`${switches}/?${wrong}`, { method: 'POST' })).status, 400, wrong);
  }
  assert.equal((await ask(`${switches}/?fault=status`, { method: 'POST', headers: { origin: url } })).status, 403);
});

test('without --faults there is no switch', async (t) => {
  const { url, switches } = await proxyOf(t, await backend(t, mirror));
  assert.equal(switches, undefined);
  assert.equal(JSON.parse((await ask(`${url}/?fault=status`, { method: 'POST' })).text).method, 'POST');
});

test('wrong options and a taken port end it with a word on what to do', async (t) => {
  const port = await backend(t, mirror);
  const taken = await fails('proxy', '--port', String(port), '--to', '1', '--host', HOST);
  assert.match(taken.err, /port \d+ is taken.*Next: give another port/);
  for (const args of [['--port', '0', '--to', '1'], ['--port', '0', '--to', '1', '--host', 'a b'], ['--port', '0', '--host', HOST]]) {
    const { status, err } = await fails('proxy', ...args);
    assert.equal(status, 1);
    assert.match(err, /Next: node local\/shop\/proxy\.mjs/);
  }
});

test('it ends on SIGTERM, with requests under way', async (t) => {
  const { url, child, ended } = await proxyOf(t, await backend(t, () => {}));
  const open = assert.rejects(ask(url));
  await pause(100);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  await open;
});
