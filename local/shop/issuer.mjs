#!/usr/bin/env node
// An OpenID Connect issuer for tests and the demo, and for nothing else: it has no passwords, everybody is who they say, its
// keys and sessions end with it, and it listens on this machine only. The protocol is not its own: that is `oidc-provider`.
//
//   node local/shop/issuer.mjs --port 9440 --redirect http://localhost:8080/sluice/signed-in.html
//
//   --port           where it listens on 127.0.0.1; 0 takes a free port
//   --redirect       where a browser may be sent back to, letter by letter; may be given more than once. CORS lets the
//                    origins of these addresses in, and no others
//   --after-logout   the same for after a sign-out; by default the front pages of these origins
//   --client         the id of the only client, a public one (shop)
//   --audience       `aud` of its access tokens (sluice-shop)
//   --token-seconds  how long an access token is good (600)
//   --control        a second port with switches for tests: POST /rotate signs with a new key from now on (the old ones stay
//                    published), POST /token?sub=NAME[&seconds=N] answers with a token without a sign-in

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, errors, interactionPolicy } from 'oidc-provider';
import { answer, body, die, html, listen, number, options, raw } from './common.mjs';
import { memoryStore } from './issuer-store.mjs';

const USAGE = 'node local/shop/issuer.mjs --port 9440 --redirect http://localhost:8080/sluice/signed-in.html';
// What a token is for. Clients need not name it: it is what they get. RFC 8707 wants an address, and an audience is none.
const RESOURCE = 'urn:sluice:orders';
// As Sluice takes a customer's id.
const CUSTOMER = /^[A-Za-z0-9_-]{1,64}$/;

const given = options(
  {
    port: { type: 'string' },
    redirect: { type: 'string', multiple: true, default: [] },
    'after-logout': { type: 'string', multiple: true, default: [] },
    client: { type: 'string', default: 'shop' },
    audience: { type: 'string', default: 'sluice-shop' },
    'token-seconds': { type: 'string', default: '600' },
    control: { type: 'string' },
  },
  USAGE,
);
const port = number('port', given.port, 0, 65535, USAGE);
const tokenSeconds = number('token-seconds', given['token-seconds'], 1, 86400, USAGE);
if (!given.redirect.length) die('--redirect is missing', USAGE);
for (const uri of [...given.redirect, ...given['after-logout']]) {
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) die(`${uri} is no address of a page`, USAGE);
}
const sites = [...new Set(given.redirect.map((uri) => new URL(uri).origin))];
const afterLogout = given['after-logout'].length ? given['after-logout'] : sites.map((site) => `${site}/`);

let handle = (_request, response) => response.writeHead(503).end();
const issuer = `http://127.0.0.1:${await listen((request, response) => handle(request, response), port, 'port')}`;
const hosts = new Set([new URL(issuer).host, `localhost:${new URL(issuer).port}`]);

const adapter = memoryStore();
const cookieKeys = [randomBytes(32).toString('hex')];
let keys = [];
let provider;
let protocol;

/** Signs with a new key from now on. The old ones stay published, because tokens that they signed are still good. */
function rotate() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('base64url'), use: 'sig', alg: 'RS256' };
  keys = [key, ...keys];
  // A provider never changes its keys. Sessions survive this: they are in the store.
  provider = new Provider(issuer, settings());
  provider.on('server_error', (_context, error) => console.error(error));
  protocol = provider.callback();
  return key.kid;
}

function resourceServer(indicator) {
  if (indicator !== RESOURCE) throw new errors.InvalidTarget();
  return { audience: given.audience, scope: '', accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt: { sign: { alg: 'RS256' } } };
}

