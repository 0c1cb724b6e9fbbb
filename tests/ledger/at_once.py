"""Operations that are posted at the same moment, so that they leave in one batch."""

from collections.abc import Sequence
from typing import Any

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Outcome, hash_request
from hub.points.requests import NEVER
from tests.coalition import Coalition


def operation(
    coalition: Coalition, kind: EntryKind, wallet: str, partner: str, points: int, **fields: Any
) -> Operation:
    """An operation with terms and a key of its own."""
    number = next(coalition.numbers)
    terms_id, partner_id = 0, 0
    if partner:
        partner_id = coalition.partners[partner].partner_id
        found = coalition.hub.register.find_terms(partner_id, coalition.clock.now)
        terms_id = found.terms_id if found else 0
    more: dict[str, Any] = {"expires_at": NEVER} if kind is EntryKind.ISSUE else {}
    given = {"key_hash": number.to_bytes(16), "terms_id": terms_id, "actor": "test"} | more | fields
    return Operation(
        kind=kind,
        wallet=coalition.members[wallet],
        partner_id=partner_id,
        points=points,
        request_hash=hash_request(kind, number),
        **given,
    )


async def post_at_once(coalition: Coalition, operations: Sequence[Operation]) -> list[Outcome]:
    """Post operations that are all in the queue before the first of them leaves."""
    poster = coalition.hub.poster
    waiting = [poster.enqueue(each) for each in operations]
    return [outcome for future in waiting for outcome in await future]


async def redeem_at_once(
    coalition: Coalition, wallet: str, wanted: Sequence[tuple[str, int]]
) -> list[int]:
    """Redeem at several acceptors at the same moment; give the codes."""
    operations = [
        operation(coalition, EntryKind.REDEEM, wallet, partner, points)
        for partner, points in wanted
    ]
    return [outcome.code for outcome in await post_at_once(coalition, operations)]
