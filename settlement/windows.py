"""Windows: made ahead, cut in every lane, settled from the flows and sealed.

OPEN -> CLOSING (lanes are being cut) -> CLOSED. Closing again gives the same window; a crash in
between is finished by the next call.

Source: rule book 2.5.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from hub.kernel.actor import Actor
from hub.kernel.tx import Database, ReadTx
from hub.ledger.cuts import cut_lanes_until, plan_cut
from hub.ledger.store import FlowRow, MoneyLineRow, list_flows, list_money_lines, list_ranges
from partners.register import FIRST_PARTNER_ID, Register
from settlement import store
from settlement.calendars import Calendar, first_day_of, local_day, local_midnight, plan_ahead
from settlement.calendars import PlannedWindow as PlannedWindow
from settlement.errors import (
    CutTooLate,
    PreviousWindowOpen,
    WindowNotFound,
    WindowNotOver,
    WindowsNotAdjacent,
)
from settlement.fx import Fixing
from settlement.obligations import Flow, MoneyObligation
from settlement.seal import LaneRange, seal_window
from settlement.settle import Clearing, Settlement, settle
from settlement.store import Window


async def plan_windows(
    database: Database, actor: Actor, *, calendar: str, planned: Sequence[PlannedWindow]
) -> None:
    """Make windows ahead of their cuts; those that are there already stay as they are.

    The cuts come first: a crash in between leaves cuts without a window, which do no harm, and
    never a window without its cuts.

    Errors: WindowsNotAdjacent, CutTooLate (entries were posted after a cut that is asked for).
    """
    async with database.read(actor) as read:
        known = await store.list_windows(read, calendar)
    codes = {window.code for window in known}
    new = [window for window in planned if window.code not in codes]
    ends = {window.opens_at for window in known} | {window.cut_at for window in known}
    for window in new:
        if ends and window.opens_at not in ends:
            raise WindowsNotAdjacent(calendar, window.code)
        ends.add(window.cut_at)
    connection = await database.connect()
    try:
        for window in new:
            for cut_at in (window.opens_at, window.cut_at):
                if not await plan_cut(connection, cut_at):
                    raise CutTooLate(cut_at)
    finally:
        await connection.close()
    if new:
        async with database.begin(actor) as tx:
            await store.insert_windows(
                tx,
                [
                    {
                        "calendar": calendar,
                        "code": window.code,
                        "opens_at": window.opens_at,
                        "cut_at": window.cut_at,
                    }
                    for window in new
                ],
            )


async def plan_windows_ahead(
    database: Database,
    register: Register,
    actor: Actor,
    *,
    calendar: Calendar,
    starts_on: date | None,
    now: datetime,
    ahead_count: int,
) -> list[PlannedWindow]:
    """Make the window that holds `now`, where it is missing, and so many after it.

    `starts_on` is the local day on which a calendar without windows begins; None: with the
    present week or month.

    Errors: CoalitionNotSetUp, CutTooLate.
    """
    zone = register.zone
    async with database.read(actor) as read:
        known = await store.list_windows(read, calendar)
    if known:
        opens_at = max(window.cut_at for window in known)
    else:
        first_day = starts_on or first_day_of(calendar, local_day(now, zone))
        opens_at = local_midnight(first_day, zone)
    missing_count = ahead_count - sum(window.opens_at > now for window in known)
    if opens_at <= now:
        missing_count = ahead_count + 1
    if missing_count <= 0:
        return []
    planned = plan_ahead(
        calendar,
        opens_at=opens_at,
        now=now,
        count=missing_count,
        taken_codes=[window.code for window in known],
        zone=zone,
    )
    await plan_windows(database, actor, calendar=calendar, planned=planned)
    return planned


async def close_window(
    database: Database,
    register: Register,
    actor: Actor,
    *,
    calendar: str,
    code: str,
    now: datetime,
    fx: Mapping[str, Decimal],
) -> Window:
    """Close a window: sweep what expired before its cut, cut every lane, settle and seal.

    Units: `fx` are units of a currency per one unit of the clearing currency, fixed at the cut.
    Errors: WindowNotFound, WindowNotOver, PreviousWindowOpen, FxRateMissing, FxRateNotPositive.
    Locks: one lane at a time while cutting, then the window's row.
    """
    async with database.read(actor) as read:
        window = await store.find_window(read, calendar, code)
        if window is None:
            raise WindowNotFound(calendar, code)
        if window.status == "CLOSED":
            return window
        if now < window.cut_at:
            raise WindowNotOver(code, window.cut_at)
        before = await store.find_window_before(read, window)
        if before is not None and before.status != "CLOSED":
            raise PreviousWindowOpen(before.code)
    async with database.begin(actor) as tx:
        await store.mark_closing(tx, window.window_id)
    connection = await database.connect()
    try:
        await cut_lanes_until(connection, window.cut_at)
    finally:
        await connection.close()
    return await _settle_and_seal(database, register, actor, window=window, before=before, fx=fx)


async def _settle_and_seal(
    database: Database,
    register: Register,
    actor: Actor,
    *,
    window: Window,
    before: Window | None,
    fx: Mapping[str, Decimal],
) -> Window:
    await register.refresh()
    async with database.begin(actor) as tx:
        locked = await store.lock_window(tx, window.window_id)
        if locked.status == "CLOSED":
            return locked
        settlement = settle(
            flows_of(register, await list_flows(tx, window.opens_at, window.cut_at)),
            money_of(register, await list_money_lines(tx, window.opens_at, window.cut_at)),
            carries_in=await store.load_carries(tx, before.window_id) if before else {},
            clearing=clearing_of(register, fx),
        )
        ranges = [
            LaneRange(lane, from_seq, to_seq)
            for lane, from_seq, to_seq in await list_ranges(tx, window.opens_at, window.cut_at)
        ]
        previous_seal = before.seal if before else None
        seal = seal_window(settlement, ranges=ranges, previous_seal=previous_seal)
        await store.store_settlement(tx, window, settlement, previous_seal=previous_seal, seal=seal)
        closed = await store.find_window_by_id(tx, window.window_id)
    assert closed is not None, "a window is never deleted"
    return closed


async def load_settlement(tx: ReadTx, register: Register, window: Window) -> Settlement | None:
    """Load the settlement of a window; None while it is not closed."""
    return await store.load_settlement(tx, window.window_id, parties=parties_of(register))


def clearing_of(register: Register, fx: Mapping[str, Decimal]) -> Clearing:
    """Say how the coalition clears: its currency, the fixed rates, and who is paid in which."""
    return Clearing(
        Fixing(register.coalition.clearing_currency, fx),
        {
            partner.code: partner.settlement_currency
            for partner in register.partners
            if partner.settlement_currency is not None
        },
        parties_of(register),
    )


def parties_of(register: Register) -> frozenset[str]:
    """Name the parties whose net is shown even when it is 0: all partners."""
    return frozenset(p.code for p in register.partners if p.partner_id >= FIRST_PARTNER_ID)


def flows_of(register: Register, rows: Sequence[FlowRow]) -> list[Flow]:
    """Turn the ledger's flows into flows of codes and terms."""
    return [
        Flow(
            kind=row.kind,
            issuer=register.get_partner_by_id(row.issuer_id).code,
            acceptor=(
                register.get_partner_by_id(row.acceptor_id).code if row.acceptor_id else None
            ),
            issue_terms=register.get_terms(row.issue_terms_id).terms,
            acceptor_terms=(
                register.get_terms(row.acceptor_terms_id).terms if row.acceptor_terms_id else None
            ),
            is_reversal=row.is_reversal,
            points=row.points,
            entry_count=row.entry_count,
        )
        for row in rows
    ]


def money_of(register: Register, rows: Sequence[MoneyLineRow]) -> list[MoneyObligation]:
    """Turn the ledger's money lines into obligations; a match takes currency and label of terms."""
    found = []
    for row in rows:
        terms = row.issue_terms_id and register.get_terms(row.issue_terms_id).terms
        found.append(
            MoneyObligation(
                kind=row.kind,
                debtor=register.get_partner_by_id(row.debtor_id).code,
                creditor=register.get_partner_by_id(row.creditor_id).code,
                currency=terms.currency if terms else row.currency or "",
                amount=row.amount,
                label=terms.version if terms else row.label or "",
                is_reversal=row.is_reversal,
            )
        )
    return found
