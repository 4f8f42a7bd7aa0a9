// The issuer as a process: what a shop's page and a checker of tokens meet, and what strangers try.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import { FORM, ask, browser, fails, form, start } from './programs.mjs';

const SITE = 'http://localhost:8080';
const REDIRECT = `${SITE}/sluice/signed-in.html`;
const issuerOf = (t, ...args) => start(t, 'issuer', '--port', '0', '--redirect', REDIRECT, '--control', '0', ...args);

const sha256 = (text) => createHash('sha256').update(text).digest('base64url');
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url'));

/** The claims and the header of a token whose signature is good by the published keys. */
async function checked(issuer, token) {
  const discovery = JSON.parse((await ask(`${issuer}/.well-known/openid-configuration`)).text);
  const { keys } = JSON.parse((await ask(discovery.jwks_uri)).text);
  const [head, claims, signature] = token.split('.');
  const header = decoded(head);
  const key = createPublicKey({ key: keys.find(({ kid }) => kid === header.kid), format: 'jwk' });
  assert.ok(verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')), 'the signature is good');
  return { header, claims: decoded(claims), keys };
}

/** The address of a sign-in, as the shop's page makes it. */
function authorization(issuer, changes = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const fields = {
    client_id: 'shop',
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: sha256(verifier),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(fields)) if (value === undefined) delete fields[name];
  return { url: `${issuer}/auth?${new URLSearchParams(fields)}`, verifier };
}

const absolute = (issuer, answer) => new URL(answer.headers.location, issuer).href;

/** Signs in with a name, and answers with the address that the browser is sent back to. */
async function signIn(issuer, visit, url, name) {
  const first = await visit(url);
  if (first.headers.location.startsWith(REDIRECT)) return new URL(first.headers.location);
  const page = absolute(issuer, first);
  const shown = await visit(page);
  assert.equal(shown.status, 200, shown.text);
  const sent = await visit(page, { method: 'POST', headers: FORM, body: form({ name }) });
  assert.equal(sent.status, 303, sent.text);
  const back = await visit(absolute(issuer, sent));
  return new URL(back.headers.location);
}

function redeem(issuer, code, verifier, headers = {}) {
  const body = form({ grant_type: 'authorization_code', client_id: 'shop', redirect_uri: REDIRECT, code, code_verifier: verifier });
  return ask(`${issuer}/token`, { method: 'POST', headers: { ...FORM, ...headers }, body });
}

test('a customer signs in and gets a token for the orders', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const { url, verifier } = authorization(issuer);
  const back = await signIn(issuer, browser(), url, 'ann_1-A');
  assert.equal(back.searchParams.get('state'), 'a-state');
  assert.equal(back.searchParams.get('iss'), issuer);
  const answer = await redeem(issuer, back.searchParams.get('code'), verifier, { origin: SITE });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['access-control-allow-origin'], SITE);
  const tokens = JSON.parse(answer.text);
  assert.equal(tokens.expires_in, 600);

  const access = await checked(issuer, tokens.access_token);
  assert.equal(access.header.alg, 'RS256');
  assert.equal(access.header.typ, 'at+jwt');
  assert.equal(access.claims.iss, issuer);
  assert.equal(access.claims.aud, 'sluice-shop');
  assert.equal(access.claims.sub, 'ann_1-A');
  assert.equal(access.claims.exp - access.claims.iat, 600);

  const identity = await checked(issuer, tokens.id_token);
  assert.equal(identity.claims.sub, 'ann_1-A');
  assert.equal(identity.claims.aud, 'shop', 'an ID token is for the page, and opens no API');
  assert.equal(identity.claims.nonce, 'a-nonce');
});

test('a code is good once, and only with its verifier', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const visit = browser();
  const first = authorization(issuer);
  const code = (await signIn(issuer, visit, first.url, 'ann')).searchParams.get('code');
  assert.equal((await redeem(issuer, code, randomBytes(32).toString('base64url'))).status, 400);

  const second = authorization(issuer);
  const other = (await signIn(issuer, visit, second.url, 'ann')).searchParams.get('code');
  assert.equal((await redeem(issuer, other, second.verifier)).status, 200);
  assert.equal((await redeem(issuer, other, second.verifier)).status, 400);
});

