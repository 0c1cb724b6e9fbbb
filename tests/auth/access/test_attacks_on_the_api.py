"""Attacks on the API of a whole hub: 43, 47, 52 to 55, 59 and 60, each refused without a trace."""

import asyncio
import json
import logging

import pytest

from auth.oauth.clients.registering import revoke_client
from hub.kernel.actor import HUB_ACTOR
from tests.api import issue, new_key, open_api, write_mutation
from tests.auth.provider.wire import ISSUER, register
from tests.coalition import photograph
from tests.schema.cost.attacks import ATTACKS
from tests.schema.view.wire import SocketLine

ISSUE = "mutation($i: IssuePointsInput!) { issuePoints(input: $i) { userErrors { code } } }"
TOO_LONG = "BAD_REQUEST"
"""A body that is not even read to its end."""
MEMBERS = "query($a: String) { members(first: 1, after: $a) { pageInfo { endCursor } } }"


async def coalition_of(api):
    """AIR, and SHOP, which knows ana too."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1", SHOP="s-1")
    await api.member("ben", AIR="b-1", SHOP="s-2")
    await issue(air, "a-1", 50)
    return air, shop


def an_issue(**given):
    return {"idempotencyKey": new_key(), "account": {"reference": "a-1"}, "points": 1, **given}


async def test_attack_43_a_cursor_of_another_partner_means_nothing(api):
    air, shop = await coalition_of(api)
    cursor = (await air.ask(MEMBERS))["members"]["pageInfo"]["endCursor"]
    assert (await air.ask(MEMBERS, a=cursor))["members"]["pageInfo"]["endCursor"] != cursor
    replayed = await shop.send(MEMBERS, a=cursor)
    garbage = await shop.send(MEMBERS, a="A" * len(cursor))
    assert replayed["errors"] == garbage["errors"]
    assert replayed["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_attack_47_what_is_for_others_is_refused_and_tells_nothing(api):
    air, _ = await coalition_of(api)
    ana = await api.member("ana")
    before = await photograph(api.coalition)
    for caller, field in (
        (ana, "approvals { payload }"),
        (ana, "liabilities { points }"),
        (ana, "settlementWindows { nodes { code } }"),
        (ana, 'inclusionProof(entryId: "x") { leaf }'),
        (air, "approvals { payload }"),
        (air, 'inclusionProof(entryId: "x") { leaf }'),
    ):
        body = await caller.send(f"{{ viewer {{ kind }} {field} }}")
        (error,) = body["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert error["message"].startswith("A ") and error["message"].endswith("may not use this.")
        assert body["data"] is None or body["data"][field.split(" ")[0].split("(")[0]] is None
    assert await photograph(api.coalition) == before


async def test_attack_52_a_document_that_costs_too_much_asks_the_database_nothing(api):
    air, _ = await coalition_of(api)
    await air.ask("{ viewer { kind } }")
    before = await photograph(api.coalition)
    for attack in ATTACKS:
        with api.counted() as statements:
            answer = await api.http.post(
                "/graphql",
                json={"query": attack.document, "variables": attack.variables},
                headers=air.headers,
            )
        body = answer.json()
        assert body["errors"][0]["extensions"]["code"] in (attack.code, TOO_LONG), attack.name
        assert body.get("data") is None, attack.name
        assert [each for each in statements if "development_tokens" not in each] == [], attack.name
    assert await photograph(api.coalition) == before


async def test_attack_53_other_ways_to_send_it_do_nothing(api):
    air, _ = await coalition_of(api)
    before = await photograph(api.coalition)
    body = {"query": ISSUE, "variables": {"i": an_issue()}}
    text = api.http.build_request("POST", "/graphql", json=body).content.decode()
    tries = [
        {"json": [body]},
        {"json": [body] * 3},
        *[
            {"content": text, "headers": {"content-type": kind}}
            for kind in ("text/plain", "text/plain;charset=utf-8", "", "application/graphql")
        ],
        {"data": {"query": ISSUE, "variables": "{}"}},
        {"files": {"operations": (None, text), "map": (None, "{}")}},
    ]
    for sent in tries:
        headers = {**air.headers, **sent.pop("headers", {})}
        answer = await api.http.post("/graphql", headers=headers, **sent)
        assert answer.status_code in (400, 415), sent
    sent = {"query": ISSUE, "variables": json.dumps({"i": an_issue()})}
    accept = {"accept": "application/graphql-response+json"}
    got = await api.http.get("/graphql", params=sent, headers={**air.headers, **accept})
    assert (got.status_code, got.json().get("data")) == (405, None)
    assert await photograph(api.coalition) == before
    assert (await air.do("issuePoints", **an_issue()))["userErrors"] == []


async def test_attack_54_a_socket_that_does_not_keep_to_the_protocol(api):
    other = SocketLine(api.app, subprotocols=("graphql-ws",))
    await other.take()
    assert (await other.closing())[0] == 4406
    early = SocketLine(api.app)
    await early.take()
    early.subscribe("a", "subscription { count(to: 3) }")
    assert (await early.closing())[0] == 4401
    foreign = SocketLine(api.app, origin="https://evil.example")
    answer = await foreign.take()
    assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 403)
    await foreign.end()
    stolen = SocketLine(api.app)
    await stolen.take()
    stolen.say({"type": "connection_init", "payload": {"authorization": "DPoP a.b.c"}})
    assert (await stolen.closing())[0] == 4403


async def test_attack_54_a_subscription_ends_with_its_client(coalition):
    async with open_api(coalition, oauth={"issuer": ISSUER}) as api:
        developer, _ = await coalition_of(api)
        air = await register(coalition, api.http, "AIR")
        token = await air.token()
        proof = air.proof("/graphql", method="GET", token=token)
        line = SocketLine(api.app)
        await line.open({"authorization": f"DPoP {token}", "dpop": proof})
        line.subscribe("a", "subscription { entries { entry { points } } }")
        async with asyncio.timeout(10):
            while not any(map(len, coalition.hub.live._followers.values())):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await issue(developer, "a-1", 7)
        heard = await line.hear()
        assert heard["payload"]["data"]["entries"]["entry"] == {"points": 7}
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await revoke_client(tx, air.client_id)
        await issue(developer, "a-1", 8)
        assert await line.closing() == (4403, "The token has ended.")


async def test_attack_55_what_goes_wrong_inside_is_told_by_an_id_only(api, monkeypatch, caplog):
    air, _ = await coalition_of(api)
    secret = "relation ledger.entries of db-7.internal"

    async def fail(*_args, **_more):
        raise RuntimeError(secret)

    before = await photograph(api.coalition)
    monkeypatch.setattr(api.coalition.hub.poster, "post", fail)
    with caplog.at_level(logging.CRITICAL):
        body = await air.send(ISSUE, i=an_issue())
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(error["extensions"]["id"]) == 16
    shown = str(body)
    for word in ("ledger", "db-7", "RuntimeError", "Traceback", ".py", "SELECT"):
        assert word not in shown
    assert await photograph(api.coalition) == before


async def test_attack_59_one_key_has_one_effect_and_one_answer(api):
    air, _ = await coalition_of(api)
    given = an_issue(points=5)
    document = write_mutation("issuePoints", "entryId lotId postedAt")
    answers = await asyncio.gather(*[air.ask(document, input=given) for _ in range(20)])
    assert len({str(each) for each in answers}) == 1
    before = await photograph(api.coalition)
    conflict = await air.refusal("issuePoints", **{**given, "points": 6})
    assert conflict["code"] == "IDEMPOTENCY_CONFLICT"
    assert await photograph(api.coalition) == before


async def test_attack_59_an_answer_that_was_lost_on_the_way_is_given_again(api, monkeypatch):
    air, _ = await coalition_of(api)
    poster, given = api.coalition.hub.poster, an_issue(points=5)
    document = write_mutation("issuePoints", "entryId")
    posted = poster.post

    async def post_and_lose(*args, **more):
        await posted(*args, **more)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(poster, "post", post_and_lose)
        assert "errors" in await air.send(document, input=given)
    before = await photograph(api.coalition)
    first = await air.ask(document, input=given)
    assert first["issuePoints"]["userErrors"] == []
    assert await air.ask(document, input=given) == first
    assert await photograph(api.coalition) == before


@pytest.mark.parametrize(
    "points",
    [
        -1,
        0,
        0.5,
        1.0e3,
        2**63,
        2**64,
        10**12 + 1,
        "5",
        "\u0663",
        "\uff15",
        True,
        None,
        [5],
        float("inf"),
    ],
    ids=str,
)
async def test_attack_60_points_that_are_no_such_number(api, points):
    air, _ = await coalition_of(api)
    before = await photograph(api.coalition)
    sent = {"query": ISSUE, "variables": {"i": an_issue(points=points)}}
    if points == float("inf"):
        text = api.http.build_request("POST", "/", json={**sent, "variables": {}}).content.decode()
        answer = await api.http.post(
            "/graphql",
            content=text.replace("{}", '{"i":{"points":1e400}}'),
            headers={**air.headers, "content-type": "application/json"},
        )
    else:
        answer = await api.http.post("/graphql", json=sent, headers=air.headers)
    body = answer.json()
    refused = body.get("errors") or body["data"]["issuePoints"]["userErrors"]
    assert refused, body
    assert await photograph(api.coalition) == before


async def test_attack_60_what_was_issued_is_taken_back_once_and_never_more(api):
    air, _ = await coalition_of(api)
    lot = (await issue(air, "a-1", 30))["lotId"]
    too_much = await air.refusal("reverseIssue", lotId=lot, points=31)
    assert too_much["code"] == "LOT_SPENT"
    assert (await air.do("reverseIssue", lotId=lot, points=30))["userErrors"] == []
    before = await photograph(api.coalition)
    again = await air.refusal("reverseIssue", lotId=lot, points=30)
    assert again["code"] == "LOT_SPENT"
    assert await photograph(api.coalition) == before


async def test_attack_57_a_slash_too_many_leads_nowhere(api):
    for path in ("/oauth/token/", "/oauth/authorize/", "/sign-in/", "/session/", "/graphql/"):
        for method in ("GET", "POST"):
            answer = await api.http.request(method, path, headers={"host": "evil.example"})
            assert (answer.status_code, answer.headers.get("location")) == (404, None), path
