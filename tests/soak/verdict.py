"""What must hold at the end, whatever was done: one sentence for each thing that does not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import asyncpg

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.entries import EntryKind
from hub.ledger.journal.rules import Violation
from hub.ledger.log.checking import check_log
from hub.wiring import Hub
from settlement.recompute import check_calendars, check_windows, list_closed_windows
from tests.coalition import audit_books
from tests.soak.client import is_final
from tests.soak.journal import Asked, Json
from tests.soak.orders import BOOKED, FAILED, KINDS, POISONER
from tests.soak.scene import Scene
from tests.soak.work import read_outside

_OF_CROSSINGS: Final = (EntryKind.ARRIVE, EntryKind.HOLD, EntryKind.CAPTURE, EntryKind.VOID)


class Wrong(StrEnum):
    """The sorts of faults."""

    LOST = "acknowledged and lost"
    DOUBLED = "done twice"
    CHANGED = "answered in two ways"
    UNANSWERED = "never answered"
    STRANGE = "another answer than it may be"
    INVARIANT = "invariant broken"
    ENDED = "process ended by itself"


class Fault(NamedTuple):
    """One thing that does not hold, and its sort."""

    sort: Wrong
    told: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the books have at a place."""

    kind: EntryKind
    wallet_id: int | None
    points: int
    actor: str
    is_of_crossing: bool


Books = Mapping[tuple[int, int], Entry]
Journals = Mapping[str, Mapping[int, Asked]]


