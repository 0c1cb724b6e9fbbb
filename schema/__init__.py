"""GraphQL: the only API of the hub.

roots         the schema: all queries and mutations
endpoint      one request: its body, its answer, its log line
context       what a resolver is given: the actor, transactions, loaders
loaders       batch loads of one request, scoped to the actor
ids           ids and cursors, different for every audience
fields        root fields: guarded by the policy, refusals turned into userErrors
directives    what the schema tells programs: cost, sizes, scopes, keys; deprecations: dates
limits        of documents and variables; cost: what an operation costs, and who may use how much
federation    the hub as a subgraph of a larger graph
refusals      one type per refusal; faults: the top-level errors
scalars, money, paging        what all types share
partners, wallets, members, windows, proofs   the types
queries, mutations                    the root fields, a file per area
accounts      from what a client names to a wallet
graphiql      the page for a developer, with its files in static

`schema.graphql` is the snapshot of it all; a test compares it and refuses breaking changes.
"""
