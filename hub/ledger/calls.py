"""The two calls that write the ledger, and how operations become their parameters."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from asyncpg.pgproto.pgproto import UUID

from hub.ledger.operations import HOUSE_LANE, HouseOperation, Operation

POST_BATCH: Final = """
SELECT code, is_replay, seq, detail, points, posted_at, cap_id FROM ledger.post_batch(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
    $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
    $31, $32, $33, $34, $35, $36)
"""
POST_MONEY: Final = """
SELECT code, is_replay, seq, detail, 0::bigint AS points, posted_at, NULL::bigint AS cap_id
FROM ledger.post_money(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
"""
RECALL: Final = """
SELECT CASE WHEN request_hash = $3 THEN code ELSE 50::smallint END AS code,
       request_hash = $3 AS is_replay, seq, detail, coalesce(points, $4) AS points, posted_at,
       cap_id
FROM ledger.keys WHERE lane = $1 AND key_hash = $2
"""


def lane_of_entry(operation: Operation | HouseOperation) -> int:
    """Say in which lane an operation is booked."""
    return operation.wallet.lane if isinstance(operation, Operation) else HOUSE_LANE


def key_of(operation: Operation | HouseOperation) -> list[Any]:
    """Turn an operation into the parameters of `RECALL`."""
    points = operation.points if isinstance(operation, Operation) else 0
    return [
        lane_of_entry(operation),
        _uuid(operation.key_hash),
        UUID(operation.request_hash),
        points,
    ]


def columns_of(operations: Sequence[Operation], groups: Sequence[int | None] = ()) -> list[Any]:
    """Turn operations into the array parameters of `post_batch`, in its order.

    `groups` numbers those that are booked all or not at all. A column that no operation uses is
    sent as NULL: nothing is encoded for it.
    """
    return [
        [o.wallet.lane for o in operations],
        [o.kind.value for o in operations],
        [o.wallet.number for o in operations],
        [o.partner_id for o in operations],
        [o.points for o in operations],
        _used([_uuid(o.key_hash) for o in operations]),
        [UUID(o.request_hash) for o in operations],
        [o.actor for o in operations],
        [o.terms_id for o in operations],
        _used([o.occurred_at for o in operations]),
        _used([o.decided_at for o in operations]),
        _used([o.expires_at for o in operations]),
        _used([_uuid(o.reference_hash) for o in operations]),
        _used([o.reference for o in operations]),
        _used([o.reason for o in operations]),
        _used([o.posted_at for o in operations]),
        _used([o.available_at for o in operations]),
        _used([o.funder_id for o in operations]),
        _used([o.counter_wallet and o.counter_wallet.number for o in operations]),
        _used([o.lot_id for o in operations]),
        _used([o.ref_seq for o in operations]),
        _used([o.match_rate for o in operations]),
        _used([o.issue_rank for o in operations]),
        _used([o.mode for o in operations]),
        _used([o.category for o in operations]),
        _used([o.restriction_id for o in operations]),
        _used([o.counter_wallet and o.counter_wallet.lane for o in operations]),
        _used([o.contributor_wallet_id for o in operations]),
        _used(list(groups)),
        *_columns_of_charges(operations),
    ]


def _columns_of_charges(operations: Sequence[Operation]) -> list[list[Any] | None]:
    """Flatten what operations charge to caps; NULLs when nobody does."""
    charged = [(ix, c) for ix, o in enumerate(operations, 1) if o.charges for c in o.charges]
    if not charged:
        return [None] * 6
    charges = [charge for _, charge in charged]
    return [
        [ix for ix, _ in charged],
        [c.cap_id for c in charges],
        [c.unit for c in charges],
        [c.back for c in charges],
        [c.issue_terms_id for c in charges],
        [c.rest if c.limit is None else c.limit for c in charges],
    ]


def _used(column: list[Any]) -> list[Any] | None:
    return None if column.count(None) == len(column) else column


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(value)


def arguments_of(operation: HouseOperation) -> list[Any]:
    """Turn an operation of the house lane into the parameters of `post_money`, in its order."""
    lines = operation.lines
    return [
        operation.kind.value,
        operation.partner_id,
        _uuid(operation.key_hash),
        UUID(operation.request_hash),
        operation.actor,
        operation.occurred_at,
        operation.decided_at,
        operation.posted_at,
        operation.ref_seq,
        operation.reason,
        operation.reference,
        _canonical_json(operation.facts) if operation.facts else None,
        [line.kind for line in lines],
        [line.is_reversal for line in lines],
        [line.debtor_id for line in lines],
        [line.creditor_id for line in lines],
        [line.currency for line in lines],
        [line.amount for line in lines],
        [line.label for line in lines],
    ]


def _canonical_json(facts: dict[str, object]) -> str:
    """Write facts as JSON with sorted keys; integers and texts only."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()
