"""What the operator says of caps: open one, raise or lower its limit, note a payment.

Source: rule book 1.3.4, 1.8.1, 2.9.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.kernel.money import check_currency, places_needed
from hub.kernel.tx import Tx
from hub.ledger.caps.kinds import Cap, CapKind, Renewal, calendar_span
from hub.ledger.caps.store import (
    FOREVER,
    CapFilter,
    Standing,
    give_back,
    list_standings,
    put_cap,
)
from hub.ledger.caps.store import set_cap_limit as store_limit
from hub.points.caps import ALL
from hub.points.errors import CapNotFound, CapNotValid
from hub.points.requests import check_text
from partners.register import Register
from partners.store import Partner, notify_terms_changed

LIMIT_MAX: Final = Decimal(10**18)
MONEY_PLACES: Final = 8
OPERATOR_KINDS: Final = (CapKind.BUDGET, CapKind.TRANSFER, CapKind.ACCEPT, CapKind.NET_DEBIT)
"""The others follow from terms and exchange offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCap:
    """A cap as the operator asks for it.

    `reason` is that of the issues that a budget counts; `currency` is of a net debit cap.
    """

    kind: CapKind
    partner: Partner | None
    limit: Decimal
    reason: str | None = None
    currency: str | None = None
    ends_at: datetime | None = None
    renewal: Renewal | None = None


async def set_cap(tx: Tx, register: Register, wanted: WantedCap) -> Cap:
    """Open a cap from now on; where one is in force already, only its limit changes.

    A cap that renews covers the whole of the present day, week, month or year; it counts from now.

    Errors: CapNotValid, CurrencyUnknown, TextTooLong.
    Locks: every lane, ascending.
    """
    _check(wanted)
    partner_id = 0 if wanted.partner is None else wanted.partner.partner_id
    subject = wanted.reason or wanted.currency or ALL
    which = CapFilter(kinds=(wanted.kind,), partner_id=partner_id, in_force_at=tx.now)
    for standing in await list_standings(tx, which):
        cap = standing.cap
        if cap.subject == subject:
            if wanted.renewal not in (None, cap.renewal):
                expected = f"{cap.renewal or 'nothing'}, as the cap in force has it"
                raise CapNotValid("renewal", expected)
            await store_limit(tx, cap.cap_id, wanted.limit)
            await notify_terms_changed(tx)
            return cap
    starts_at, ends_at = tx.now, wanted.ends_at or FOREVER
    if wanted.renewal is not None:
        starts_at, ends_at = calendar_span(wanted.renewal, tx.now, zone=register.zone)
    if ends_at <= tx.now:
        raise CapNotValid("until", "an instant to come")
    cap = Cap(
        kind=wanted.kind,
        partner_id=partner_id,
        subject=subject,
        currency=wanted.currency,
        limit=wanted.limit,
        starts_at=starts_at,
        ends_at=ends_at,
        renewal=wanted.renewal,
    )
    await put_cap(tx, cap)
    await notify_terms_changed(tx)
    return cap


async def change_limit(tx: Tx, cap_id: int, limit: Decimal) -> None:
    """Raise or lower a limit; lowered below what is used, the cap keeps that and grants no more.

    Units: points, or money of the cap's currency.
    Errors: CapNotFound, CapNotValid.
    Locks: every lane, ascending.
    """
    standing = await get_standing(tx, cap_id)
    _check_limit(limit, is_money=standing.cap.currency is not None)
    await store_limit(tx, cap_id, limit)
    await notify_terms_changed(tx)


async def note_payment(tx: Tx, cap_id: int, amount: Decimal, *, key: str) -> bool:
    """Let a payment of a partner free its part of what it may owe; False: the key did before.

    Units: money of the cap's currency.
    Errors: CapNotFound, CapNotValid, TextTooLong.
    Locks: the home lane of the cap.
    """
    standing = await get_standing(tx, cap_id)
    if standing.cap.kind is not CapKind.NET_DEBIT:
        raise CapNotValid("cap", "a net debit cap")
    _check_limit(amount, is_money=True)
    if amount == 0:
        raise CapNotValid("amount", "more than 0")
    return await give_back(tx, cap_id, amount, key=check_text("key", key))


async def get_standing(tx: Tx, cap_id: int) -> Standing:
    """Look a cap up, with what is used of it.

    Errors: CapNotFound.
    """
    for standing in await list_standings(tx, CapFilter(cap_id=cap_id)):
        return standing
    raise CapNotFound(str(cap_id))


def _check(wanted: WantedCap) -> None:
    if wanted.kind not in OPERATOR_KINDS:
        expected = ", ".join(kind.name for kind in OPERATOR_KINDS)
        raise CapNotValid("kind", f"one of {expected}; terms and offers make the others")
    if (wanted.partner is None) != (wanted.kind is CapKind.TRANSFER):
        raise CapNotValid("partner", "a partner, except for transfers, which concern none")
    if (wanted.reason is None) != (wanted.kind is not CapKind.BUDGET):
        raise CapNotValid("reason", "the reason of a campaign's issues, for a budget only")
    if (wanted.currency is None) != (wanted.kind is not CapKind.NET_DEBIT):
        raise CapNotValid("currency", "a currency code, for a net debit cap only")
    if wanted.renewal is not None and wanted.ends_at is not None:
        raise CapNotValid("until", "nothing, where the cap renews")
    if wanted.kind is CapKind.NET_DEBIT and wanted.renewal is not None:
        raise CapNotValid("renewal", "nothing: what is owed does not begin anew")
    if wanted.reason is not None:
        check_text("reason", wanted.reason)
    if wanted.currency is not None:
        check_currency(wanted.currency)
    _check_limit(wanted.limit, is_money=wanted.currency is not None)


def _check_limit(limit: Decimal, *, is_money: bool) -> None:
    places = MONEY_PLACES if is_money else 0
    is_plain = limit.is_finite() and 0 <= limit <= LIMIT_MAX
    if not is_plain or places_needed(limit) > places:
        raise CapNotValid("limit", f"a decimal from 0 to {LIMIT_MAX}, at most {places} places")
