"""What the lines of an export say: codes of partners, exact texts, places as lane:number."""

from collections.abc import AsyncIterator
from typing import Final

from hub.cli.exports.files import Row
from hub.cli.instants import format_instant
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.money import format_exact
from hub.kernel.slices import Slice
from hub.kernel.tx import Database
from hub.ledger.journal.moves.store import list_entries_in, list_lots_in
from hub.ledger.journal.store import Ranges
from hub.ledger.store import Allocation, Lot
from hub.ledger.views.store import Entry, list_allocations_of
from hub.points.requests import NEVER
from partners.register import Register
from settlement.statements import Obligation, ObligationPlace, page_obligations

ROWS_AT_ONCE: Final = 1_000


async def read_entries(
    database: Database, register: Register, ranges: Ranges, last: Row | None
) -> AsyncIterator[Row]:
    """Give the entries of every lane up to where it is read, each with its allocations."""
    lane_from, seq_from = _place(last["entry"]) if last else (ranges[0][0], None)
    for lane, from_seq, to_seq in ranges:
        if lane < lane_from:
            continue
        after = from_seq if lane > lane_from or seq_from is None else seq_from - 1
        while after < to_seq:
            async with database.read(HUB_ACTOR) as tx:
                entries = await list_entries_in(tx, lane, after, to_seq, limit=ROWS_AT_ONCE)
                found = await list_allocations_of(tx, [entry.place for entry in entries])
            for entry in entries:
                yield _entry_row(register, entry, found[entry.place])
            if len(entries) < ROWS_AT_ONCE:
                break
            after = entries[-1].place.number


async def read_lots(
    database: Database, register: Register, ranges: Ranges, last: Row | None
) -> AsyncIterator[Row]:
    """Give the lots of every lane, with what was left of them where it is read up to."""
    lane_from, lot_from = _place(last["lot"]) if last else (0, None)
    for lane, _, to_seq in ranges:
        if lane < lane_from:
            continue
        after = 0 if lane > lane_from or lot_from is None else lot_from - 1
        while True:
            async with database.read(HUB_ACTOR) as tx:
                lots = await list_lots_in(tx, lane, after, to_seq, limit=ROWS_AT_ONCE)
            for lot in lots:
                yield _lot_row(register, lot)
            if len(lots) < ROWS_AT_ONCE:
                break
            after = lots[-1].place.number


async def read_statement_lines(
    database: Database, register: Register, ranges: Ranges, party: str, last: Row | None
) -> AsyncIterator[Row]:
    """Give what a party owes and is owed in a window, obligation by obligation."""
    after = _just_before(last["obligation"]) if last else None
    while True:
        async with database.read(HUB_ACTOR) as tx:
            found = await page_obligations(
                tx,
                register,
                ranges,
                party=party,
                is_wanted=lambda _: True,
                part=Slice(ROWS_AT_ONCE, after),
            )
        for one in found.obligations:
            yield _obligation_row(register, one)
        if found.stopped_at is not None:
            after = found.stopped_at
        elif len(found.obligations) == ROWS_AT_ONCE:
            after = found.obligations[-1].place
        else:
            return


def _entry_row(register: Register, entry: Entry, allocations: list[Allocation]) -> Row:
    place = entry.place
    return {
        "entry": f"{place.lane}:{place.number}",
        "kind": entry.kind.name,
        "partner": _code(register, entry.partner_id),
        "wallet": entry.wallet_id and f"{place.lane}:{entry.wallet_id}",
        "points": entry.points,
        "terms": register.get_terms(entry.terms_id).terms.version if entry.terms_id else None,
        "gives_back": entry.ref_seq and f"{place.lane}:{entry.ref_seq}",
        "lot": entry.lot_id and f"{place.lane}:{entry.lot_id}",
        "reason": entry.reason,
        "reference": entry.reference,
        "occurred_at": format_instant(entry.occurred_at),
        "posted_at": format_instant(entry.posted_at),
        "allocations": [
            {
                "kind": one.kind.name,
                "is_reversal": one.is_reversal,
                "lot": f"{one.lane}:{one.lot_id}",
                "points": one.points,
                "issuer": _code(register, one.issuer_id),
                "acceptor": _code(register, one.acceptor_id),
            }
            for one in allocations
        ],
    }


def _lot_row(register: Register, lot: Lot) -> Row:
    lane = lot.place.lane
    return {
        "lot": f"{lane}:{lot.place.number}",
        "wallet": f"{lane}:{lot.wallet_id}",
        "issuer": _code(register, lot.issuer_id),
        "terms": register.get_terms(lot.issue_terms_id).terms.version,
        "points": lot.points,
        "remaining_points": lot.remaining_points,
        "held_points": lot.held_points,
        "available_at": None if lot.available_at.year == 1 else format_instant(lot.available_at),
        "expires_at": None if lot.expires_at == NEVER else format_instant(lot.expires_at),
        "made_by": f"{lane}:{lot.source_seq}",
    }


def _obligation_row(register: Register, one: Obligation) -> Row:
    flow = one.move.flow
    return {
        "obligation": ":".join(map(str, one.place)),
        "entry": f"{one.place.lane}:{one.place.seq}",
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
        "issuer": None if flow is None else _code(register, flow.issuer_id),
        "lot": one.move.lot_id and f"{one.place.lane}:{one.move.lot_id}",
        "reference": one.move.reference,
        "occurred_at": format_instant(one.move.occurred_at),
        "posted_at": format_instant(one.move.posted_at),
    }


def _code(register: Register, partner_id: int) -> str | None:
    return register.get_partner_by_id(partner_id).code if partner_id else None


def _place(text: str) -> tuple[int, int]:
    lane, _, number = text.partition(":")
    return int(lane), int(number)


def _just_before(text: str) -> tuple[int, ...]:
    lane, seq, is_money, line, part = map(int, text.split(":"))
    return tuple(ObligationPlace(lane, seq, is_money, line, part - 1))
