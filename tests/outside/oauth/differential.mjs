// The same malformed requests to the hub and to oidc-provider, which is certified for FAPI 2.0:
// what it refuses, the hub refuses; what it takes, the hub takes, unless it is named below.
// node differential.mjs ISSUER SETUP.json
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import * as jose from 'jose';
import Provider from 'oidc-provider';

const [hub, setupFile] = process.argv.slice(2);
const setup = JSON.parse(await readFile(setupFile, 'utf8'));
const [client, other] = setup.clients;
const clientKey = await jose.importJWK(client.private_key, client.alg);
const otherKey = await jose.importJWK(other.private_key, other.alg);
const proofPair = await jose.generateKeyPair('ES256', { extractable: true });
const proofJwk = await jose.exportJWK(proofPair.publicKey);
const rsa = await jose.generateKeyPair('RS256', { extractable: true });
const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const STRICTER = new Set(['assertion for a day', 'unknown scope']);
// Both are allowed by the standards: the hub keeps `jti` for an hour only, and drops nothing silently.

async function serveCertified() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const { d, ...publicKey } = client.private_key;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: client.client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: client.alg,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [setup.redirect_uri],
      dpop_bound_access_tokens: true,
      id_token_signed_response_alg: 'ES256',
      authorization_signed_response_alg: 'ES256',
      jwks: { keys: [{ ...publicKey, use: 'sig' }] },
    }],
    scopes: ['openid', 'offline_access', 'points.issue', 'points.read'],
    clientAuthMethods: ['private_key_jwt'],
    features: {
      devInteractions: { enabled: false },
      fapi: { enabled: true, profile: '2.0' },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: {
        enabled: true, requirePushedAuthorizationRequests: true, allowUnregisteredRedirectUris: false,
      },
    },
    jwks: { keys: [{ ...(await jose.exportJWK((await jose.generateKeyPair('ES256', {
      extractable: true })).privateKey)), use: 'sig', alg: 'ES256' }] },
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'PS256', 'EdDSA'],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'PS256'] },
  });
  server.on('request', provider.callback());
  return { issuer, server };
}

const now = () => Math.floor(Date.now() / 1000);
const endpoints = async (issuer) =>
  (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

function drop(claims) {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

async function makeAssertion(server, { claims = {}, alg = client.alg, key = clientKey } = {}) {
  return new jose.SignJWT(drop({
    iss: client.client_id, sub: client.client_id, aud: server.issuer,
    jti: randomUUID(), iat: now(), exp: now() + 60, ...claims,
  })).setProtectedHeader({ alg }).sign(key);
}

async function makeProof(address, { claims = {}, header = {}, key = proofPair.privateKey } = {}) {
  return new jose.SignJWT(drop({
    jti: randomUUID(), htm: 'POST', htu: address, iat: now(), ...claims,
  })).setProtectedHeader(drop({ typ: 'dpop+jwt', alg: 'ES256', jwk: proofJwk, ...header })).sign(key);
}

async function post(address, form, proof) {
  const headers = proof === null ? {} : { dpop: proof };
  const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(form), headers });
  const body = await answer.json().catch(() => ({}));
  return { status: answer.status, error: body.error, body };
}

// One case: how its request differs from a good one. `server` has issuer, token, par.
async function ask(server, change) {
  const given = await change(server);
  const address = given.path === 'par' ? server.par : server.token;
  const form = drop({
    grant_type: given.path === 'par' ? undefined : 'client_credentials',
    scope: given.path === 'par' ? undefined : 'points.issue',
    client_assertion_type: TYPE,
    client_assertion: given.assertion ?? await makeAssertion(server),
    ...given.form,
  });
  const proof = given.proof === undefined ? await makeProof(address) : given.proof;
  const first = await post(address, form, proof);
  if (!given.again) return first;
  if (first.status !== 200) throw new Error(`the first of two was refused: ${first.error}`);
  return post(address, { ...form, ...(await given.again(server)) },
    given.sameProof ? proof : await makeProof(address));
}

const assertion = (claims, more = {}) => async (server) =>
  ({ assertion: await makeAssertion(server, { claims, ...more }) });
const proof = (claims, more = {}) => async (server) =>
  ({ proof: await makeProof(server.token, { claims, ...more }) });
const challenge = jose.base64url.encode(new Uint8Array(32).fill(7));
const push = (form) => async () => ({
  path: 'par',
  form: drop({
    response_type: 'code', client_id: client.client_id, redirect_uri: setup.redirect_uri,
    scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256', state: 'state-1',
    nonce: 'nonce-1', ...form,
  }),
});

