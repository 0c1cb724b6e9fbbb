"""The hub's own signing keys: a key per kind of token, published before they sign.

ring    the keys in memory, and what is signed with them
rotation makes and ends keys
wrapping private keys under a key of the settings
store   all SQL about signing keys
"""
