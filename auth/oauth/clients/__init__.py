"""Software of partners that may call: registered by the operator, known by its public keys.

registering    let a client in, change its keys, end it
key_sets       the keys of a client: by value, or from its own address behind a guard
authenticating who of them calls
store          all SQL about clients
"""