const CASES = {
  'good': async () => ({}),
  'no DPoP proof': async () => ({ proof: null }),
  'aud is the token endpoint': async (s) => ({ assertion: await makeAssertion(s, { claims: { aud: s.token } }) }),
  'aud is a list': async (s) => ({ assertion: await makeAssertion(s, { claims: { aud: [s.issuer] } }) }),
  'aud is a list with another': async (s) => ({
    assertion: await makeAssertion(s, { claims: { aud: [s.issuer, 'https://evil.example'] } }) }),
  'aud is another': assertion({ aud: 'https://evil.example' }),
  'no aud': assertion({ aud: undefined }),
  'no jti': assertion({ jti: undefined }),
  'no exp': assertion({ exp: undefined }),
  'no iss': assertion({ iss: undefined }),
  'no sub': assertion({ sub: undefined }),
  'assertion used twice': async (s) => {
    const once = await makeAssertion(s);
    return { assertion: once, again: async () => ({ client_assertion: once }) };
  },
  'RS256': assertion({}, { alg: 'RS256', key: rsa.privateKey }),
  'key of another client': assertion({}, { alg: other.alg, key: otherKey }),
  'exp 5 minutes ago': async (s) => assertion({ exp: now() - 300, iat: now() - 360 })(s),
  'iat 8 seconds ahead': async (s) => assertion({ iat: now() + 8 })(s),
  'nbf 70 seconds ahead': async (s) => assertion({ nbf: now() + 70 })(s),
  'assertion for a day': async (s) => assertion({ exp: now() + 86_400 })(s),
  'iss is not sub': assertion({ iss: 'somebody' }),
  'sub is not iss': assertion({ sub: 'somebody' }),
  'client_id of somebody else': async () => ({ form: { client_id: 'somebody' } }),
  'no assertion': async () => ({ form: { client_assertion: undefined, client_id: client.client_id } }),
  'assertion of another type': async () => ({ form: { client_assertion_type: 'urn:other' } }),
  'unknown scope': async () => ({ form: { scope: 'nonsense' } }),
  'unknown grant': async () => ({ form: { grant_type: 'password', username: 'a', password: 'b' } }),
  'no grant': async () => ({ form: { grant_type: undefined } }),
  'htu of another host': proof({ htu: 'https://evil.example/token' }),
  'htm GET': proof({ htm: 'GET' }),
  'proof an hour old': async (s) => proof({ iat: now() - 3600 })(s),
  'proof an hour ahead': async (s) => proof({ iat: now() + 3600 })(s),
  'proof without jti': proof({ jti: undefined }),
  'proof without iat': proof({ iat: undefined }),
  'proof without htu': proof({ htu: undefined }),
  'proof without htm': proof({ htm: undefined }),
  'proof of another type': proof({}, { header: { typ: 'jwt' } }),
  'proof without a key': proof({}, { header: { jwk: undefined } }),
  'proof with a private key': async (s) => proof({}, {
    header: { jwk: await jose.exportJWK(proofPair.privateKey) } })(s),
  'proof by another key': async (s) => proof({}, {
    key: (await jose.generateKeyPair('ES256')).privateKey })(s),
  'proof used twice': async (s) => ({
    again: async () => ({ client_assertion: await makeAssertion(s) }), sameProof: true }),
  'proof that is none': async () => ({ proof: 'nonsense' }),
  'push: good': push({}),
  'push: no challenge': push({ code_challenge: undefined, code_challenge_method: undefined }),
  'push: plain challenge': push({ code_challenge_method: 'plain' }),
  'push: unknown redirect': push({ redirect_uri: 'https://evil.example/back' }),
  'push: no redirect': push({ redirect_uri: undefined }),
  'push: request_uri inside': push({ request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
  'push: response_type token': push({ response_type: 'token' }),
  'push: response_type code id_token': push({ response_type: 'code id_token' }),
  'push: client_id of somebody else': push({ client_id: 'somebody' }),
  'push: unknown prompt': push({ prompt: 'nonsense' }),
};

const certified = await serveCertified();
const servers = [];
for (const issuer of [hub, certified.issuer]) {
  const metadata = await endpoints(issuer);
  servers.push({
    issuer, token: metadata.token_endpoint, par: metadata.pushed_authorization_request_endpoint,
    authorize: metadata.authorization_endpoint,
  });
}
let passed = 0;
let failed = 0;
for (const [name, change] of Object.entries(CASES)) {
  const [ours, theirs] = [await ask(servers[0], change), await ask(servers[1], change)];
  const [weTake, theyTake] = [ours, theirs].map((answer) => answer.status < 400);
  const agrees = weTake === theyTake || (STRICTER.has(name) && !weTake && theyTake);
  const isCode = weTake || (ours.error && ours.body.error_description);
  if (agrees && isCode && ours.status < 500) passed += 1; else failed += 1;
  console.log(`${agrees && isCode ? 'ok' : 'FAILED'} ${name}: ours ${ours.status}`
    + ` ${ours.error ?? ''}, theirs ${theirs.status} ${theirs.error ?? ''}`);
}

for (const [index, server] of servers.entries()) {
  const query = new URLSearchParams({
    client_id: client.client_id, response_type: 'code', redirect_uri: setup.redirect_uri,
    scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256', nonce: 'n',
  });
  const answer = await fetch(`${server.authorize}?${query}`, { redirect: 'manual' });
  const where = answer.headers.get('location') ?? '';
  const refuses = answer.status >= 400 || where.includes('error=');
  if (refuses && !where.includes('code=')) passed += 1; else failed += 1;
  console.log(`${refuses ? 'ok' : 'FAILED'} authorize without a push (${index}): ${answer.status}`);
}
certified.server.close();
certified.server.closeAllConnections();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