test('PKCE is required, and only S256', async (t) => {
  const { url: issuer } = await issuerOf(t);
  for (const changes of [{ code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' }, { code_challenge_method: undefined }]) {
    const answer = await ask(authorization(issuer, changes).url);
    assert.equal(answer.status, 303);
    const back = new URL(answer.headers.location);
    assert.equal(back.origin + back.pathname, REDIRECT);
    assert.equal(back.searchParams.get('error'), 'invalid_request');
    assert.equal(back.searchParams.get('code'), null);
  }
});

test('nobody is sent anywhere but to the given address, letter by letter', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const others = [
    'https://evil.example/',
    `${SITE}/`,
    `${REDIRECT}/`,
    `${REDIRECT}?x=1`,
    `${REDIRECT}#x`,
    'http://localhost:8081/sluice/signed-in.html',
    'http://127.0.0.1:8080/sluice/signed-in.html',
    'http://LOCALHOST:8080/sluice/signed-in.html',
    'http://localhost:8080/sluice/../sluice/signed-in.html',
    'http://localhost:8080@evil.example/sluice/signed-in.html',
    undefined,
  ];
  for (const redirect_uri of others) {
    const answer = await ask(authorization(issuer, { redirect_uri }).url);
    assert.equal(answer.status, 400, `${redirect_uri}`);
    assert.equal(answer.headers.location, undefined);
    assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
  }
  const stranger = await ask(authorization(issuer, { client_id: 'other' }).url);
  assert.equal(stranger.status, 400);
});

test('only the shop may read the answers from a page', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const { url, verifier } = authorization(issuer);
  const code = (await signIn(issuer, browser(), url, 'ann')).searchParams.get('code');
  const refused = await redeem(issuer, code, verifier, { origin: 'https://evil.example' });
  assert.equal(refused.status, 400);
  assert.equal(refused.headers['access-control-allow-origin'], undefined);
});

test('a token is for the orders and for nothing else', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const answer = await ask(authorization(issuer, { resource: 'https://other.example/' }).url);
  assert.equal(new URL(answer.headers.location).searchParams.get('error'), 'invalid_target');
});

test('who is signed in is not asked again, until they sign out', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const visit = browser();
  await signIn(issuer, visit, authorization(issuer).url, 'ann');
  const again = authorization(issuer);
  const back = new URL((await visit(again.url)).headers.location);
  const tokens = JSON.parse((await redeem(issuer, back.searchParams.get('code'), again.verifier)).text);
  assert.equal((await checked(issuer, tokens.access_token)).claims.sub, 'ann');

  const strange = await visit(`${issuer}/session/end?${form({ id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://evil.example/' })}`);
  assert.equal(strange.status, 400);
  const asked = await visit(`${issuer}/session/end?${form({ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${SITE}/` })}`);
  assert.match(asked.text, /Do you want to sign out/);
  const xsrf = /name="xsrf" value="([0-9a-f]+)"/.exec(asked.text)[1];
  const out = await visit(`${issuer}/session/end/confirm`, { method: 'POST', headers: FORM, body: form({ xsrf, logout: 'yes' }) });
  assert.equal(out.headers.location, `${SITE}/`);
  const after = await visit(authorization(issuer).url);
  assert.match(absolute(issuer, after), /\/sign-in\//);
});

test('a name that is no customer is refused, and what was typed is shown as text', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const visit = browser();
  const page = absolute(issuer, await visit(authorization(issuer).url));
  for (const name of ['', ' ', 'a b', 'a/b', 'é', 'x'.repeat(65), `"><script>alert(1)</script>`, "' onfocus='alert(1)"]) {
    const answer = await visit(page, { method: 'POST', headers: FORM, body: form({ name }) });
    assert.equal(answer.status, 422, name);
    assert.match(answer.text, /role="alert"/);
    assert.doesNotMatch(answer.text, /<script|' onfocus/);
  }
  const shown = await visit(page);
  assert.match(shown.text, /<label for="name">/);
  assert.match(shown.headers['content-security-policy'], /default-src 'none';.*form-action 'self' http:\/\/localhost:8080;.*frame-ancestors 'none'/);
  assert.doesNotMatch(shown.text, /<script|https?:\/\/(?!localhost:8080)/, 'no script, and nothing from elsewhere');
});

test('a hint for the name is shown only if it is one', async (t) => {
  const { url: issuer } = await issuerOf(t);
  for (const [hint, value] of [['ann', 'ann'], ['"><b>', '']]) {
    const visit = browser();
    const page = absolute(issuer, await visit(authorization(issuer, { login_hint: hint }).url));
    assert.match((await visit(page)).text, new RegExp(`name="name" value="${value}"`));
  }
});

