"""Two members who turned out to be one: what is known of the merge, and where ids lead since.

store       all SQL about merges
forwards    from an id that was merged to the survivor, without a round trip
errors      what a merge refuses
"""
