// Signs in with a key instead of a ready token: `private_key_jwt`, and tokens bound by DPoP. The
// library does what the standards say; a new token is fetched before the old one ends.
import { importPKCS8 } from 'jose';
import * as oauth from 'openid-client';
import { HEADERS, type Send, TIMEOUT_MS } from './hub.js';

const EARLY_SECONDS = 30;

export interface Client {
  /** The hub's address, as its metadata say it. */
  issuer: string;
  clientId: string;
  /** The private key in PEM (PKCS 8), on P-256. Its public half is registered with the hub. */
  pem: string;
  /** The name of the key in the set that was registered. */
  keyId: string;
  scopes: readonly string[];
}

export async function withKey(client: Client): Promise<Send> {
  const issuer = new URL(client.issuer);
  const isLocal = ['localhost', '127.0.0.1'].includes(issuer.hostname);
  const key = await importPKCS8(client.pem, 'ES256');
  const config = await oauth.discovery(
    issuer,
    client.clientId,
    undefined,
    oauth.PrivateKeyJwt({ key, kid: client.keyId }),
    { algorithm: 'oauth2', execute: isLocal ? [oauth.allowInsecureRequests] : [] },
  );
  const dpop = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('ES256'));
  const scope = client.scopes.join(' ');
  let token: { value: string; until: number } | undefined;

  async function currentToken(): Promise<string> {
    if (!token || token.until <= performance.now()) {
      const answer = await oauth.clientCredentialsGrant(config, { scope }, { DPoP: dpop });
      const seconds = (answer.expiresIn() ?? EARLY_SECONDS) - EARLY_SECONDS;
      token = { value: answer.access_token, until: performance.now() + seconds * 1000 };
    }
    return token.value;
  }

  return async (url, body) => {
    const options = { DPoP: dpop, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const headers = new Headers(HEADERS);
    const value = await currentToken();
    return oauth.fetchProtectedResource(config, value, url, 'POST', body, headers, options);
  };
}
