"""Who may use what: every kind of actor against every mutation; a refusal changes nothing."""

import pytest

from auth.permissions import POLICIES
from hub.kernel.actor import ActorKind
from schema.roots import SCHEMA
from tests.api import issue, new_key
from tests.coalition import photograph

INPUTS = {
    "issuePoints": {"issuer": "AIR", "account": {"walletId": "x"}, "points": 1},
    "redeemPoints": {"acceptor": "AIR", "account": {"walletId": "x"}, "points": 1},
    "cashOutPoints": {"agent": "AIR", "account": {"walletId": "x"}, "points": 1},
    "donatePoints": {"charity": "AIR", "account": {"walletId": "x"}, "points": 1},
    "refundPoints": {"redemptionId": "x", "points": 1},
    "reverseIssue": {"lotId": "x", "points": 1},
    "transferPoints": {
        "account": {"walletId": "x"},
        "toAccount": {"walletId": "y"},
        "points": 1,
    },
    "sweepExpiry": {},
    "enrolMember": {"partner": "AIR", "reference": "  "},
    "linkAccount": {"memberId": "x", "partner": "AIR", "reference": "r"},
    "sellMembership": {
        "seller": "AIR",
        "priceGross": {"amount": "1", "currency": "EUR"},
        "vatRate": "0",
        "shares": [],
        "reference": "r",
    },
    "cancelMembership": {"seller": "AIR", "saleId": "x", "unusedDays": 0, "totalDays": 1},
    "postAdjustment": {
        "debtor": "AIR",
        "creditor": "NOBODY",
        "amount": {"amount": "1", "currency": "EUR"},
        "reason": "r",
    },
    "closeWindow": {"calendar": "none", "window": "none"},
}
"""What gets past the guard and is then refused by the rules, or has nothing to do."""
QUERIES = {
    "viewer": "{ viewer { kind } }",
    "node": '{ node(id: "x") { id } }',
    "nodes": '{ nodes(ids: ["x"]) { id } }',
    "coalition": "{ coalition { name } }",
    "partner": '{ partner(code: "x") { id } }',
    "partners": "{ partners { nodes { id } } }",
    "member": '{ member(account: {walletId: "x"}) { id } }',
    "wallet": '{ wallet(account: {walletId: "x"}) { id } }',
    "entry": '{ entry(id: "x") { id } }',
    "settlementWindow": '{ settlementWindow(id: "x") { id } }',
    "settlementWindows": "{ settlementWindows { nodes { id } } }",
}


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_every_root_field_is_in_the_matrix():
    assert set(INPUTS) == set(SCHEMA._schema.mutation_type.fields)
    assert set(QUERIES) == set(SCHEMA._schema.query_type.fields)


@pytest.mark.parametrize("kind", [None, ActorKind.OPERATOR, ActorKind.PARTNER, ActorKind.MEMBER])
async def test_who_may_use_what(api, kind):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 10)
    operator = await api.operator()
    caller = {
        None: type(air)(api.http, {}),
        ActorKind.OPERATOR: operator,
        ActorKind.PARTNER: air,
        ActorKind.MEMBER: ana,
    }[kind]
    before = await photograph(api.coalition)
    for mutation, given in INPUTS.items():
        name = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation($input: {name}Input!)"
            f" {{ {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
        )
        body = await caller.send(document, input={"idempotencyKey": new_key(), **given})
        assert verdict(body) == expected(kind, mutation), (mutation, body)
        assert await photograph(api.coalition) == before, mutation
    for query, document in QUERIES.items():
        body = await caller.send(document)
        assert verdict(body) == expected(kind, query), (query, body)
    assert await api.coalition.value("SELECT count(*) FROM members") == 1


def verdict(body) -> str:
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    for code in ("UNAUTHENTICATED", "FORBIDDEN", "INTERNAL_SERVER_ERROR"):
        if code in codes:
            return code
    return "let in"


def expected(kind, name: str) -> str:
    if kind is None:
        return "UNAUTHENTICATED"
    return "let in" if kind in POLICIES[snake(name)] else "FORBIDDEN"


async def test_a_refusal_of_one_field_leaves_the_others(api):
    ana = await api.member("ana")
    body = await ana.send("{ viewer { kind } settlementWindows { nodes { id } } }")
    assert body["errors"][0]["path"] == ["settlementWindows"]
    assert body["data"] is None
