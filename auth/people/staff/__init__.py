"""People who work at the hub or at a partner, and what they may do.

roster      invite, take roles away, let go
"""
