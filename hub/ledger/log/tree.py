"""A Merkle tree by spans: what a root and a proof consist of, and how a tree grows.

A tree of ten million leaves is never held at once. Its proofs are planned as spans of leaves; each
span falls into full subtrees (`Node`), and only their hashes are read. A tree grows by its edge:
the full subtrees that its leaves make up, largest first.

Source: RFC 9162, 2.1. The verification is in `verifier/trees.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.ledger.log.verifier.trees import EMPTY_ROOT, Hash, hash_node

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes that are kept and read together."""


@dataclass(frozen=True, slots=True)
class Span:
    """Leaves from `begin` up to `end`, exclusive, that make up a subtree."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        assert 0 <= self.begin < self.end, self


@dataclass(frozen=True, slots=True)
class Node:
    """A full subtree: the `index`-th of 2^height leaves, counted from 0."""

    height: int
    index: int


def root_of(leaves: Sequence[Hash]) -> Hash:
    """Hash leaves into their root."""
    edge: list[tuple[int, Hash]] = []
    for leaf in leaves:
        grow(edge, 0, leaf)
    return root_of_edge([found for _, found in edge])


def grow(edge: list[tuple[int, Hash]], height: int, found: Hash) -> None:
    """Add a full subtree at the right end of an edge, and merge what became full."""
    assert not edge or edge[-1][0] >= height, "a tree grows to the right"
    while edge and edge[-1][0] == height:
        found = hash_node(edge.pop()[1], found)
        height += 1
    edge.append((height, found))


def root_of_edge(edge: Sequence[Hash]) -> Hash:
    """Hash the full subtrees of a tree, largest first, into its root."""
    if not edge:
        return EMPTY_ROOT
    found = edge[-1]
    for left in reversed(edge[:-1]):
        found = hash_node(left, found)
    return found


def nodes_of(span: Span) -> list[Node]:
    """List the full subtrees of a span, largest first."""
    nodes, begin = [], span.begin
    while begin < span.end:
        height = (span.end - begin).bit_length() - 1
        assert begin % (1 << height) == 0, "a span begins where its subtree does"
        nodes.append(Node(height, begin >> height))
        begin += 1 << height
    return nodes


def edge_of(size: int) -> list[Node]:
    """List the full subtrees of a whole tree, largest first."""
    return nodes_of(Span(0, size)) if size else []


def plan_inclusion(index: int, size: int) -> list[Span]:
    """List the spans whose hashes prove that a leaf is in a tree, from the leaf upwards.

    Source: RFC 9162, 2.1.3.1.
    """
    assert 0 <= index < size, (index, size)
    begin, end, spans = 0, size, []
    while end - begin > 1:
        middle = begin + _half(end - begin)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(begin, middle))
            begin = middle
    return spans[::-1]


def plan_consistency(old_size: int, new_size: int) -> list[Span]:
    """List the spans whose hashes prove that a tree is an older one that only grew.

    Source: RFC 9162, 2.1.4.1.
    """
    assert 0 <= old_size <= new_size, (old_size, new_size)
    if old_size in (0, new_size):
        return []
    begin, end, spans = 0, new_size, []
    while end != old_size:
        middle = begin + _half(end - begin)
        if old_size <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(begin, middle))
            begin = middle
    if begin:
        # From 0 on, the verifier knows the hash: it is the older root.
        spans.append(Span(begin, end))
    return spans[::-1]


def hash_spans(spans: Iterable[Span], hashes: Mapping[Node, Hash]) -> list[Hash]:
    """Hash spans out of their full subtrees."""
    return [root_of_edge([hashes[node] for node in nodes_of(span)]) for span in spans]


def _half(size: int) -> int:
    """Give the largest power of two that is smaller than a size."""
    return 1 << ((size - 1).bit_length() - 1)