async def read_books(url: str) -> Books:
    """Read every entry; those of a move between lanes belong to one order."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT e.lane, e.seq, e.kind, e.wallet_id, e.points, e.actor, coalesce(h.purpose, 0)"
            " AS purpose FROM ledger.entries e LEFT JOIN ledger.holds h ON h.lane = e.lane"
            " AND h.hold_seq = CASE WHEN e.kind = 10 THEN e.seq ELSE e.ref_seq END"
        )
    finally:
        await connection.close()
    return {
        (row["lane"], row["seq"]): Entry(
            EntryKind(row["kind"]),
            row["wallet_id"],
            row["points"],
            row["actor"],
            row["kind"] == EntryKind.ARRIVE
            or (row["kind"] in _OF_CROSSINGS and row["purpose"] == EntryKind.TRANSFER),
        )
        for row in rows
    }


def judge_journals(books: Books, journals: Journals) -> Iterator[Fault]:
    """Nothing that was acknowledged is lost, nothing is there twice, no answer ever changed."""
    places: Counter[tuple[int, int]] = Counter()
    for name, asked in journals.items():
        for each in asked.values():
            if each.answer is None:
                told = f"{name}:{each.number} was never answered: {each.order}"
                yield Fault(Wrong.UNANSWERED, told)
                continue
            yield from _judge_answer(books, f"{name}:{each.number}", each)
            if each.answer["kind"] == BOOKED:
                places.update((lane, seq) for lane, seq in each.answer["entries"])
    for place, count in places.items():
        if count > 1:
            yield Fault(Wrong.DOUBLED, f"entry {place} was the answer to {count} orders")
    # Over HTTP the clients share the actors of their tokens.
    actors = {f"client:{name}" for name in journals}
    actors |= {each.order["actor"] for asked in journals.values() for each in asked.values()}
    for place, entry in books.items():
        if entry.actor == POISONER:
            yield Fault(Wrong.INVARIANT, f"a poison is in the books: {place} {entry}")
        if entry.actor in actors and not entry.is_of_crossing and place not in places:
            yield Fault(Wrong.DOUBLED, f"entry {place} is no client's answer: {entry}")


def _judge_answer(books: Books, name: str, asked: Asked) -> Iterator[Fault]:
    order, answer = asked.order, asked.answer
    assert answer is not None, "asked by the caller"
    for again in asked.again:
        if is_final(asked) and again["told"] != answer["told"]:
            told = f"{name} was told {answer['told']}, then {again['told']}: {order}"
            yield Fault(Wrong.CHANGED, told)
    if "misuse_of" in order and answer["is"] != "IdempotencyConflict":
        told = f"{name} used a key for another request, and was told {answer}: {order}"
        yield Fault(Wrong.STRANGE, told)
    if (answer["kind"] == FAILED) != (order["verb"] == "poison"):
        yield Fault(Wrong.STRANGE, f"{name} was told {answer}: {order}")
    if answer["kind"] != BOOKED:
        return
    for place, wallet_id, points in _entries_of(order, answer):
        entry = books.get(place)
        if entry is None:
            told = f"{name} was acknowledged and is lost: entry {place}, {order}"
            yield Fault(Wrong.LOST, told)
            continue
        found = (entry.kind, entry.wallet_id, entry.actor)
        kind = _kind_of(order)
        if found != (kind, wallet_id, order["actor"]) and not entry.is_of_crossing:
            yield Fault(Wrong.STRANGE, f"{name} is another entry: {place} {entry}, {order}")
        if points is not None and entry.points != points:
            told = f"{name} booked {entry.points} points: {place}, {order}"
            yield Fault(Wrong.STRANGE, told)


def _kind_of(order: Json) -> EntryKind:
    if order["verb"] == "transfer":
        is_crossing = order["wallet"][0] != order["to"][0]
        return EntryKind.CAPTURE if is_crossing else EntryKind.TRANSFER
    return KINDS[order["verb"]]


def _entries_of(order: Json, answer: Json) -> Iterator[tuple[tuple[int, int], int | None, Any]]:
    """The places of an answer, with the wallet and the points that must be found there."""
    wallet_id = order["wallet"][1] if "wallet" in order else None
    asked = [order.get("points")]
    match order["verb"]:
        case "purchase":
            asked = [each["points"] for each in order["portions"]]
        case "adjust":
            asked = [0]
    # What was told counts where it can differ: caps, captures, and reverses grant less.
    for (lane, seq), wanted, told in zip(answer["entries"], asked, answer["points"], strict=True):
        yield (lane, seq), wallet_id, wanted if told is None else told


async def judge_books(hub: Hub) -> Iterator[Fault]:
    """The audit, the signatures, the windows and the moves between lanes."""
    found = [f"audit: {tuple(row)}" for row in await audit_books(hub.database.url)]
    violations: list[Violation] = []
    async with hub.database.read(HUB_ACTOR) as tx:
        await check_log(tx, violations.append)
        violations += await check_calendars(tx)
        async for some in check_windows(tx, hub.register, await list_closed_windows(tx)):
            violations += some
    found += [
        f"{each.rule}: {each.place}, {each.found}, not {each.expected}" for each in violations
    ]
    connection = await asyncpg.connect(hub.database.url)
    try:
        rows = await connection.fetch(
            "SELECT format('hold %s:%s is still in transit', lane, hold_seq) FROM ledger.holds"
            " WHERE purpose = 6 AND is_open UNION ALL"
            " SELECT format('an audit of the run found %s', findings) FROM audit_runs"
            " WHERE finding_count > 0 UNION ALL"
            " SELECT format('entries above checkpoint in lane %s', l.lane) FROM ledger.lanes l"
            " WHERE last_seq > coalesce((SELECT max(tree_size) FROM ledger.lane_trees t"
            " WHERE t.lane = l.lane), 0)"
        )
    finally:
        await connection.close()
    found += [row[0] for row in rows]
    return (Fault(Wrong.INVARIANT, told) for told in found)


async def judge_effects(scene: Scene, books: Books) -> Iterator[Fault]:
    """Every entry had its effect once in the database, and at least once outside it, in order."""
    connection = await asyncpg.connect(scene.database_url)
    try:
        effects = await connection.fetch("SELECT lane, seq FROM soak_effects ORDER BY number")
        sums = await connection.fetch("SELECT lane, entry_count, points FROM soak_sums")
    finally:
        await connection.close()
    found = list(judge_order(map(tuple, effects), books, once=True))
    found += judge_order(read_outside(scene), books, once=False)
    expected: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (lane, _), entry in books.items():
        expected[lane][0] += 1
        expected[lane][1] += entry.points
    if {row[0]: [row[1], row[2]] for row in sums} != expected:
        found.append(Fault(Wrong.INVARIANT, "the sums of effects are not those of the journal"))
    return iter(found)


def judge_order(effects: Iterable[tuple[int, ...]], books: Books, *, once: bool) -> Iterator[Fault]:
    """Each entry had its effect, in the order of its lane; outside, some of them more than once."""
    where = "inside:" if once else "outside:"
    ends: dict[int, int] = {}
    seen: set[tuple[int, ...]] = set()
    for lane, seq in effects:
        end = ends.get(lane, 0)
        if seq > end + 1:
            yield Fault(Wrong.INVARIANT, f"{where} entry {lane}:{seq} came after {end}")
        if once and (lane, seq) in seen:
            yield Fault(Wrong.DOUBLED, f"{where} entry {lane}:{seq} had its effect twice")
        seen.add((lane, seq))
        ends[lane] = max(end, seq)
    for place in sorted(books.keys() - seen):
        yield Fault(Wrong.LOST, f"{where} entry {place} had no effect")


def judge_seals(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Fault]:
    """A window that was closed keeps its seal."""
    for window, seal in before.items():
        if after.get(window) != seal:
            told = f"window {window} was sealed {seal}, then {after.get(window)}"
            yield Fault(Wrong.INVARIANT, told)


async def read_seals(hub: Hub) -> dict[str, str]:
    async with hub.database.read(HUB_ACTOR) as tx:
        windows = await list_closed_windows(tx)
    return {f"{each.calendar}/{each.code}": each.seal or "" for each in windows}
