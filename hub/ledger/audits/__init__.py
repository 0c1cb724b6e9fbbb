"""The continuous audit: the books are checked again and again, and each run is written down.

audit    makes one run
store    all SQL about the runs
tables   the runs
"""
