"""Reverse an issue whose points moved: with a merge, or into a household that pools them.

The points of the issue that are unspent lie in other lots now; those spent before the merge are
known to the first lot alone. Each step is one entry, and takes as much as there is at that moment:
what was booked under the key is read again before the next one, so whoever stopped is followed.

What a household has spent of them its other points pay, and then the member owes.

Source: rule book 1.6, 1.8.2, 1.8.3; ADR-0023.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.errors import DomainError, IdempotencyConflict
from hub.kernel.idempotency import Answer, Question, accept, answer_resumably
from hub.kernel.tx import Database
from hub.ledger.caps.store import give_back
from hub.ledger.errors import (
    LotExpired,
    LotSpent,
    Overloaded,
    ReverseExceedsIssued,
    UnknownReference,
    refusal_of,
)
from hub.ledger.operations import Code, Operation, Outcome, Place, ReverseMode, hash_key
from hub.ledger.poster import Poster
from hub.ledger.views.claims.store import list_transfers_aside
from hub.ledger.views.lineage.store import (
    FamilyLot,
    KnownAnswer,
    list_answers,
    list_distant_charges,
    list_family,
)
from hub.ledger.views.store import sum_points
from hub.members.households.store import list_household_wallets
from hub.members.merges.store import list_chain
from hub.points.merging import give_back_usage, post_giving_back
from hub.points.pooling import Way, add_arrears, take_arrears_off
from hub.points.posting import derive_key
from hub.points.requests import Request, no_kin

STEPS_MAX: Final = 20
"""Entries of one reverse; a merge that was never undone needs three."""
SURVIVOR_PAYS: Final = "the survivor pays"
"""Reason of a debt that is made where points were spent, for points that the survivor has."""
REFUSALS: Final[tuple[type[DomainError], ...]] = (
    UnknownReference,
    LotExpired,
    LotSpent,
    ReverseExceedsIssued,
)


@dataclass(frozen=True, slots=True)
class Reversed:
    """Points of an issue that were taken back.

    `points` of the issue are undone: taken from the wallet, or owed by it. `short_points` were
    spent and could not be taken: they are arrears (`UNLIMITED`), or the issuer's loss.
    """

    entry: Place
    points: int
    short_points: int
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class _State:
    """What is there now, and what was booked under the key so far."""

    survivor: Place
    pools: Sequence[Place]
    available_points: int
    lots: Sequence[FamilyLot]
    answers: Sequence[KnownAnswer]

    @property
    def booked(self) -> list[KnownAnswer]:
        return [answer for answer in self.answers if answer.code == Code.BOOKED]

    @property
    def unspent(self) -> list[FamilyLot]:
        return [lot for lot in self._here if lot.free_points]

    @property
    def spent_here(self) -> list[FamilyLot]:
        return [lot for lot in self._here if not lot.free_points]

    @property
    def spent_before(self) -> list[FamilyLot]:
        return [lot for lot in self.lots if lot.reversible_points and not self._is_here(lot)]

    @property
    def _here(self) -> list[FamilyLot]:
        return [lot for lot in self.lots if lot.reversible_points and self._is_here(lot)]

    def _is_here(self, lot: FamilyLot) -> bool:
        return lot.wallet == self.survivor or lot.wallet in self.pools


@dataclass(frozen=True, slots=True)
class _Step:
    lot: FamilyLot
    points: int
    mode: int
    reason: str | None = None


async def reverse_moved(
    poster: Poster, database: Database, request: Request, operation: Operation
) -> Reversed:
    """Take back points of an issue of a member who was merged, or has pooled points.

    `operation` is the reverse as it would be without any merge.

    Errors: as `hub.points.giving_back.reverse_issue`.
    """

    async def act() -> Answer:
        done = await _reverse(poster, database, request, operation)
        return {
            "entry": [done.entry.lane, done.entry.number],
            "points": done.points,
            "short_points": done.short_points,
            "posted_at": done.posted_at.isoformat(),
        }

    key = f"reverse:{operation.partner_id}:{operation.wallet.number}:{request.key}"
    question = Question(HUB_ACTOR, key, "reverse_issue", (operation.request_hash.hex(),))
    answer = await answer_resumably(database, question, act, refusals=REFUSALS)
    found = accept(answer, refusals=REFUSALS)
    return Reversed(
        Place(*found["entry"]),
        found["points"],
        found["short_points"],
        datetime.fromisoformat(found["posted_at"]),
    )


async def _reverse(
    poster: Poster, database: Database, request: Request, operation: Operation
) -> Reversed:
    for _ in range(STEPS_MAX):
        state = await _look(database, request, operation)
        rest = operation.points - sum(answer.asked_points for answer in state.booked)
        if not state.booked:
            _check(state, request, operation, at=operation.decided_at or database.clock())
        step = _next_step(state, rest, mode=operation.mode or ReverseMode.REFUSE)
        if step is None:
            break
        try:
            await post_giving_back(
                poster,
                database,
                replace(request, kin=no_kin, refusal=None),  # every wallet was asked by now
                _write(step, operation, derive_key(request, len(state.answers))),
            )
        except LotSpent as refusal:
            # Points were spent in this moment: what is left is looked at anew.
            if not state.booked and not _may_go_on(refusal, operation):
                raise
        except REFUSALS:
            if not state.booked:
                raise
            break  # the rest cannot be taken any more
    state = await _look(database, request, operation)
    if not state.booked:
        raise Overloaded(retry_after_seconds=1)
    for entry in state.booked:
        assert entry.seq is not None, "what is booked has a sequence"
        await free_caps(database, Place(entry.lane, entry.seq))
        await _take_debt_home(poster, database, state, entry, actor=operation.actor)
    return _sum_up(state.booked, operation.points)


async def _look(database: Database, request: Request, operation: Operation) -> _State:
    """Read what is there, and what the key was answered by any wallet.

    Errors: IdempotencyConflict; what the key was refused with.
    """
    own = (operation.wallet, *request.kin(operation.wallet))
    pools = await list_pools(database, own)
    wallets = (*own, *pools)
    assert operation.lot_id is not None, "a reverse names a lot"
    lot = Place(operation.wallet.lane, operation.lot_id)
    keys = [
        (wallet.lane, hash_key(operation.partner_id, wallet.number, derive_key(request, index)))
        for wallet in wallets
        for index in range(STEPS_MAX)
    ]
    async with database.read(HUB_ACTOR) as tx:
        chain = await list_chain(tx, operation.wallet)
        survivor = chain[-1].to_wallet if chain else operation.wallet
        points = (await sum_points(tx, [survivor], issuer_id=None))[survivor]
        answers = [each for each in await list_answers(tx, keys) if each.code != Code.WALLET_CLOSED]
        lots = await list_family(tx, lot, wallets)
    if any(answer.request_hash != operation.request_hash for answer in answers):
        raise IdempotencyConflict
    return _State(survivor, pools, points.available_points, lots, answers)


async def list_pools(database: Database, wallets: Sequence[Place]) -> list[Place]:
    """List the households that some wallets have ever contributed to."""
    async with database.read(HUB_ACTOR) as tx:
        towards = await list_transfers_aside(tx, wallets)
        return await list_household_wallets(tx, [place.number for place in towards])


def _check(state: _State, request: Request, operation: Operation, *, at: datetime) -> None:
    """See that all of it may be taken back, before anything is.

    Errors: UnknownReference, LotExpired, LotSpent, ReverseExceedsIssued; the request's refusal.
    """
    asked, mode = operation.points, operation.mode or ReverseMode.REFUSE
    for known in state.answers:
        refusal = _refusal_of(known, asked=asked)
        if refusal is not None and not _may_go_on(refusal, operation):
            raise refusal
    if request.refusal is not None:
        raise request.refusal
    if not state.lots or state.lots[0].issuer_id != operation.partner_id:
        raise UnknownReference
    if state.lots[0].wallet != operation.wallet:
        raise UnknownReference
    if state.lots[0].expires_at <= at:
        raise LotExpired
    unspent = sum(min(lot.free_points, lot.reversible_points) for lot in state.unspent)
    is_enough = {ReverseMode.REFUSE: unspent >= asked, ReverseMode.ONLY_PENDING: unspent > 0}
    if not is_enough.get(mode, True):
        raise LotSpent(unspent, asked)
    reversible = sum(lot.reversible_points for lot in state.lots)
    if reversible < asked:
        raise ReverseExceedsIssued(reversible, asked)


def _may_go_on(refusal: DomainError, operation: Operation) -> bool:
    """Say whether a refusal is of one step only, since others can take what it could not."""
    mode = operation.mode or ReverseMode.REFUSE
    return isinstance(refusal, LotSpent) and mode >= ReverseMode.WITHIN_BALANCE


def _refusal_of(known: KnownAnswer, *, asked: int) -> DomainError | None:
    outcome = Outcome(
        code=known.code,
        is_replay=True,
        lane=known.lane,
        seq=known.seq,
        detail=known.detail,
        points=known.points,
        posted_at=known.posted_at,
    )
    return refusal_of(outcome, points=asked, partner="", at=known.posted_at)


def _next_step(state: _State, rest: int, *, mode: int) -> _Step | None:
    """Choose what to book next: unspent points first, then as the mode says."""
    if not rest:
        return None
    if state.unspent:
        lot, *others = state.unspent
        if others or mode == ReverseMode.REFUSE:
            points = min(rest, lot.free_points, lot.reversible_points)
            return _Step(lot, points, ReverseMode.REFUSE)
        return _Step(lot, min(rest, lot.reversible_points), mode)
    if state.spent_here and mode >= ReverseMode.WITHIN_BALANCE:
        lot = state.spent_here[0]
        return _Step(lot, min(rest, lot.reversible_points), mode)
    if state.spent_before and mode > ReverseMode.REFUSE:
        return _take_for_spent(state, state.spent_before[0], rest, mode=mode)
    return None


def _take_for_spent(state: _State, lot: FamilyLot, rest: int, *, mode: int) -> _Step:
    """Take back points that were spent before the merge, where the survivor has none of them.

    What the survivor can pay becomes a debt there, which goes to the survivor with the merge, and
    is repaid before anything else. The rest is a debt too, or the issuer's loss.
    """
    points = min(rest, lot.reversible_points)
    paid = min(points, state.available_points)
    has_paid = any(
        answer.reason == SURVIVOR_PAYS
        and (answer.lane, answer.lot_id) == (lot.place.lane, lot.place.number)
        for answer in state.booked
    )
    if mode >= ReverseMode.WITHIN_BALANCE and paid and not has_paid:
        return _Step(lot, paid, ReverseMode.UNLIMITED, SURVIVOR_PAYS)
    is_debt = mode == ReverseMode.UNLIMITED
    return _Step(lot, points, ReverseMode.UNLIMITED if is_debt else ReverseMode.WITHIN_BALANCE)


def _write(step: _Step, operation: Operation, key: str) -> Operation:
    wallet = step.lot.wallet
    return replace(
        operation,
        wallet=wallet,
        lot_id=step.lot.place.number,
        points=step.points,
        mode=step.mode or None,
        reason=step.reason,
        key_hash=hash_key(operation.partner_id, wallet.number, key),
    )


async def _take_debt_home(
    poster: Poster, database: Database, state: _State, entry: KnownAnswer, *, actor: str
) -> None:
    """Let the member owe what a household could not pay: whoever leaves it takes the debt along.

    Errors: WalletClosed, when the member is just being merged.
    """
    wallets = {lot.place: lot.wallet for lot in state.lots}
    pool = wallets.get(Place(entry.lane, entry.lot_id or 0))
    if pool is None or pool not in state.pools or entry.mode != ReverseMode.UNLIMITED:
        return
    assert entry.seq is not None, "what is booked has a sequence"
    name = f"reverse:{entry.lane}:{entry.seq}"
    way = Way(poster, database, name, pool, state.survivor, actor)
    async with database.read(HUB_ACTOR) as tx:
        await take_arrears_off(tx, way, only=frozenset({entry.seq}))
    await add_arrears(way)


async def free_caps(database: Database, place: Place) -> None:
    """Give back to the caps that the issue was charged to, where the ledger did not.

    The ledger gives back what was charged to the entry that made the lot. Points that were
    extended, transferred or merged lie in another one. Safe to repeat.
    """
    async with database.read(HUB_ACTOR) as tx:
        charges = await list_distant_charges(tx, place)
    for charge in charges:
        key = f"reverse:{place.lane}:{place.number}:{charge.cap_id}"
        if charge.wallet is not None:
            await give_back_usage(database, charge.cap_id, charge.wallet, charge.amount, key=key)
            continue
        async with database.begin(HUB_ACTOR) as tx:
            await give_back(tx, charge.cap_id, charge.amount, key=key)


def _sum_up(booked: Sequence[KnownAnswer], asked: int) -> Reversed:
    first = booked[0]
    assert first.seq is not None, "what is booked has a sequence"
    points = sum(entry.points for entry in booked)
    owed = sum(
        entry.detail
        for entry in booked
        if entry.mode == ReverseMode.UNLIMITED and entry.reason != SURVIVOR_PAYS
    )
    return Reversed(Place(first.lane, first.seq), points, asked - points + owed, first.posted_at)