test('who cancels is sent back without a code', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const visit = browser();
  const page = absolute(issuer, await visit(authorization(issuer).url));
  const sent = await visit(page, { method: 'POST', headers: FORM, body: form({ cancel: 'yes', name: '' }) });
  const back = new URL((await visit(absolute(issuer, sent))).headers.location);
  assert.equal(back.searchParams.get('error'), 'access_denied');
  assert.equal(back.searchParams.get('code'), null);
});

test('a sign-in belongs to the browser that began it', async (t) => {
  const { url: issuer } = await issuerOf(t);
  const victim = browser();
  const page = absolute(issuer, await victim(authorization(issuer).url));
  for (const visit of [browser(), ask]) {
    const answer = await visit(page, { method: 'POST', headers: FORM, body: form({ name: 'mallory' }) });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /has ended/);
  }
});

test('each guest is somebody else, and guests come from the shop', async (t) => {
  const { url: issuer } = await issuerOf(t, '--token-seconds', '60');
  const subjects = new Set();
  for (let i = 0; i < 5; i += 1) {
    const answer = await ask(`${issuer}/guest`, { method: 'POST', headers: { origin: SITE } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['access-control-allow-origin'], SITE);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const { access_token, expires_in, ...rest } = JSON.parse(answer.text);
    assert.deepEqual(rest, {});
    assert.equal(expires_in, 60);
    const { claims } = await checked(issuer, access_token);
    assert.equal(claims.exp - claims.iat, 60);
    assert.equal(claims.aud, 'sluice-shop');
    assert.match(claims.sub, /^guest-[A-Za-z0-9_-]{22}$/);
    subjects.add(claims.sub);
  }
  assert.equal(subjects.size, 5);
  for (const method of ['POST', 'OPTIONS']) {
    const refused = await ask(`${issuer}/guest`, { method, headers: { origin: 'https://evil.example' } });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
  }
  assert.equal((await ask(`${issuer}/guest`)).status, 405);
});

test('a new key signs, the old one stays published, and sessions go on', async (t) => {
  const { url: issuer, switches } = await issuerOf(t);
  const visit = browser();
  await signIn(issuer, visit, authorization(issuer).url, 'ann');
  const old = JSON.parse((await ask(`${switches}/token?sub=ann`, { method: 'POST' })).text).access_token;
  const { kid } = JSON.parse((await ask(`${switches}/rotate`, { method: 'POST' })).text);
  const fresh = JSON.parse((await ask(`${switches}/token?sub=ann&seconds=5`, { method: 'POST' })).text);
  const { header, claims, keys } = await checked(issuer, fresh.access_token);
  assert.equal(header.kid, kid);
  assert.equal(claims.exp - claims.iat, 5);
  assert.equal(keys.length, 2);
  assert.ok(keys.every((key) => !('d' in key) && !('p' in key)), 'no private part is published');
  assert.notEqual((await checked(issuer, old)).header.kid, kid);
  assert.ok((await visit(authorization(issuer).url)).headers.location.startsWith(REDIRECT));
});

test('its switches are for tests, never for pages in a browser', async (t) => {
  const { url: issuer, switches } = await issuerOf(t);
  for (const request of [{ method: 'GET' }, { method: 'POST', headers: { origin: SITE } }]) {
    assert.equal((await ask(`${switches}/token?sub=ann`, request)).status, 403);
  }
  assert.equal((await ask(`${issuer}/rotate`, { method: 'POST' })).status, 404);
});

test('another name that leads here gets nothing', async (t) => {
  const { url: issuer } = await issuerOf(t);
  for (const path of ['/.well-known/openid-configuration', '/guest', '/']) {
    assert.equal((await ask(issuer + path, { headers: { host: 'evil.example' } })).status, 421);
  }
});

test('wrong options end it with a word on what to do', async () => {
  for (const args of [[], ['--port', '0'], ['--port', 'x', '--redirect', REDIRECT], ['--port', '0', '--redirect', 'javascript:1'], ['--nonsense']]) {
    const { status, err } = await fails('issuer', ...args);
    assert.equal(status, 1);
    assert.match(err, /error: .*Next: node local\/shop\/issuer\.mjs/);
  }
});
