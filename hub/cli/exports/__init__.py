"""`hub export entries`, `lots` and `statement-lines`: lists as files of JSON lines.

command       the three commands
files         a file that can be gone on with after any crash
"""
