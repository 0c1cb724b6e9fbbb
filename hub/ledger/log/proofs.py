"""Inclusion and consistency proofs, made from tiles: a few hundred hashes, however long a lane is.

Every proof is verified before it is given away: one that does not hold means that the journal or
the tiles are not what was signed.

Source: RFC 9162, 2.1.3 and 2.1.4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.kernel.tx import ReadTx
from hub.ledger.log import store
from hub.ledger.log.checkpoints import LANES, hash_journal, hash_lanes, load_checkpoint
from hub.ledger.log.errors import CheckpointNotFound, JournalDisagrees
from hub.ledger.log.leaves import leaf_of
from hub.ledger.log.notes import index_of
from hub.ledger.log.store import LaneTree, StoredCheckpoint, Tile
from hub.ledger.log.tree import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Node,
    Span,
    hash_spans,
    nodes_of,
    plan_consistency,
    plan_inclusion,
    root_of,
)
from hub.ledger.log.verifier.fields import LANE_COUNT
from hub.ledger.log.verifier.trees import Hash, verify_consistency, verify_inclusion
from hub.ledger.operations import Place


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the hashes below a full subtree are kept: a tile, and which of its hashes."""

    level: int
    tile: int
    begin: int
    end: int


def prove_lane(trees: Mapping[int, LaneTree], lane: int) -> list[Hash]:
    """Prove that the tree of a lane is in the upper tree over all lanes."""
    assert lane in LANES, lane
    leaves = hash_lanes(trees)
    spans = plan_inclusion(index_of(lane), LANE_COUNT)
    return [root_of(leaves[span.begin : span.end]) for span in spans]


async def prove_inclusions(
    tx: ReadTx, tree: LaneTree, leaves: Mapping[int, Hash]
) -> dict[int, list[Hash]]:
    """Prove that leaves, by their sequences, are in the tree of a lane.

    Errors: JournalDisagrees.
    """
    planned = {seq: plan_inclusion(seq - 1, tree.size) for seq in leaves}
    hashes = await _load_hashes(tx, tree.lane, _nodes(planned.values()))
    proofs = {seq: hash_spans(spans, hashes) for seq, spans in planned.items()}
    for seq, proof in proofs.items():
        if not verify_inclusion(leaves[seq], seq - 1, tree.size, proof, tree.root):
            place = f"entry {tree.lane}:{seq}"
            raise JournalDisagrees(place, leaves[seq].hex(), "a leaf of the tree that was signed")
    return proofs


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the tree of its lane, and that tree under the last checkpoint."""

    checkpoint: StoredCheckpoint
    tree: LaneTree
    leaf: Hash
    proof: list[Hash]
    lane_proof: list[Hash]


async def prove_entry(tx: ReadTx, entry: Place) -> Inclusion:
    """Prove that an entry is in the books as they were signed last.

    Errors: CheckpointNotFound (it was posted since then, or is not there), JournalDisagrees.
    """
    checkpoint = await load_checkpoint(tx, None)
    trees = await store.list_lane_trees(tx, checkpoint.checkpoint_id)
    tree = trees.get(entry.lane)
    if tree is None or not 1 <= entry.number <= tree.size:
        raise CheckpointNotFound
    leaves = await hash_journal(tx, entry.lane, entry.number - 1, entry.number)
    proofs = await prove_inclusions(tx, tree, {entry.number: leaves[0]})
    lane_proof = prove_lane(trees, entry.lane)
    return Inclusion(checkpoint, tree, leaves[0], proofs[entry.number], lane_proof)


async def prove_consistency(tx: ReadTx, old: LaneTree, new: LaneTree) -> list[Hash]:
    """Prove that the tree of a lane is an older one that only grew.

    Errors: JournalDisagrees.
    """
    spans = plan_consistency(old.size, new.size)
    hashes = await _load_hashes(tx, new.lane, _nodes([spans]))
    proof = hash_spans(spans, hashes)
    if not verify_consistency(old.size, new.size, proof, old.root, new.root):
        raise JournalDisagrees(f"lane {new.lane}", new.root.hex(), "a tree that only grew")
    return proof


def _nodes(planned: Iterable[Sequence[Span]]) -> set[Node]:
    return {node for spans in planned for span in spans for node in nodes_of(span)}


async def _load_hashes(tx: ReadTx, lane: int, nodes: set[Node]) -> dict[Node, Hash]:
    """Load the hashes of full subtrees: from tiles, or where a tile is not full, from below it."""
    places = {node: _place_of(node) for node in nodes}
    tiles = await store.list_tiles(tx, lane, {(p.level, p.tile) for p in places.values()})
    below = [p for p in places.values() if (p.level, p.tile) not in tiles]
    roots = await store.list_tile_roots(
        tx, lane, {(p.level - 1, number) for p in below if p.level for number in _numbers(p)}
    )
    seqs = {number + 1 for p in below if p.level == 0 for number in _numbers(p)}
    entries = await store.list_journal(tx, ((lane, seq) for seq in sorted(seqs)))
    leaves = {entry.values["seq"] - 1: leaf_of(entry).leaf for entry in entries}
    if len(leaves) != len(seqs):
        raise JournalDisagrees(f"lane {lane}", f"{len(leaves)} entries", f"{len(seqs)} entries")
    return {node: root_of(_hashes_of(p, tiles, roots, leaves)) for node, p in places.items()}


def _place_of(node: Node) -> _Place:
    level, height = divmod(node.height, TILE_HEIGHT)
    first = node.index << height
    begin = first % TILE_WIDTH
    return _Place(level, first // TILE_WIDTH, begin, begin + (1 << height))


def _numbers(place: _Place) -> range:
    """Count the hashes of a place over the whole level."""
    first = place.tile * TILE_WIDTH
    return range(first + place.begin, first + place.end)


def _hashes_of(
    place: _Place,
    tiles: Mapping[tuple[int, int], Tile],
    roots: Mapping[tuple[int, int], Hash],
    leaves: Mapping[int, Hash],
) -> Sequence[Hash]:
    tile = tiles.get((place.level, place.tile))
    if tile is not None:
        return tile.hashes[place.begin : place.end]
    if place.level:
        return [roots[place.level - 1, number] for number in _numbers(place)]
    return [leaves[number] for number in _numbers(place)]
