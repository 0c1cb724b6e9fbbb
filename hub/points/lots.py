"""What a person of the hub changes about one lot: its end, or whether it is usable yet.

A lot of a member who was merged names its points for ever: they are changed where they lie now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.money import check_points
from hub.kernel.tx import Database
from hub.ledger.entries import EntryKind
from hub.ledger.operations import Operation, Place, hash_key, hash_request
from hub.ledger.poster import Poster
from hub.ledger.views.lineage.store import FamilyLot, list_family
from hub.members.merges.store import list_chain
from hub.points.merging import post_giving_back
from hub.points.posting import post_plainly
from hub.points.requests import Request, check_text


@dataclass(frozen=True, slots=True)
class Changed:
    """Points of a lot that were changed; `lot` is the one they lie in now, and its wallet."""

    entry: Place
    lot: Place
    wallet: Place
    points: int
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class _Spot:
    """A lot, and its wallet."""

    lot: Place
    wallet: Place


async def extend_lot(
    poster: Poster,
    database: Database,
    request: Request,
    *,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime,
    reason: str,
) -> Changed:
    """Give points of a lot a later end: they move into a new lot of the same issuer and terms.

    Units: whole points; a UTC instant after the lot's end (`NEVER` for never).
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, UnknownReference,
    LotExpired, LotSpent, EndNotLater, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.7.3.
    """
    return await _change(
        EntryKind.EXTEND,
        poster,
        database,
        request,
        wallet,
        lot,
        check_points(points),
        expires_at,
        reason,
    )


async def reinstate_lot(
    poster: Poster,
    database: Database,
    request: Request,
    *,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime,
    reason: str,
) -> Changed:
    """Bring points of an expired lot back, in a new lot of the same issuer and terms.

    Units: whole points; a UTC instant in the future.
    Errors: PointsOutOfRange, TextTooLong, WalletNotFound, WalletClosed, UnknownReference,
    LotNotExpired, ExceedsExpired, EndNotLater, IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.7.3.
    """
    return await _change(
        EntryKind.REINSTATE,
        poster,
        database,
        request,
        wallet,
        lot,
        check_points(points),
        expires_at,
        reason,
    )


async def release_lot(
    poster: Poster,
    database: Database,
    request: Request,
    *,
    wallet: Place,
    lot: Place,
    reason: str,
) -> Changed:
    """Make a pending lot usable now.

    Errors: TextTooLong, WalletNotFound, WalletClosed, UnknownReference, LotNotPending, LotExpired,
    IdempotencyConflict, Overloaded, OutcomeUnknown.
    Source: rule book 1.3.3.
    """
    return await _change(EntryKind.RELEASE, poster, database, request, wallet, lot, 0, None, reason)


async def _change(  # noqa: PLR0917 (the three verbs above are all that call it)
    kind: EntryKind,
    poster: Poster,
    database: Database,
    request: Request,
    wallet: Place,
    lot: Place,
    points: int,
    expires_at: datetime | None,
    reason: str,
) -> Changed:
    check_text("reason", reason)
    request = await _know_kin(database, request, wallet)
    lots = await _list_family(database, request, wallet, lot)
    here, is_there = _choose(kind, lots, points) if lots else (_Spot(lot, wallet), True)
    operation = Operation(
        kind=kind,
        wallet=here.wallet,
        partner_id=0,
        points=points,
        key_hash=hash_key(0, here.wallet.number, request.key),
        request_hash=hash_request(
            kind.name, lot.number, points, expires_at, reason, request.instants.occurred_at
        ),
        actor=request.actor,
        occurred_at=request.instants.occurred_at,
        decided_at=request.instants.decided_at,
        posted_at=request.instants.posted_at,
        expires_at=expires_at,
        lot_id=here.lot.number,
        reason=reason,
    )
    if is_there and kind is not EntryKind.REINSTATE:
        outcome = await post_plainly(poster, request, operation)
    else:
        # What expired, or was spent, before a merge is known to the first wallet alone.
        outcome = await post_giving_back(poster, database, request, operation)
    assert outcome.seq is not None, "what is booked has a sequence"
    there = here
    if kind is not EntryKind.RELEASE:
        made = _Spot(Place(outcome.lane, outcome.detail or 0), here.wallet)
        lots = await _list_family(database, request, made.wallet, made.lot)
        there = next((_Spot(one.place, one.wallet) for one in lots if one.free_points), made)
    entry = Place(outcome.lane, outcome.seq)
    return Changed(entry, there.lot, there.wallet, outcome.points, outcome.posted_at)


async def _know_kin(database: Database, request: Request, wallet: Place) -> Request:
    """Take in which wallets this one was merged with, be it a moment ago by another process."""
    async with database.read(HUB_ACTOR) as tx:
        chain = await list_chain(tx, wallet)
    family = dict.fromkeys((wallet, *request.kin(wallet), *(one.to_wallet for one in chain)))

    def find_kin(one: Place) -> tuple[Place, ...]:
        return tuple(each for each in family if each != one) if one in family else ()

    return replace(request, kin=find_kin)


async def _list_family(
    database: Database, request: Request, wallet: Place, lot: Place
) -> Sequence[FamilyLot]:
    """List the lots that points of one lot lie in by now; none: no merge has moved any."""
    kin = request.kin(wallet)
    if not kin:
        return ()
    async with database.read(HUB_ACTOR) as tx:
        return await list_family(tx, lot, (wallet, *kin))


def _choose(kind: EntryKind, lots: Sequence[FamilyLot], points: int) -> tuple[_Spot, bool]:
    """Choose the lot of a family in which so many points can be changed; False: in none of them.

    Merges move points on, into lots of the survivor; what had expired by then stays where it was.
    """

    def room(one: FamilyLot) -> int:
        is_back = kind is EntryKind.REINSTATE
        return one.free_points + (one.expired_points if is_back else 0)

    needed = max(points, 1)
    found = next((one for one in lots if room(one) >= needed), max(lots, key=room))
    return _Spot(found.place, found.wallet), room(found) > 0
