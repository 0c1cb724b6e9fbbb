"""A replay run through the real ledger: enrol, link, issue, redeem, sweep and close."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from hub.cli.replay.books import read_facts
from hub.cli.replay.history import (
    Replay,
    ReplayEvent,
    ReplayIssue,
    ReplayRedeem,
    histories_by_segment,
)
from hub.cli.replay.totals import NO_REQUESTS, ReplayFacts, RequestFacts
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.cuts import INSTANT_STEP, sweep_lane
from hub.ledger.errors import InsufficientPoints
from hub.ledger.operations import LANE_COUNT, Place
from hub.members.enrolment import enrol_members, link_accounts
from hub.members.store import LinkedAccount, fetch_wallets
from hub.points.issue import BASE_REASON, issue_points
from hub.points.redeem import redeem_points
from hub.points.requests import NEVER, Instants, Request
from hub.settings import read_settings
from hub.wiring import Hub, open_hub, server_url, throw_away_database
from partners import store
from partners.agreements import save_terms
from partners.register import HUB_ID
from partners.store import Coalition
from partners.terms import Terms, make_terms
from settlement.windows import PlannedWindow, close_window, plan_windows

MEMBERS_AT_ONCE: Final = 1024
"""How many members act side by side; each one's events keep their order."""

BONUS_REASON: Final = "campaign"
HOUSEHOLD_PREFIX: Final = "household-"
"""The hub's own reference of a household: its number in the folder."""
LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")

Advance: TypeAlias = Callable[[int], None]


def play_replay(replay: Replay, *, advance: Advance) -> ReplayFacts:
    """Run a replay in a throw-away database; `advance` is told how many events were done."""
    with server_url(read_settings()) as url, throw_away_database(url) as own:
        return asyncio.run(_play(replay, own, advance))


async def _play(replay: Replay, url: str, advance: Advance) -> ReplayFacts:
    async with open_hub(url) as hub:
        await _set_up(hub, replay)
        return await replay_history(hub, replay, unless_given=NEVER, advance=advance)


async def replay_history(
    hub: Hub, replay: Replay, *, unless_given: datetime | None, advance: Advance
) -> ReplayFacts:
    """Replay receipts into a hub whose coalition and terms are set up.

    Segment by segment: all events before the cut, members side by side, then the cut.
    `unless_given` ends lots that the folder gives no end: `NEVER`, or None for what terms say.

    May be interrupted at any moment and asked again: every step finds what was done before, by
    idempotency keys, references and windows, and does the rest.
    """
    await _plan_calendars(hub, replay)
    run = _Run(hub, await _enrol(hub, replay), unless_given, advance)
    for segment, histories in histories_by_segment(replay):
        await run.play(histories)
        if segment.cut_at == replay.end_at:
            # The last local day is over: what ends with it is booked in it.
            await _sweep(hub, at=replay.end_at, posted_at=replay.end_at - INSTANT_STEP)
        for window_id in segment.cut_window_ids:
            await close_window(
                hub.database,
                hub.register,
                HUB_ACTOR,
                calendar=calendar_of(window_id),
                code=window_id,
                now=segment.cut_at,
                fx={},
            )
    async with hub.database.read(HUB_ACTOR) as tx:
        return await read_facts(
            tx,
            hub.register,
            replay,
            bonus_points=run.bonus_points,
            requests={code: run.requests_of(code) for code in replay.coalition.partner_codes},
        )


def calendar_of(window_id: str) -> str:
    """Name the calendar of a window: weeks and months are cut side by side."""
    return {"W": "weekly", "M": "monthly"}[window_id[0]]


@dataclass(slots=True)
class _Run:
    """The members at work, and what became of their requests."""

    hub: Hub
    wallets: Mapping[int, Place]
    unless_given: datetime | None
    advance: Advance
    bonus_points: Counter[str] = field(default_factory=Counter)
    _counts: dict[str, RequestFacts] = field(default_factory=dict)

    async def play(self, histories: Mapping[int, tuple[ReplayEvent, ...]]) -> None:
        """Let all members do what they did in one segment, side by side."""
        waiting = deque(histories.items())
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(MEMBERS_AT_ONCE, len(waiting))):
                tasks.create_task(self._serve(waiting))

    async def _serve(self, waiting: "deque[tuple[int, tuple[ReplayEvent, ...]]]") -> None:
        while waiting:
            household_id, events = waiting.popleft()
            wallet = self.wallets[household_id]
            for event in events:
                match event:
                    case ReplayIssue():
                        await self._issue(event, wallet)
                    case ReplayRedeem():
                        await self._redeem(event, wallet)
                self.advance(1)

    async def _issue(self, event: ReplayIssue, wallet: Place) -> None:
        reason = BONUS_REASON if event.is_bonus else BASE_REASON
        await issue_points(
            self.hub.poster,
            self.hub.register,
            _request(event, reason),
            now=event.at,
            issuer=self.hub.register.get_partner(event.partner),
            wallet=wallet,
            points=event.points,
            reference=event.reference,
            reason=reason,
            expires_at=event.expires_at or self.unless_given,
        )
        if event.is_bonus:
            self.bonus_points[event.partner] += event.points

    async def _redeem(self, event: ReplayRedeem, wallet: Place) -> None:
        accepted = 1
        try:
            await redeem_points(
                self.hub.poster,
                self.hub.register,
                _request(event, "redeem"),
                now=event.at,
                acceptor=self.hub.register.get_partner(event.partner),
                wallet=wallet,
                points=event.points,
                reference=event.reference,
            )
        except InsufficientPoints:
            accepted = 0
        before = self.requests_of(event.partner)
        self._counts[event.partner] = RequestFacts(
            requests_count=before.requests_count + 1,
            requested_points=before.requested_points + event.points,
            accepted_count=before.accepted_count + accepted,
            accepted_points=before.accepted_points + event.points * accepted,
        )

    def requests_of(self, partner: str) -> RequestFacts:
        """Tell what was asked of a partner so far."""
        return self._counts.get(partner, NO_REQUESTS)


