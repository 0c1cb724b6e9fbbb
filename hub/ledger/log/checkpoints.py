"""The sealer: lets the tree of every lane grow to its newest entry, and signs all of them at once.

It signs nothing that does not follow from what was signed before. Before a tree grows, its newest
leaves are hashed anew out of the journal and must lead to the root that was signed; so must one
older tile, another one each time, so that the whole journal is gone through again and again.

Source: rule book 1.10.4; ADR-0015.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database, ReadTx, Tx
from hub.ledger.log import store
from hub.ledger.log.errors import CheckpointNotFound, JournalDisagrees
from hub.ledger.log.leaves import leaf_of
from hub.ledger.log.notes import (
    ORIGIN_OCTETS,
    ORIGIN_PREFIX,
    OpenSecret,
    SigningKey,
    private_key,
    secret_name,
    write_checkpoint,
)
from hub.ledger.log.store import LaneTree, LogKey, StoredCheckpoint, Tile
from hub.ledger.log.tree import TILE_HEIGHT, TILE_WIDTH, edge_of, grow, root_of, root_of_edge
from hub.ledger.log.verifier.fields import FIRST_LANE, LANE_COUNT, hash_lane
from hub.ledger.log.verifier.notes import PublicKey, open_note
from hub.ledger.log.verifier.shapes import EPOCH, Wrong
from hub.ledger.log.verifier.trees import EMPTY_ROOT, Hash

log = structlog.get_logger()

ENTRIES_MAX: Final = 250_000
"""Entries that one checkpoint takes in; the next one takes the rest."""

PAGE: Final = 8 * TILE_WIDTH
LANES: Final = range(FIRST_LANE, FIRST_LANE + LANE_COUNT)


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that signs, the one that signed before it if that has just changed, and all known."""

    origin: str
    current: SigningKey
    previous: SigningKey | None
    public: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealing did."""

    checkpoint: StoredCheckpoint
    entry_count: int


@dataclass(slots=True)
class Growth:
    """The tree of a lane while it grows: its full tiles, and the leaves after them."""

    lane: int
    size: int
    edge: list[tuple[int, Hash]]
    leaves: list[Hash] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)

    @property
    def root(self) -> Hash:
        """The root of the tree as it is now."""
        grown = list(self.edge)
        for leaf in self.leaves:
            grow(grown, 0, leaf)
        return root_of_edge([found for _, found in grown])

    def add(self, leaf: Hash) -> None:
        """Add a leaf, and put a tile together when it is the last one of it."""
        self.leaves.append(leaf)
        self.size += 1
        if len(self.leaves) == TILE_WIDTH:
            tile = Tile(root_of(self.leaves), tuple(self.leaves))
            self.tiles.append(tile)
            grow(self.edge, TILE_HEIGHT, tile.root)
            self.leaves.clear()


async def seal_lanes(
    database: Database, open_secret: OpenSecret, *, entries_max: int = ENTRIES_MAX
) -> Sealed | None:
    """Sign a checkpoint over all entries; None when there is nothing new, or another one is at it.

    One transaction: after a crash nothing is there, and the next call does it all.

    Errors: JournalDisagrees: the journal is not what was signed; nothing is signed any more.
    Locks: an advisory lock; none of the ledger's.
    """
    keys = await open_keys(database, open_secret)
    try:
        async with database.begin(HUB_ACTOR) as tx:
            sealed = await _seal(tx, keys, entries_max) if await store.take_sealing(tx) else None
    except JournalDisagrees as error:
        log.critical(
            "log.journal_disagrees", place=error.place, found=error.found, expected=error.expected
        )
        raise
    if sealed is not None:
        log.info("log.sealed", entry_count=sealed.entry_count)
    return sealed


async def open_keys(database: Database, open_secret: OpenSecret) -> Keys:
    """Open the keys of the log; the first process that asks makes the first one."""
    async with database.read(HUB_ACTOR) as read:
        known = await store.list_log_keys(read)
        last = await store.find_checkpoint(read, None)
    if not known:
        secret = await open_secret(secret_name(1))
        async with database.begin(HUB_ACTOR) as tx:
            await store.add_log_key(tx, private_key(secret).public_key().public_bytes_raw())
            known = await store.list_log_keys(tx)
    origin = origin_of(known[0].public)
    current = await _open_key(open_secret, origin, known[-1].number)
    previous = None
    if last is not None and last.key_number != current.number:
        previous = await _open_key(open_secret, origin, last.key_number)
    return Keys(origin, current, previous, public_keys(known))


def public_keys(known: Sequence[LogKey]) -> tuple[PublicKey, ...]:
    """Give the keys of a log under its name."""
    return tuple(PublicKey(origin_of(known[0].public), key.public) for key in known)


async def begin_key(database: Database, open_secret: OpenSecret) -> Keys:
    """Begin to sign with a new key; the next checkpoint is signed by the old one too."""
    keys = await open_keys(database, open_secret)
    secret = await open_secret(secret_name(keys.current.number + 1))
    async with database.begin(HUB_ACTOR) as tx:
        await store.add_log_key(tx, private_key(secret).public_key().public_bytes_raw())
    return await open_keys(database, open_secret)


def origin_of(first_public: bytes) -> str:
    """Name a log by the first key that signed it; the name outlives the key."""
    return ORIGIN_PREFIX + sha256(first_public).digest()[:ORIGIN_OCTETS].hex()


async def _open_key(open_secret: OpenSecret, origin: str, number: int) -> SigningKey:
    private = private_key(await open_secret(secret_name(number)))
    public = PublicKey(origin, private.public_key().public_bytes_raw())
    return SigningKey(number, public, private)


async def load_checkpoint(tx: ReadTx, checkpoint_id: int | None) -> StoredCheckpoint:
    """Load a checkpoint; None: the last one.

    Errors: CheckpointNotFound.
    """
    found = await store.find_checkpoint(tx, checkpoint_id)
    if found is None:
        raise CheckpointNotFound
    return found


def hash_lanes(trees: Mapping[int, LaneTree]) -> list[Hash]:
    """Hash the trees of all lanes into the leaves of the upper tree."""
    empty = LaneTree(0, 0, EMPTY_ROOT, ())
    own = ((lane, trees.get(lane, empty)) for lane in LANES)
    return [hash_lane(lane, tree.size, tree.root) for lane, tree in own]


async def check_last(tx: ReadTx, public: tuple[PublicKey, ...]) -> dict[int, LaneTree]:
    """See that the last checkpoint is signed and stands for the trees that are kept; give those.

    Errors: JournalDisagrees.
    """
    last = await store.find_checkpoint(tx, None)
    if last is None:
        return {}
    place = f"checkpoint {last.checkpoint_id}"
    try:
        open_note(last.note, public, place)
    except Wrong as wrong:
        raise JournalDisagrees(place, wrong.problem, "a signature of the log") from wrong
    trees = await store.list_lane_trees(tx, last.checkpoint_id)
    root = root_of(hash_lanes(trees))
    signed = write_checkpoint(public[0].name, root, micros_of(last.signed_at))
    if not last.note.startswith(signed) or root != last.root:
        raise JournalDisagrees(place, root.hex(), last.root.hex())
    return trees


async def _seal(tx: Tx, keys: Keys, entries_max: int) -> Sealed | None:
    last = await store.find_checkpoint(tx, None)
    number = 1 if last is None else last.checkpoint_id + 1
    trees = await check_last(tx, keys.public)
    grown: list[LaneTree] = []
    entry_count = 0
    for lane, end in (await store.list_lane_ends(tx)).items():
        before = trees.get(lane)
        size = before.size if before else 0
        if end < size:
            raise JournalDisagrees(f"lane {lane}", f"{end} entries", f"{size} entries")
        to_size = min(end, size + entries_max - entry_count)
        growth = await grow_lane(tx, lane, before, to_size)
        if growth.size > size:
            edge = tuple(found for _, found in growth.edge)
            grown.append(LaneTree(lane, growth.size, growth.root, edge))
            entry_count += growth.size - size
            await _keep_tiles(tx, lane, size // TILE_WIDTH, growth.tiles)
            await _check_tile(tx, lane, size // TILE_WIDTH, number)
    if not grown:
        return None
    trees |= {tree.lane: tree for tree in grown}
    root = root_of(hash_lanes(trees))
    signing = [keys.current] + ([keys.previous] if keys.previous else [])
    note = write_checkpoint(keys.origin, root, micros_of(tx.now), *signing)
    checkpoint = StoredCheckpoint(number, tx.now, keys.current.number, root, note)
    await store.add_checkpoint(tx, checkpoint, grown)
    return Sealed(checkpoint, entry_count)


async def grow_lane(tx: ReadTx, lane: int, before: LaneTree | None, to_size: int) -> Growth:
    """Hash the entries after the last full tile of a lane; those sealed must lead to their root.

    Costs the new entries and at most 255 older ones, however long the lane is.

    Errors: JournalDisagrees.
    """
    size, root = (before.size, before.root) if before else (0, EMPTY_ROOT)
    full_count = size // TILE_WIDTH
    heights = [node.height + TILE_HEIGHT for node in edge_of(full_count)]
    edge = list(zip(heights, before.edge if before else (), strict=True))
    growth = Growth(lane, full_count * TILE_WIDTH, edge)
    await _hash_page(tx, growth, size)
    if growth.root != root:
        raise JournalDisagrees(f"lane {lane} up to {size}", growth.root.hex(), root.hex())
    while growth.size < to_size:
        await _hash_page(tx, growth, min(growth.size + PAGE, to_size))
    return growth


async def _hash_page(tx: ReadTx, growth: Growth, to_size: int) -> None:
    for leaf in await hash_journal(tx, growth.lane, growth.size, to_size):
        growth.add(leaf)


async def hash_journal(tx: ReadTx, lane: int, after_seq: int, to_seq: int) -> list[Hash]:
    """Hash the entries of a lane above one sequence, up to and with another.

    Errors: JournalDisagrees: an entry is missing, or not what was booked.
    """
    seqs = range(after_seq + 1, to_seq + 1)
    entries = await store.list_journal(tx, ((lane, seq) for seq in seqs)) if seqs else []
    found = [entry.values["seq"] for entry in entries]
    if found != list(seqs):
        missing = min(set(seqs) - set(found))
        raise JournalDisagrees(f"entry {lane}:{missing}", "no entry", "an entry")
    return [leaf_of(entry).leaf for entry in entries]


async def _keep_tiles(tx: Tx, lane: int, first: int, tiles: list[Tile]) -> None:
    """Keep the full tiles of leaves, then those of every level above that became full by them."""
    level = 0
    while tiles:
        await store.add_tiles(tx, lane, level, first, tiles)
        above_first, above_end = first // TILE_WIDTH, (first + len(tiles)) // TILE_WIDTH
        places = [(level, tile) for tile in range(above_first * TILE_WIDTH, above_end * TILE_WIDTH)]
        roots = await store.list_tile_roots(tx, lane, places) if places else {}
        ordered = [roots[place] for place in places]
        tiles = [
            Tile(root_of(own), tuple(own))
            for own in (ordered[i : i + TILE_WIDTH] for i in range(0, len(ordered), TILE_WIDTH))
        ]
        level, first = level + 1, above_first


async def _check_tile(tx: ReadTx, lane: int, full_count: int, turn: int) -> None:
    """Hash one of the older tiles anew."""
    if full_count:
        await check_tiles(tx, lane, range(turn % full_count, turn % full_count + 1))


async def check_tiles(tx: ReadTx, lane: int, tiles: range) -> None:
    """See that full tiles of a lane are what the journal hashes to.

    Errors: JournalDisagrees.
    """
    for number in tiles:
        found = (await store.list_tiles(tx, lane, [(0, number)])).get((0, number))
        kept = () if found is None else found.hashes
        after_seq = number * TILE_WIDTH
        leaves = await hash_journal(tx, lane, after_seq, after_seq + TILE_WIDTH)
        for seq, (leaf, stored) in enumerate(zip(leaves, kept, strict=False), after_seq + 1):
            if leaf != stored:
                raise JournalDisagrees(f"entry {lane}:{seq}", leaf.hex(), stored.hex())
        if len(kept) != TILE_WIDTH:
            raise JournalDisagrees(f"tile {lane}:{number}", "no tile", "a tile")


def micros_of(instant: datetime) -> int:
    """Count the microseconds of an instant since 2000."""
    return (instant.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
