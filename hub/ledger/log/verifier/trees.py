"""Hashes of a Merkle tree, and whether a proof holds (RFC 9162, 2.1)."""

from collections.abc import Sequence
from hashlib import sha256

Hash = bytes
EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(data: bytes) -> Hash:
    """Hash what a leaf holds."""
    return sha256(b"\x00" + data).digest()


def hash_node(left: Hash, right: Hash) -> Hash:
    """Hash two subtrees into the one above them."""
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root: Hash) -> bool:
    """Whether a leaf is in the tree. Source: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = hash_node(step, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = hash_node(found, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[Hash], old_root: Hash, new_root: Hash
) -> bool:
    """Whether a tree is an older one that only grew. Source: RFC 9162, 2.1.4.2."""
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0 or old_size > new_size:
        return old_size == 0 and not proof and old_root == EMPTY_ROOT
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path or not proof:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_found = new_found = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_found, new_found = hash_node(step, old_found), hash_node(step, new_found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_found = hash_node(new_found, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old_found == old_root and new_found == new_root
