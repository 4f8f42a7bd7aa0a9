#!/usr/bin/env node
// A small legacy shop, for what stands behind the edge in tests and the demo: a few products, and a basket in a cookie. It knows
// nothing of Sluice. Each answer says who gave it (`x-served-by: legacy-shop`), so that one sees which side of the edge served a page.
//
//   node local/shop/legacy.mjs --port 8081
//
// GET /_stats tells how many requests it had since the last reset and how long they took; POST /_stats tells the same and resets.

import { answer, body, html, listen, number, options, raw } from './common.mjs';

const USAGE = 'node local/shop/legacy.mjs --port 8081';
const given = options({ port: { type: 'string' } }, USAGE);
const port = number('port', given.port, 0, 65535, USAGE);

// Prices in pence. The first is the product of the flash sale: here is its page as it was before the edge sent it elsewhere.
const PRODUCTS = new Map(
  [
    ['85123A', 'White hanging heart T-light holder', 255, 'A heart of white metal on a cord, with room for one tea light.'],
    ['22423', 'Regency cake stand, three tiers', 1275, 'Three plates with roses, for a cake and what goes with it.'],
    ['47566', 'Party bunting', 495, 'Five metres of cotton flags, each of another pattern.'],
    ['84879', 'Bird ornament, assorted colours', 169, 'A painted bird on a wire, in one of six colours.'],
  ].map(([sku, name, pence, text]) => [sku, { sku, name, pence, text }]),
);
const MOST = 99;

const pounds = (pence) => `£${(pence / 100).toFixed(2)}`;

// Its pages.

const STYLE = `
:root { color-scheme: light dark; font: 1.05rem/1.5 Georgia, serif; }
body { margin: 0 auto; max-width: 42rem; padding: 1rem; }
html { background: #fff; color: #1a1a1a; }
a { color: #0b3d91; }
@media (prefers-color-scheme: dark) {
  html { background: #121212; color: #eee; }
  a { color: #a8c7fa; }
}
header { border-bottom: 3px double; margin-bottom: 1rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; }
input, button { font: inherit; padding: .4rem .6rem; }
footer { border-top: 1px solid; font-size: .9rem; margin-top: 2rem; }
`;

function page(title, content) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - The old shop</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><nav aria-label="Shop"><p><a href="/">The old shop</a> | <a href="/basket">Basket</a></p></nav></header>
<main>
<h1>${title}</h1>
${content}
</main>
<footer><p>This page was served by the legacy shop.</p></footer>
</body>
</html>
`.toString();
}

const front = () => html`
<p>Everything for the table, since 1998.</p>
<ul>${[...PRODUCTS.values()].map(({ sku, name, pence }) => html`
<li><a href="/products/${sku}">${name}</a>, ${pounds(pence)}</li>`)}
</ul>`;

const productPage = ({ sku, pence, text }) => html`
<p>${text}</p>
<p>Price: <strong>${pounds(pence)}</strong></p>
<form method="post" action="/basket">
<input type="hidden" name="sku" value="${sku}">
<p><label for="quantity">Quantity</label> <input id="quantity" name="quantity" type="number" min="1" max="${MOST}" value="1" required>
<button type="submit">Put into the basket</button></p>
</form>`;

function basketPage(basket) {
  if (!basket.size) return html`<p>Your basket is empty. <a href="/">Look around</a>.</p>`;
  const lines = [...basket].map(([sku, quantity]) => ({ ...PRODUCTS.get(sku), quantity }));
  const total = lines.reduce((sum, { pence, quantity }) => sum + pence * quantity, 0);
  return html`
<table>
<thead><tr><th scope="col">Product</th><th scope="col">Quantity</th><th scope="col">Price</th></tr></thead>
<tbody>${lines.map(({ sku, name, pence, quantity }) => html`
<tr><td><a href="/products/${sku}">${name}</a></td><td>${quantity}</td><td>${pounds(pence * quantity)}</td></tr>`)}
</tbody>
<tfoot><tr><th scope="row" colspan="2">Together</th><td>${pounds(total)}</td></tr></tfoot>
</table>
<form method="post" action="/basket"><p><button type="submit" name="empty" value="yes">Empty the basket</button></p></form>
<p>The old shop's checkout is not part of this demo.</p>`;
}