function settings() {
  // Nobody is asked whether the shop may know who they are: it is the shop's own issuer.
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return {
    clients: [
      {
        client_id: given.client,
        application_type: 'web', // `native` would take any port on loopback
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: given.redirect,
        post_logout_redirect_uris: afterLogout,
      },
    ],
    adapter,
    // The first signs.
    jwks: { keys },
    scopes: ['openid'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: (_context, origin) => sites.includes(origin),
    cookies: { keys: cookieKeys },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    async loadExistingGrant(context) {
      const { provider: its, session, client } = context.oidc;
      const grant = new its.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    interactions: { policy, url: (_context, { uid }) => `/sign-in/${uid}` },
    ttl: {
      AccessToken: tokenSeconds,
      AuthorizationCode: 60,
      IdToken: tokenSeconds,
      Interaction: 3600,
      Session: 86400,
      Grant: 86400,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_context, _client, oneOf) => oneOf ?? RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, indicator) => resourceServer(indicator),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(context, form) {
          show(context, 'Sign out', html`
            <p>Do you want to sign out of the shop?</p>
            ${raw(form)}
            <p><button autofocus type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
            <button class="quiet" type="submit" form="op.logoutForm">Stay signed in</button></p>`);
        },
        postLogoutSuccessSource(context) {
          show(context, 'Signed out', html`<p>You are signed out. ${back()}</p>`);
        },
      },
    },
    renderError(context, out) {
      show(context, 'This did not work', html`
        <p>${out.error_description ?? out.error}</p>
        <p>${back()}, and try again there.</p>
        <p class="note">Error: ${out.error}</p>`);
    },
  };
}