def _request(event: ReplayEvent, purpose: str) -> Request:
    """Make one key per event from what the folder says of it: a rerun has the same keys."""
    instants = Instants(occurred_at=event.at, decided_at=event.at, posted_at=event.at)
    return Request(f"{purpose}:{event.partner}:{event.reference}", str(HUB_ACTOR), instants)


async def _set_up(hub: Hub, replay: Replay) -> None:
    """Set up the folder's coalition under plain terms: acceptors are paid a cent per point."""
    own = replay.coalition
    async with hub.database.begin(HUB_ACTOR) as tx:
        await store.put_coalition(tx, Coalition(own.name, "points", own.currency, own.zone.key))
        for partner in own.partners:
            stored = await store.insert_partner(
                tx,
                code=partner.code,
                name_en=partner.name_en,
                name_zh=partner.name_zh,
                settlement_currency=None,
            )
            await save_terms(tx, stored, [_plain_terms(partner.code, own.currency)])
    await hub.register.refresh()


def _plain_terms(partner: str, currency: str) -> Terms:
    written = {
        "partner": partner,
        "version": f"{partner}-1",
        "funding": "ON_REDEMPTION",
        "currency": currency,
        "redemption_rates": {"*": str(Decimal("0.01"))},
    }
    return make_terms(written, effective_from=LONG_AGO, effective_until=None)


async def _plan_calendars(hub: Hub, replay: Replay) -> None:
    for calendar in ("weekly", "monthly"):
        planned = [
            PlannedWindow(window.id, window.open_at, window.cut_at)
            for window in replay.windows
            if calendar_of(window.id) == calendar
        ]
        await plan_windows(hub.database, HUB_ACTOR, calendar=calendar, planned=planned)


async def _enrol(hub: Hub, replay: Replay) -> dict[int, Place]:
    """Enrol every household, link its accounts, and tell whose wallet is where.

    A household is linked to the hub itself too, by its number: that is how a run that was
    interrupted finds its members again. All of it is one transaction.
    """
    references = {number: f"{HOUSEHOLD_PREFIX}{number}" for number in replay.histories}
    wallets = await _find_wallets(hub, references)
    new = [number for number in replay.histories if number not in wallets]
    if not new:
        return wallets
    async with hub.database.begin(HUB_ACTOR) as tx:
        enrolled = await enrol_members(tx, count=len(new))
        members = dict(zip(new, enrolled, strict=True))
        own = [
            LinkedAccount(HUB_ID, references[number], member.member_id, tx.now)
            for number, member in members.items()
        ]
        given = [
            LinkedAccount(
                hub.register.get_partner(link.partner).partner_id,
                link.account_ref,
                members[link.household_id].member_id,
                link.linked_at,
            )
            for link in replay.links
            if link.household_id in members
        ]
        await link_accounts(tx, [*own, *given])
    return wallets | {number: member.wallet for number, member in members.items()}


async def _find_wallets(hub: Hub, references: Mapping[int, str]) -> dict[int, Place]:
    """Find the wallets of households that an earlier run enrolled."""
    connection = await hub.database.connect()
    try:
        known = await fetch_wallets(connection, [(HUB_ID, text) for text in references.values()])
    finally:
        await connection.close()
    return {
        number: known[HUB_ID, text]
        for number, text in references.items()
        if (HUB_ID, text) in known
    }


async def _sweep(hub: Hub, *, at: datetime, posted_at: datetime) -> None:
    connection = await hub.database.connect()
    try:
        for lane in range(LANE_COUNT):
            await sweep_lane(connection, lane, at=at, posted_at=posted_at)
    finally:
        await connection.close()
