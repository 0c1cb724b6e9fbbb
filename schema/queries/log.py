"""The signed log: checkpoints for everybody, proofs for those who may know where entries lie."""

from typing import Annotated

import strawberry

from hub.kernel.ids import IdKind
from hub.ledger.log import store
from hub.ledger.log.checkpoints import LANES, public_keys
from hub.ledger.log.errors import CheckpointNotFound
from hub.ledger.log.proofs import prove_consistency as prove_growth
from hub.ledger.log.proofs import prove_entry
from hub.ledger.log.verifier.notes import write_base64
from schema.context import Info
from schema.faults import bad_input
from schema.fields import query
from schema.paging import After, Before, Connection, First, Last, make_connection, read_page
from schema.proofs import (
    Checkpoint,
    ConsistencyProof,
    InclusionProof,
    LogKey,
    show_checkpoint,
    show_inclusion,
    write_hashes,
)

DIGITS_MAX = 18

EntryId = Annotated[strawberry.ID, strawberry.argument(description="Id of the entry.")]
Lane = Annotated[int, strawberry.argument(description="The lane, -1 to 63.")]
OldSize = Annotated[
    str, strawberry.argument(description="Leaves at an older checkpoint; a whole number.")
]
NewSize = Annotated[
    str, strawberry.argument(description="Leaves at a later checkpoint; a whole number.")
]


@query("What was signed, newest first.")
async def checkpoints(
    info: Info,
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[Checkpoint]:
    """List checkpoints."""
    context = info.context
    page = read_page(context, "checkpoints", first=first, after=after, last=last, before=before)
    async with context.read() as tx:
        rows = await store.page_checkpoints(tx, page.slice())
    shown = [(show_checkpoint(row), (row.checkpoint_id,)) for row in rows]
    return make_connection(context, page, shown)


@query("The public keys that sign the books, or have signed them, oldest first.")
async def log_keys(info: Info) -> list[LogKey]:
    """List the keys."""
    async with info.context.read() as tx:
        known = await store.list_log_keys(tx)
    lines = map(str, public_keys(known)) if known else ()
    return [LogKey(key=line, since_at=key.since_at) for key, line in zip(known, lines, strict=True)]


@query(
    "Proof that an entry is in the books as they were signed last; null when there is no such, or"
    " when it was posted since. It tells where the entry lies among all others."
)
async def inclusion_proof(info: Info, entry_id: EntryId) -> InclusionProof | None:
    """Prove that an entry is in the books."""
    place = info.context.audience.find_place(IdKind.ENTRY, entry_id)
    if place is None:
        return None
    async with info.context.read() as tx:
        try:
            proven = await prove_entry(tx, place)
        except CheckpointNotFound:
            return None
    return show_inclusion(place.number, proven)


@query(
    "Proof that a lane only grew between two checkpoints; null when it never had such a size at a"
    " checkpoint."
)
async def consistency_proof(
    info: Info, *, lane: Lane, old_size: OldSize, new_size: NewSize
) -> ConsistencyProof | None:
    """Prove that a lane only grew."""
    old_count, new_count = _read_size("oldSize", old_size), _read_size("newSize", new_size)
    if old_count > new_count:
        raise bad_input("`oldSize` must not be larger than `newSize`.")
    if lane not in LANES:
        return None
    async with info.context.read() as tx:
        old = await store.find_lane_tree(tx, lane, old_count)
        new = await store.find_lane_tree(tx, lane, new_count)
        if old is None or new is None:
            return None
        proof = await prove_growth(tx, old, new)
    return ConsistencyProof(
        old_root=write_base64(old.root),
        new_root=write_base64(new.root),
        proof=write_hashes(proof),
    )


def _read_size(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX):
        raise bad_input(f"`{name}` must be a whole number of at most {DIGITS_MAX} digits.")
    return int(text)
