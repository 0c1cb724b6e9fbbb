"""What clients see of cost: in every answer, the same shape when there is too little left."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.kernel.actor import Actor, ActorKind, Credential
from schema.cost.gate import DOCUMENT_COST, name_client
from tests.api import open_api, with_key, write_mutation

SMALL = {"cost": {"operation_max": 200, "bucket_size": 400, "restore_rate": 10}}
VIEWER = "{ viewer { kind } }"
LOTS = "query Of($first: Int) { wallet { lots(first: $first) { nodes { points } } } }"


@pytest.fixture
async def api(coalition):
    async with open_api(coalition, api=SMALL) as opened:
        yield opened


async def post(caller, query, **variables):
    return await caller.http.post(
        "/graphql", json={"query": query, "variables": variables}, headers=caller.headers
    )


async def test_every_answer_says_what_it_cost_and_what_is_left(api):
    air = await api.partner("AIR")
    first = (await post(air, VIEWER)).json()["extensions"]["cost"]
    assert first == {
        "requestedQueryCost": 1,
        "maximumAvailable": 400,
        "currentlyAvailable": 400 - 1 - DOCUMENT_COST,
        "restoreRate": 10,
    }
    # The document is known now: what comes back in between is at most a second's.
    again = (await post(air, VIEWER)).json()["extensions"]["cost"]
    assert again["requestedQueryCost"] == 1
    assert 0 <= again["currentlyAvailable"] - (first["currentlyAvailable"] - 1) <= 10


async def test_a_mutation_and_a_refusal_by_the_rules_say_it_too(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    given = with_key({"account": {"reference": "a-1"}, "points": 0})
    body = (await post(air, write_mutation("issuePoints", "postedAt"), input=given)).json()
    assert body["data"]["issuePoints"]["userErrors"][0]["code"] == "POINTS_OUT_OF_RANGE"
    assert body["extensions"]["cost"]["requestedQueryCost"] == 10


async def test_whoever_has_too_little_left_is_told_when_to_come_again(api):
    ana = await api.member("ana")
    for _ in range(2):
        response = await post(ana, LOTS, first=150)
        assert response.status_code == 200
    response = await post(ana, LOTS, first=150)
    body = response.json()
    (error,) = body["errors"]
    assert "data" not in body
    assert response.status_code == 429
    assert error["extensions"]["code"] == "THROTTLED"
    cost = body["extensions"]["cost"]
    assert cost == error["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 152
    assert cost["currentlyAvailable"] < 152
    seconds = int(response.headers["retry-after"])
    assert seconds == error["extensions"]["retryAfter"]
    assert seconds == -(-(152 - cost["currentlyAvailable"]) // 10)
    assert f"{cost['currentlyAvailable']} are left" in error["message"]


async def test_one_client_does_not_use_up_what_another_has(api):
    ana, ben = await api.member("ana"), await api.member("ben")
    while (await post(ana, LOTS, first=150)).status_code == 200:
        pass
    assert (await post(ben, LOTS, first=150)).status_code == 200


async def test_what_no_bucket_could_ever_pay_is_a_mistake_and_not_a_matter_of_time(api):
    ana = await api.member("ana")
    body = (await post(ana, LOTS, first=100_000)).json()
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["limit"] == {"name": "cost", "allowed": 200, "asked": 100_002}
    assert error["message"] == "The request has 100002 points of cost; 200 are allowed."


async def test_documents_that_cannot_be_read_are_paid_for(api):
    ana = await api.member("ana")
    statuses = [(await post(ana, f"{{ nothing{n} }}")).status_code for n in range(22)]
    assert statuses[:20] == [200] * 20  # 20 times 20 is all there is
    assert 429 in statuses[20:]


async def test_who_has_not_signed_in_pays_too(api):
    answers = [
        await api.http.post("/graphql", json={"query": f"{{ nothing{n} }}"}) for n in range(22)
    ]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429


async def test_asking_what_it_costs_is_free_and_tells_the_truth(api):
    ana = await api.member("ana")
    ask = """query Ask($document: String!, $variables: JSON, $name: String) {
      operationCost(document: $document, variables: $variables, operationName: $name) {
        cost depth scopes limits { name allowed asked } } }"""
    document = f"query Other {{ viewer {{ kind }} }} {LOTS}"
    given = {"document": document, "variables": {"first": 7}, "name": "Of"}
    body = (await post(ana, ask, **given)).json()
    told = body["data"]["operationCost"]
    assert body["extensions"]["cost"]["requestedQueryCost"] == 0
    assert (told["cost"], told["depth"], told["scopes"]) == (9, 4, ["points.read"])
    limits = {limit["name"]: (limit["allowed"], limit["asked"]) for limit in told["limits"]}
    assert limits["cost"] == (200, 9)
    assert limits["depth"] == (12, 4)
    assert limits["tokens"] == (2000, None)
    sent = (await post(ana, LOTS, first=7)).json()["extensions"]["cost"]
    assert sent["requestedQueryCost"] == told["cost"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"document": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"document": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"document": LOTS, "variables": {"first": "x"}}, "BAD_USER_INPUT"),
        ({"document": LOTS, "variables": 7}, "BAD_USER_INPUT"),
        ({"document": LOTS, "name": "Other"}, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_what_cannot_run_has_no_cost_but_a_reason(api, given, code):
    ana = await api.member("ana")
    ask = """query Ask($document: String!, $variables: JSON, $name: String) {
      operationCost(document: $document, variables: $variables, operationName: $name) { cost } }"""
    assert await ana.fault(ask, **given) == code


async def test_asking_for_ever_new_documents_is_not_free(api):
    ana = await api.member("ana")
    ask = "query Ask($document: String!) { operationCost(document: $document) { cost } }"
    codes = set()
    for number in range(25):
        body = (await post(ana, ask, document=f"{{ a{number}: viewer {{ kind }} }}")).json()
        codes |= {error["extensions"]["code"] for error in body.get("errors", [])}
    assert codes == {"THROTTLED"}


async def test_a_quiet_client_has_a_full_bucket_again(api, monkeypatch):
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(api.coalition.hub.database, "clock", lambda: now)
    ana = await api.member("ana")
    while (await post(ana, LOTS, first=150)).status_code == 200:
        pass
    now += timedelta(seconds=40)
    cost = (await post(ana, LOTS, first=150)).json()["extensions"]["cost"]
    assert cost["currentlyAvailable"] == 400 - 152


def test_people_of_the_hub_have_buckets_of_their_own():
    def person(number):
        return Actor(ActorKind.OPERATOR, credential=Credential(staff_id=number))

    assert name_client(person(1)) != name_client(person(2))
    assert name_client(Actor(ActorKind.PARTNER, 7)) == "partner:7"
