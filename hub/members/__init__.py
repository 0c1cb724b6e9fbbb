"""Who is a member.

enrolment   join a member, link an account
wallets     from a partner's own reference to a wallet, by one cheap lookup
merges      two members who turned out to be one
"""
