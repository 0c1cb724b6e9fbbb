"""`hub replay` runs a folder of real receipts through the ledger, member by member, cut by cut.

`coalition` reads the rules of the folder, `receipts` its files (through `csv_files`), `calendars`
makes windows and segments, `history` turns it all into what each member does, and `totals` writes
the document of what came out.
"""
