"""The root fields that read: identity and nodes, the coalition, members, settlement."""
