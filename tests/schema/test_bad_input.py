"""Bad input gets a typed answer, and changes nothing."""

import asyncpg
import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from tests.api import issue, new_key
from tests.coalition import photograph

ISSUE = "mutation($i: IssuePointsInput!) { issuePoints(input: $i) { userErrors { __typename } } }"
ACCOUNT = {"reference": "a-1"}


@pytest.fixture
async def air(api):
    caller = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    await issue(caller, "a-1", 50)
    return caller


async def post(api, caller, content, **headers):
    return await api.http.post(
        "/graphql",
        content=content,
        headers={"content-type": "application/json", **caller.headers, **headers},
    )


async def test_points_out_of_range_are_refused_with_the_range(api, air):
    before = await photograph(api.coalition)
    for points in (0, -1, 10**12 + 1, 2**63, 2**64 - 1):
        refusal = await air.refusal("issuePoints", account=ACCOUNT, points=points)
        assert refusal == {
            "__typename": "PointsOutOfRange",
            "message": "The number of points is not a whole number within the limits of one"
            " operation.",
            "code": "POINTS_OUT_OF_RANGE",
            "path": ["input", "points"],
            "given": str(points),
            "pointsMin": 1,
            "pointsMax": 10**12,
        }
    assert await photograph(api.coalition) == before


async def test_points_are_a_json_integer_and_nothing_else(api, air):
    before = await photograph(api.coalition)
    for points in ("1", "١٢٣", 1.5, True, None, [1], {"a": 1}):
        given = {"idempotencyKey": new_key(), "account": ACCOUNT, "points": points}
        assert await air.fault(ISSUE, i=given) == "BAD_USER_INPUT"
    # Beyond 64 bits, readers of JSON make a float of it.
    given = f'{{"idempotencyKey": "k", "account": {{"reference": "a-1"}}, "points": {2**70}}}'
    body = f'{{"query": "{ISSUE}", "variables": {{"i": {given}}}}}'
    (error,) = (await post(api, air, body)).json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert await photograph(api.coalition) == before


async def test_literals_are_read_like_variables(air):
    document = (
        'mutation { issuePoints(input: {idempotencyKey: "k", account: {reference: "a-1"},'
        " points: %s }) { userErrors { __typename } } }"
    )
    for literal, code in (
        ("1.0", "BAD_USER_INPUT"),
        ("1e3", "BAD_USER_INPUT"),
        ('"1"', "BAD_USER_INPUT"),
        ("true", "BAD_USER_INPUT"),
        ("[1]", "BAD_USER_INPUT"),
        ("null", "GRAPHQL_VALIDATION_FAILED"),
    ):
        assert await air.fault(document % literal) == code
    data = await air.ask(document % ("1" * 60))
    assert data["issuePoints"]["userErrors"] == [{"__typename": "PointsOutOfRange"}]
    body = await air.send(document % ("1" * 5000))
    assert body["errors"][0]["extensions"]["code"] != "INTERNAL_SERVER_ERROR"


async def test_an_instant_out_of_bounds_is_refused_with_the_bounds(air):
    for instant in (
        "1900-01-01T00:00:00Z",
        "2026-01-15T11:59:59Z",
        "2026-03-01T12:05:00.000001Z",
    ):
        refusal = await air.refusal("issuePoints", account=ACCOUNT, points=1, occurredAt=instant)
        assert refusal["__typename"] == "OccurredAtOutOfBounds"
        assert (refusal["earliest"], refusal["latest"]) == (
            "2026-01-15T12:00:00Z",
            "2026-03-01T12:05:00Z",
        )


async def test_what_is_no_instant_is_bad_input(air):
    for instant in [
        "1899-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "٢٠٢٦-03-01T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "now",
        "",
        1772366400,
    ]:
        given = {
            "idempotencyKey": new_key(),
            "account": ACCOUNT,
            "points": 1,
            "occurredAt": instant,
        }
        assert await air.fault(ISSUE, i=given) == "BAD_USER_INPUT"


async def test_what_is_no_plain_decimal_is_bad_input(api, air):
    for rate in ["NaN", "Infinity", "1e5", "\u0661", " 1", "01", "1.", "", "-", 1, 0.5]:
        operator = await api.operator()
        document = "mutation($i: DonatePointsInput!) { donatePoints(input: $i) { postedAt } }"
        given = {"idempotencyKey": new_key(), "points": 1, "matchRate": rate}
        assert await operator.fault(document, i=given) == "BAD_USER_INPUT"


