"""The verbs that move points: each checks what was asked and posts one operation.

requests      what every verb needs: key, actor, instants
issue         issue points
redeem        redeem, cash out, donate
giving_back   refund a redemption, reverse an issue
reversing     the same of an issue whose points moved with a merge
merging       two members become one, and two again
pooling       all points of a wallet, or of one contributor, go to another wallet
transfer      from member to member
posting       choose the terms, post, and turn a refusal into an error
expiry        when points of an issue expire
caps          which caps an operation is charged to
capping       what the operator says of caps
"""
