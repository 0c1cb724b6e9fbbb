// graphql-transport-ws PROTOCOL.md checks (raw frames) + graphql-ws reference client round trips.
// usage: node ws_protocol.mjs ws://127.0.0.1:PORT/graphql   (schema needs: query hello, subscription count(to:Int))
import { WebSocket } from './authorized.mjs';
import { createClient } from 'graphql-ws';
const url = process.argv[2];
const SUB = process.env.SUB || 'subscription { count(to: 3) }';
const LONG = process.env.LONG || 'subscription { count(to: 100000) }';
const QRY = process.env.QRY || '{ viewer { kind } }';
const results = [];
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
function open(proto = 'graphql-transport-ws', opts = {}) {
  return new Promise((res) => {
    const ws = new WebSocket(url, proto, opts);
    const s = { ws, msgs: [], closed: null, binary: 0, http: null };
    ws.on('message', (d, isBin) => { if (isBin) s.binary++; try { s.msgs.push(JSON.parse(d.toString())); } catch { s.msgs.push({ raw: d.toString() }); } });
    ws.on('close', (code, reason) => { s.closed = { code, reason: reason.toString() }; });
    ws.on('unexpected-response', (_, r) => { s.http = r.statusCode; res(s); });
    ws.on('error', () => res(s));
    ws.on('open', () => res(s));
    s.send = (m) => ws.send(typeof m === 'string' || Buffer.isBuffer(m) ? m : JSON.stringify(m));
    s.until = async (f, ms = 2000) => { const t = Date.now(); while (Date.now() - t < ms) { const m = s.msgs.find(f); if (m) return m; if (s.closed) return null; await sleep(5); } return null; };
    s.close = async (ms = 2000) => { const t = Date.now(); while (Date.now() - t < ms && !s.closed) await sleep(5); return s.closed?.code ?? null; };
  });
}
async function ready() { const s = await open(); s.send({ type: 'connection_init' }); await s.until((m) => m.type === 'connection_ack'); return s; }
async function check(name, fn) { let ok = false, note = ''; try { const r = await fn(); ok = r === true; if (!ok) note = JSON.stringify(r); } catch (e) { note = String(e); } results.push({ name, ok, note }); }

