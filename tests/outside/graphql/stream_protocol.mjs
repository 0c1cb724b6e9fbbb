// GraphQL-over-SSE (distinct connections), multipart subscriptions and @defer checks.
// usage: node stream_protocol.mjs http://127.0.0.1:PORT/graphql
import './authorized.mjs';
import { createClient } from 'graphql-sse';
const url = process.argv[2];
const SUB = process.env.SUB || 'subscription { count(to: 3) }';
const LONG = process.env.LONG || 'subscription { count(to: 100000) }';
const QRY = process.env.QRY || '{ viewer { kind } }';
const DEFER = process.env.DEFER || '{ viewer { kind } coalition { name ... on Coalition @defer(label: "x") { clearingCurrency } } }';
const results = [];
async function check(name, fn) { let ok = false, note = ''; try { const r = await fn(); ok = r === true; if (!ok) note = typeof r === 'string' ? r : JSON.stringify(r); } catch (e) { note = String(e); } results.push({ name, ok, note }); }
const post = (body, accept, extra = {}) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept, ...extra }, body: JSON.stringify(body) });
const events = (t) => t.split(/\r?\n\r?\n/).filter((b) => b.trim() && !b.startsWith(':')).map((b) => Object.fromEntries(b.split(/\r?\n/).map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1).trim()])));
await check('sse: POST subscription is 200 text/event-stream', async () => { const r = await post({ query: SUB }, 'text/event-stream'); const ok = r.status === 200 && r.headers.get('content-type').startsWith('text/event-stream'); await r.text(); return ok; });
await check('sse: next events then complete, each with data', async () => { const t = await (await post({ query: SUB }, 'text/event-stream')).text(); const e = events(t); return (e.map((x) => x.event).join() === 'next,next,next,complete' && e.every((x) => 'data' in x)) || e; });
await check('sse: GET works', async () => { const u = new URL(url); u.searchParams.set('query', SUB); const t = await (await fetch(u, { headers: { accept: 'text/event-stream' } })).text(); return /event: complete/.test(t) || t.slice(0, 200); });
await check('sse: query over event-stream gives next+complete', async () => { const e = events(await (await post({ query: QRY }, 'text/event-stream')).text()); return e.map((x) => x.event).join() === 'next,complete' || e; });
await check('sse: validation error arrives as next with errors, or 400', async () => { const r = await post({ query: '{ nope }' }, 'text/event-stream'); const t = await r.text(); return r.status === 400 || (/event: next/.test(t) && /errors/.test(t)) || { s: r.status, t: t.slice(0, 200) }; });
await check('sse: syntax error arrives as next with errors, or 400', async () => { const r = await post({ query: '{' }, 'text/event-stream'); const t = await r.text(); return r.status === 400 || (/event: next/.test(t) && /errors/.test(t)) || { s: r.status, t: t.slice(0, 200) }; });
await check('sse: variable coercion error arrives as next with errors, or 400', async () => { const r = await post({ query: 'query($n:Int!){ __typename @include(if: true) a: __type(name: "x") { name } }' }, 'text/event-stream'); const t = await r.text(); return r.status === 400 || /errors/.test(t) || t.slice(0, 200); });
await check('sse: mutation over GET is refused', async () => { const u = new URL(url); u.searchParams.set('query', 'mutation { __typename }'); const r = await fetch(u, { headers: { accept: 'text/event-stream' } }); const t = await r.text(); return r.status >= 400 || (/errors/.test(t) && !/"data":\{/.test(t)) || { s: r.status, t: t.slice(0, 200) }; });
await check('sse: no caching, no proxy buffering', async () => { const r = await post({ query: SUB }, 'text/event-stream'); await r.text(); return /no-cache|no-store/.test(r.headers.get('cache-control') || '') || [...r.headers]; });
await check('graphql-sse client: subscription to the end', async () => { const c = createClient({ url, fetchFn: fetch }); const got = []; for await (const r of c.iterate({ query: SUB })) got.push(Object.values(r.data)[0]); return got.join() === '0,1,2' || got; });
await check('graphql-sse client: query', async () => { const c = createClient({ url, fetchFn: fetch }); const r = await c.iterate({ query: QRY }).next(); return !!r.value?.data || r; });
await check('graphql-sse client: early return closes', async () => { const c = createClient({ url, fetchFn: fetch }); let n = 0; for await (const r of c.iterate({ query: LONG })) if (++n === 3) break; return n === 3; });
await check('sse single connection mode: PUT reserves a stream (201) or is refused cleanly (4xx)', async () => { const r = await fetch(url, { method: 'PUT' }); await r.text(); return r.status === 201 || (r.status >= 400 && r.status < 500) || r.status; });
await check('multipart subscription (Apollo subscriptionSpec=1.0)', async () => { const r = await post({ query: SUB }, 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'); const t = await r.text(); return (r.headers.get('content-type').startsWith('multipart/mixed') && (t.match(/"payload"/g) || []).length === 3 && t.trimEnd().endsWith('--graphql--')) || { h: r.headers.get('content-type'), t: t.slice(0, 300) }; });
await check('@defer multipart: initial + deferred payload, hasNext ends false', async () => { const r = await post({ query: DEFER }, 'multipart/mixed;deferSpec=20220824, application/json'); const t = await r.text(); const ct = r.headers.get('content-type'); return (ct.startsWith('multipart/mixed') && /"hasNext":true/.test(t) && /"hasNext":false/.test(t)) || { ct, t: t.slice(0, 400) }; });
await check('@defer without an Accept for a stream is refused or inlined (never multipart)', async () => { const r = await post({ query: DEFER }, 'application/json'); await r.text(); const ct = r.headers.get('content-type'); return !ct.startsWith('multipart') || ct; });
for (const r of results.filter((r) => !r.ok)) console.log('FAIL', r.name, '::', r.note);
const bad = results.filter((r) => !r.ok).length;
console.log(`${results.length - bad} passed, ${bad} failed`);
process.exit(bad ? 1 : 0);
