"""`hub demo`: a coalition to look at, made from real receipts, settled and served.

`coalition.toml` is what its partners agreed to, `loading` replays the receipts and closes the
windows, `printout` shows what came out, `command` is the command.
"""
