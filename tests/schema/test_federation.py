"""The hub as a subgraph: entities by their keys, through the same doors as everything else."""

import pytest
from graphql import build_schema, parse

from schema.queries.federation import KEYS, RESOLVERS
from schema.roots import CORE, SCHEMA
from tests.api import issue

ENTITIES = """query Of($given: [_Any!]!) { _entities(representations: $given) {
  __typename
  ... on Member { id joinedAt }
  ... on Wallet { id availablePoints }
  ... on Lot { id points }
  ... on Entry { id kind }
  ... on Partner { id code }
} }"""


async def ask(caller, *given):
    return (await caller.ask(ENTITIES, given=list(given)))["_entities"]


async def setting(api):
    air, ana = await api.partner("AIR"), await api.member("ana", AIR="a-1")
    issued = await issue(air, "a-1", 30)
    return air, ana, issued


async def test_entities_come_by_their_keys_in_the_order_of_the_question(api):
    air, _, issued = await setting(api)
    wallet = await air.ask('{ wallet(account: {reference: "a-1"}) { id } }')
    given = [
        {"__typename": "Lot", "id": issued["lotId"]},
        {"__typename": "Partner", "code": "AIR"},
        {"__typename": "Wallet", **wallet["wallet"]},
        {"__typename": "Lot", "id": "nothing"},
        {"__typename": "Entry", "id": issued["entryId"]},
    ]
    lot, partner, found, nothing, entry = await ask(air, *given)
    assert lot == {"__typename": "Lot", "id": issued["lotId"], "points": 30}
    assert (partner["code"], found["availablePoints"], entry["kind"]) == ("AIR", 30, "ISSUE")
    assert nothing is None
    again = await ask(air, {"__typename": "Partner", "id": partner["id"]})
    assert again == [partner]


async def test_what_is_not_for_whoever_asks_is_null(api):
    _, ana, issued = await setting(api)
    bank, ben = await api.partner("BANK"), await api.member("ben")
    own = (await ana.ask("{ viewer { member { id wallet { id } } } }"))["viewer"]["member"]
    for stranger in (bank, ben):
        assert (
            await ask(
                stranger,
                {"__typename": "Member", "id": own["id"]},
                {"__typename": "Wallet", "id": own["wallet"]["id"]},
                {"__typename": "Lot", "id": issued["lotId"]},
                {"__typename": "Entry", "id": issued["entryId"]},
            )
            == [None] * 4
        )


async def test_an_id_of_another_type_is_nothing_of_this_one(api):
    air, _, issued = await setting(api)
    assert await ask(air, {"__typename": "Entry", "id": issued["lotId"]}) == [None]


async def test_a_hundred_entities_of_a_type_take_one_round_trip(api):
    air, _, issued = await setting(api)
    given = [{"__typename": "Lot", "id": issued["lotId"]}] * 100
    with api.counted() as statements:
        found = await ask(air, *given)
    assert [lot["points"] for lot in found] == [30] * 100
    # the token, the lots, and whose they are
    assert len(statements) <= 3, statements


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"__typename": "Query"},
        {"__typename": "Nothing", "id": "x"},
        {"__typename": ["Lot"], "id": "x"},
        {"__typename": "Lot"},
        {"__typename": "Lot", "id": 7},
        {"__typename": "Lot", "id": "x" * 101},
        {"__typename": "Partner", "code": None},
    ],
)
async def test_what_is_no_key_is_told_so(api, given):
    air = await api.partner("AIR")
    assert await air.fault(ENTITIES, given=[given]) == "BAD_USER_INPUT"


async def test_only_so_many_entities_can_be_asked_for(api):
    air = await api.partner("AIR")
    given = [{"__typename": "Lot", "id": "x"}] * 101
    body = await air.send(ENTITIES, given=given)
    (error,) = body["errors"]
    assert error["extensions"]["limit"] == {"name": "representations", "allowed": 100, "asked": 101}


async def test_whoever_has_not_signed_in_gets_no_entities(api):
    response = await api.http.post(
        "/graphql", json={"query": ENTITIES, "variables": {"given": [{"__typename": "Lot"}]}}
    )
    assert [e["extensions"]["code"] for e in response.json()["errors"]] == ["UNAUTHENTICATED"]


async def test_the_subgraph_tells_its_schema(api):
    air = await api.partner("AIR")
    sdl = (await air.ask("{ _service { sdl } }"))["_service"]["sdl"]
    assert sdl == SCHEMA.print_subgraph()
    assert parse(sdl)
    assert '@link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])' in sdl
    for kind, keys in KEYS.items():
        line = next(line for line in sdl.splitlines() if line.startswith(f"type {kind.__name__} "))
        for key in keys:
            assert f'@key(fields: "{key}"' in line


def test_the_schema_that_clients_see_is_whole_in_itself():
    printed = SCHEMA.as_str()
    assert "@key" not in printed
    assert "@link" not in printed
    assert set(build_schema(printed).type_map) <= set(CORE.type_map)


def test_every_entity_has_a_key_and_a_resolver():
    entities = {each.name for each in CORE.type_map["_Entity"].types}
    assert entities == set(RESOLVERS) == {kind.__name__ for kind in KEYS}