async def test_a_key_is_short_printable_ascii(air):
    for key in ["", "k" * 129, "schlüssel", "a\nb"]:
        refusal = await air.refusal("issuePoints", account=ACCOUNT, points=1, idempotencyKey=key)
        assert refusal["__typename"] == "KeyNotValid"


async def test_texts_accounts_and_ends_are_checked(api, air):
    for given, expected in [
        ({"account": {"reference": ""}}, "ReferenceNotValid"),
        ({"account": {"reference": "x" * 129}}, "ReferenceNotValid"),
        ({"account": {"reference": "a\u0000b"}}, "ReferenceNotValid"),
        ({"account": {"reference": "nobody"}}, "AccountNotLinked"),
        ({"account": {"memberId": "x"}}, "MemberNotFound"),
        ({"account": {"walletId": "A" * 22}}, "WalletNotFound"),
        ({"account": {"walletId": "ä" * 22}}, "WalletNotFound"),
        ({"reference": "r" * 201}, "TextTooLong"),
        ({"reference": ""}, "TextTooLong"),
        ({"reason": "a\u0000"}, "TextTooLong"),
        ({"expiresAt": "1900-01-01T00:00:00Z"}, "ExpiresTooEarly"),
        ({"expiresAt": "2026-03-01T12:00:00Z"}, "ExpiresTooEarly"),
    ]:
        before = await photograph(api.coalition)
        refusal = await air.refusal("issuePoints", **{"account": ACCOUNT, "points": 1, **given})
        assert refusal["__typename"] == expected
        assert await photograph(api.coalition) == before


async def test_an_unknown_partner_is_refused(api, air):
    operator = await api.operator()
    for code in ("NOBODY", "", "x" * 10_000, "\u0000"):
        refusal = await operator.refusal(
            "issuePoints", issuer=code, account={"walletId": "x"}, points=1
        )
        assert refusal["__typename"] == "PartnerNotFound"


async def test_lists_have_a_maximum(api, air):
    operator = await api.operator()
    ids = ["x"] * 101
    assert await air.fault("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids) == (
        "BAD_USER_INPUT"
    )
    document = "mutation($i: SellMembershipInput!) { sellMembership(input: $i) { postedAt } }"
    given = {
        "idempotencyKey": "k",
        "priceGross": {"amount": "1", "currency": "EUR"},
        "vatRate": "0",
        "reference": "r",
        "shares": [{"partner": "AIR", "share": "0.01"}] * 101,
    }
    assert await air.fault(document, i=given) == "BAD_USER_INPUT"
    document = "mutation($i: CloseWindowInput!) { closeWindow(input: $i) { window { id } } }"
    rates = [{"currency": "USD", "rate": "1.1"}] * 101
    given = {"idempotencyKey": "k", "calendar": "c", "window": "w", "fx": rates}
    assert await operator.fault(document, i=given) == "BAD_USER_INPUT"


async def test_amounts_of_money_have_a_maximum(api, air):
    operator = await api.operator()
    document = "mutation($i: PostAdjustmentInput!) { postAdjustment(input: $i) { postedAt } }"
    for amount in ("1000000000000000", "-1000000000000000"):
        given = {
            "idempotencyKey": "k",
            "debtor": "AIR",
            "creditor": "HUB",
            "amount": {"amount": amount, "currency": "EUR"},
            "reason": "r",
        }
        assert await operator.fault(document, i=given) == "BAD_USER_INPUT"


async def test_an_account_is_named_in_exactly_one_way(air):
    for account in ({}, {"reference": "a-1", "memberId": "x"}, {"reference": None}):
        given = {"idempotencyKey": new_key(), "account": account, "points": 1}
        assert await air.fault(ISSUE, i=given) == "BAD_USER_INPUT"


async def test_documents_fail_with_the_code_of_what_is_wrong(air):
    for document, code in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { kind } } query B { viewer { kind } }", "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { viewer { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($x: Int!) { partners(first: $x) { edges { cursor } } }", "BAD_USER_INPUT"),
        ("{ partners(first: 0) { edges { cursor } } }", "BAD_USER_INPUT"),
        ("{ partners(first: 101) { edges { cursor } } }", "BAD_USER_INPUT"),
        ('{ partners(after: "x") { edges { cursor } } }', "BAD_USER_INPUT"),
        ('{ partners(after: "ä") { edges { cursor } } }', "BAD_USER_INPUT"),
        ("{ viewer { kind } " * 1 + "x " * 3000 + "}", "GRAPHQL_VALIDATION_FAILED"),
    ]:
        assert await air.fault(document) == code


async def test_documents_have_limits_of_depth_aliases_and_root_fields(air):
    deep = "{ viewer { member " + "{ wallet { activity { nodes " * 4 + "{ id }" + "} } }" * 4
    aliases = " ".join(f"a{n}: __typename" for n in range(31))
    fields = " ".join(["__typename"] * 21)
    nested = "fragment F9 on Query { __typename }" + "".join(
        f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} a{n}: __typename }}"
        for n in range(8, -1, -1)
    )
    for document in (
        deep + " } }",
        f"{{ {aliases} }}",
        f"{{ {fields} }}",
        "{ ...F0 }" + nested,
    ):
        body = await air.send(document)
        codes = {error["extensions"]["code"] for error in body["errors"]}
        assert codes == {"GRAPHQL_VALIDATION_FAILED"}, body


