"""Who calls, and what they may.

callers       from a request to who sends it
permissions   who may use what: one table; policies: what a policy is
oauth         the OAuth 2 and OpenID Connect provider
consents      what members agreed to: till codes, orders
people        people and members in front of a browser: passkeys, sessions, roles
persons       what a page is told of who is signed in
approvals     what one person asks and another one approves
rates         how often, for all processes together
audit         who did what that matters, in a chain
tokens        development tokens: random, kept as hashes
addresses     where a request comes from, proxies before the hub or not
bodies        what is sent before anybody knows by whom: small, and soon there
loopback      whether a request comes from this machine
keys          secret keys of the hub, kept in the database
wall.sql      row-level security, the second wall (ADR-0019)
"""
