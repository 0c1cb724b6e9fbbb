"""`hub settle` plans and closes windows, and shows what they owe, down to single entries.

`command` has the commands, `names` finds the window that is meant, `printout` shows a settled
window, `entries` drills down to the journal.
"""
