// Everything that the runners send is signed in: AUTHORIZATION holds the header's value. With
// PREFLIGHT it also has the header that a hub in production wants of GET.
import PlainWebSocket from 'ws';
const authorization = process.env.AUTHORIZATION;
const plainFetch = globalThis.fetch;
globalThis.fetch = (url, init = {}) => {
  const headers = new Headers(init.headers);
  if (authorization && !headers.has('authorization')) headers.set('authorization', authorization);
  if (process.env.PREFLIGHT) headers.set('graphql-preflight', process.env.PREFLIGHT);
  return plainFetch(url, { ...init, headers });
};
export class WebSocket extends PlainWebSocket {
  constructor(url, protocols, options = {}) {
    super(url, protocols, authorization ? { ...options, headers: { authorization, ...options.headers } } : options);
  }
}