async def test_a_cycle_of_fragments_is_refused(air):
    document = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    body = await air.send(document)
    assert {e["extensions"]["code"] for e in body["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_our_own_mistakes_are_masked_and_carry_an_id(api, air, monkeypatch):
    async def fail(*_, **__):
        raise ZeroDivisionError("secret details")

    monkeypatch.setattr(api.coalition.hub.wallets, "find_wallet", fail, raising=False)
    body = await air.send(ISSUE, i={"idempotencyKey": "k", "account": ACCOUNT, "points": 1})
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(error["extensions"]["id"]) == 16
    assert "secret" not in str(body)
    assert body["data"] is None


async def test_a_database_that_goes_away_is_no_mistake_of_ours_and_the_same_key_may_come_again(
    api, air
):
    given = {"idempotencyKey": new_key(), "account": {"memberId": "x"}, "points": 1}
    assert await air.ask(ISSUE, i=given) == {
        "issuePoints": {"userErrors": [{"__typename": "MemberNotFound"}]}
    }
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    owner = await asyncpg.connect(api.coalition.url)
    await owner.execute(f"{ended} WHERE datname = current_database() AND pid <> pg_backend_pid()")
    await owner.close()
    body = await air.send("{ members(first: 1) { nodes { id } } }")
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "OUTCOME_UNKNOWN"}
    assert error["message"] == (
        "The database went away before it answered: ask again, and a mutation with the same key."
    )
    found = await air.ask("{ members(first: 1) { nodes { id } } }")
    assert len(found["members"]["nodes"]) == 1


async def test_a_full_queue_says_when_to_come_again(api, air):
    from hub.ledger.errors import Overloaded

    class Full:
        async def post(self, _):
            raise Overloaded(retry_after_seconds=1)

    object.__setattr__(api.coalition.hub, "poster", Full())
    body = await air.send(ISSUE, i={"idempotencyKey": "k", "account": ACCOUNT, "points": 1})
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "OVERLOADED", "retryAfter": 1}


async def test_a_database_without_a_free_connection_says_when_to_come_again(api, air, monkeypatch):
    database = Database(api.coalition.url, clock=api.coalition.clock, pool_size=1, pool_seconds=0)
    monkeypatch.setattr(api.coalition.hub.database, "_engine", database._engine)
    async with api.coalition.hub.database.read(HUB_ACTOR):
        body = await air.send('{ wallet(account: {reference: "a-1"}) { availablePoints } }')
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "OVERLOADED", "retryAfter": 1}
    await database.close()


async def test_strict_clients_get_the_status_of_the_draft(api, air):
    accept = {"accept": "application/graphql-response+json"}
    response = await post(api, air, b'{"query": "{ nothing }"}', **accept)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/graphql-response+json")
    assert "data" not in response.json()
    response = await post(api, air, b'{"query": "{ viewer { kind } }"}', **accept)
    assert response.status_code == 200


async def test_what_fails_beside_a_reading_neighbour_is_told_and_keeps_no_connection(api, air):
    """The neighbour is given up in the middle of a statement, and its connection with it."""
    for points in (1, 2, 3):
        await issue(air, "a-1", points)
    query = """{ lots { nodes {
      wallet { balancePoints expiringPoints heldPoints(asOf: "2026-03-01T00:00:00Z")
               restrictedPoints(asOf: "2026-03-01T00:00:00Z") lots { nodes { id } } }
      issuer { code terms { version } } terms { version } source { id partner { code } }
      allocations(first: 1, last: 1) { __typename }
    } } }"""
    for _ in range(8):
        body = await air.send(query)
        (error,) = body["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["path"] == ["lots", "nodes", 0, "allocations"]
        assert body["data"] is None
    assert await air.ask("{ lots(first: 1) { nodes { points } } }") == {
        "lots": {"nodes": [{"points": 50}]}
    }
    assert api.coalition.hub.database.in_use_count == 0
