#!/usr/bin/env node
// What a browser on this machine opens instead of the distribution's own name. The local AWS tells a distribution by the Host of a
// request, and no name service knows that name here: so this passes everything on to the local AWS with that Host, and nothing else
// changed. A browser trusts http://localhost as it trusts https, and without that there is no PKCE in a page.
//
//   node local/shop/proxy.mjs --port 8080 --to 4566 --host d111111abcdef8.cloudfront.net
//
//   --port    where it listens on 127.0.0.1; 0 takes a free port
//   --to      the port of the local AWS on 127.0.0.1
//   --host    the distribution's domain
//   --faults  a second port with a switch for tests, which sets what happens to the next requests that fit:
//               POST /?fault=lose-answer   it is passed on and answered, but the answer is lost: the connection ends
//               POST /?fault=lose-request  it is lost before it is passed on
//               POST /?fault=status&status=503[&retry-after=1]   it is answered with this, and not passed on
//             each with [&method=POST][&path=/sluice/api/orders][&count=1]. GET / lists the faults to come and what they met;
//             DELETE / ends them all.

import http from 'node:http';
import { answer, die, listen, number, options } from './common.mjs';

const USAGE = 'node local/shop/proxy.mjs --port 8080 --to 4566 --host d111111abcdef8.cloudfront.net';
const given = options(
  { port: { type: 'string' }, to: { type: 'string' }, host: { type: 'string', default: '' }, faults: { type: 'string' } },
  USAGE,
);
const port = number('port', given.port, 0, 65535, USAGE);
const to = number('to', given.to, 1, 65535, USAGE);
if (!/^[A-Za-z0-9.-]{1,253}$/.test(given.host)) die('--host is missing, or no domain', USAGE);

// They tell of one connection, and there are two here (RFC 9110, 7.6.1).
const OF_A_CONNECTION = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'];

/** The headers without those of the connection, as a list of name, value, name, value: what stands there twice stays so. */
function passed(rawHeaders, { connection = '' }, without = []) {
  const dropped = new Set([...OF_A_CONNECTION, ...without, ...connection.toLowerCase().split(/\s*,\s*/)]);
  const kept = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!dropped.has(rawHeaders[i].toLowerCase())) kept.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  return kept;
}

function away(response, error) {
  if (response.headersSent || response.destroyed) return response.destroy();
  const text = `The local AWS on port ${to} does not answer (${error.code ?? error.message}). Next: local/stack status, then local/shop/up\n`;
  return answer(response, 502, 'text/plain', text, { 'x-served-by': 'proxy' });
}

/** Sends the request on. `answered` gets the backend's answer. */
function passOn(request, response, answered) {
  const headers = [...passed(request.rawHeaders, request.headers, ['host']), 'host', given.host];
  // A body of unknown length stays one. Of a DELETE, say, Node would send it without a frame.
  if (request.headers['transfer-encoding']) headers.push('transfer-encoding', 'chunked');
  // A connection for each request: one that is kept may have been closed by the other side just now.
  const onward = http.request({ host: '127.0.0.1', port: to, method: request.method, path: request.url, headers, agent: false, setHost: false });
  onward.on('response', answered);
  onward.on('error', (error) => away(response, error));
  // Who goes away ends the request behind it too.
  response.on('close', () => onward.destroy());
  request.on('error', () => onward.destroy());
  request.pipe(onward);
}

function handle(request, response) {
  const fault = faultFor(request);
  if (fault?.fault === 'lose-request') {
    request.resume();
    return request.socket.destroy();
  }
  if (fault?.fault === 'status') {
    request.resume();
    const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    return answer(response, fault.status, 'text/plain', `A fault for a test: ${fault.status}\n`, { ...headers, 'x-served-by': 'proxy' });
  }
  return passOn(request, response, (answered) => {
    if (fault) {
      // Only when the backend is done: then the order is placed, and the browser does not know it.
      answered.resume();
      answered.on('close', () => {
        fault.statuses.push(answered.statusCode);
        request.socket.destroy();
      });
      return;
    }
    response.writeHead(answered.statusCode, answered.statusMessage, passed(answered.rawHeaders, answered.headers));
    answered.pipe(response);
    // What broke off there breaks off here, and does not look whole.
    answered.on('error', () => response.destroy());
  });
}

// The faults, in the order in which they were asked for.

let faults = [];

function faultFor({ method, url }) {
  const path = url.split('?', 1)[0];
  const found = faults.find((fault) => fault.left > 0 && (fault.method ?? method) === method && (fault.path ?? path) === path);
  if (!found) return undefined;
  found.left -= 1;
  found.met += 1;
  return found;
}

function faultOf(parameters) {
  const get = (name) => parameters.get(name) ?? undefined;
  const whole = (name, least, most, otherwise) => {
    const text = get(name);
    if (text === undefined) return otherwise;
    if (!/^\d{1,6}$/.test(text) || Number(text) < least || Number(text) > most) throw new Error(`${name} is a number from ${least} to ${most}`);
    return Number(text);
  };
  const fault = get('fault');
  if (!['lose-answer', 'lose-request', 'status'].includes(fault)) throw new Error('fault is lose-answer, lose-request or status');
  const made = { fault, method: get('method'), path: get('path'), left: whole('count', 1, 100000, 1), met: 0, statuses: [] };
  if (fault === 'status') Object.assign(made, { status: whole('status', 400, 599, 503), retryAfter: whole('retry-after', 0, 3600) });
  return made;
}

function control(request, response) {
  request.resume();
  // A page in a browser could send a POST here; it would say where it comes from.
  if (request.headers.origin !== undefined) return answer(response, 403, 'text/plain', 'From a test only\n');
  try {
    if (request.method === 'POST') faults.push(faultOf(new URL(request.url, 'http://localhost').searchParams));
  } catch (error) {
    return answer(response, 400, 'text/plain', `${error.message}\n`);
  }
  if (request.method === 'DELETE') faults = [];
  return answer(response, 200, 'application/json', JSON.stringify(faults));
}

if (given.faults !== undefined) {
  const its = await listen(control, number('faults', given.faults, 0, 65535, USAGE), 'faults');
  process.stdout.write(`proxy's faults: http://127.0.0.1:${its}\n`);
}
const its = await listen(handle, port, 'port');
process.stdout.write(`proxy ready: http://localhost:${its}\n`);
