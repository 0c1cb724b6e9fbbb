// A till: issues, redeems and refunds points, and prints the result as one line of JSON.
//
//   HUB_URL=http://127.0.0.1:8000/graphql HUB_TOKEN=dev_... npm start
//
// With HUB_ISSUER, HUB_CLIENT_ID, HUB_KEY_ID and HUB_KEY_FILE instead of HUB_TOKEN it signs in with
// a key of its own.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EnrolDocument, IssueDocument, RedeemDocument, RefundDocument } from './generated.js';
import { accepted, Hub, Refused, type Send, withToken } from './hub.js';
import { withKey } from './signing_in.js';

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}

async function signIn(): Promise<Send> {
  if (process.env.HUB_TOKEN) return withToken(process.env.HUB_TOKEN);
  return withKey({
    issuer: need('HUB_ISSUER'),
    clientId: need('HUB_CLIENT_ID'),
    keyId: need('HUB_KEY_ID'),
    pem: await readFile(need('HUB_KEY_FILE'), 'utf8'),
    scopes: (process.env.HUB_SCOPES ?? '').split(' ').filter(Boolean),
  });
}

/** Makes an input with a key of its own. Keep it until there is an answer: it is the request. */
function withNewKey<Input>(input: Input): Input & { idempotencyKey: string } {
  return { idempotencyKey: randomUUID(), ...input };
}

const hub = new Hub(need('HUB_URL'), await signIn());
const card = process.env.HUB_CARD ?? `card-${randomUUID()}`;
const account = { reference: card };

accepted((await hub.ask(EnrolDocument, { input: withNewKey({ reference: card }) })).enrolMember);

const issue = withNewKey({ account, points: 1000, reference: `receipt-${randomUUID()}` });
const issued = accepted((await hub.ask(IssueDocument, { input: issue })).issuePoints);
const again = accepted((await hub.ask(IssueDocument, { input: issue })).issuePoints);

const redeem = withNewKey({ account, points: 600 });
const redeemed = accepted((await hub.ask(RedeemDocument, { input: redeem })).redeemPoints);

let missing = 0;
try {
  const tooMuch = withNewKey({ account, points: 600 });
  accepted((await hub.ask(RedeemDocument, { input: tooMuch })).redeemPoints);
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  if (error.reason.__typename !== 'InsufficientPoints') throw error;
  missing = error.reason.requiredPoints - error.reason.availablePoints;
}

const refund = withNewKey({ redemptionId: redeemed.entryId!, points: 100 });
const refunded = accepted((await hub.ask(RefundDocument, { input: refund })).refundPoints);

console.log(
  JSON.stringify({
    issued: issued.wallet?.availablePoints,
    isSameIssue: again.entryId === issued.entryId,
    redeemed: redeemed.wallet?.availablePoints,
    missing,
    refunded: refunded.wallet?.availablePoints,
  }),
);
