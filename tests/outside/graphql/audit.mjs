// GraphQL-over-HTTP audit (graphql-http). usage: node audit.mjs http://127.0.0.1:PORT/graphql [--json]
import './authorized.mjs';
import { serverAudits } from 'graphql-http';
const url = process.argv[2];
const audits = serverAudits({ url, fetchFn: fetch });
const out = { ok: [], notice: [], warn: [], error: [] };
for (const a of audits) {
  const r = await a.fn();
  out[r.status].push({ id: a.id, name: a.name, reason: r.reason ?? null });
}
for (const k of ['error', 'warn', 'notice']) for (const r of out[k]) console.log(k.toUpperCase(), r.id, r.name, '::', r.reason);
console.log(`audits: ${audits.length}  ok: ${out.ok.length}  notice: ${out.notice.length}  warn: ${out.warn.length}  error: ${out.error.length}`);
console.log(`${out.ok.length} passed, ${out.error.length + out.warn.length} failed`);
process.exit(out.error.length || (process.argv.includes('--strict') && out.warn.length) ? 1 : 0);
