"""Which client uses which field: counted, written down, and shown with what is going away."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import date

import pytest
from graphql import build_schema

from hub.kernel.actor import Actor, ActorKind, Credential
from schema.cost.usage import Deprecated, FieldUses, find_uses, flush, list_deprecated, name_user
from schema.deprecations import Deprecation, read_deprecation, write_deprecation
from schema.roots import CORE
from schema.view.callers import Caller

DOCUMENT = "{ viewer { kind partner { code } } }"


async def test_what_clients_ask_for_is_counted_by_client_and_field(api):
    air, ana = await api.partner("AIR"), await api.member("ana")
    for _ in range(3):
        await air.ask(DOCUMENT)
    await ana.ask("{ viewer { kind } }")
    database = api.coalition.hub.database
    await flush(database, api.app.state.uses)
    found = {(use.client, use.field): use.use_count for use in await find_uses(database, None)}
    partner = f"partner:{api.coalition.partners['AIR'].partner_id}"
    assert found == {
        (partner, "Query.viewer"): 3,
        (partner, "Viewer.kind"): 3,
        (partner, "Viewer.partner"): 3,
        (partner, "Partner.code"): 3,
        ("member", "Query.viewer"): 1,
        ("member", "Viewer.kind"): 1,
    }


async def test_counts_add_up_and_keep_the_first_and_the_last_day(api):
    air, database = await api.partner("AIR"), api.coalition.hub.database
    for _ in range(2):
        await air.ask("{ viewer { kind } }")
        await flush(database, api.app.state.uses)
    await flush(database, api.app.state.uses)
    (use,) = await find_uses(database, ["Viewer.kind"])
    today = api.coalition.hub.clock().date()
    assert (use.use_count, use.first_on, use.last_on) == (2, today, today)


async def test_what_was_refused_before_it_ran_is_counted_only_where_it_was_chosen(api):
    air = await api.partner("AIR")
    await air.send("{ nothing }")
    assert api.app.state.uses.take() == {}


def test_members_are_one_client_and_programs_of_a_partner_are_told_apart():
    software = Actor(ActorKind.PARTNER, 7, Credential(client_id="till"))
    assert name_user(Caller(software)) == "partner:7 till"
    assert name_user(Caller(Actor(ActorKind.PARTNER, 7))) == "partner:7"
    assert name_user(Caller(Actor(ActorKind.MEMBER, 9))) == "member"
    assert name_user(Caller(Actor(ActorKind.OPERATOR))) == "operator"
    assert name_user(None) == "anonymous"


def test_counting_stops_when_too_much_waits(monkeypatch):
    monkeypatch.setattr("schema.cost.usage.COUNTED_MAX", 0)
    uses = FieldUses()
    from types import SimpleNamespace

    from schema.cost.pricing import OperationPrice

    price = OperationPrice(1, frozenset(), frozenset({"Query.viewer"}))
    uses.note(SimpleNamespace(operation=SimpleNamespace(price=price), caller=None))
    assert uses.take() == {}


LEAVING = build_schema(
    """type Query {
      old: Int @deprecated(reason: "Works until 2027-06-30, use `Query.new`.")
      new(a: Int @deprecated(reason: "Works until 2027-06-30, use `Query.old`.")): Int
    }"""
)


def test_fields_and_arguments_that_are_going_away_are_found():
    assert list_deprecated(LEAVING) == [
        Deprecated("Query.new(a:)", "Works until 2027-06-30, use `Query.old`."),
        Deprecated("Query.old", "Works until 2027-06-30, use `Query.new`."),
    ]


def test_a_reason_says_until_when_and_what_instead():
    reason = write_deprecation(until=date(2027, 6, 30), use="Query.new")
    assert reason == "Works until 2027-06-30, use `Query.new`."
    assert read_deprecation(reason) == Deprecation(date(2027, 6, 30), "Query.new")


@pytest.mark.parametrize(
    "reason",
    [
        "No longer supported",
        "Works until soon, use `Query.new`.",
        "Works until 2027-02-30, use `a`.",
    ],
)
def test_a_reason_that_says_less_is_none(reason):
    assert read_deprecation(reason) is None


def test_everything_that_is_deprecated_says_so_in_this_way():
    """And what is to be used instead is there."""
    for each in list_deprecated(CORE):
        found = read_deprecation(each.reason)
        assert found is not None, each
        kind, _, field = found.use.partition(".")
        assert field.partition("(")[0] in CORE.type_map[kind].fields, each


async def test_the_command_shows_who_uses_what(api, database_url):
    air = await api.partner("AIR")
    await air.ask("{ viewer { kind } }")
    await flush(api.coalition.hub.database, api.app.state.uses)
    (row,) = await show(database_url, "--field", "Viewer.kind")
    assert (row["field"], row["uses"], row["deprecated"]) == ("Viewer.kind", "1", "")
    assert await show(database_url, "--field", "Viewer.kind", "--deprecated") == []


async def show(database_url, *arguments):
    command = [sys.executable, "-m", "hub", "schema", "usage", "--format", "json", *arguments]
    environment = {**os.environ, "HUB_DATABASE_URL": database_url}
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)
