"""Which lots and entries of a list are meant, and in which order."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Final, TypeAlias, TypeVar

import strawberry
from strawberry.types.unset import UnsetType

from hub.ledger.entries import EntryKind as LedgerKind
from hub.ledger.views.pages import store as pages
from hub.points.requests import TEXT_CHARACTERS_MAX
from partners.errors import PartnerNotFound
from schema.context import Context
from schema.faults import bad_input
from schema.kinds import EntryKind

NOBODY: Final = -1
"""The id of no partner: what is asked of nobody is an empty list."""

T = TypeVar("T")


@strawberry.enum(description="In which order lots are listed.")
class LotOrder(Enum):
    """In which order lots are listed."""

    REDEMPTION = strawberry.enum_value(
        "REDEMPTION",
        description="As they would be redeemed: earliest expiry first, never-expiring last.",
    )
    ISSUED = strawberry.enum_value("ISSUED", description="As they came into the wallet.")


@strawberry.input(description="Which lots are meant; what is left out does not matter.")
class LotFilter:
    """Which lots are meant."""

    issuer: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of the partner whose points they are."
    )
    is_open: bool | None = strawberry.field(
        default=True,
        description="True: with points left. False: without. Null: either.",
    )
    expires_before: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Only lots that expire before this instant."
    )


@strawberry.input(description="Which entries are meant; what is left out does not matter.")
class EntryFilter:
    """Which entries are meant."""

    kinds: list[EntryKind] | None = strawberry.field(
        default=strawberry.UNSET, description="Only of these kinds, each named once."
    )
    partner: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of the partner that made them."
    )
    reference: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The partner's reference, exactly; 1 to 200 characters.",
    )
    occurred_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened at this instant or later."
    )
    occurred_until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Happened before this instant."
    )
    posted_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Posted at this instant or later."
    )
    posted_until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Posted before this instant."
    )


WhichLots: TypeAlias = Annotated[
    LotFilter | None,
    strawberry.argument(description="Which lots; without it, those with points left."),
]
WhichEntries: TypeAlias = Annotated[
    EntryFilter | None, strawberry.argument(description="Which entries; without it, all.")
]
AsOf: TypeAlias = Annotated[
    datetime | None,
    strawberry.argument(
        description="As the books said at this instant, not later than now; without it: now. What"
        " was posted later does not count, even if it happened earlier."
    ),
]
OrderOfLots: TypeAlias = Annotated[
    LotOrder, strawberry.argument(description="In which order they come.")
]


def given(value: "T | UnsetType | None") -> T | None:
    """Give what was given, None when it was left out."""
    return None if isinstance(value, UnsetType) else value


def read_lots(context: Context, which: "LotFilter | UnsetType | None") -> pages.LotFilter:
    """Read which lots are meant; a partner never means another's."""
    asked = given(which) or LotFilter()
    issuer_id = _partner_id(context, given(asked.issuer))
    own_id = context.partner_id
    if own_id is not None:
        issuer_id = own_id if issuer_id in (None, own_id) else NOBODY
    return pages.LotFilter(
        issuer_id=issuer_id,
        is_open=asked.is_open,
        expires_before=given(asked.expires_before),
    )


def read_entries(context: Context, which: "EntryFilter | UnsetType | None") -> pages.EntryFilter:
    """Read which entries are meant.

    Errors: the fault BAD_USER_INPUT.
    """
    asked = given(which) or EntryFilter()
    kinds, reference = given(asked.kinds), given(asked.reference)
    if kinds is not None and len(set(kinds)) < len(kinds):
        raise bad_input("`kinds` names a kind twice.")
    if reference is not None and not 0 < len(reference) <= TEXT_CHARACTERS_MAX:
        raise bad_input(f"`reference` has 1 to {TEXT_CHARACTERS_MAX} characters.")
    if reference is not None and not reference.isprintable():
        raise bad_input("`reference` has characters that no reference has.")
    return pages.EntryFilter(
        kinds=None if kinds is None else tuple(LedgerKind[kind.name] for kind in kinds),
        partner_id=_partner_id(context, given(asked.partner)),
        reference=reference,
        occurred_from=given(asked.occurred_from),
        occurred_until=given(asked.occurred_until),
        posted_from=given(asked.posted_from),
        posted_until=given(asked.posted_until),
    )


def read_as_of(context: Context, as_of: "datetime | UnsetType | None") -> datetime | None:
    """Read the instant to look back to; None: now.

    Errors: the fault BAD_USER_INPUT.
    """
    instant = given(as_of)
    if instant is not None and instant > context.rooms.clock():
        raise bad_input("`asOf` lies ahead; the books only know what was.")
    return instant


def _partner_id(context: Context, code: str | None) -> int | None:
    if code is None:
        return None
    try:
        return context.rooms.register.get_partner(code).partner_id
    except PartnerNotFound:
        return NOBODY
