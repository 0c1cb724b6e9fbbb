"""The journal read entry by entry: to drill down, to recompute what batches kept, to audit.

store   all SQL about it
rules   what must always hold in the books
"""
