"""Verbs of a story about claims on points: holds, moves that stop halfway, debts, groups."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.entries import EntryKind
from hub.ledger.errors import refusal_of
from hub.ledger.operations import WHOLE_WALLET, Operation, Outcome, Place, hash_request
from hub.ledger.store import list_held_pieces
from hub.points.crossing import _Steps, cross, finish_crossings
from hub.points.holds import capture_hold, hold_points, void_hold
from hub.points.purchase import Portion, issue_purchase
from hub.points.requests import NEVER
from tests.coalition import Coalition
from tests.storylines import Line

SET_OPEN = "SELECT ledger.set_wallet_open($1, $2, $3)"


@dataclass(frozen=True)
class Done:
    """An entry that a story gave a name, and whose it is."""

    partner: str
    wallet: Place
    entry: Place
    result: Any


@dataclass(frozen=True)
class Posted:
    """An entry that was posted without a verb of the hub's."""

    entry: Place


class Claims:
    """What a story tells about claims; `Story` has the rest."""

    coalition: Coalition
    done: dict[str, Done]
    lots: dict[str, Place]
    owners: dict[str, tuple[str, Place]]
    member: Callable[[str], Awaitable[Place]]
    when: Callable[[str], datetime]
    call: Callable[[Line], dict[str, Any]]
    call_under_terms: Callable[[Line], dict[str, Any]]
    remember: Callable[[Line, str, Place, Any], None]
    name_moved_lots: Callable[..., Awaitable[None]]

    async def tell_hold(self, line: Line) -> None:
        name, partner, points = line.words
        wallet = await self.member(name)
        held = await hold_points(
            **self.call_under_terms(line),
            acceptor=self.coalition.partners[partner],
            wallet=wallet,
            points=int(points),
            ends_at=self.when(line.options["for"]),
            category=line.options.get("category"),
        )
        self.remember(line, partner, wallet, held)

    async def tell_capture(self, line: Line) -> None:
        name, points = line.words
        await self.end_hold(line, name, capture_hold, self.call_under_terms(line), int(points))

    async def tell_void(self, line: Line) -> None:
        await self.end_hold(line, line.words[0], void_hold, self.call(line), None)

    async def end_hold(
        self, line: Line, name: str, verb: Any, call: dict[str, Any], points: int | None
    ) -> None:
        hold = self.done[name]
        partner = line.options.get("by", hold.partner)
        result = await verb(
            **call,
            acceptor=self.coalition.partners[partner],
            wallet=hold.wallet,
            hold=hold.entry,
            **({} if points is None else {"points": points}),
        )
        self.remember(line, partner, hold.wallet, result)

    async def tell_purchase(self, line: Line) -> None:
        name, partner, *portions = line.words
        wallet = await self.member(name)
        told = [portion.split(":") for portion in portions]
        issued = await issue_purchase(
            **self.call_under_terms(line),
            issuer=self.coalition.partners[partner],
            wallet=wallet,
            reference=line.options.get("ref"),
            portions=[
                Portion(
                    points=int(points),
                    reason=reason,
                    funder=self.coalition.partners[funder[0]] if funder else None,
                    expires_at=NEVER,
                )
                for reason, points, *funder in told
            ],
        )
        for (reason, *_), one in zip(told, issued, strict=True):
            if line.makes:
                place = f"{line.makes}.{reason}"
                self.done[place] = Done(partner, wallet, one.entry, one)
                if one.lot is not None:
                    self.lots[place] = one.lot
                    self.owners[place] = (partner, wallet)

    async def post(self, kind: EntryKind, wallet: Place, partner: str, **fields: Any) -> Outcome:
        """Post an operation for which the hub's verbs belong to other rooms."""
        partner_id = self.coalition.partners[partner].partner_id if partner else 0
        number = next(self.coalition.numbers)
        given = {"points": 0, "key_hash": number.to_bytes(16)} | fields
        operation = Operation(
            kind=kind,
            wallet=wallet,
            partner_id=partner_id,
            request_hash=hash_request(kind, sorted(given.items())),
            actor="test",
            **given,
        )
        outcome = await self.coalition.hub.poster.post(operation)
        refusal = refusal_of(
            outcome, points=operation.points, partner=partner, at=outcome.posted_at
        )
        if refusal is not None:
            raise refusal
        return outcome

    def note(self, line: Line, partner: str, wallet: Place, outcome: Outcome) -> None:
        assert outcome.seq is not None
        self.remember(line, partner, wallet, Posted(Place(outcome.lane, outcome.seq)))

    async def tell_owe(self, line: Line) -> None:
        name, partner, points = line.words
        wallet = await self.member(name)
        outcome = await self.post(EntryKind.OWE, wallet, partner, points=int(points), mode=0)
        self.note(line, partner, wallet, outcome)

    async def tell_forgive(self, line: Line) -> None:
        name, points = line.words
        debt = self.done[name]
        outcome = await self.post(
            EntryKind.OWE,
            debt.wallet,
            debt.partner,
            points=int(points),
            mode=1,
            ref_seq=debt.entry.number,
        )
        self.note(line, debt.partner, debt.wallet, outcome)

    async def tell_hold_all(self, line: Line) -> None:
        giver, taker = line.words
        await self.begin_crossing(line, giver, taker, WHOLE_WALLET)

    async def tell_begin(self, line: Line) -> None:
        giver, taker, points = line.words
        await self.begin_crossing(line, giver, taker, int(points))

    async def begin_crossing(self, line: Line, giver: str, taker: str, points: int) -> None:
        wallet = await self.member(giver)
        outcome = await self.post(
            EntryKind.HOLD,
            wallet,
            "",
            points=points,
            mode=EntryKind.TRANSFER,
            counter_wallet=await self.member(taker),
            expires_at=NEVER,
        )
        self.note(line, giver, wallet, outcome)

    async def tell_arrive(self, line: Line) -> None:
        """The second step of a move between lanes, without the third."""
        begun, taker = self.done[line.words[0]], await self.member(line.words[1])
        steps = _Steps(self.coalition.hub.poster, begun.entry, begun.wallet, taker, "test", None)
        async with self.coalition.hub.database.read(HUB_ACTOR) as tx:
            pieces = await list_held_pieces(tx, begun.entry)
        outcomes = await self.coalition.hub.poster.post_group([steps.arrival(p) for p in pieces])
        assert [outcome.code for outcome in outcomes] == [0] * len(pieces)

    async def tell_cross(self, line: Line) -> None:
        begun, taker = self.done[line.words[0]], await self.member(line.words[1])
        crossed = await cross(
            self.coalition.hub.poster,
            self.coalition.hub.database,
            hold=begun.entry,
            wallet=begun.wallet,
            to_wallet=taker,
            actor="test",
            posted_at=None,
        )
        self.remember(line, begun.partner, begun.wallet, crossed)
        await self.name_moved_lots(line.makes, begun.wallet, taker, crossed.first_lot)

    async def tell_undo(self, line: Line) -> None:
        begun = self.done[line.words[0]]
        await self.post(EntryKind.VOID, begun.wallet, "", ref_seq=begun.entry.number)

    async def tell_finish(self, line: Line) -> None:
        hub, now = self.coalition.hub, self.coalition.clock.now
        older_than = timedelta(microseconds=-1)
        found = await finish_crossings(hub.poster, hub.database, now=now, older_than=older_than)
        assert found == int(line.words[0]), line

    async def tell_close(self, line: Line) -> None:
        await self.set_open(line, is_open=False)

    async def tell_open(self, line: Line) -> None:
        await self.set_open(line, is_open=True)

    async def set_open(self, line: Line, *, is_open: bool) -> None:
        wallet = await self.member(line.words[0])
        done = await self.coalition.value(SET_OPEN, wallet.lane, wallet.number, is_open)
        assert done == ("in-vain" not in line.words), line
