"""`hub coalition` keeps the coalition: its partners and what they agreed to.

`document` reads the file, `command` applies it and shows what changes.
"""
