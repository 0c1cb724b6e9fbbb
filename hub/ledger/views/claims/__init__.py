"""Reads of what has a claim on the points of wallets: holds, arrears, restrictions."""
