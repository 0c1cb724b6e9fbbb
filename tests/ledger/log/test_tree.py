"""Trees and their proofs: published vectors, and a naive recursion beside them."""

from hashlib import sha256
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.log.tree import (
    Node,
    edge_of,
    grow,
    hash_spans,
    nodes_of,
    plan_consistency,
    plan_inclusion,
    root_of,
    root_of_edge,
)
from hub.ledger.log.verifier.trees import (
    EMPTY_ROOT,
    hash_leaf,
    hash_node,
    verify_consistency,
    verify_inclusion,
)

# The test data of Certificate Transparency (RFC 6962), as its implementations publish them.
PUBLISHED_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_INCLUSIONS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
PUBLISHED_CONSISTENCIES = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
SIZES = st.integers(1, 600)


def leaf(number):
    return hash_leaf(number.to_bytes(4, "big"))


def leaves(size):
    return [leaf(number) for number in range(size)]


def naive_root(own):
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not own:
        return sha256(b"").digest()
    if len(own) == 1:
        return own[0]
    k = 1
    while 2 * k < len(own):
        k *= 2
    return hash_node(naive_root(own[:k]), naive_root(own[k:]))


def hashes(own, spans):
    nodes = {node for span in spans for node in nodes_of(span)}
    return hash_spans(spans, {node: naive_root(own[slice(*ends(node))]) for node in nodes})


def ends(node):
    return node.index << node.height, (node.index + 1) << node.height


def flip(octets, bit):
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_published_roots_come_out():
    own = [hash_leaf(data) for data in PUBLISHED_LEAVES]
    assert [root_of(own[:size]).hex() for size in range(9)] == PUBLISHED_ROOTS


def test_the_published_inclusion_proofs_come_out():
    own = [hash_leaf(data) for data in PUBLISHED_LEAVES]
    for index, size, expected in PUBLISHED_INCLUSIONS:
        proof = hashes(own, plan_inclusion(index, size))
        assert [step.hex() for step in proof] == expected, (index, size)
        assert verify_inclusion(own[index], index, size, proof, root_of(own[:size]))


def test_the_published_consistency_proofs_come_out():
    own = [hash_leaf(data) for data in PUBLISHED_LEAVES]
    for old, new, expected in PUBLISHED_CONSISTENCIES:
        proof = hashes(own, plan_consistency(old, new))
        assert [step.hex() for step in proof] == expected, (old, new)
        assert verify_consistency(old, new, proof, root_of(own[:old]), root_of(own[:new]))


@given(st.integers(0, 600))
def test_a_root_is_that_of_the_naive_recursion(size):
    assert root_of(leaves(size)) == naive_root(leaves(size))


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_tree_that_grows_in_two_goes_has_the_root_of_one_that_grew_at_once(first, then):
    edge = []
    for own in leaves(first):
        grow(edge, 0, own)
    assert [height for height, _ in edge] == [node.height for node in edge_of(first)]
    for number in range(first, first + then):
        grow(edge, 0, leaf(number))
    assert root_of_edge([found for _, found in edge]) == naive_root(leaves(first + then))


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert root_of([]) == root_of_edge([]) == EMPTY_ROOT
    assert edge_of(0) == []
    assert edge_of(7) == [Node(2, 0), Node(1, 2), Node(0, 6)]


@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_flipped_bit_is_believed(size, data):
    own = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = hashes(own, plan_inclusion(index, size)), naive_root(own)
    assert verify_inclusion(own[index], index, size, proof, root)
    bit = data.draw(st.integers(0, 255))
    assert not verify_inclusion(flip(own[index], bit), index, size, proof, root)
    assert not verify_inclusion(own[index], index, size, proof, flip(root, bit))
    for step in range(len(proof)):
        spoilt = [*proof[:step], flip(proof[step], bit), *proof[step + 1 :]]
        assert not verify_inclusion(own[index], index, size, spoilt, root)
    assert not verify_inclusion(own[index], index, size, [*proof, leaf(0)], root)
    assert not verify_inclusion(own[index], size, size, proof, root)
    assert not verify_inclusion(own[index], -1, size, proof, root)
    if proof:
        assert not verify_inclusion(own[index], index, size, proof[:-1], root)
        other = (index + 1) % size
        assert not verify_inclusion(own[index], other, size, proof, root)


@given(SIZES, SIZES, st.data())
def test_every_growth_is_proven_and_no_flipped_bit_is_believed(one, other, data):
    old, new = sorted((one, other))
    own = leaves(new)
    old_root, new_root = naive_root(own[:old]), naive_root(own)
    proof = hashes(own, plan_consistency(old, new))
    assert verify_consistency(old, new, proof, old_root, new_root)
    bit = data.draw(st.integers(0, 255))
    assert not verify_consistency(old, new, proof, flip(old_root, bit), new_root)
    assert not verify_consistency(old, new, proof, old_root, flip(new_root, bit))
    for step in range(len(proof)):
        spoilt = [*proof[:step], flip(proof[step], bit), *proof[step + 1 :]]
        assert not verify_consistency(old, new, spoilt, old_root, new_root)
    assert not verify_consistency(old, new, [*proof, leaf(0)], old_root, new_root)
    if old < new:
        assert not verify_consistency(new, old, proof, new_root, old_root)
        assert not verify_consistency(old, new, proof[:-1], old_root, new_root)


def test_a_tree_grows_from_nothing_without_a_proof():
    root = root_of(leaves(3))
    assert plan_consistency(0, 3) == []
    assert verify_consistency(0, 3, [], EMPTY_ROOT, root)
    assert not verify_consistency(0, 3, [], root, root)
    assert not verify_consistency(0, 3, [root], EMPTY_ROOT, root)


def test_a_proof_in_a_lane_of_ten_million_reads_a_few_hundred_hashes():
    size = 10_000_000
    for index in (0, 5_555_555, size - 1):
        spans = plan_inclusion(index, size)
        assert len(spans) <= 24
        nodes = {node for span in spans for node in nodes_of(span)}
        tiles = {(n.height // 8, (n.index << n.height % 8) // 256) for n in nodes}
        # A level has one tile below the leaf's path, and one at the right end.
        assert len(tiles) <= 6
        assert sum(1 << n.height % 8 for n in nodes) < 1_000


@given(st.lists(SIZES, min_size=2, max_size=6))
def test_a_chain_of_growths_holds_from_end_to_end(sizes):
    own = leaves(max(sizes))
    for old, new in pairwise(sorted(sizes)):
        proof = hashes(own, plan_consistency(old, new))
        roots = naive_root(own[:old]), naive_root(own[:new])
        assert verify_consistency(old, new, proof, *roots)
