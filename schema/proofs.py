"""Proofs that the books are as they were signed (rule book 1.10.4, ADR-0015)."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from hub.ledger.log.proofs import Inclusion
from hub.ledger.log.store import StoredCheckpoint
from hub.ledger.log.verifier.notes import write_base64
from hub.ledger.log.verifier.trees import Hash


@strawberry.type(
    description="A signature over all books at an instant. Keep it: whatever is proven later must"
    " fit it. It shows neither a sequence nor a volume."
)
class Checkpoint:
    """A signature over all books."""

    note: str = strawberry.field(
        description="The signed note (C2SP signed-note): name of the log, number of lanes, root"
        " over their trees, instant; then an empty line and the signatures."
    )
    signed_at: datetime = strawberry.field(description="When it was signed.")


@strawberry.type(description="A public key that signs the books, or has signed them.")
class LogKey:
    """A public key of the log."""

    key: str = strawberry.field(
        description="The key as one line: name, id and base64 with plus signs between, as"
        " `hub verify --key` reads it. Compare it with one that you have from elsewhere."
    )
    since_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(
    description="That an entry is in the books as they were signed last. Hashes are 32 octets in"
    " base64."
)
class InclusionProof:
    """That an entry is in the books."""

    lane: int = strawberry.field(description="Lane of the entry, -1 to 63.")
    leaf_index: str = strawberry.field(
        description="Place of the entry among the leaves of its lane, from 0; a whole number."
    )
    tree_size: str = strawberry.field(description="Leaves of the lane; a whole number.")
    leaf: str = strawberry.field(description="Hash of the entry's leaf.")
    proof: list[str] = strawberry.field(
        description="Inclusion proof in the lane, from the leaf up, at most 64 hashes."
    )
    root: str = strawberry.field(description="Root of the tree of the lane.")
    lane_proof: list[str] = strawberry.field(
        description="Inclusion proof of the lane in the tree over all lanes, at most 7 hashes."
    )
    checkpoint: Checkpoint = strawberry.field(description="The signature over that tree.")


@strawberry.type(
    description="That the tree of a lane is an older one that only grew. Hashes are 32 octets in"
    " base64."
)
class ConsistencyProof:
    """That a tree only grew."""

    old_root: str = strawberry.field(description="Root of the smaller tree.")
    new_root: str = strawberry.field(description="Root of the larger tree.")
    proof: list[str] = strawberry.field(
        description="Consistency proof of RFC 9162, at most 64 hashes."
    )


def show_checkpoint(row: StoredCheckpoint) -> Checkpoint:
    """Show a checkpoint."""
    return Checkpoint(note=row.note, signed_at=row.signed_at)


def show_inclusion(seq: int, proven: Inclusion) -> InclusionProof:
    """Show the proof that an entry is in the books."""
    return InclusionProof(
        lane=proven.tree.lane,
        leaf_index=str(seq - 1),
        tree_size=str(proven.tree.size),
        leaf=write_base64(proven.leaf),
        proof=write_hashes(proven.proof),
        root=write_base64(proven.tree.root),
        lane_proof=write_hashes(proven.lane_proof),
        checkpoint=show_checkpoint(proven.checkpoint),
    )


def write_hashes(hashes: Iterable[Hash]) -> list[str]:
    """Write hashes as base64."""
    return [write_base64(each) for each in hashes]
