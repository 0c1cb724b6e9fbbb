"""Relay's rules of connections and nodes, asked of every list as a client would."""

import pytest
from graphql import GraphQLObjectType

from schema.roots import SCHEMA
from tests.api import issue
from tests.schema.lists import LISTS, fetch, make_something_of_everything, refused

CORE = SCHEMA._schema
ELSEWHERE = {"Query.checkpoints"}
"""Lists that have tests of their own: tests/schema/test_log.py."""


@pytest.fixture
async def world(api):
    return await make_something_of_everything(api)


def test_every_connection_is_in_the_list_of_lists():
    found = {
        f"{kind.name}.{name}"
        for kind in CORE.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if str(field.type).strip("!").endswith("Connection")
    }
    assert found - ELSEWHERE == set(LISTS)


BAD_PAGES = (
    ({"first": 0}, "`first` is 0; it must be 1 to 100."),
    ({"first": -1}, "`first` is -1; it must be 1 to 100."),
    ({"first": 101}, "`first` is 101; it must be 1 to 100."),
    ({"last": 0}, "`last` is 0; it must be 1 to 100."),
    ({"last": 101}, "`last` is 101; it must be 1 to 100."),
    ({"first": 1, "last": 1}, "Give `first` or `last`, not both."),
    ({"after": ""}, "`after` is not a cursor of this list."),
    ({"after": "bm90IGEgY3Vyc29y"}, "`after` is not a cursor of this list."),
    ({"before": "\N{COLLISION SYMBOL}"}, "`before` is not a cursor of this list."),
    ({"after": "x" * 5000}, "`after` is not a cursor of this list."),
)


async def test_every_list_is_the_same_read_at_once_forward_and_backward(world):
    for name, listed in LISTS.items():
        whole = await fetch(world, name, first=100)
        cursors = [edge["cursor"] for edge in whole["edges"]]
        assert len(cursors) == listed.count, name
        assert len(set(cursors)) == len(cursors), name
        assert whole["nodes"] == [edge["node"] for edge in whole["edges"]]
        assert whole["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }
        assert await read_forward(world, name) == whole["edges"], name
        assert await read_backward(world, name) == whole["edges"], name


async def read_forward(world, name):
    edges, after = [], None
    while True:
        page = await fetch(world, name, first=2, after=after)
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None), name
        edges += page["edges"]
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"], name
        if not page["pageInfo"]["hasNextPage"]:
            return edges


async def read_backward(world, name):
    edges, before = [], None
    while True:
        page = await fetch(world, name, last=2, before=before)
        assert page["pageInfo"]["hasNextPage"] == (before is not None), name
        edges = page["edges"] + edges
        before = page["pageInfo"]["startCursor"]
        assert before == page["edges"][0]["cursor"], name
        if not page["pageInfo"]["hasPreviousPage"]:
            return edges


async def test_what_lies_between_two_cursors_comes_in_the_order_of_the_list(world):
    for name in LISTS:
        whole = (await fetch(world, name, first=100))["edges"]
        inside = await fetch(
            world, name, first=5, after=whole[0]["cursor"], before=whole[-1]["cursor"]
        )
        assert inside["edges"] == whole[1:-1][:5], name


async def test_a_list_costs_the_same_round_trips_however_long_it_is(world):
    for name in LISTS:
        counts = []
        for first in (1, 100):
            with world.api.counted() as statements:
                await fetch(world, name, first=first)
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 6, (name, counts)


async def test_a_page_that_cannot_be_is_bad_input(world):
    for name in LISTS:
        for given, said in BAD_PAGES:
            (error,) = await refused(world, name, **given)
            assert error["extensions"]["code"] == "BAD_USER_INPUT", (name, given)
            assert error["message"] == said, (name, given)


async def test_a_cursor_works_in_its_own_list_only(world):
    cursors = {
        name: (await fetch(world, name, first=1))["edges"][0]["cursor"]
        for name in LISTS
        if LISTS[name].shares_cursors_with is None
    }
    for owner, cursor in cursors.items():
        for name in cursors:
            if name != owner:
                (error,) = await refused(world, name, after=cursor)
                assert error["extensions"]["code"] == "BAD_USER_INPUT", (owner, name)


async def test_without_first_and_last_there_are_twenty(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    for points in range(1, 23):
        await issue(air, "a-1", points)
    document = "{ entries { nodes { id } pageInfo { hasNextPage } } }"
    found = (await air.ask(document))["entries"]
    assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"]) == (20, True)
    given_null = "{ entries(first: null, last: null, after: null) { nodes { id } } }"
    assert len((await air.ask(given_null))["entries"]["nodes"]) == 20


@pytest.mark.parametrize("bad", ["", "x", "a" * 22, "=" * 22, "é" * 22, "V2FsbGV0OjE=" * 40])
async def test_an_id_that_is_none_is_nothing_and_no_error(api, bad):
    operator = await api.operator()
    document = """query($id: ID!) { node(id: $id) { id } nodes(ids: [$id, $id]) { id }
        entry(id: $id) { id } explain(id: $id) { inWords } settlementWindow(id: $id) { id }
        statement(windowId: $id, partner: "AIR") { net { amount } } }"""
    assert await operator.ask(document, id=bad) == {
        "node": None,
        "nodes": [None, None],
        "entry": None,
        "explain": None,
        "settlementWindow": None,
        "statement": None,
    }


async def test_every_node_is_found_again_by_its_id(world):
    for name in sorted(LISTS):
        if not LISTS[name].is_node:
            continue
        listed = await fetch(world, name, first=100)
        ids = [node["id"] for node in listed["nodes"]]
        document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
        found = (await world.caller.ask(document, ids=ids))["nodes"]
        assert [node["id"] for node in found] == ids, name
        assert {node["__typename"] for node in found} == {LISTS[name].kind}
