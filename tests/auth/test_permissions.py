"""Who may use what: all sorts of actors against every operation; a refusal changes nothing."""

import pytest

from auth.oauth.scopes import SCOPES
from auth.permissions import ANYBODY, OBJECTS, POLICIES, find_denial, find_scope
from auth.policies import PARTNER_ROLES, STAFF_ROLES, Role
from hub.kernel.actor import Actor, ActorKind, Credential, Proof
from schema.guarding import list_guarded
from schema.roots import CORE
from tests.api import issue, new_key
from tests.auth.access.people import open_desk
from tests.coalition import photograph

INPUTS = {
    "issuePoints": {"issuer": "AIR", "account": {"walletId": "x"}, "points": 1},
    "issuePurchase": {
        "issuer": "AIR",
        "account": {"walletId": "x"},
        "portions": [{"points": 1}],
    },
    "redeemPoints": {"acceptor": "AIR", "account": {"walletId": "x"}, "points": 1},
    "cashOutPoints": {"agent": "AIR", "account": {"walletId": "x"}, "points": 1},
    "donatePoints": {"charity": "AIR", "account": {"walletId": "x"}, "points": 1},
    "exchangePoints": {
        "partner": "AIR",
        "account": {"walletId": "x"},
        "points": 1,
        "reference": "r",
        "isNameMatched": True,
    },
    "refundPoints": {"redemptionId": "x", "points": 1},
    "reverseIssue": {"lotId": "x", "points": 1},
    "transferPoints": {
        "account": {"walletId": "x"},
        "toAccount": {"walletId": "y"},
        "points": 1,
    },
    "sweepExpiry": {},
    "enrolMember": {"partner": "AIR", "reference": "  "},
    "mergeMembers": {"memberId": "x", "survivorId": "y"},
    "unmergeMembers": {"memberId": "x"},
    "createHousehold": {"shareBps": -1},
    "inviteToHousehold": {"role": "OWNER"},
    "joinHousehold": {"shareBps": 0, "code": "x"},
    "setHouseholdShare": {"shareBps": 0},
    "changeHouseholdMember": {"memberId": "m_x", "role": "OWNER"},
    "leaveHousehold": {},
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
    "decideApproval": {"digest": "x", "isApproved": True},
    "createTillCode": {},
    "endGrant": {"grantId": "x"},
    "holdPoints": {
        "acceptor": "AIR",
        "account": {"walletId": "x"},
        "points": 1,
        "endsAt": "2026-03-02T00:00:00Z",
    },
    "captureHold": {"holdId": "x", "points": 1},
    "voidHold": {"holdId": "x"},
    "extendLot": {
        "lotId": "x",
        "points": 1,
        "expiresAt": "2027-03-02T00:00:00Z",
        "reason": "r",
    },
    "releaseLot": {"lotId": "x", "reason": "r"},
    "reinstateLot": {
        "lotId": "x",
        "points": 1,
        "expiresAt": "2027-03-02T00:00:00Z",
        "reason": "r",
    },
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
    "operationCost": '{ operationCost(document: "{ viewer { kind } }") { cost } }',
    "_service": "{ _service { __typename } }",
    "_entities": "{ _entities(representations: []) { __typename } }",
    "members": "{ members { nodes { id } } }",
    "entries": "{ entries { nodes { id } } }",
    "lots": "{ lots { nodes { id } } }",
    "explain": '{ explain(id: "x") { __typename } }',
    "liabilities": "{ liabilities { points } }",
    "caps": "{ caps { nodes { __typename } } }",
    "exchangeOffers": "{ exchangeOffers { nodes { __typename } } }",
    "exchangeQuote": '{ exchangeQuote(partner: "AIR", points: 1) { __typename } }',
    "membershipSales": "{ membershipSales { nodes { __typename } } }",
    "windowOfCalendar": '{ windowOfCalendar(calendar: "x", code: "x") { id } }',
    "statement": '{ statement(windowId: "x") { __typename } }',
    "approvals": "{ approvals { digest } }",
    "grants": "{ grants { id } }",
    "checkpoints": "{ checkpoints { nodes { __typename } } }",
    "consistencyProof": (
        '{ consistencyProof(lane: 0, oldSize: "1", newSize: "1") { __typename } }'
    ),
    "inclusionProof": '{ inclusionProof(entryId: "x") { __typename } }',
    "logKeys": "{ logKeys { __typename } }",
}
OPERATIONS = {"_service": "subgraph", "_entities": "entities"}
"""Root fields whose names are not ours."""
BARE = {"bulkIssuePoints", "bulkRedeemPoints"}
"""Mutations of many rows; each row is one of a single mutation, and their own tests have them."""


def operation_of(name: str) -> str:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return OPERATIONS.get(name, snake)


def document_of(mutation: str) -> str:
    name = mutation[0].upper() + mutation[1:]
    asked = f"{mutation}(input: $input) {{ userErrors {{ code }} }}"
    return f"mutation($input: {name}Input!) {{ {asked} }}"


def test_every_root_field_is_in_the_matrix():
    assert set(INPUTS) | BARE == set(CORE.mutation_type.fields)
    assert set(QUERIES) == set(CORE.query_type.fields)
    followed = set(CORE.subscription_type.fields)
    roots = {operation_of(name) for name in {*INPUTS, *BARE, *QUERIES, *followed}}
    assert roots == set(POLICIES)


