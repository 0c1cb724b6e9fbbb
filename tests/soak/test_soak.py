"""The soak as a test: every kind of harm once, and for long where `make soak` asks for it."""

import asyncio
import sys
from pathlib import Path

import orjson
import pytest

from hub.ledger.entries import EntryKind
from tests.soak.drawing import WEIGHTS
from tests.soak.harm import BAG
from tests.soak.journal import Asked, Journal, read_asked
from tests.soak.orders import BOOKED, POISONER
from tests.soak.verdict import Entry, Wrong, judge_journals, judge_order, judge_seals

ROOT = Path(__file__).parents[2]
SEED = 20260301
LONG_REPORT = ROOT / ".hub" / "soak" / "report.json"
"""What `make soak` leaves to read."""
KILLED = {"server", "poster", "work", "client", "backend", "postmaster", "postgres"}


async def soak(report, *arguments):
    """Run it as its own program; gives the report, and everything that was said about faults."""
    command = [sys.executable, "-m", "tests.soak", "--report", str(report), *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0, told.decode()
    return orjson.loads(report.read_bytes())


async def test_after_every_harm_the_books_are_what_was_acknowledged(tmp_path):
    report = await soak(tmp_path / "report.json", "--seed", SEED)
    assert report["faults"] == []
    assert report["kills"] == dict.fromkeys(KILLED, 1)
    assert report["harms"] == {each.__name__: 1 for each in BAG}
    assert report["effect_count"] == report["entry_count"]
    assert report["orders"].keys() <= {*WEIGHTS, "misuse of a key"}
    assert report["ways"].keys() == {"http", "door"}


@pytest.mark.soak
async def test_harm_goes_on_for_long(soak_seconds):
    report = await soak(LONG_REPORT, "--seconds", soak_seconds)
    assert report["faults"] == []


# --- the judge: what it finds where something is wrong ---

ORDER = {
    "verb": "redeem",
    "wallet": [1, 65],
    "partner": "shop",
    "points": 7,
    "key": "ann:1",
    "actor": "client:ann",
}
ANSWER = {"is": "Redeemed", "kind": BOOKED, "told": "a", "entries": [[1, 5]], "points": [None]}
ENTRY = Entry(EntryKind.REDEEM, 65, 7, "client:ann", is_of_crossing=False)


def judged(books, *asked):
    return list(judge_journals(books, {"ann": {each.number: each for each in asked}}))


def test_nothing_is_wrong_with_an_answer_that_is_in_the_books():
    assert judged({(1, 5): ENTRY}, Asked(1, ORDER, ANSWER, again=[ANSWER])) == []


def test_an_acknowledged_entry_that_is_lost_is_found():
    ((sort, told),) = judged({}, Asked(1, ORDER, ANSWER))
    assert sort is Wrong.LOST
    assert told.startswith("ann:1 was acknowledged and is lost: entry (1, 5)")


def test_an_order_that_was_booked_twice_is_found():
    ((sort, told),) = judged({(1, 5): ENTRY, (1, 6): ENTRY}, Asked(1, ORDER, ANSWER))
    assert sort is Wrong.DOUBLED
    assert told.startswith("entry (1, 6) is no client's answer")


def test_an_entry_that_answers_two_orders_is_found():
    asked = Asked(1, ORDER, ANSWER), Asked(2, ORDER | {"key": "ann:2"}, ANSWER)
    assert judged({(1, 5): ENTRY}, *asked) == [
        (Wrong.DOUBLED, "entry (1, 5) was the answer to 2 orders")
    ]


def test_an_answer_that_changed_is_found():
    ((sort, told),) = judged(
        {(1, 5): ENTRY}, Asked(1, ORDER, ANSWER, again=[ANSWER | {"told": "b"}])
    )
    assert sort is Wrong.CHANGED
    assert told.startswith("ann:1 was told a, then b")


def test_other_points_than_were_asked_for_are_found():
    books = {(1, 5): Entry(EntryKind.REDEEM, 65, 8, "client:ann", is_of_crossing=False)}
    ((sort, told),) = judged(books, Asked(1, ORDER, ANSWER))
    assert sort is Wrong.STRANGE
    assert told.startswith("ann:1 booked 8 points: (1, 5)")


def test_an_order_without_an_answer_is_found():
    ((sort, told),) = judged({}, Asked(1, ORDER))
    assert sort is Wrong.UNANSWERED
    assert told.startswith("ann:1 was never answered")


def test_a_poison_in_the_books_is_found():
    books = {(1, 5): Entry(EntryKind.ISSUE, 65, 1, POISONER, is_of_crossing=False)}
    ((sort, told),) = judged(books)
    assert sort is Wrong.INVARIANT
    assert told.startswith("a poison is in the books: (1, 5)")


def test_effects_that_are_missing_doubled_or_out_of_order_are_found():
    books = {(1, seq): ENTRY for seq in (1, 2, 3)}
    assert list(judge_order([(1, 1), (1, 2), (1, 3)], books, once=True)) == []
    assert list(judge_order([(1, 1), (1, 2), (1, 2), (1, 3)], books, once=False)) == []
    assert list(judge_order([(1, 1), (1, 2), (1, 2), (1, 3)], books, once=True)) == [
        (Wrong.DOUBLED, "inside: entry 1:2 had its effect twice")
    ]
    assert list(judge_order([(1, 1), (1, 3)], books, once=True)) == [
        (Wrong.INVARIANT, "inside: entry 1:3 came after 1"),
        (Wrong.LOST, "inside: entry (1, 2) had no effect"),
    ]


def test_a_seal_that_changed_is_found():
    assert list(judge_seals({"weekly/W001": "a"}, {"weekly/W001": "a", "weekly/W002": "b"})) == []
    assert list(judge_seals({"weekly/W001": "a"}, {"weekly/W001": "b"})) == [
        (Wrong.INVARIANT, "window weekly/W001 was sealed a, then b")
    ]


def test_a_line_of_a_journal_that_was_cut_off_is_no_line(tmp_path):
    path = tmp_path / "ann.journal"
    journal = Journal(path)
    journal.write({"n": 1, "order": ORDER})
    journal.write({"n": 1, "answer": ANSWER})
    with path.open("ab") as file:
        file.write(b'{"n": 2, "ord')
    again = Journal(path)
    again.write({"n": 1, "again": ANSWER})
    assert read_asked(path) == {1: Asked(1, ORDER, ANSWER, again=[ANSWER])}
