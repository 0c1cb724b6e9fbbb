"""Who the partners are, what they promised and what they sell.

`terms` is one version of an agreement; `memberships` splits the money of a co-branded membership.
"""
