"""The entries as a feed: what happened in the books, in the order of each lane, to whoever follows.

entries     an entry as those who follow see it
watcher     looks where the lanes end, and wakes whoever waits
consumers   effects in our database, once for each entry, with cursors of their own
care        what operators do about a consumer that is stuck
live        entries as they are booked, for subscriptions
store       all SQL: pages of entries, cursors, skips
tables      cursors and skips
settings    how often, how many, how long
errors      what followers and operators are refused
"""
