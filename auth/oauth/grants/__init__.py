"""What members allowed partners' software: seen and ended by the member, or by the operator.

ending  list what is allowed, end it, and tell the audit log
store   all SQL about it
"""
