"""What happens in a scenario: one frozen value per type of event, and how each is read.

Source: rule book 1.3 to 1.8, 2.4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from hub.cli.fields import (
    Fields,
    open_fields,
    read_code,
    read_currency,
    read_instant,
    read_instant_or_date,
    read_map,
    read_money,
    read_name,
    read_note,
    read_payment_currency,
    read_points,
    read_price,
    read_rate,
    read_share,
    read_whole,
)
from hub.cli.strict_json import Json, quote
from hub.kernel.money import ZERO, exact_sum, format_exact

SEQ_MAX: Final = 2**53 - 1
DAYS_MAX: Final = 1_000_000
SHARES_COUNT_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Issue:
    """A partner gives points; they make a lot."""

    issuer: str
    member: str
    points: int
    lot: str
    expires_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Redeem:
    """A member pays with points at a partner."""

    acceptor: str
    member: str
    points: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Points of a redemption, cash-out or donation go back to their lots."""

    of: str
    points: int


@dataclass(frozen=True, slots=True)
class ReverseIssue:
    """The issuer takes unspent points of a lot back."""

    lot: str
    points: int


@dataclass(frozen=True, slots=True)
class Expire:
    """A sweep books what has expired by now."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Points move from one member to another."""

    from_member: str
    to_member: str
    points: int


@dataclass(frozen=True, slots=True)
class CashOut:
    """A member gets money for points from an agent."""

    agent: str
    member: str
    points: int


@dataclass(frozen=True, slots=True)
class Donate:
    """A member gives points to a charity; the issuers may match it."""

    charity: str
    member: str
    points: int
    match_rate: Decimal


@dataclass(frozen=True, slots=True)
class MembershipSale:
    """A co-branded membership is sold; its net price is shared."""

    seller: str
    currency: str
    price_gross: Decimal
    vat_rate: Decimal
    shares: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class MembershipCancel:
    """A sold membership ends early; the unused part of its price goes back."""

    of: str
    unused_days: int
    total_days: int


@dataclass(frozen=True, slots=True)
class Adjust:
    """A person of the hub lets one party owe another an amount."""

    debtor: str
    creditor: str
    amount: Decimal
    currency: str | None


Action: TypeAlias = (
    Issue
    | Redeem
    | Refund
    | ReverseIssue
    | Expire
    | Transfer
    | CashOut
    | Donate
    | MembershipSale
    | MembershipCancel
    | Adjust
)


@dataclass(frozen=True, slots=True)
class ScenarioEvent:
    """One event of a scenario.

    `at` decides (which lots are alive, which terms are in force), `posted_at` says in which window
    it is settled.
    """

    seq: int
    id: str
    at: datetime
    posted_at: datetime
    action: Action


_EVENT_KEYS: Final = frozenset({"seq", "id", "at", "posted_at", "type"})
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    kind: _EVENT_KEYS | frozenset(keys.split())
    for kind, keys in {
        "ISSUE": "issuer member points lot expires reason",
        "REDEEM": "acceptor member points",
        "REFUND": "of points",
        "REVERSE_ISSUE": "lot points",
        "EXPIRE": "",
        "TRANSFER": "from to points",
        "CASH_OUT": "agent member points",
        "DONATE": "charity member points match_rate",
        "MEMBERSHIP_SALE": "seller currency price_gross vat_rate shares",
        "MEMBERSHIP_CANCEL": "of unused_days total_days",
        "ADJUST": "debtor creditor amount currency",
    }.items()
}


def read_event(file: str, place: str, value: Json) -> ScenarioEvent:
    """Read one event: its own rules only, not those that tie it to others.

    Errors: FileInvalid.
    """
    kind = _read_type(file, place, value)
    fields = open_fields(file, place, value, known=_KEYS[kind])
    at = read_instant(fields, "at")
    return ScenarioEvent(
        seq=read_whole(fields, "seq", first=0, last=SEQ_MAX),
        id=read_name(fields, "id"),
        at=at,
        posted_at=read_instant(fields, "posted_at") if "posted_at" in fields.values else at,
        action=_READERS[kind](fields),
    )


def _read_type(file: str, place: str, value: Json) -> str:
    known = frozenset(value) if isinstance(value, dict) else frozenset()
    fields = open_fields(file, place, value, known=known)
    expected = "one of " + ", ".join(_KEYS)
    kind = fields.take("type", expected)
    if isinstance(kind, str) and kind in _KEYS:
        return kind
    raise fields.refusal("type", f"{quote(kind)} is not a type of event", expected)


