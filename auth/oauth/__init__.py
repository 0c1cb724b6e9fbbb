"""The OAuth 2 and OpenID Connect provider, in the shape of FAPI 2.0.

endpoints      the routes, put together
forms          the bodies of requests, read with limits
metadata       what discovery tells
clients        software of partners: registered, authenticated by its own keys
signing        the hub's own keys, one kind of token each, and their rotation
jose           signatures and key sets
proofs         proofs of possession (DPoP)
assertions     what a client authenticates with
scopes         the verbs that a client may be allowed
orders         the one redemption that a member agrees to
pushing        authorization requests that clients push
authorizing    the browser's part: sign in, consent, code
consent_page   what the member reads
granting       tokens for client credentials, codes and refresh tokens
tokens         access tokens and ID tokens, made and read
grants         what members allowed: seen and ended by them
limiting       how often the endpoints may be called
revoking       the end of tokens, and what a client may ask about its own
verdicts       whether a token is still good: what may have ended since it was made
provider       what all of these are given
"""
