"""`hub caps`: what the operator may set, and what is left of it."""

import pytest

from hub.cli.caps import app
from hub.points.errors import CapNotFound, CapNotValid
from tests.cli.running import run, run_json


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


def test_what_is_not_a_cap_is_refused(url):
    assert isinstance(run(app, url, "limit", "7", "1").exception, CapNotFound)
    given = ("set", "accept", "--limit", "1")
    assert isinstance(run(app, url, *given).exception, CapNotValid)
    assert run(app, url, "set", "sweets", "--limit", "1").exit_code == 2
    assert run(app, url, "set", "accept", "--limit", "much").exit_code == 2
    assert run_json(app, url, "list") == []