await check('subprotocol graphql-transport-ws is selected', async () => { const s = await open(); const p = s.ws.protocol; s.ws.terminate(); return p === 'graphql-transport-ws' || p; });
await check('unknown subprotocol is refused (4406 or failed handshake)', async () => { const s = await open('nonsense'); const c = s.http ?? await s.close(); return c === 4406 || c === 400 || c === 403 || s.ws.readyState === 3 || c; });
await check('connection_init -> connection_ack', async () => { const s = await open(); s.send({ type: 'connection_init' }); const m = await s.until((m) => m.type === 'connection_ack'); s.ws.terminate(); return !!m; });
await check('frames are text, not binary', async () => { const s = await ready(); const b = s.binary; s.ws.terminate(); return b === 0 || `binary frames: ${b}`; });
await check('connection_init with payload object -> ack', async () => { const s = await open(); s.send({ type: 'connection_init', payload: { a: 1 } }); const m = await s.until((m) => m.type === 'connection_ack'); s.ws.terminate(); return !!m; });
await check('connection_init with non-object payload -> 4400', async () => { const s = await open(); s.send({ type: 'connection_init', payload: 'x' }); const c = await s.close(); return c === 4400 || c; });
await check('second connection_init -> 4429', async () => { const s = await ready(); s.send({ type: 'connection_init' }); const c = await s.close(); return c === 4429 || c; });
await check('subscribe before ack -> 4401', async () => { const s = await open(); s.send({ id: '1', type: 'subscribe', payload: { query: QRY } }); const c = await s.close(); return c === 4401 || c; });
await check('ping -> pong (before init too)', async () => { const s = await open(); s.send({ type: 'ping' }); const m = await s.until((m) => m.type === 'pong'); s.ws.terminate(); return !!m; });
await check('ping payload is accepted', async () => { const s = await ready(); s.send({ type: 'ping', payload: { n: 1 } }); const m = await s.until((m) => m.type === 'pong'); s.ws.terminate(); return !!m; });
await check('unsolicited pong is ignored', async () => { const s = await ready(); s.send({ type: 'pong' }); await sleep(60); const ok = !s.closed; s.ws.terminate(); return ok; });
await check('invalid JSON -> 4400', async () => { const s = await ready(); s.send('{'); const c = await s.close(); return c === 4400 || c; });
await check('JSON that is not an object -> 4400', async () => { const s = await ready(); s.send('[1]'); const c = await s.close(); return c === 4400 || c; });
await check('unknown message type -> 4400', async () => { const s = await ready(); s.send({ type: 'nope' }); const c = await s.close(); return c === 4400 || c; });
await check('missing type -> 4400', async () => { const s = await ready(); s.send({ id: '1' }); const c = await s.close(); return c === 4400 || c; });
await check('binary frame -> 4400', async () => { const s = await ready(); s.ws.send(Buffer.from('{"type":"ping"}'), { binary: true }); const c = await s.close(500); const pong = s.msgs.some((m) => m.type === 'pong'); s.ws.terminate(); return c === 4400 || pong || c; });
await check('subscribe without id -> 4400', async () => { const s = await ready(); s.send({ type: 'subscribe', payload: { query: QRY } }); const c = await s.close(); return c === 4400 || c; });
await check('subscribe without payload -> 4400', async () => { const s = await ready(); s.send({ id: '1', type: 'subscribe' }); const c = await s.close(); return c === 4400 || c; });
await check('subscribe with non-string query -> 4400', async () => { const s = await ready(); s.send({ id: '1', type: 'subscribe', payload: { query: 1 } }); const c = await s.close(); s.ws.terminate(); return c === 4400 || c; });
await check('query over socket -> next, complete', async () => { const s = await ready(); s.send({ id: 'q', type: 'subscribe', payload: { query: QRY } }); const c = await s.until((m) => m.type === 'complete' && m.id === 'q'); const n = s.msgs.filter((m) => m.type === 'next').length; s.ws.terminate(); return (!!c && n === 1) || { n, c }; });
await check('subscription -> 3 next in order, complete', async () => { const s = await ready(); s.send({ id: 's', type: 'subscribe', payload: { query: SUB } }); const c = await s.until((m) => m.type === 'complete' && m.id === 's'); const n = s.msgs.filter((m) => m.type === 'next').map((m) => Object.values(m.payload.data)[0]); s.ws.terminate(); return (!!c && JSON.stringify(n) === '[0,1,2]') || n; });
await check('invalid document -> error (array), no complete, socket stays', async () => { const s = await ready(); s.send({ id: 'e', type: 'subscribe', payload: { query: '{ nope_nope }' } }); const m = await s.until((m) => m.id === 'e'); await sleep(50); const c = s.msgs.some((x) => x.type === 'complete'); const alive = !s.closed; s.ws.terminate(); return (m?.type === 'error' && Array.isArray(m.payload) && !c && alive) || { m, c, alive }; });
await check('syntax error -> error', async () => { const s = await ready(); s.send({ id: 'e', type: 'subscribe', payload: { query: '{' } }); const m = await s.until((m) => m.id === 'e'); s.ws.terminate(); return m?.type === 'error' || m; });
await check('client complete stops the stream', async () => { const s = await ready(); s.send({ id: 'l', type: 'subscribe', payload: { query: LONG } }); await s.until((m) => m.type === 'next'); s.send({ id: 'l', type: 'complete' }); await sleep(100); const a = s.msgs.length; await sleep(100); const b = s.msgs.length; s.ws.terminate(); return a === b || { a, b }; });
await check('duplicate live id -> 4409', async () => { const s = await ready(); s.send({ id: 'd', type: 'subscribe', payload: { query: LONG } }); s.send({ id: 'd', type: 'subscribe', payload: { query: LONG } }); const c = await s.close(); return c === 4409 || c; });
await check('id can be reused after complete', async () => { const s = await ready(); for (let i = 0; i < 2; i++) { s.msgs.length = 0; s.send({ id: 'r', type: 'subscribe', payload: { query: QRY } }); if (!await s.until((m) => m.type === 'complete')) return 'no complete'; } s.ws.terminate(); return true; });
await check('complete for unknown id is ignored', async () => { const s = await ready(); s.send({ id: 'zz', type: 'complete' }); await sleep(60); const ok = !s.closed; s.ws.terminate(); return ok; });
await check('two live subscriptions interleave', async () => { const s = await ready(); s.send({ id: 'a', type: 'subscribe', payload: { query: SUB } }); s.send({ id: 'b', type: 'subscribe', payload: { query: SUB } }); await s.until((m) => m.type === 'complete' && m.id === 'a'); await s.until((m) => m.type === 'complete' && m.id === 'b'); const f = s.msgs.filter((m) => m.type === 'next').map((m) => m.id).join(''); s.ws.terminate(); return /ab/.test(f) && f.length === 6 || f; });
await check('operationName selects the operation', async () => { const s = await ready(); s.send({ id: 'o', type: 'subscribe', payload: { query: `query A ${QRY} query B { __typename }`, operationName: 'B' } }); const m = await s.until((m) => m.id === 'o'); s.ws.terminate(); return m?.payload?.data?.__typename === 'Query' || m; });
await check('ambiguous operation -> error message', async () => { const s = await ready(); s.send({ id: 'o', type: 'subscribe', payload: { query: `query A ${QRY} query B { __typename }` } }); const m = await s.until((m) => m.id === 'o'); s.ws.terminate(); return m?.type === 'error' || m; });
if (process.env.INIT_TIMEOUT_MS) await check('no connection_init in time -> 4408', async () => { const s = await open(); const c = await s.close(+process.env.INIT_TIMEOUT_MS + 1500); return c === 4408 || c; });
await check('foreign browser Origin is refused', async () => { const s = await open('graphql-transport-ws', { origin: 'https://evil.example' }); const c = s.http ?? await s.close(300); s.ws.terminate(); return c === 403 || c; });
await check('same Origin is accepted', async () => { const u = new URL(url); const s = await open('graphql-transport-ws', { origin: `http://${u.host}` }); const ok = s.ws.readyState === 1; s.ws.terminate(); return ok; });
// reference client
await check('graphql-ws client: query', async () => { const c = createClient({ url, webSocketImpl: WebSocket }); const it = c.iterate({ query: QRY }); const r = await it.next(); await c.dispose(); return !!r.value.data || r; });
await check('graphql-ws client: subscription to the end', async () => { const c = createClient({ url, webSocketImpl: WebSocket }); const got = []; for await (const r of c.iterate({ query: SUB })) got.push(Object.values(r.data)[0]); await c.dispose(); return got.length === 3 || got; });
await check('graphql-ws client: early return unsubscribes', async () => { const c = createClient({ url, webSocketImpl: WebSocket }); let n = 0; for await (const r of c.iterate({ query: LONG })) { if (++n === 3) break; } await c.dispose(); return n === 3; });
await check('graphql-ws client: keepAlive ping/pong', async () => { let pong = 0; const c = createClient({ url, webSocketImpl: WebSocket, lazy: false, keepAlive: 50, on: { pong: () => pong++ } }); await sleep(400); await c.dispose(); return pong >= 2 || pong; });
for (const r of results.filter((r) => !r.ok)) console.log('FAIL', r.name, '::', r.note);
const bad = results.filter((r) => !r.ok).length;
console.log(`${results.length - bad} passed, ${bad} failed`);
process.exit(bad ? 1 : 0);
