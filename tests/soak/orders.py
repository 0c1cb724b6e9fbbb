"""What a client asks for, and how a hub answers it: as JSON both ways."""

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
from sqlalchemy.exc import DBAPIError

from hub.kernel.errors import DomainError
from hub.kernel.tx import DatabaseBusy
from hub.ledger.entries import EntryKind
from hub.ledger.errors import OutcomeUnknown, Overloaded, PosterClosed
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.holds import capture_hold, hold_points, void_hold
from hub.points.issue import issue_points
from hub.points.lots import extend_lot, reinstate_lot, release_lot
from hub.points.purchase import Portion, issue_purchase
from hub.points.redeem import cash_out_points, donate_points, redeem_points
from hub.points.requests import NEVER, Request
from hub.points.transfer import transfer_points
from hub.wiring import Hub
from partners.store import Partner
from settlement.adjustments import post_adjustment
from tests.soak.scene import read_instant, wallet_of

Json = dict[str, Any]
Verb = Callable[[Hub, Request, Json], Awaitable[Any]]

BOOKED: Final = "booked"
REFUSED: Final = "refused"
UNKNOWN: Final = "unknown"
FAILED: Final = "failed"
UNSTORED: Final = (
    "ExpiresTooEarly",
    "HoldEndOutOfBounds",
    "IdempotencyConflict",
    "NothingToMove",
)
"""Refusals that no key keeps: asked again, the answer may be another one."""