// Its pages.

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 30rem; padding: 2rem 1rem; }
html { background: #fff; color: #1a1a1a; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) {
  html { background: #121212; color: #eee; }
  a { color: #a8c7fa; }
}
input, button { font: inherit; padding: .6rem .8rem; border: 2px solid #777; border-radius: .4rem; }
input { box-sizing: border-box; display: block; width: 100%; margin: .3rem 0; }
button { background: #0b57d0; border-color: #0b57d0; color: #fff; cursor: pointer; }
button.quiet { background: none; border-color: #777; color: inherit; }
:focus-visible { outline: 3px solid #e8710a; outline-offset: 2px; }
.error { border-left: 5px solid #c5221f; padding-left: .7rem; }
.note { font-size: .9rem; }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const PAGE_HEADERS = {
  // A form's answer sends the browser back to the shop, and browsers hold that address against this list too.
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self' ${sites.join(' ')}; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const back = () => html`<a href="${sites[0]}/">Back to the shop</a>`;

function page(title, content) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
<footer class="note"><p>This issuer is for tests and the demo. It runs on your machine and asks for no password.</p></footer>
</body>
</html>
`.toString();
}

/** A page where the package asks for one. */
function show(context, title, content) {
  context.set(PAGE_HEADERS);
  context.type = 'html';
  context.body = page(title, content);
}

const send = (response, status, title, content) => answer(response, status, 'text/html', page(title, content), PAGE_HEADERS);

function signInPage(response, status, uid, name, error) {
  send(response, status, error ? 'Sign in: please correct the name' : 'Sign in', html`
    <form method="post" action="/sign-in/${uid}">
      ${error ? html`<p class="error" id="error" role="alert">${error}</p>` : ''}
      <label for="name">Your name in the shop</label>
      <input id="name" name="name" value="${name}" maxlength="64" required autofocus autocomplete="username"
        autocapitalize="none" spellcheck="false" aria-describedby="${error ? 'error hint' : 'hint'}"${error ? raw(' aria-invalid="true"') : ''}>
      <p class="note" id="hint">1 to 64 letters, digits, - and _. Any name will do: it becomes your customer number.</p>
      <p><button type="submit">Sign in</button>
      <button class="quiet" type="submit" name="cancel" value="yes" formnovalidate>Cancel</button></p>
    </form>`);
}

async function signIn(request, response, uid) {
  let interaction;
  try {
    interaction = await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
  }
  // The cookie names the sign-in that is under way; the address must name the same.
  if (interaction?.uid !== uid) {
    return send(response, 400, 'This sign-in has ended', html`<p>${back()}, and sign in again there.</p>`);
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    const hint = interaction.params.login_hint ?? '';
    return signInPage(response, 200, uid, CUSTOMER.test(hint) ? hint : '');
  }
  if (request.method !== 'POST') return answer(response, 405, 'text/plain', 'GET or POST\n', { allow: 'GET, POST' });
  const form = new URLSearchParams((await body(request)) ?? '');
  if (form.has('cancel')) {
    const result = { error: 'access_denied', error_description: 'the customer did not sign in' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const name = (form.get('name') ?? '').trim();
  if (!CUSTOMER.test(name)) {
    return signInPage(response, 422, uid, name.slice(0, 64), 'A name has 1 to 64 letters, digits, - and _, and nothing else.');
  }
  return provider.interactionFinished(request, response, { login: { accountId: name } }, { mergeWithLastSubmission: false });
}

/** An access token as a sign-in would end with, for `sub`. */
async function token(sub, seconds = tokenSeconds) {
  const client = await provider.Client.find(given.client);
  const server = new provider.ResourceServer(RESOURCE, resourceServer(RESOURCE));
  const made = new provider.AccessToken({ accountId: sub, client, expiresIn: seconds, gty: 'guest', resourceServer: server });
  return { access_token: await made.save(), expires_in: seconds, token_type: 'Bearer' };
}

/**
 * A guest's token, with a subject that nobody had before and nobody gets again. It stands for an issuer with anonymous users
 * (Cognito's identity pools, Firebase's anonymous sign-in, or a shop's own session service): there is no standard for it.
 */
async function guest(request, response) {
  const { origin } = request.headers;
  const headers = { vary: 'origin' };
  if (origin !== undefined) {
    if (!sites.includes(origin)) return answer(response, 403, 'text/plain', 'Guests come from the shop.\n', headers);
    headers['access-control-allow-origin'] = origin;
  }
  if (request.method === 'OPTIONS') {
    return response.writeHead(204, { ...headers, 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type', 'access-control-max-age': '600' }).end();
  }
  if (request.method !== 'POST') return answer(response, 405, 'text/plain', 'POST\n', { ...headers, allow: 'POST' });
  request.resume();
  const { access_token, expires_in } = await token(`guest-${randomBytes(16).toString('base64url')}`);
  return answer(response, 200, 'application/json', JSON.stringify({ access_token, expires_in }), headers);
}

async function route(request, response) {
  // Its own addresses come from this header, and another site's name that leads here must get none.
  if (!hosts.has(request.headers.host)) return answer(response, 421, 'text/plain', `Ask ${issuer}\n`);
  const { pathname } = new URL(request.url, issuer);
  const uid = /^\/sign-in\/([\w-]{1,64})$/.exec(pathname)?.[1];
  if (uid) return signIn(request, response, uid);
  if (pathname === '/guest') return guest(request, response);
  if (pathname === '/') return send(response, 200, 'An issuer of tokens', html`<p>${back()}, which sends you here to sign in.</p>`);
  return protocol(request, response);
}

async function control(request, response) {
  const { pathname, searchParams } = new URL(request.url, issuer);
  // A page in a browser could send a POST here; it would say where it comes from.
  if (request.method !== 'POST' || request.headers.origin !== undefined) return answer(response, 403, 'text/plain', 'POST, from a test\n');
  request.resume();
  if (pathname === '/rotate') return answer(response, 200, 'application/json', JSON.stringify({ kid: rotate() }));
  if (pathname === '/token') {
    const sub = searchParams.get('sub') ?? '';
    const seconds = Number(searchParams.get('seconds') ?? tokenSeconds);
    if (!sub || !(seconds >= 1 && seconds <= 86400)) return answer(response, 400, 'text/plain', 'sub=NAME and seconds=1 to 86400\n');
    return answer(response, 200, 'application/json', JSON.stringify(await token(sub, seconds)));
  }
  return answer(response, 404, 'text/plain', '/rotate or /token\n');
}

/** A handler whose failure is logged, and answered if nothing was yet. */
const safely = (handler) => (request, response) => {
  handler(request, response).catch((error) => {
    console.error(error);
    if (response.headersSent) response.destroy();
    else answer(response, 500, 'text/plain', 'The issuer failed; its log says why.\n');
  });
};

rotate();
handle = safely(route);
if (given.control !== undefined) {
  const its = await listen(safely(control), number('control', given.control, 0, 65535, USAGE), 'control');
  process.stdout.write(`issuer's switches: http://127.0.0.1:${its}\n`);
}
process.stdout.write(`issuer ready: ${issuer}\n`);
