"""Caps, as they are shown: how much there may be of something, and what is left of it."""

from datetime import datetime
from decimal import Decimal

import strawberry

from hub.ledger.caps.kinds import PER_WALLET
from hub.ledger.caps.kinds import CapKind as Kind
from hub.ledger.caps.store import FOREVER, Standing
from schema.context import Info
from schema.kinds import CapKind, CapRenewal
from schema.nodes import computed
from schema.partners import Partner, plain, show_partner


@strawberry.type(
    description="How much there may be of something in a span of time. The numbers are points, or"
    " money where `currency` says so."
)
class Cap:
    """A cap, and what is left of it."""

    kind: CapKind = strawberry.field(description="What it is about.")
    reason: str | None = strawberry.field(
        description="Of a budget: the reason of the issues that count."
    )
    exchanged_into: str | None = strawberry.field(
        description="Of a day of exchanges: code of the currency that the partner gives."
    )
    currency: str | None = strawberry.field(
        description="ISO 4217 code of the money that it counts; null: points."
    )
    limit: Decimal = strawberry.field(description="How much there may be.")
    used: Decimal = strawberry.field(
        description="How much is used: charges less what was given back or paid. Of a cap that each"
        " member has alone, by all members together."
    )
    left: Decimal | None = strawberry.field(
        description="How much is left, 0 when more is used; null: each member has a cap alone."
    )
    is_per_member: bool = strawberry.field(
        description="Whether each member may use as much as the limit."
    )
    starts_at: datetime = strawberry.field(description="First instant that counts.")
    ends_at: datetime | None = strawberry.field(
        description="First instant that does not count any more; null: no end."
    )
    renewal: CapRenewal | None = strawberry.field(
        description="When it begins anew; null: not by itself, or with each month of its terms or"
        " day of its offer."
    )
    standing: strawberry.Private[Standing]

    @computed(
        description="The version of terms, or of an exchange offer, that it follows from; null: the"
        " operator set it. Of several offers of a day the last."
    )
    def version(self, info: Info) -> str | None:
        """Name the version."""
        cap = self.standing.cap
        if cap.kind is not Kind.EXCHANGE:
            return cap.subject if cap.kind in {Kind.WINDOW, Kind.MEMBER} else None
        register = info.context.rooms.register
        span = cap.partner_id, cap.subject, cap.starts_at, cap.ends_at
        return register.list_offers_within(*span)[-1].version

    @computed(description="Whose points or money it counts; null: anybody's.")
    def partner(self, info: Info) -> Partner | None:
        """Show the partner."""
        partner_id = self.standing.cap.partner_id
        return show_partner(info.context, partner_id) if partner_id else None


def show_cap(standing: Standing) -> Cap:
    """Show a cap that the actor may see."""
    cap, is_per_member = standing.cap, standing.cap.kind in PER_WALLET
    left = max(Decimal(0), cap.limit - standing.used)
    return Cap(
        kind=CapKind[cap.kind.name],
        reason=cap.subject if cap.kind is Kind.BUDGET else None,
        exchanged_into=cap.subject if cap.kind is Kind.EXCHANGE else None,
        currency=cap.currency,
        limit=plain(cap.limit),
        used=plain(standing.used),
        left=None if is_per_member else plain(left),
        is_per_member=is_per_member,
        starts_at=cap.starts_at,
        ends_at=None if cap.ends_at == FOREVER else cap.ends_at,
        renewal=None if cap.renewal is None else CapRenewal[cap.renewal.name],
        standing=standing,
    )
