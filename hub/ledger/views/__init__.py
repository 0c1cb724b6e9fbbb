"""Reads for whoever looks at wallets.

store         wallets, lots, entries and allocations by their places
pages         lists of them, a page at a time, with filters
as_of         what the journal held at an earlier instant
outstanding   points not used, by issuer, terms and month; now or then
claims        what is set aside, owed or restricted
lineage       where the points of an issue went with merges
"""