def _read_issue(fields: Fields) -> Issue:
    return Issue(
        issuer=read_code(fields, "issuer"),
        member=read_name(fields, "member"),
        points=read_points(fields, "points"),
        lot=read_name(fields, "lot"),
        expires_at=read_instant_or_date(fields, "expires"),
        reason=read_note(fields, "reason") if "reason" in fields.values else None,
    )


def _read_redeem(fields: Fields) -> Redeem:
    return Redeem(
        acceptor=read_code(fields, "acceptor"),
        member=read_name(fields, "member"),
        points=read_points(fields, "points"),
    )


def _read_refund(fields: Fields) -> Refund:
    return Refund(
        of=read_name(fields, "of"),
        points=read_points(fields, "points"),
    )


def _read_reverse_issue(fields: Fields) -> ReverseIssue:
    return ReverseIssue(
        lot=read_moved_lot(fields, "lot"),
        points=read_points(fields, "points"),
    )


def read_moved_lot(fields: Fields, key: str) -> str:
    """Read the name of a lot, which grows with every transfer.

    Errors: FileInvalid.
    """
    return read_note(fields, key)


def _read_expire(_: Fields) -> Expire:
    return Expire()


def _read_transfer(fields: Fields) -> Transfer:
    from_member, to_member = read_name(fields, "from"), read_name(fields, "to")
    if from_member == to_member:
        raise fields.refusal("to", f"{quote(to_member)} is the giver too", "another member")
    return Transfer(
        from_member=from_member,
        to_member=to_member,
        points=read_points(fields, "points"),
    )


def _read_cash_out(fields: Fields) -> CashOut:
    return CashOut(
        agent=read_code(fields, "agent"),
        member=read_name(fields, "member"),
        points=read_points(fields, "points"),
    )


def _read_donate(fields: Fields) -> Donate:
    return Donate(
        charity=read_code(fields, "charity"),
        member=read_name(fields, "member"),
        points=read_points(fields, "points"),
        match_rate=read_rate(fields, "match_rate") if "match_rate" in fields.values else ZERO,
    )


def _read_membership_sale(fields: Fields) -> MembershipSale:
    shares = read_map(fields, "shares", read_share, count_max=SHARES_COUNT_MAX)
    total = exact_sum(shares.values())
    if total != 1:
        raise fields.refusal(
            "shares", f"the shares sum to {format_exact(total)}", "shares that sum to 1"
        )
    currency = read_payment_currency(fields, "currency")
    return MembershipSale(
        seller=read_code(fields, "seller"),
        currency=currency,
        price_gross=read_price(fields, "price_gross", currency),
        vat_rate=read_rate(fields, "vat_rate"),
        shares=shares,
    )


def _read_membership_cancel(fields: Fields) -> MembershipCancel:
    total_days = read_whole(fields, "total_days", first=1, last=DAYS_MAX)
    return MembershipCancel(
        of=read_name(fields, "of"),
        unused_days=read_whole(fields, "unused_days", first=0, last=total_days),
        total_days=total_days,
    )


def _read_adjust(fields: Fields) -> Adjust:
    return Adjust(
        debtor=read_code(fields, "debtor"),
        creditor=read_code(fields, "creditor"),
        amount=read_money(fields, "amount"),
        currency=read_currency(fields, "currency") if "currency" in fields.values else None,
    )


_READERS: Final[Mapping[str, Callable[[Fields], Action]]] = {
    "ISSUE": _read_issue,
    "REDEEM": _read_redeem,
    "REFUND": _read_refund,
    "REVERSE_ISSUE": _read_reverse_issue,
    "EXPIRE": _read_expire,
    "TRANSFER": _read_transfer,
    "CASH_OUT": _read_cash_out,
    "DONATE": _read_donate,
    "MEMBERSHIP_SALE": _read_membership_sale,
    "MEMBERSHIP_CANCEL": _read_membership_cancel,
    "ADJUST": _read_adjust,
}


def parties_of(action: Action) -> tuple[str, ...]:
    """Name the codes of parties that an action names."""
    match action:
        case Issue(issuer=party) | Redeem(acceptor=party) | CashOut(agent=party):
            return (party,)
        case Donate(charity=party):
            return (party,)
        case MembershipSale(seller=seller, shares=shares):
            return (seller, *shares)
        case Adjust(debtor=debtor, creditor=creditor):
            return (debtor, creditor)
        case _:
            return ()
