"""What the lines of an export say: codes of partners, exact texts, names of places."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hub.kernel.actor import Actor
from hub.kernel.ids import IdKind
from hub.kernel.money import format_exact
from hub.kernel.slices import Slice
from hub.kernel.tx import Database
from hub.ledger.journal.moves.store import list_entries_in, list_lots_in
from hub.ledger.journal.store import Ranges
from hub.ledger.operations import Place
from hub.ledger.store import Allocation, Lot
from hub.ledger.views.store import Entry, list_allocations_of
from hub.points.requests import NEVER
from partners.register import Register
from schema.exports.lines import Row
from schema.exports.names import Names, read_obligation, read_place
from schema.scalars import write_instant
from settlement.statements import Obligation, ObligationPlace, page_obligations

ROWS_AT_ONCE: Final = 1_000


async def pay_nothing(_: int) -> None:
    """Read for nothing: for the hub itself."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what with. `partner_id` is the partner that reads; None: the hub's people.

    `pay` is told how many rows were read, and waited for before they are given.
    """

    database: Database
    register: Register
    actor: Actor
    names: Names
    partner_id: int | None = None
    pay: Callable[[int], Awaitable[None]] = pay_nothing

    def owns(self, partner_id: int) -> bool:
        """Whether what a partner alone may see is for the reader."""
        return self.partner_id in (None, partner_id)


async def read_entries(reader: Reader, ranges: Ranges, last: str | None) -> AsyncIterator[Row]:
    """Give the entries of every lane up to where it is read, each with its allocations.

    They begin with the line that is called `last`, as in all of these; None: with the first.

    Errors: the fault BAD_USER_INPUT.
    """
    lane_from, seq_from = read_place(last) if last else (ranges[0][0], None)
    for lane, from_seq, to_seq in ranges:
        if lane < lane_from:
            continue
        after = from_seq if lane > lane_from or seq_from is None else seq_from - 1
        while after < to_seq:
            async with reader.database.read(reader.actor) as tx:
                entries = await list_entries_in(tx, lane, after, to_seq, limit=ROWS_AT_ONCE)
                found = await list_allocations_of(tx, [entry.place for entry in entries])
            await reader.pay(len(entries))
            for entry in entries:
                yield _entry_row(reader, entry, found[entry.place])
            if len(entries) < ROWS_AT_ONCE:
                break
            after = entries[-1].place.number


async def read_lots(reader: Reader, ranges: Ranges, last: str | None) -> AsyncIterator[Row]:
    """Give the lots of every lane, with what was left of them where it is read up to."""
    lane_from, lot_from = read_place(last) if last else (0, None)
    for lane, _, to_seq in ranges:
        if lane < lane_from:
            continue
        after = 0 if lane > lane_from or lot_from is None else lot_from - 1
        while True:
            async with reader.database.read(reader.actor) as tx:
                lots = await list_lots_in(tx, lane, after, to_seq, limit=ROWS_AT_ONCE)
            await reader.pay(len(lots))
            for lot in lots:
                yield _lot_row(reader, lot)
            if len(lots) < ROWS_AT_ONCE:
                break
            after = lots[-1].place.number


async def read_statement_lines(
    reader: Reader, ranges: Ranges, party: str, last: str | None
) -> AsyncIterator[Row]:
    """Give what a party owes and is owed in a window, obligation by obligation."""
    after = _just_before(read_obligation(last, reader.names)) if last else None
    while True:
        async with reader.database.read(reader.actor) as tx:
            found = await page_obligations(
                tx,
                reader.register,
                ranges,
                party=party,
                is_wanted=lambda _: True,
                part=Slice(ROWS_AT_ONCE, after),
            )
        # A search that stopped early has looked at more than it found.
        await reader.pay(len(found.obligations) if found.stopped_at is None else ROWS_AT_ONCE)
        for one in found.obligations:
            yield _obligation_row(reader, one)
        if found.stopped_at is not None:
            after = found.stopped_at
        elif len(found.obligations) == ROWS_AT_ONCE:
            after = found.obligations[-1].place
        else:
            return


def _entry_row(reader: Reader, entry: Entry, allocations: list[Allocation]) -> Row:
    place, name, register = entry.place, reader.names.of, reader.register

    def here(kind: IdKind, number: int | None) -> str | None:
        return name(kind, Place(place.lane, number)) if number else None

    return {
        "entry": name(IdKind.ENTRY, place),
        "kind": entry.kind.name,
        "partner": _code(register, entry.partner_id),
        "wallet": here(IdKind.WALLET, entry.wallet_id),
        "points": entry.points,
        "terms": register.get_terms(entry.terms_id).terms.version if entry.terms_id else None,
        "gives_back": here(IdKind.ENTRY, entry.ref_seq),
        "lot": here(IdKind.LOT, entry.lot_id),
        "reason": entry.reason,
        "reference": entry.reference,
        "occurred_at": write_instant(entry.occurred_at),
        "posted_at": write_instant(entry.posted_at),
        "allocations": [
            {
                "kind": one.kind.name,
                "is_reversal": one.is_reversal,
                "lot": name(IdKind.LOT, Place(one.lane, one.lot_id)),
                "points": one.points,
                "issuer": _code(register, one.issuer_id),
                "acceptor": _code(register, one.acceptor_id),
            }
            for one in allocations
        ],
    }


def _lot_row(reader: Reader, lot: Lot) -> Row:
    lane, name = lot.place.lane, reader.names.of
    return {
        "lot": name(IdKind.LOT, lot.place),
        "wallet": name(IdKind.WALLET, Place(lane, lot.wallet_id)),
        "issuer": _code(reader.register, lot.issuer_id),
        "terms": reader.register.get_terms(lot.issue_terms_id).terms.version,
        "points": lot.points,
        "remaining_points": lot.remaining_points,
        "held_points": lot.held_points,
        "available_at": None if lot.available_at.year == 1 else write_instant(lot.available_at),
        "expires_at": None if lot.expires_at == NEVER else write_instant(lot.expires_at),
        "made_by": name(IdKind.ENTRY, Place(lane, lot.source_seq)),
    }


def _obligation_row(reader: Reader, one: Obligation) -> Row:
    move, flow = one.move, one.move.flow
    is_own_entry = reader.owns(move.partner_id)
    is_own_lot = flow is not None and reader.owns(flow.issuer_id)
    is_house = flow is None and one.place.lane < 0
    lot = Place(one.place.lane, move.lot_id) if move.lot_id and is_own_lot else None
    return {
        "obligation": reader.names.of_obligation(one.place),
        "entry": reader.names.of(IdKind.ENTRY, move.entry) if is_own_entry else None,
        "kind": one.owed.kind,
        "is_reversal": one.owed.is_reversal,
        "debtor": one.owed.debtor,
        "creditor": one.owed.creditor,
        "amount": format_exact(one.owed.amount),
        "currency": one.owed.currency,
        "line": one.line,
        "points": one.points,
        "rate": None if one.rate is None else format_exact(one.rate),
        "basis": None if one.basis is None else one.basis.name,
        "issuer": None if flow is None else _code(reader.register, flow.issuer_id),
        "lot": lot and reader.names.of(IdKind.LOT, lot),
        "reference": move.reference if is_own_entry or is_house else None,
        "occurred_at": write_instant(move.occurred_at),
        "posted_at": write_instant(move.posted_at),
    }


def _code(register: Register, partner_id: int) -> str | None:
    return register.get_partner_by_id(partner_id).code if partner_id else None


def _just_before(place: ObligationPlace) -> tuple[int, ...]:
    return tuple(place._replace(part=place.part - 1))
