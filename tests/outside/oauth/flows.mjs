// Every flow of the hub's provider, driven by openid-client (certified) and jose.
// node flows.mjs ISSUER SETUP.json: clients with their private keys, and a member's cookie.
import { readFile } from 'node:fs/promises';
import * as oidc from 'openid-client';
import * as jose from 'jose';

const [issuer, setupFile] = process.argv.slice(2);
const setup = JSON.parse(await readFile(setupFile, 'utf8'));
const redirectUri = setup.redirect_uri;
const api = new URL('/graphql', issuer);
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.cause?.error_description ?? error.stack ?? error}`);
  }
}

function same(found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

async function configure(client) {
  const key = await jose.importJWK(client.private_key, client.alg);
  const auth = oidc.PrivateKeyJwt({ key, kid: client.private_key.kid });
  const config = await oidc.discovery(new URL(issuer), client.client_id, {}, auth, {
    execute: [oidc.allowInsecureRequests],
  });
  const proofs = await oidc.randomDPoPKeyPair('ES256');
  return { config, DPoP: oidc.getDPoPHandle(config, proofs) };
}

async function callApi({ config, DPoP }, token, query, variables = {}) {
  const body = JSON.stringify({ query, variables });
  const headers = new Headers({ 'content-type': 'application/json' });
  const answer = await oidc.fetchProtectedResource(config, token, api, 'POST', body, headers, {
    DPoP,
  });
  same(answer.status, 200);
  return (await answer.json()).data;
}

// What a browser does with the consent page: it sends the form back.
async function consent(address, decision = 'allow') {
  const cookie = `__Host-hub=${setup.cookie}`;
  const page = await fetch(address, { headers: { cookie }, redirect: 'manual' });
  same(page.status, 200);
  const html = await page.text();
  const form = new URLSearchParams({ decision });
  for (const [, name, value] of html.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    form.set(name, value);
  }
  const answer = await fetch(new URL('/oauth/authorize', issuer), {
    method: 'POST',
    body: form,
    headers: { cookie, origin: issuer, 'sec-fetch-site': 'same-origin' },
    redirect: 'manual',
  });
  same(answer.status, 303);
  return new URL(answer.headers.get('location'));
}

async function allow(actor, parameters) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: parameters.scope.includes('openid') ? oidc.randomNonce() : undefined,
  };
  const asked = {
    redirect_uri: redirectUri,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    ...(checks.expectedNonce ? { nonce: checks.expectedNonce } : {}),
    ...parameters,
  };
  const address = await oidc.buildAuthorizationUrlWithPAR(actor.config, asked, {
    DPoP: actor.DPoP,
  });
  const back = await consent(address, parameters.decision);
  return oidc.authorizationCodeGrant(actor.config, back, checks, undefined, { DPoP: actor.DPoP });
}

const [first] = setup.clients;
const air = await configure(first);

for (const client of setup.clients) {
  await check(`client credentials with ${client.alg}`, async () => {
    const actor = await configure(client);
    const given = await oidc.clientCredentialsGrant(
      actor.config, { scope: 'points.issue' }, { DPoP: actor.DPoP });
    same([given.token_type, given.scope, given.expires_in], ['dpop', 'points.issue', 300]);
    const data = await callApi(actor, given.access_token, '{ viewer { kind partner { code } } }');
    same(data, { viewer: { kind: 'PARTNER', partner: { code: 'AIR' } } });
  });
}

await check('discovery says what FAPI 2.0 wants', async () => {
  const metadata = air.config.serverMetadata();
  same(metadata.require_pushed_authorization_requests, true);
  same(metadata.authorization_response_iss_parameter_supported, true);
  same(metadata.token_endpoint_auth_methods_supported, ['private_key_jwt']);
  same(metadata.code_challenge_methods_supported, ['S256']);
});

await check('jose verifies an access token by the published keys', async () => {
  const given = await oidc.clientCredentialsGrant(air.config, {}, { DPoP: air.DPoP });
  const keys = jose.createRemoteJWKSet(new URL('/oauth/jwks', issuer));
  const { payload } = await jose.jwtVerify(given.access_token, keys, {
    issuer, audience: api.href, typ: 'at+jwt', algorithms: ['ES256'],
  });
  same(payload.client_id, first.client_id);
});

await check('issuing points', async () => {
  const given = await oidc.clientCredentialsGrant(
    air.config, { scope: 'points.issue' }, { DPoP: air.DPoP });
  const data = await callApi(
    air, given.access_token,
    'mutation($i: IssuePointsInput!) { issuePoints(input: $i) { userErrors { code } } }',
    { i: { idempotencyKey: 'outside-1', account: { reference: 'a-1' }, points: 500 } });
  same(data.issuePoints.userErrors, []);
});

let member;
await check('authorization code with PAR, PKCE, DPoP, nonce, state and iss', async () => {
  member = await allow(air, { scope: 'openid offline_access points.read' });
  same(member.token_type, 'dpop');
  same(member.claims().aud, first.client_id);
});

await check('userinfo tells the same member', async () => {
  const told = await oidc.fetchUserInfo(
    air.config, member.access_token, member.claims().sub, { DPoP: air.DPoP });
  same(told.sub, member.claims().sub);
});

await check('refreshing gives the next token', async () => {
  const next = await oidc.refreshTokenGrant(
    air.config, member.refresh_token, {}, { DPoP: air.DPoP });
  same(next.refresh_token === member.refresh_token, false);
  member = next;
});

await check('introspection knows the token', async () => {
  const told = await oidc.tokenIntrospection(air.config, member.access_token);
  same([told.active, told.client_id], [true, first.client_id]);
});

await check('revocation acts on the next call', async () => {
  await callApi(air, member.access_token, '{ viewer { kind } }');
  await oidc.tokenRevocation(air.config, member.refresh_token);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const headers = new Headers({ 'content-type': 'application/json' });
  const answer = await oidc.fetchProtectedResource(
    air.config, member.access_token, api, 'POST', '{"query":"{ viewer { kind } }"}', headers,
    { DPoP: air.DPoP }).catch((error) => error.cause ?? error);
  same(answer.status ?? answer[0]?.parameters?.error, answer.status ? 401 : 'invalid_token');
  same((await oidc.tokenIntrospection(air.config, member.access_token)).active, false);
});

await check('a member who refuses', async () => {
  const refused = await allow(air, { scope: 'openid', decision: 'deny' }).catch((error) => error);
  same(refused.error, 'access_denied');
});

await check('redeeming what a member agreed to, once', async () => {
  const details = [{ type: 'redemption', points: 120, reference: 'order-9' }];
  const given = await allow(air, {
    scope: 'points.redeem', authorization_details: JSON.stringify(details),
  });
  same(given.authorization_details, details);
  const redeem = (key) => callApi(
    air, given.access_token,
    'mutation($i: RedeemPointsInput!) { redeemPoints(input: $i) { userErrors { code } } }',
    { i: { idempotencyKey: key, points: 120, reference: 'order-9' } });
  same((await redeem('outside-2')).redeemPoints.userErrors, []);
  same((await redeem('outside-2')).redeemPoints.userErrors, []);
  same((await redeem('outside-3')).redeemPoints.userErrors, [{ code: 'CONSENT_SPENT' }]);
});

await check('a token stolen without its key', async () => {
  const given = await oidc.clientCredentialsGrant(air.config, {}, { DPoP: air.DPoP });
  const thief = oidc.getDPoPHandle(air.config, await oidc.randomDPoPKeyPair('ES256'));
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const options of [{ DPoP: thief }, {}]) {
    const answer = await oidc.fetchProtectedResource(
      air.config, given.access_token, api, 'POST', '{"query":"{ viewer { kind } }"}', headers,
      options).catch((error) => error);
    same(answer.status ?? answer.cause?.status ?? answer.response?.status, 401);
  }
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
