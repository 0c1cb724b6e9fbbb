"""`hub caps`: what the operator may set, and what is left of it."""

import asyncio
from decimal import Decimal

import pytest

from hub.cli.caps import app
from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import Cap, CapKind
from hub.ledger.caps.store import put_cap
from hub.points.errors import CapNotFound, CapNotValid
from tests.cli.running import run, run_json
from tests.coalition import DAY, LONG_AGO


@pytest.fixture
async def url(coalition):
    await coalition.partner("air")
    return coalition.url


def test_a_cap_is_opened_listed_raised_and_lowered(url):
    set_budget = ("set", "budget", "--partner", "air", "--reason", "spring", "--limit")
    (opened,) = run_json(app, url, *set_budget, "1000")
    assert (opened["kind"], opened["partner"], opened["subject"]) == ("budget", "air", "spring")
    assert (opened["limit"], opened["used"], opened["left"]) == ("1000", "0", "1000")
    assert run_json(app, url, "list") == [opened]
    (again,) = run_json(app, url, *set_budget, "1500")
    assert again == opened | {"limit": "1500", "left": "1500"}
    told = run(app, url, "limit", opened["cap"], "700")
    assert told.stdout == f"limit of {opened['cap']} is 700\n"
    assert run_json(app, url, "list") == [opened | {"limit": "700", "left": "700"}]


def test_a_payment_is_noted_once(url):
    given = ("--partner", "air", "--currency", "EUR", "--limit", "10.5")
    (opened,) = run_json(app, url, "set", "net-debit", *given)
    pay = ("pay", opened["cap"], "2.25", "--key", "p1")
    assert run(app, url, *pay).stdout == "noted\n"
    assert run(app, url, *pay).stdout == "noted before\n"
    (standing,) = run_json(app, url, "list")
    assert (standing["used"], standing["left"]) == ("-2.25", "12.75")


@pytest.mark.parametrize("each", ["day", "week", "month", "year"])
def test_a_cap_begins_anew_with_a_span_of_the_calendar(url, each):
    given = ("set", "accept", "--partner", "air", "--limit", "100")
    (opened,) = run_json(app, url, *given, "--each", each)
    assert (opened["each"], opened["left"]) == (each, "100")
    assert opened["from"] < opened["until"]
    assert run_json(app, url, "list") == [opened]
    other = "day" if each == "year" else "year"
    assert isinstance(run(app, url, *given, "--each", other).exception, CapNotValid)
    assert run_json(app, url, "list") == [opened]


async def test_caps_that_are_over_are_listed_when_asked_for(coalition, url):
    cap = Cap(
        kind=CapKind.ACCEPT,
        partner_id=coalition.partners["air"].partner_id,
        subject="",
        currency=None,
        limit=Decimal(5),
        starts_at=LONG_AGO,
        ends_at=LONG_AGO + DAY,
        renewal=None,
    )
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        await put_cap(tx, cap)
    assert await asyncio.to_thread(run_json, app, url, "list") == []
    (over,) = await asyncio.to_thread(run_json, app, url, "list", "--all")
    assert (over["kind"], over["limit"]) == ("accept", "5")


def test_what_is_not_a_cap_is_refused(url):
    assert isinstance(run(app, url, "limit", "7", "1").exception, CapNotFound)
    given = ("set", "accept", "--limit", "1")
    assert isinstance(run(app, url, *given).exception, CapNotValid)
    assert run(app, url, "set", "sweets", "--limit", "1").exit_code == 2
    assert run(app, url, "set", "accept", "--limit", "much").exit_code == 2
    assert run_json(app, url, "list") == []
