"""The journal as a Merkle log (RFC 9162): every lane a tree, one signature over all of them.

tree          spans and full subtrees: what a proof consists of, how a tree grows
leaves        from an entry of the journal to its leaf
notes         signed notes, and the keys that sign them
checkpoints   the sealer: lets the trees grow and signs them
proofs        inclusion and consistency, read from tiles
bundles       what a partner or an auditor is given: entries, proofs, signatures
checking      the whole journal hashed anew and compared with what was signed
verifier      what anybody can check alone; imports nothing of the hub
standalone    the verifier written as one file
store         all SQL of the log; log.sql has its tables

Source: rule book 1.10.4; ADR-0015.
"""
