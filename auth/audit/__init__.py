"""The audit log: who did what that matters, in a chain that nobody can shorten unseen.

log       record, sign the head, verify
chain     the hashes: pure
"""
