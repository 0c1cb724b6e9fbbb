"""Two people: one makes, another one checks, and what was checked is what is done.

approvals   ask, decide, use
"""
