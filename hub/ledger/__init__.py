"""How points move.

entries       the kinds of entry
operations    what one asks of the ledger, and what it answers
batches       which operations may leave together
calls         the two calls that write, and their parameters
poster        lets concurrent operations leave together
courier       carries those of its lanes to post_batch, many per call
figures       what couriers count for whoever watches
caps          how much there may be of something: kinds, slices, what is borrowed
cuts          sweeps what expired and cuts lanes at the end of a segment
store         reads: flows, lots, entries as settlement and audits need them
views         reads for whoever looks at wallets: points, lots, activity
journal       reads of the journal itself, and the rules that it is audited by
feed          the entries for those who follow: consumers, subscriptions
audits        the books checked again and again, and what was found
log           the journal as a Merkle log: checkpoints, proofs, bundles, the verifier

tables.sql, caps.sql, charging.sql, carrying.sql, post_batch.sql, post_money.sql, cuts.sql,
audit.sql, roles.sql, grants.sql   what runs inside PostgreSQL
"""