def test_attack_48_every_field_of_every_object_has_a_policy():
    undecided = {
        f"{kind.name}.{name}"
        for kind in list_guarded(CORE)
        for name in kind.fields
        if kind.name not in OBJECTS or OBJECTS[kind.name].policy_of(name) is None
    }
    assert undecided == set(), "decide in OBJECTS of auth/permissions.py"


def test_the_table_has_no_line_for_what_is_not_there():
    kinds = {kind.name: kind for kind in list_guarded(CORE)}
    gone = {
        f"{name}.{field}"
        for name, shown in OBJECTS.items()
        for field in [*shown.fields.split(), *shown.narrower]
        if name not in kinds or field not in kinds[name].fields
    }
    assert gone == set()


def test_every_scope_of_the_table_can_be_granted():
    named = {find_scope(policy) for policy in POLICIES.values()}
    named |= {find_scope(shown.policy) for shown in OBJECTS.values()}
    assert named - {None} <= set(SCOPES)


def test_whatever_software_of_a_partner_changes_takes_a_scope():
    bare = [
        name
        for name in (operation_of(each) for each in {*INPUTS, *BARE})
        if POLICIES[name].partner and POLICIES[name].partner.scope is None
    ]
    assert bare == []


@pytest.mark.parametrize("operation", sorted(POLICIES))
def test_attack_07_a_token_reaches_as_far_as_its_scopes_and_no_further(operation):
    policy = POLICIES[operation]
    for kind, grant in ((ActorKind.PARTNER, policy.partner), (ActorKind.MEMBER, policy.member)):
        for scopes in (frozenset(), frozenset(SCOPES)):
            actor = Actor(kind, 1, Credential(Proof.ACCESS_TOKEN, scopes=scopes))
            may = grant is not None and (grant.scope is None or grant.scope in scopes)
            assert (find_denial(actor, policy) is None) == may
        if grant is not None and grant.scope is not None:
            all_others = frozenset(SCOPES) - {grant.scope}
            for scopes, may in ((all_others, False), (frozenset({grant.scope}), True)):
                actor = Actor(kind, 1, Credential(Proof.ACCESS_TOKEN, scopes=scopes))
                assert (find_denial(actor, policy) is None) == may


@pytest.mark.parametrize("operation", sorted(POLICIES))
def test_nobody_gets_in_without_having_shown_anything(operation):
    assert find_denial(Actor(ActorKind.OPERATOR), POLICIES[operation]) is not None
    assert find_denial(Actor(ActorKind.HUB), POLICIES[operation]) is not None


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
    actor = None if kind is None else Actor(kind, 1, Credential(Proof.DEVELOPMENT_TOKEN))
    before = await photograph(api.coalition)
    for mutation, given in INPUTS.items():
        body = await caller.send(
            document_of(mutation), input={"idempotencyKey": new_key(), **given}
        )
        assert verdict(body) == expected(actor, mutation), (mutation, body)
        assert await photograph(api.coalition) == before, mutation
    for query, document in QUERIES.items():
        body = await caller.send(document)
        assert verdict(body) == expected(actor, query), (query, body)
    assert await api.coalition.value("SELECT count(*) FROM members") == 1


@pytest.mark.parametrize("role", sorted(Role))
async def test_attack_49_a_person_may_what_their_role_says(coalition, role):
    async with open_desk(coalition) as desk:
        await desk.api.partner("AIR")
        is_hub = role in STAFF_ROLES
        person = await desk.person(role, code=None if is_hub else "AIR")
        kind = ActorKind.OPERATOR if is_hub else ActorKind.PARTNER
        credential = Credential(Proof.SESSION, roles=frozenset({role}))
        actor = Actor(kind, 0 if is_hub else 1, credential)
        before = await photograph(coalition)
        for mutation, given in INPUTS.items():
            given_input = {"idempotencyKey": new_key(), **given}
            body = await person.ask(document_of(mutation), input=given_input)
            assert verdict(body) == expected(actor, mutation), (mutation, body)
            assert await photograph(coalition) == before, mutation
        for query, document in QUERIES.items():
            body = await person.ask(document)
            assert verdict(body) == expected(actor, query), (query, body)


def verdict(body) -> str:
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    for code in ("UNAUTHENTICATED", "FORBIDDEN", "INTERNAL_SERVER_ERROR"):
        if code in codes:
            return code
    return "let in"


def expected(actor, name: str) -> str:
    if actor is None:
        return "UNAUTHENTICATED"
    policy = POLICIES[operation_of(name)]
    if name == "decideApproval" and actor.credential.proof is Proof.DEVELOPMENT_TOKEN:
        return "FORBIDDEN"  # a development token is no person
    return "let in" if find_denial(actor, policy) is None else "FORBIDDEN"


def test_roles_of_partners_and_of_the_hub_are_different_ones():
    assert set(Role) == STAFF_ROLES | PARTNER_ROLES
    assert ANYBODY.staff == STAFF_ROLES


async def test_a_refusal_of_one_field_leaves_the_others(api):
    ana = await api.member("ana")
    body = await ana.send("{ viewer { kind } settlementWindows { nodes { id } } }")
    assert body["errors"][0]["path"] == ["settlementWindows"]
    assert body["data"] is None
