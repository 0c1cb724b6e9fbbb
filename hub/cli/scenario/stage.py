"""The stage of a scenario: its members, lots and events, and the verbs that perform them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from hub.cli.scenario.answer import LotLeft, RefusedEvent
from hub.cli.scenario.events import (
    Adjust,
    CashOut,
    Donate,
    Expire,
    Issue,
    MembershipCancel,
    MembershipSale,
    Redeem,
    Refund,
    ReverseIssue,
    ScenarioEvent,
    Transfer,
)
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError
from hub.kernel.money import exact_arithmetic
from hub.ledger.cuts import sweep_lane
from hub.ledger.errors import UnknownReference
from hub.ledger.operations import Place
from hub.ledger.store import list_all_lots, list_allocations, list_liabilities
from hub.members.store import Member, insert_members
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.issue import issue_points
from hub.points.redeem import cash_out_points, donate_points, redeem_points
from hub.points.requests import Instants, Request
from hub.points.transfer import transfer_points
from hub.wiring import Hub
from partners.sales import cancel_membership, sell_membership
from partners.store import Partner
from partners.terms import Funding
from settlement.adjustments import post_adjustment

LANE: Final = 0
"""All wallets of a scenario lie in one lane: any two members may transfer to each other."""

Given: TypeAlias = tuple[Partner, Place, Place]


@dataclass(slots=True)
class Stage:
    """What has happened so far: who has which wallet, which lot has which name."""

    hub: Hub
    clearing: str
    refused: list[RefusedEvent] = field(default_factory=list)
    _wallets: dict[str, Place] = field(default_factory=dict)
    _members: dict[int, str] = field(default_factory=dict)
    _lots: dict[str, tuple[Place, Place, Partner]] = field(default_factory=dict)
    _lot_names: dict[int, str] = field(default_factory=dict)
    _redemptions: dict[str, Given] = field(default_factory=dict)
    _sales: dict[str, tuple[Partner, Place]] = field(default_factory=dict)

    async def enrol(self, names: Iterable[str]) -> None:
        """Give every member a wallet."""
        for number, name in enumerate(names, start=1):
            self._wallets[name] = Place(LANE, number)
            self._members[number] = name
        async with self.hub.database.begin(HUB_ACTOR) as tx:
            members = [Member(w.number, w, tx.now) for w in self._wallets.values()]
            if members:
                await insert_members(tx, members)

    async def perform(self, event: ScenarioEvent) -> None:
        """Let one event happen; what the rules refuse is noted and changes nothing."""
        try:
            await self._perform(event)
        except DomainError as refusal:
            self.refused.append(RefusedEvent(event.id, refusal.code))

    async def _perform(self, event: ScenarioEvent) -> None:
        match event.action:
            case Issue() as action:
                await self._issue(event, action)
            case Redeem() | CashOut() | Donate() as action:
                await self._redeem(event, action)
            case Refund() as action:
                await self._refund(event, action)
            case ReverseIssue() as action:
                await self._reverse(event, action)
            case Transfer() as action:
                await self._transfer(event, action)
            case Expire():
                await self._sweep(event)
            case MembershipSale() as action:
                await self._sell(event, action)
            case MembershipCancel() as action:
                await self._cancel(event, action)
            case Adjust() as action:
                await self._adjust(event, action)

    async def _issue(self, event: ScenarioEvent, action: Issue) -> None:
        issuer, wallet = self.hub.register.get_partner(action.issuer), self._wallets[action.member]
        issued = await issue_points(
            self.hub.poster,
            self.hub.register,
            _request(event),
            now=event.at,
            issuer=issuer,
            wallet=wallet,
            points=action.points,
            reference=None,
            expires_at=action.expires_at,
            issue_rank=event.seq,
        )
        assert issued.lot is not None, "a scenario has no caps"
        self._name_lot(action.lot, issued.lot, wallet, issuer)

    async def _redeem(self, event: ScenarioEvent, action: Redeem | CashOut | Donate) -> None:
        poster, register, request = self.hub.poster, self.hub.register, _request(event)
        wallet = self._wallets[action.member]
        match action:
            case Redeem():
                partner = register.get_partner(action.acceptor)
                redeemed = await redeem_points(
                    poster,
                    register,
                    request,
                    now=event.at,
                    acceptor=partner,
                    wallet=wallet,
                    points=action.points,
                )
            case CashOut():
                partner = register.get_partner(action.agent)
                redeemed = await cash_out_points(
                    poster,
                    register,
                    request,
                    now=event.at,
                    agent=partner,
                    wallet=wallet,
                    points=action.points,
                )
            case Donate():
                partner = register.get_partner(action.charity)
                redeemed = await donate_points(
                    poster,
                    register,
                    request,
                    now=event.at,
                    charity=partner,
                    wallet=wallet,
                    points=action.points,
                    match_rate=action.match_rate or None,
                )
        self._redemptions[event.id] = (partner, wallet, redeemed.entry)

    async def _refund(self, event: ScenarioEvent, action: Refund) -> None:
        if action.of not in self._redemptions:
            raise UnknownReference
        partner, wallet, redemption = self._redemptions[action.of]
        await refund_points(
            self.hub.poster,
            self.hub.database,
            _request(event),
            acceptor=partner,
            wallet=wallet,
            redemption=redemption,
            points=action.points,
        )

    async def _reverse(self, event: ScenarioEvent, action: ReverseIssue) -> None:
        if action.lot not in self._lots:
            raise UnknownReference
        lot, wallet, issuer = self._lots[action.lot]
        await reverse_issue(
            self.hub.poster,
            self.hub.database,
            _request(event),
            issuer=issuer,
            wallet=wallet,
            lot=lot,
            points=action.points,
        )

    async def _transfer(self, event: ScenarioEvent, action: Transfer) -> None:
        wallet, to_wallet = self._wallets[action.from_member], self._wallets[action.to_member]
        moved = await transfer_points(
            self.hub.poster,
            self.hub.register,
            self.hub.database,
            _request(event),
            now=event.at,
            wallet=wallet,
            to_wallet=to_wallet,
            points=action.points,
        )
        async with self.hub.database.read(HUB_ACTOR) as tx:
            taken = await list_allocations(tx, LANE, [moved.entry.number])
        for allocation in taken:
            name = f"{self._lot_names[allocation.lot_id]}/{event.id}"
            lot = Place(LANE, moved.first_lot.number + allocation.line - 1)
            issuer = self.hub.register.get_partner_by_id(allocation.issuer_id)
            self._name_lot(name, lot, to_wallet, issuer)

    async def _sweep(self, event: ScenarioEvent) -> None:
        connection = await self.hub.database.connect()
        try:
            await sweep_lane(connection, LANE, at=event.at, posted_at=event.posted_at)
        finally:
            await connection.close()

    async def _sell(self, event: ScenarioEvent, action: MembershipSale) -> None:
        seller = self.hub.register.get_partner(action.seller)
        sold = await sell_membership(
            self.hub.poster,
            self.hub.register,
            _request(event),
            seller=seller,
            price_gross=action.price_gross,
            vat_rate=action.vat_rate,
            shares=action.shares,
            currency=action.currency,
            reference=event.id,
        )
        self._sales[event.id] = (seller, sold.entry)

    async def _cancel(self, event: ScenarioEvent, action: MembershipCancel) -> None:
        if action.of not in self._sales:
            raise UnknownReference
        seller, sale = self._sales[action.of]
        async with self.hub.database.read(HUB_ACTOR) as tx:
            await cancel_membership(
                tx,
                self.hub.poster,
                self.hub.register,
                _request(event),
                seller=seller,
                sale=sale,
                unused_days=action.unused_days,
                total_days=action.total_days,
            )

    async def _adjust(self, event: ScenarioEvent, action: Adjust) -> None:
        register = self.hub.register
        await post_adjustment(
            self.hub.poster,
            _request(event),
            debtor=register.get_partner(action.debtor),
            creditor=register.get_partner(action.creditor),
            amount=action.amount,
            currency=action.currency or self.clearing,
            reason="scenario",
        )

    async def list_lots(self) -> Mapping[str, LotLeft]:
        """Tell what is left of every lot."""
        async with self.hub.database.read(HUB_ACTOR) as tx:
            lots = await list_all_lots(tx, LANE)
        register = self.hub.register
        return {
            self._lot_names[lot.place.number]: LotLeft(
                issuer=register.get_partner_by_id(lot.issuer_id).code,
                member=self._members[lot.wallet_id],
                remaining_points=lot.remaining_points,
                expires_at=lot.expires_at,
                terms_version=register.get_terms(lot.issue_terms_id).terms.version,
            )
            for lot in lots
        }

    async def measure_pool(self) -> Decimal:
        """Compute what the pool must hold: outstanding points x the price pinned on their lots."""
        async with self.hub.database.read(HUB_ACTOR) as tx:
            liabilities = await list_liabilities(tx)
        total = Decimal(0)
        with exact_arithmetic():
            for liability in liabilities:
                terms = self.hub.register.get_terms(liability.issue_terms_id).terms
                if terms.funding is not Funding.ON_REDEMPTION:
                    total += liability.points * terms.issue_price
        return total

    def _name_lot(self, name: str, lot: Place, wallet: Place, issuer: Partner) -> None:
        self._lots[name] = (lot, wallet, issuer)
        self._lot_names[lot.number] = name


def members_of(events: Iterable[ScenarioEvent]) -> list[str]:
    """Name every member of a scenario, in order of appearance."""
    names: dict[str, None] = {}
    for event in events:
        match event.action:
            case Issue(member=name) | Redeem(member=name) | CashOut(member=name):
                names[name] = None
            case Donate(member=name):
                names[name] = None
            case Transfer(from_member=giver, to_member=taker):
                names[giver] = names[taker] = None
            case _:
                pass
    return list(names)


def _request(event: ScenarioEvent) -> Request:
    """One key per event; the instants are the event's, and no limit applies to them."""
    instants = Instants(occurred_at=event.at, decided_at=event.at, posted_at=event.posted_at)
    return Request(key=f"event-{event.seq}", actor=str(HUB_ACTOR), instants=instants)
