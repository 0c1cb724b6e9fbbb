"""Trusted documents: published ahead, per client and version, and asked for by their hash.

manifests   pure: what relay, Apollo and plain files call a list of documents
publishing  check all of them, then publish all of them
store       all SQL
"""
