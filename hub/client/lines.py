"""What the lines of an export say, as values; pure.

Source: docs/how-to/export-lists.md.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias, TypeVar

from hub.client.errors import AnswerNotUnderstood
from hub.client.generated.enums import EntryKind
from hub.client.reading import Json, decimal, field_of, instant, many, maybe, text, truth, whole

L = TypeVar("L")
ReadLine: TypeAlias = Callable[[Json], L]

LINE_BYTES_MAX: Final = 4 * 1024 * 1024
_SHOWN_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """Which points an entry took from a lot or gave back to it; codes of partners."""

    kind: str
    is_reversal: bool
    lot: str
    points: int
    issuer: str | None
    acceptor: str | None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry of the journal. `gives_back` is the entry that it refunds or reverses."""

    entry: str
    kind: EntryKind
    partner: str | None
    wallet: str | None
    points: int
    terms: str | None
    gives_back: str | None
    lot: str | None
    reason: str | None
    reference: str | None
    occurred_at: datetime
    posted_at: datetime
    allocations: tuple[AllocationLine, ...]


@dataclass(frozen=True, slots=True)
class LotLine:
    """A lot, with what was left of it at the end of the list. None: at once, and never."""

    lot: str
    wallet: str
    issuer: str | None
    terms: str
    points: int
    remaining_points: int
    held_points: int
    available_at: datetime | None
    expires_at: datetime | None
    made_by: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """An obligation behind a statement: who owes what to whom, and why."""

    obligation: str
    entry: str | None
    kind: str
    is_reversal: bool
    debtor: str
    creditor: str
    amount: Decimal
    currency: str
    line: str
    points: int | None
    rate: Decimal | None
    basis: str | None
    issuer: str | None
    lot: str | None
    reference: str | None
    occurred_at: datetime
    posted_at: datetime


def read_line(line: bytes) -> Json:
    """Read a line.

    Errors: AnswerNotUnderstood.
    """
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        shown = line[:_SHOWN_CHARACTERS].decode(errors="replace")
        raise AnswerNotUnderstood(f"a line that is no JSON object: {shown!r}")
    return found


def read_entry(line: Json) -> EntryLine:
    """Read a line of `entries`.

    Errors: AnswerNotUnderstood.
    """
    return EntryLine(
        entry=text(field_of(line, "entry")),
        kind=EntryKind(field_of(line, "kind")),
        partner=maybe(field_of(line, "partner"), text),
        wallet=maybe(field_of(line, "wallet"), text),
        points=whole(field_of(line, "points")),
        terms=maybe(field_of(line, "terms"), text),
        gives_back=maybe(field_of(line, "gives_back"), text),
        lot=maybe(field_of(line, "lot"), text),
        reason=maybe(field_of(line, "reason"), text),
        reference=maybe(field_of(line, "reference"), text),
        occurred_at=instant(field_of(line, "occurred_at")),
        posted_at=instant(field_of(line, "posted_at")),
        allocations=many(field_of(line, "allocations"), _read_allocation),
    )


def _read_allocation(line: Json) -> AllocationLine:
    return AllocationLine(
        kind=text(field_of(line, "kind")),
        is_reversal=truth(field_of(line, "is_reversal")),
        lot=text(field_of(line, "lot")),
        points=whole(field_of(line, "points")),
        issuer=maybe(field_of(line, "issuer"), text),
        acceptor=maybe(field_of(line, "acceptor"), text),
    )


def read_lot(line: Json) -> LotLine:
    """Read a line of `lots`.

    Errors: AnswerNotUnderstood.
    """
    return LotLine(
        lot=text(field_of(line, "lot")),
        wallet=text(field_of(line, "wallet")),
        issuer=maybe(field_of(line, "issuer"), text),
        terms=text(field_of(line, "terms")),
        points=whole(field_of(line, "points")),
        remaining_points=whole(field_of(line, "remaining_points")),
        held_points=whole(field_of(line, "held_points")),
        available_at=maybe(field_of(line, "available_at"), instant),
        expires_at=maybe(field_of(line, "expires_at"), instant),
        made_by=text(field_of(line, "made_by")),
    )


def read_statement_line(line: Json) -> StatementLine:
    """Read a line of `statement-lines`.

    Errors: AnswerNotUnderstood.
    """
    return StatementLine(
        obligation=text(field_of(line, "obligation")),
        entry=maybe(field_of(line, "entry"), text),
        kind=text(field_of(line, "kind")),
        is_reversal=truth(field_of(line, "is_reversal")),
        debtor=text(field_of(line, "debtor")),
        creditor=text(field_of(line, "creditor")),
        amount=decimal(field_of(line, "amount")),
        currency=text(field_of(line, "currency")),
        line=text(field_of(line, "line")),
        points=maybe(field_of(line, "points"), whole),
        rate=maybe(field_of(line, "rate"), decimal),
        basis=maybe(field_of(line, "basis"), text),
        issuer=maybe(field_of(line, "issuer"), text),
        lot=maybe(field_of(line, "lot"), text),
        reference=maybe(field_of(line, "reference"), text),
        occurred_at=instant(field_of(line, "occurred_at")),
        posted_at=instant(field_of(line, "posted_at")),
    )
