"""Members who pool points in one wallet.

joining     make a household, invite, join, set a share, leave
store       all SQL about households
errors      what a household refuses
"""