_LOST: Final = (
    OutcomeUnknown,
    Overloaded,
    PosterClosed,
    DatabaseBusy,
    DBAPIError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""Whoever is told so asks again, with the same key."""

POISONS: Final[dict[str, Json]] = {
    "too large for the column": {"points": 2**63},
    "a check of the database": {"points": -5},
    "text that is no text": {"reason": "\ud800"},
    "a zero byte": {"reason": "\x00"},
}
POISONER: Final = "poisoner"
"""Its operations fail inside the batch: nothing of its is ever in the books."""


async def answer(hub: Hub, order: Json) -> Json:
    """Do what an order says, and tell the outcome."""
    request = Request(key=order["key"], actor=order["actor"])
    try:
        result = await VERBS[order["verb"]](hub, request, order)
    except _LOST as error:
        return {"is": type(error).__name__, "kind": UNKNOWN}
    except DomainError as refusal:
        return {"is": type(refusal).__name__, "kind": REFUSED, "told": _tell(refusal)}
    except Exception as error:  # noqa: BLE001 (whatever it is, the client is told)
        told = "".join(traceback.format_exception(error))
        return {"is": type(error).__name__, "kind": FAILED, "told": told[-4000:]}
    results = result if isinstance(result, list) else [result]
    return {
        "is": type(results[0]).__name__,
        "kind": BOOKED,
        "told": repr(result),
        "entries": [[each.entry.lane, each.entry.number] for each in results],
        "lots": [_lot_of(each) for each in results],
        "points": [getattr(each, "points", None) for each in results],
    }


def _lot_of(result: Any) -> list[int] | None:
    lot = getattr(result, "lot", None) or getattr(result, "first_lot", None)
    return None if lot is None else [lot.lane, lot.number]


def is_kept(told: Json) -> bool:
    """Whether an answer is kept under its key: for ever the same."""
    kind = told["kind"]
    return kind == BOOKED or (kind == REFUSED and not any(n in told["told"] for n in UNSTORED))


def _tell(error: DomainError) -> str:
    """Tell a refusal with all that it carries, also one that carries another."""
    if not is_dataclass(error):
        return repr(error)
    told = []
    for field in fields(error):
        value = getattr(error, field.name)
        told.append(f"{field.name}={_tell(value) if isinstance(value, DomainError) else value!r}")
    return f"{type(error).__name__}({', '.join(told)})"


def _partner(hub: Hub, order: Json) -> Partner:
    return hub.register.get_partner(order["partner"])


async def _issue(hub: Hub, request: Request, order: Json) -> Any:
    return await issue_points(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        issuer=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        points=order["points"],
        reference=order.get("reference"),
        expires_at=read_instant(order.get("expires_at")),
        available_at=_available_at(order),
        restriction_id=order.get("restriction"),
    )


def _available_at(order: Json) -> datetime | None:
    given = order.get("available_at")
    return NEVER if given == "released" else read_instant(given)


async def _purchase(hub: Hub, request: Request, order: Json) -> Any:
    portions = [
        Portion(
            points=each["points"],
            reason=each["reason"],
            expires_at=read_instant(each.get("expires_at")),
            available_at=_available_at(each),
        )
        for each in order["portions"]
    ]
    return await issue_purchase(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        issuer=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        reference=order.get("reference"),
        portions=portions,
    )


async def _redeem(hub: Hub, request: Request, order: Json) -> Any:
    return await redeem_points(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        acceptor=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        points=order["points"],
        category=order.get("category"),
    )


async def _cash_out(hub: Hub, request: Request, order: Json) -> Any:
    return await cash_out_points(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        agent=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        points=order["points"],
    )


async def _donate(hub: Hub, request: Request, order: Json) -> Any:
    return await donate_points(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        charity=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        points=order["points"],
        match_rate=Decimal("0.001"),
    )


async def _hold(hub: Hub, request: Request, order: Json) -> Any:
    ends_at = read_instant(order["ends_at"])
    assert ends_at is not None, "every hold has an end"
    return await hold_points(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        acceptor=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        points=order["points"],
        ends_at=ends_at,
    )


async def _capture(hub: Hub, request: Request, order: Json) -> Any:
    return await capture_hold(
        hub.poster,
        hub.register,
        request,
        now=hub.clock(),
        acceptor=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        hold=Place(*order["of"]),
        points=order["points"],
    )


async def _void(hub: Hub, request: Request, order: Json) -> Any:
    return await void_hold(
        hub.poster,
        request,
        acceptor=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        hold=Place(*order["of"]),
    )


async def _refund(hub: Hub, request: Request, order: Json) -> Any:
    return await refund_points(
        hub.poster,
        hub.database,
        request,
        acceptor=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        redemption=Place(*order["of"]),
        points=order["points"],
        reinstated_until=read_instant(order.get("reinstated_until")),
    )


async def _reverse(hub: Hub, request: Request, order: Json) -> Any:
    return await reverse_issue(
        hub.poster,
        hub.database,
        request,
        issuer=_partner(hub, order),
        wallet=wallet_of(order["wallet"]),
        lot=Place(*order["lot"]),
        points=order["points"],
        mode=order["mode"],
    )


async def _transfer(hub: Hub, request: Request, order: Json) -> Any:
    return await transfer_points(
        hub.poster,
        hub.register,
        hub.database,
        request,
        now=hub.clock(),
        wallet=wallet_of(order["wallet"]),
        to_wallet=wallet_of(order["to"]),
        points=order["points"],
    )


async def _change_end(hub: Hub, request: Request, order: Json) -> Any:
    change = extend_lot if order["verb"] == "extend" else reinstate_lot
    return await change(
        hub.poster,
        hub.database,
        request,
        wallet=wallet_of(order["wallet"]),
        lot=Place(*order["lot"]),
        points=order["points"],
        expires_at=read_instant(order.get("expires_at")) or NEVER,
        reason="soak",
    )


async def _release(hub: Hub, request: Request, order: Json) -> Any:
    return await release_lot(
        hub.poster,
        hub.database,
        request,
        wallet=wallet_of(order["wallet"]),
        lot=Place(*order["lot"]),
        reason="soak",
    )


async def _adjust(hub: Hub, request: Request, order: Json) -> Any:
    return await post_adjustment(
        hub.poster,
        request,
        debtor=hub.register.get_partner("air"),
        creditor=hub.register.get_partner("shop"),
        amount=Decimal(order["points"]) / 100,
        currency="EUR",
        reason="soak",
    )


async def _poison(hub: Hub, request: Request, order: Json) -> Any:
    wallet, air = wallet_of(order["wallet"]), hub.register.get_partner("air")
    terms = hub.register.find_terms(air.partner_id, hub.clock())
    assert terms is not None, "air always has terms"
    good = Operation(
        kind=EntryKind.ISSUE,
        wallet=wallet,
        partner_id=air.partner_id,
        points=1,
        key_hash=hash_key(air.partner_id, wallet.number, request.key),
        request_hash=hash_request("poison", request.key),
        actor=POISONER,
        terms_id=terms.terms_id,
        expires_at=NEVER,
        reason="base",
    )
    outcome = await hub.poster.post(replace(good, **POISONS[order["poison"]]))
    raise AssertionError(f"it was swallowed: {outcome}")


VERBS: Final[dict[str, Verb]] = {
    "issue": _issue,
    "purchase": _purchase,
    "redeem": _redeem,
    "cash_out": _cash_out,
    "donate": _donate,
    "hold": _hold,
    "capture": _capture,
    "void": _void,
    "refund": _refund,
    "reverse": _reverse,
    "transfer": _transfer,
    "extend": _change_end,
    "reinstate": _change_end,
    "release": _release,
    "adjust": _adjust,
    "poison": _poison,
}
KINDS: Final[dict[str, EntryKind]] = {
    "issue": EntryKind.ISSUE,
    "purchase": EntryKind.ISSUE,
    "redeem": EntryKind.REDEEM,
    "cash_out": EntryKind.CASH_OUT,
    "donate": EntryKind.DONATE,
    "hold": EntryKind.HOLD,
    "capture": EntryKind.CAPTURE,
    "void": EntryKind.VOID,
    "refund": EntryKind.REFUND,
    "reverse": EntryKind.REVERSE,
    "extend": EntryKind.EXTEND,
    "reinstate": EntryKind.REINSTATE,
    "release": EntryKind.RELEASE,
    "adjust": EntryKind.ADJUST,
}
"""The kind of entry that answers a verb; a transfer's depends on the lanes."""
