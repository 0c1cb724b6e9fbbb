"""What members agree to at the moment of paying.

till    the code that a member shows at a till
orders  whether a member agreed to a redemption, by a code or by a token for that one order
errors  what is refused
store   all SQL about them
"""