// The basket is a cookie such as `basket=22423.1~47566.2`. What is not of this form, or is no product, is not in it.

function basketOf(request) {
  const cookie = /(?:^|;\s*)basket=([A-Z0-9.~]{0,200})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  const basket = new Map();
  for (const line of cookie.split('~')) {
    const [, sku, quantity] = /^([A-Z0-9]+)\.([1-9]\d?)$/.exec(line) ?? [];
    if (PRODUCTS.has(sku)) basket.set(sku, Number(quantity));
  }
  return basket;
}

function keep(basket) {
  const lines = [...basket].map(([sku, quantity]) => `${sku}.${quantity}`);
  return `basket=${lines.join('~')}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${lines.length ? 604800 : 0}`;
}

async function changeBasket(request, response) {
  const form = new URLSearchParams((await body(request)) ?? '');
  const basket = form.has('empty') ? new Map() : basketOf(request);
  if (!form.has('empty')) {
    const [sku, quantity] = [form.get('sku'), form.get('quantity') ?? ''];
    if (!PRODUCTS.has(sku) || !/^[1-9]\d?$/.test(quantity)) {
      return send(response, 422, 'Not put into the basket', html`<p>The shop sells 1 to ${MOST} of a product that it has.</p>`);
    }
    basket.set(sku, Math.min(MOST, (basket.get(sku) ?? 0) + Number(quantity)));
  }
  // Seen from the browser, so that it stays on the host that it asked.
  return send(response, 303, 'Basket', html`<p><a href="/basket">Your basket</a></p>`, { location: '/basket', 'set-cookie': keep(basket) });
}

// How it fares.

const KEPT = 200_000;
let stats;
const reset = () => (stats = { since: new Date().toISOString(), requests: 0, failed: 0, times: [] });
reset();

function count(response, start) {
  stats.requests += 1;
  if (response.statusCode >= 500 || !response.writableFinished) stats.failed += 1;
  stats.times[(stats.requests - 1) % KEPT] = performance.now() - start;
}

function figures() {
  const times = Float64Array.from(stats.times).sort();
  // The nearest rank: the least value that this share of all is not above.
  const percentile = (share) => (times.length ? Number(times[Math.ceil(share * times.length) - 1].toFixed(3)) : null);
  const { since, requests, failed } = stats;
  return { since, requests, failed, p50_ms: percentile(0.5), p99_ms: percentile(0.99), max_ms: percentile(1) };
}

const SERVED = { 'x-served-by': 'legacy-shop' };

function send(response, status, title, content, headers = {}) {
  answer(response, status, 'text/html', page(title, content), { ...SERVED, ...headers });
}

async function route(request, response, pathname) {
  const { method } = request;
  const reads = method === 'GET' || method === 'HEAD';
  if (pathname === '/basket' && method === 'POST') return changeBasket(request, response);
  request.resume();
  const product = PRODUCTS.get(/^\/products\/([A-Z0-9]+)$/.exec(pathname)?.[1]);
  if (!product && pathname !== '/' && pathname !== '/basket') {
    return send(response, 404, 'Not found', html`<p>The shop has no such page. <a href="/">To the front page</a>.</p>`);
  }
  if (!reads) return send(response, 405, 'Not possible', html`<p>This page can only be read.</p>`, { allow: 'GET, HEAD' });
  if (product) return send(response, 200, product.name, productPage(product));
  if (pathname === '/basket') return send(response, 200, 'Basket', basketPage(basketOf(request)));
  return send(response, 200, 'The old shop', front());
}

function handle(request, response) {
  const start = performance.now();
  const pathname = request.url.split('?', 1)[0];
  if (pathname === '/_stats') {
    request.resume();
    answer(response, 200, 'application/json', JSON.stringify(figures()), SERVED);
    if (request.method === 'POST') reset();
    return;
  }
  response.on('close', () => count(response, start));
  route(request, response, pathname).catch((error) => {
    console.error(error);
    if (response.headersSent) response.destroy();
    else send(response, 500, 'The shop failed', html`<p>Its log says why.</p>`);
  });
}

const its = await listen(handle, port, 'port');
process.stdout.write(`legacy shop ready: http://127.0.0.1:${its}\n`);
