// What the three programs here share: how they take options, how they listen and end, and how they write HTML.

import http from 'node:http';
import { parseArgs } from 'node:util';

/** Ends the program with a text that says what is wrong and what to do. */
export function die(what, next) {
  process.stderr.write(`error: ${what}. Next: ${next}\n`);
  process.exit(1);
}

/** The options of the command line. `usage` is the example that an error shows. */
export function options(spec, usage) {
  try {
    return parseArgs({ options: spec, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return die(error.message.split('\n')[0].replace(/\.$/, ''), usage);
  }
}

/** A number of an option, or the end of the program. */
export function number(name, text, least, most, usage) {
  const value = /^\d{1,9}$/.test(text ?? '') ? Number(text) : NaN;
  if (!(value >= least && value <= most)) {
    die(text === undefined ? `--${name} is missing` : `--${name} ${text} is not a number from ${least} to ${most}`, usage);
  }
  return value;
}

/** Ends the servers, and with them the program, on SIGTERM and SIGINT. What is under way is cut off. */
const servers = [];
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
}

/**
 * Listens on loopback only, and answers with the port; 0 takes a free one. Never another address: an issuer that lets
 * everybody in, and a switch for faults, are nobody else's business.
 */
export function listen(handler, port, option) {
  const server = http.createServer(handler);
  servers.push(server);
  return new Promise((resolve) => {
    server.once('error', (error) => {
      const taken = error.code === 'EADDRINUSE';
      die(taken ? `port ${port} is taken by something else` : error.message, `give another port with --${option}`);
    });
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
}

/** The body of a request as text, or null where it is longer than `most` bytes. */
export async function body(request, most = 4096) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    // Read to its end all the same: who still sends does not listen.
    if (length <= most) parts.push(part);
  }
  return length <= most ? Buffer.concat(parts).toString() : null;
}

/** Answers with `text`, which nobody keeps. */
export function answer(response, status, type, text, headers = {}) {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(escaped).join('');
  return String(value ?? '').replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A tag for templates: each value is escaped, unless this tag made it. */
export function html(strings, ...values) {
  return new Markup(strings.reduce((text, string, i) => text + escaped(values[i - 1]) + string));
}

/** Text that is HTML as it stands. Only for constants. */
export const raw = (text) => new Markup(text);
