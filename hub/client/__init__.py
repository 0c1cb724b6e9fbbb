"""For partners' programs: calls the hub's API with types, retries, and keys of its own.

    asynchronous   HubClient, to be awaited          synchronous   BlockingHubClient
    bearer         a ready token                     private_key   OAuth 2 with a key, no secret
    errors         what may be raised                retries       how often, how long
    downloads      whole lists, line by line or into a file
    generated      inputs, answers, refusals and methods, written by `make snapshots`

It stands alone: it imports nothing else of this project, and needs httpx and cryptography only.
"""
