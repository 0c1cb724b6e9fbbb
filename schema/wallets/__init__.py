"""What the API shows of wallets.

restrictions  where restricted points may be used
lots          what a lot is by itself
entries       what an entry is by itself
sums          the points of a wallet, by what can be done with them
wallets       wallets, lots, entries, holds and arrears, as they hang together
"""
