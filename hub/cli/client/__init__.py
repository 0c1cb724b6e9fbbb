"""`hub client`: software of partners, from its first key to its first call.

command   the commands
key_file  private keys in files that only their owner reads
calls     what a partner's program does: authenticate, prove, ask
"""
