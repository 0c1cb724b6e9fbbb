"""The whole journal hashed anew and compared with what was signed: the slow, complete look."""

from collections.abc import Callable
from typing import Final

from hub.kernel.tx import ReadTx
from hub.ledger.journal.rules import Violation
from hub.ledger.log import store
from hub.ledger.log.checkpoints import PAGE, Growth, check_last, public_keys
from hub.ledger.log.errors import JournalDisagrees
from hub.ledger.log.leaves import leaf_of
from hub.ledger.log.store import LaneTree
from hub.ledger.log.tree import TILE_WIDTH
from hub.ledger.log.verifier.trees import Hash

SIGNED: Final = "checkpoint is signed"
UNCHANGED: Final = "journal equals its checkpoint"
LOG_RULES: Final = (SIGNED, UNCHANGED)
"""The rules that signatures add to those of the ledger."""

NOTHING: Final = "nothing"


async def check_log(tx: ReadTx, note: Callable[[Violation], object]) -> None:
    """Hash every sealed entry anew, and note all that is not what the last checkpoint signed.

    Reads the whole journal. Entries that were posted after the checkpoint are left to the audit.
    """
    try:
        trees = await check_last(tx, public_keys(await store.list_log_keys(tx)))
    except JournalDisagrees as error:
        note(Violation(SIGNED, error.place, error.found, error.expected))
        return
    for tree in trees.values():
        await _check_lane(tx, tree, note)


async def _check_lane(tx: ReadTx, tree: LaneTree, note: Callable[[Violation], object]) -> None:
    growth = Growth(tree.lane, 0, [])
    is_whole = True
    while growth.size < tree.size:
        first = growth.size
        seqs = range(first + 1, min(first + PAGE, tree.size) + 1)
        kept = await _list_kept(tx, tree.lane, seqs)
        found = await _hash_entries(tx, tree.lane, seqs)
        for seq in seqs:
            told, stored = found.get(seq, NOTHING), kept.get(seq)
            expected = stored.hex() if stored else "the leaf that was signed"
            if isinstance(told, str) or stored not in (None, told):
                shown = told if isinstance(told, str) else told.hex()
                note(Violation(UNCHANGED, f"entry {tree.lane}:{seq}", shown, expected))
                is_whole = False
            growth.add(told if isinstance(told, bytes) else b"")
        growth.tiles.clear()
    if is_whole and growth.root != tree.root:
        place = f"lane {tree.lane} up to {tree.size}"
        note(Violation(UNCHANGED, place, growth.root.hex(), tree.root.hex()))


async def _list_kept(tx: ReadTx, lane: int, seqs: range) -> dict[int, Hash]:
    """List the leaves that tiles keep, by their sequences."""
    tiles = range((seqs[0] - 1) // TILE_WIDTH, (seqs[-1] - 1) // TILE_WIDTH + 1)
    kept = await store.list_tiles(tx, lane, [(0, tile) for tile in tiles])
    return {
        number * TILE_WIDTH + place: leaf
        for (_, number), tile in kept.items()
        for place, leaf in enumerate(tile.hashes, 1)
    }


async def _hash_entries(tx: ReadTx, lane: int, seqs: range) -> dict[int, Hash | str]:
    """Hash entries into their leaves; of one that is not what was booked, say what it is now."""
    found: dict[int, Hash | str] = {}
    for entry in await store.list_journal(tx, ((lane, seq) for seq in seqs)):
        try:
            found[entry.values["seq"]] = leaf_of(entry).leaf
        except JournalDisagrees as error:
            found[entry.values["seq"]] = error.expected
    return found
