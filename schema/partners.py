"""The coalition, its partners and their terms."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, TypeAlias

import strawberry

from hub.kernel.ids import IdKind
from hub.kernel.money import format_exact
from partners.register import FIRST_PARTNER_ID, TermsInForce
from partners.store import Partner as PartnerRow
from partners.terms import Terms as TermsValue
from schema.context import Context, Info
from schema.filters import read_as_of
from schema.limits import LIST_MAX
from schema.nodes import Node, computed
from schema.scalars import Points

InForceAt: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="At this instant, not later than now; without it: now. A version that was saved"
        " later for these days counts."
    ),
]


@strawberry.enum(description="When an issuer pays for its points.")
class Funding(Enum):
    """When an issuer pays for its points."""

    ON_ISSUE = strawberry.enum_value("ON_ISSUE", description="Into the pool, when they are issued.")
    ON_REDEMPTION = strawberry.enum_value(
        "ON_REDEMPTION", description="To the acceptor, when they are used."
    )
    HYBRID = strawberry.enum_value(
        "HYBRID", description="A part into the pool, the rest when they are used."
    )


@strawberry.type(description="All partners under one rule book.")
class Coalition:
    """All partners under one rule book."""

    name: str = strawberry.field(description="Its name.")
    point_name: str = strawberry.field(description="What members call a point.")
    clearing_currency: str = strawberry.field(
        description="ISO 4217 code of the currency in which partners settle."
    )
    time_zone: str = strawberry.field(
        description="IANA name of the zone of its days and months, e.g. `Europe/Berlin`."
    )


@strawberry.type(description="What an issuer pays an acceptor for its points.")
class RedemptionRate:
    """What an issuer pays an acceptor."""

    acceptor: str = strawberry.field(description="Code of the acceptor; `*`: everybody else.")
    rate: Decimal = strawberry.field(description="Money per point, at most 8 places.")
    currency: str = strawberry.field(description="ISO 4217 code of the rate's currency.")


@strawberry.type(
    description="One version of what a partner and the coalition promised each other. Only the"
    " partner itself and the operator see it. Rates are money of `currency` per point."
)
class Terms(Node):
    """One version of terms."""

    version: str = strawberry.field(description="Its name, unique for the partner.")
    effective_from: datetime = strawberry.field(description="First instant in force.")
    effective_until: datetime | None = strawberry.field(
        description="First instant not in force any more; null: no end yet."
    )
    funding: Funding = strawberry.field(description="When the issuer pays for its points.")
    currency: str = strawberry.field(description="ISO 4217 code of prices and rates.")
    issue_price: Decimal = strawberry.field(description="Issuer to pool, per point issued.")
    issue_fee: Decimal = strawberry.field(description="Issuer to hub, per point issued.")
    issue_fee_refundable: bool = strawberry.field(
        description="Whether the fee goes back when an issue is reversed."
    )
    accept_rate: Decimal = strawberry.field(
        description="What the partner gets per point as acceptor, from the pool."
    )
    accept_fee_bps: Decimal = strawberry.field(
        description="Acceptor to hub, in basis points (hundredths of a percent) of the amount."
    )
    redemption_rates: list[RedemptionRate] = strawberry.field(
        description="What the issuer pays each acceptor, one per acceptor."
    )
    cash_out_rate: Decimal = strawberry.field(description="What it gets per point cashed out.")
    agent_fee_flat: Decimal = strawberry.field(description="What it gets per cash-out.")
    donation_rate: Decimal = strawberry.field(description="What it gets per point donated.")
    breakage_share: Decimal = strawberry.field(
        description="Part of 1 of the issue price of expired points that goes back to the issuer."
    )
    hub_breakage_share: Decimal = strawberry.field(
        description="Part of 1 of the `*` rate of expired points that is the hub's."
    )
    expiry_months: int | None = strawberry.field(
        description="Points expire at the end of the local day so many months after their issue;"
        " null: never."
    )
    points_cap_per_window: Points | None = strawberry.field(
        description="How many points the partner may issue in a calendar month; null: any number."
    )
    points_cap_per_member: Points | None = strawberry.field(
        description="How many of them to one member; null: any number."
    )


@strawberry.type(
    description="A company of the coalition, or one of its own parties: HUB, POOL, FX, BRIDGE."
)
class Partner(Node):
    """A party of the coalition."""

    code: str = strawberry.field(description="Its code, e.g. `AIR`; inputs name partners by it.")
    name_en: str = strawberry.field(description="Its name in English.")
    name_zh: str = strawberry.field(description="Its name in Chinese.")
    settlement_currency: str | None = strawberry.field(
        description="ISO 4217 code of the currency it is paid in. Null: the clearing currency, or"
        " not for you to see."
    )
    row: strawberry.Private[PartnerRow]

    @computed(
        description=f"Its versions of terms, the newest {LIST_MAX}, oldest first. Empty for anyone"
        " but itself and the operator."
    )
    def terms(self, info: Info) -> list[Terms]:
        """List the versions that the actor may see."""
        if not may_see_terms(info.context, self.row.partner_id):
            return []
        versions = info.context.rooms.register.list_terms(self.row.partner_id)
        return [show_terms(info.context, version) for version in versions[-LIST_MAX:]]

    @computed(
        description="Its terms in force now, or at an instant; null if none are, or they are not"
        " for you to see."
    )
    def terms_in_force(self, info: Info, as_of: InForceAt = strawberry.UNSET) -> Terms | None:
        """Find the version in force, if the actor may see it."""
        rooms = info.context.rooms
        at = read_as_of(info.context, as_of) or rooms.clock()
        if not may_see_terms(info.context, self.row.partner_id):
            return None
        found = rooms.register.find_terms(self.row.partner_id, at)
        return None if found is None else show_terms(info.context, found)


def may_see_terms(context: Context, partner_id: int) -> bool:
    """Whether the actor may see what a partner was promised."""
    return context.actor.is_operator or context.partner_id == partner_id


def show_partner(context: Context, partner_id: int) -> Partner:
    """Show a party that is known to exist."""
    row = context.rooms.register.get_partner_by_id(partner_id)
    is_own = may_see_terms(context, partner_id)
    return Partner(
        id=strawberry.ID(context.audience.write(IdKind.PARTNER, partner_id)),
        code=row.code,
        name_en=row.name_en,
        name_zh=row.name_zh,
        settlement_currency=row.settlement_currency if is_own else None,
        row=row,
    )


def find_terms(context: Context, terms_id: int, partner_id: int) -> Terms | None:
    """Show the terms that a lot or an entry names, if the actor may see them."""
    if not terms_id or not may_see_terms(context, partner_id):
        return None
    return show_terms(context, context.rooms.register.get_terms(terms_id))


def show_terms(context: Context, version: TermsInForce) -> Terms:
    """Show a version of terms."""
    terms = version.terms
    return Terms(
        id=strawberry.ID(context.audience.write(IdKind.TERMS, version.terms_id)),
        version=terms.version,
        effective_from=terms.effective_from,
        effective_until=terms.effective_until,
        funding=Funding(terms.funding.value),
        currency=terms.currency,
        issue_price=plain(terms.issue_price),
        issue_fee=plain(terms.issue_fee),
        issue_fee_refundable=terms.issue_fee_refundable,
        accept_rate=plain(terms.accept_rate),
        accept_fee_bps=plain(terms.accept_fee_bps),
        redemption_rates=_rates(terms),
        cash_out_rate=plain(terms.cash_out_rate),
        agent_fee_flat=plain(terms.agent_fee_flat),
        donation_rate=plain(terms.donation_rate),
        breakage_share=plain(terms.breakage_share),
        hub_breakage_share=plain(terms.hub_breakage_share),
        expiry_months=terms.expiry_months,
        points_cap_per_window=_cap(terms.points_cap_per_window),
        points_cap_per_member=_cap(terms.points_cap_per_member),
    )


def _cap(points: int | None) -> Points | None:
    return None if points is None else Points(points)


def _rates(terms: TermsValue) -> list[RedemptionRate]:
    return [
        RedemptionRate(
            acceptor=acceptor,
            rate=plain(rate),
            currency=terms.redemption_currencies.get(acceptor, terms.currency),
        )
        for acceptor, rate in sorted(terms.redemption_rates.items())
    ]


def plain(value: Decimal) -> Decimal:
    """Take off zeros at the end: what comes from the database has all places of its column."""
    return Decimal(format_exact(value))


def is_partner(row: PartnerRow) -> bool:
    """Whether a party is a company, not one of the coalition's own."""
    return row.partner_id >= FIRST_PARTNER_ID
