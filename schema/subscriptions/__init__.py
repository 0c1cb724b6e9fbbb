"""What can be subscribed to: wallets, windows, entries; and counting, to try a connection.

Each event is for whoever may see it at that moment: rights are asked for anew every time.
"""
