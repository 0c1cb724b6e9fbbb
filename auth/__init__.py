"""Who calls, and what they may.

permissions   which kinds of actor may use which operation: one table
tokens        development tokens: random, kept as hashes
loopback      whether a request comes from this machine
keys          secret keys of the hub, kept in the database
"""
