"""Obligations of single entries, a page at a time: what a statement's figures are made of.

Source: rule book 1.13, 2.4, 2.7.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from hub.kernel.slices import Slice
from hub.kernel.tx import ReadTx
from hub.ledger.journal.moves.store import Move, MovePlace, list_moves_of, page_moves
from hub.ledger.journal.store import Ranges
from hub.ledger.operations import Place
from hub.ledger.store import FlowRow
from partners.register import FIRST_PARTNER_ID, Register
from partners.terms import Funding
from settlement.obligations import (
    Basis,
    Component,
    Flow,
    MoneyObligation,
    ObligationKind,
    components,
)
from settlement.windows import flows_of, money_of

MOVES_AT_ONCE: Final = 500
TURNS_MAX: Final = 10
"""How often a page reads on while nothing fits what is asked for."""
MOVES_OF_ENTRY_MAX: Final = 10_000

_BY_ISSUE_TERMS: Final = frozenset(
    {
        ObligationKind.ISSUE_VALUE,
        ObligationKind.ISSUE_FEE,
        ObligationKind.POOL_MARGIN,
        ObligationKind.REIMBURSE_POOL,
        ObligationKind.BREAKAGE_ISSUER,
        ObligationKind.BREAKAGE_OPERATOR,
        ObligationKind.DONATION_MATCH,
    }
)
"""Kinds whose rate stands in the terms of the issuer, whatever the funding is."""


class ObligationPlace(NamedTuple):
    """Where an obligation stands: its movement, and which of the things owed for it."""

    lane: int
    seq: int
    is_money: int
    line: int
    part: int


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one party owes another for one movement of the journal, and why.

    `rate` and `basis` are None where money has no rate of terms behind it; `terms_id` is the
    version in which the rate stands, and `terms_partner_id` whose it is; 0 where there is none.

    Units: whole points, 0 where none are behind it.
    """

    place: ObligationPlace
    move: Move
    owed: MoneyObligation
    points: int
    rate: Decimal | None
    basis: Basis | None
    terms_id: int
    terms_partner_id: int

    @property
    def entry(self) -> Place:
        """The entry that owes it."""
        return self.move.entry

    @property
    def line(self) -> str:
        """The line of the bill that it is in, as long as it is in the clearing currency."""
        return f"{self.owed.kind}{'(-)' if self.owed.is_reversal else ''}@{self.owed.label}"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of obligations, and where the search stopped before it was full; None: at the end."""

    obligations: list[Obligation]
    stopped_at: ObligationPlace | None


Wanted = Callable[[Obligation], bool]


async def page_obligations(
    tx: ReadTx,
    register: Register,
    ranges: Ranges,
    *,
    party: str,
    is_wanted: Wanted,
    part: Slice,
) -> Found:
    """List what a party owes and is owed in ranges of the journal, in its order.

    A page reads a limited number of movements; positions are those of `ObligationPlace`.
    """
    number = register.get_partner(party).partner_id
    partner_id = number if number >= FIRST_PARTNER_ID else None
    explainer = Explainer(register)
    found: list[Obligation] = []
    edge = part.before if part.is_backward else part.after
    # The movement of the edge is read again: several things may be owed for it.
    beyond = None if edge is None else _just_before(edge, is_backward=part.is_backward)
    for _ in range(TURNS_MAX):
        moves = await page_moves(
            tx,
            ranges,
            partner_id=partner_id,
            beyond=beyond,
            is_backward=part.is_backward,
            limit=MOVES_AT_ONCE,
        )
        for move in moves:
            owed = explainer.explain(move)
            found += [
                one
                for one in (reversed(owed) if part.is_backward else owed)
                if party in (one.owed.debtor, one.owed.creditor)
                and _is_inside(one.place, part)
                and is_wanted(one)
            ]
            if len(found) >= part.limit:
                return Found(found[: part.limit], None)
        if len(moves) < MOVES_AT_ONCE:
            return Found(found, None)
        beyond = moves[-1].place
    assert beyond is not None, "something was read"
    return Found(found, ObligationPlace(*beyond, part=0 if part.is_backward else _PART_MAX))


async def list_obligations_of(
    tx: ReadTx, register: Register, entries: Sequence[Place]
) -> dict[Place, list[Obligation]]:
    """List what entries owe, in the order of their lines: two round trips at most."""
    explainer = Explainer(register)
    found: dict[Place, list[Obligation]] = {entry: [] for entry in entries}
    for move in await list_moves_of(tx, entries, limit=MOVES_OF_ENTRY_MAX):
        found[move.entry] += explainer.explain(move)
    return found


_PART_MAX: Final = 1_000


class Explainer:
    """Turns movements into what is owed for them; remembers by all that the rates depend on."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._known: dict[FlowRow, tuple[Flow, tuple[Component, ...]]] = {}

    def explain(self, move: Move) -> list[Obligation]:
        """List what is owed for one movement."""
        if move.flow is not None:
            return self._explain_points(move, move.flow)
        assert move.money is not None, "what is not points is money"
        (owed,) = money_of(self._register, [move.money])
        terms_id = move.money.issue_terms_id or 0
        place = ObligationPlace(*move.place, part=0)
        owner_id = move.money.debtor_id if terms_id else 0
        return [Obligation(place, move, owed, 0, None, None, terms_id, owner_id)]

    def _explain_points(self, move: Move, row: FlowRow) -> list[Obligation]:
        key = replace(row, points=0, entry_count=0)
        if key not in self._known:
            (keyed,) = flows_of(self._register, [key])
            self._known[key] = (keyed, components(keyed))
        keyed, parts = self._known[key]
        flow = replace(keyed, points=row.points, entry_count=row.entry_count)
        found = []
        for index, part in enumerate(parts):
            owed = _owed(part, flow)
            if owed.is_due:
                is_issuers = _is_in_issue_terms(part, flow)
                found.append(
                    Obligation(
                        place=ObligationPlace(*move.place, part=index),
                        move=move,
                        owed=owed,
                        points=row.points,
                        rate=part.rate,
                        basis=part.basis,
                        terms_id=row.issue_terms_id if is_issuers else row.acceptor_terms_id,
                        terms_partner_id=row.issuer_id if is_issuers else row.acceptor_id,
                    )
                )
        return found


def _owed(part: Component, flow: Flow) -> MoneyObligation:
    return MoneyObligation(
        kind=part.kind,
        debtor=part.debtor,
        creditor=part.creditor,
        currency=part.currency,
        amount=part.amount(flow),
        label=part.label,
        is_reversal=part.is_reversal,
    )


def _is_in_issue_terms(part: Component, flow: Flow) -> bool:
    is_reimbursed = part.kind is ObligationKind.REIMBURSE
    is_paid_by_issuer = flow.issue_terms.funding is Funding.ON_REDEMPTION
    return part.kind in _BY_ISSUE_TERMS or (is_reimbursed and is_paid_by_issuer)


def _is_inside(place: ObligationPlace, part: Slice) -> bool:
    return (part.after is None or place > part.after) and (
        part.before is None or place < part.before
    )


def _just_before(edge: tuple[Any, ...], *, is_backward: bool) -> MovePlace:
    lane, seq, is_money, line, _ = edge
    return MovePlace(lane, seq, is_money, line + 1 if is_backward else line - 1)
