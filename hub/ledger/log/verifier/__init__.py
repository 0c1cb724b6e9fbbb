"""Verify a bundle of entries against the signed log of a hub.

trees     hashes of a Merkle tree, and whether a proof holds
fields    what is hashed
shapes    reading what comes from outside
naming    which field was changed, where that can be known
notes     signed notes, and the keys that sign them
bundle    what a bundle holds
checks    what must be so, and what is wrong; the command

Written as one file by `hub verify --write-verifier`, it needs Python 3.10 or newer and the package
`cryptography`, and nothing of the hub; so nothing here imports anything of the hub either.
"""
