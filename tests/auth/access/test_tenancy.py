"""Attacks 42, 43 and 67: what is another's reads, to the byte and to the query, like what is not.

For every kind of node, and for every mutation that names something, the answer about a thing of
another partner is compared with the answer about a thing that never was.
"""

import re

import pytest

from auth.permissions import POLICIES
from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from schema.roots import CORE
from tests.api import EVERYTHING, issue, new_key
from tests.coalition import photograph

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
NOBODY = 4_611_686_018_427_387_903
"""A number that nothing has."""
SEEN_BY_ALL = {"Partner", "SettlementWindow"}
"""Kinds of which everybody, or every partner, sees all: they have no other side."""
ELSEWHERE = {
    "MembershipSale": "tests of the room that made it",
    "Obligation": "as MembershipSale",
    "Hold": "as MembershipSale",
    "LinkedAccount": "as MembershipSale",
}


async def two_partners(api):
    """AIR has a member, a lot, an entry and terms; SHOP knows nothing of them."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1")
    await api.member("ben", SHOP="s-1")
    made = await air.do(
        "issuePoints", EVERYTHING + " lotId", account={"reference": "a-1"}, points=10
    )
    assert made["userErrors"] == []
    await issue(shop, "s-1", 10)
    used = await air.do("redeemPoints", EVERYTHING, account={"reference": "a-1"}, points=1)
    register = api.coalition.hub.register
    terms = register.list_terms(api.coalition.partners["AIR"].partner_id)[0].terms_id
    own = {
        IdKind.MEMBER: api.coalition.members["ana"].number,
        IdKind.WALLET: api.coalition.members["ana"],
        IdKind.LOT: air.audience.find_place(IdKind.LOT, made["lotId"]),
        IdKind.ENTRY: air.audience.find_place(IdKind.ENTRY, used["entryId"]),
        IdKind.TERMS: terms,
    }
    return air, shop, own


def nothing_like(thing):
    """A thing of the same lane that never was."""
    return (
        Place(thing.lane, NOBODY - NOBODY % 64 + thing.lane) if isinstance(thing, Place) else 99_999
    )


async def ask_counted(api, caller, document, variables):
    """The very bytes of an answer, and how many statements it took."""
    with api.counted() as statements:
        answer = await caller.http.post(
            "/graphql", json={"query": document, "variables": variables}, headers=caller.headers
        )
    # How full the bucket is tells how often one has asked, and no more.
    content = re.sub(rb'("currentlyAvailable":)\d+', rb"\1-", answer.content)
    return answer.status_code, content, len(statements)


@pytest.mark.parametrize(
    "kind", [IdKind.MEMBER, IdKind.WALLET, IdKind.LOT, IdKind.ENTRY, IdKind.TERMS]
)
async def test_attack_42_a_node_of_another_partner_reads_like_none(api, kind):
    air, shop, own = await two_partners(api)
    thing = own[kind]
    assert (await air.ask(NODE, id=air.id(kind, thing)))["node"] is not None
    await shop.ask("{ viewer { kind } }")
    of_other = await ask_counted(api, shop, NODE, {"id": shop.id(kind, thing)})
    of_none = await ask_counted(api, shop, NODE, {"id": shop.id(kind, nothing_like(thing))})
    assert of_other == of_none


def test_every_kind_of_node_is_compared():
    compared = {"Member", "Wallet", "Lot", "Entry", "Terms"}
    kinds = {kind.name for kind in CORE.get_possible_types(CORE.type_map["Node"])} - SEEN_BY_ALL
    assert compared <= kinds
    assert kinds - compared <= set(ELSEWHERE)


async def test_attack_42_a_reference_of_another_partner_reads_like_none(api):
    _, shop, _ = await two_partners(api)
    document = "query($a: AccountInput) { member(account: $a) { id } wallet(account: $a) { id } }"
    await shop.ask("{ viewer { kind } }")
    answers = [
        await ask_counted(api, shop, document, {"a": {"reference": reference}})
        for reference in ("a-1", "z-9")
    ]
    assert answers[0] == answers[1]


MUTATIONS = {
    "refundPoints": ("redemptionId", IdKind.ENTRY, {"points": 1}),
    "reverseIssue": ("lotId", IdKind.LOT, {"points": 1}),
    "linkAccount": ("memberId", IdKind.MEMBER, {"reference": "s-new"}),
    "redeemPoints": ("account.memberId", IdKind.MEMBER, {"points": 1}),
    "issuePoints": ("account.memberId", IdKind.MEMBER, {"points": 1}),
    "issuePurchase": ("account.memberId", IdKind.MEMBER, {"portions": [{"points": 1}]}),
    "cashOutPoints": ("account.memberId", IdKind.MEMBER, {"points": 1}),
    "donatePoints": ("account.memberId", IdKind.MEMBER, {"points": 1}),
    "holdPoints": (
        "account.memberId",
        IdKind.MEMBER,
        {"points": 1, "endsAt": "2026-03-02T00:00:00Z"},
    ),
    "exchangePoints": (
        "account.memberId",
        IdKind.MEMBER,
        {"points": 1, "reference": "r", "isNameMatched": True},
    ),
    "captureHold": ("holdId", IdKind.ENTRY, {"points": 1}),
    "voidHold": ("holdId", IdKind.ENTRY, {}),
}


@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
async def test_attack_42_a_mutation_on_anothers_thing_answers_as_on_none(api, mutation):
    _, shop, own = await two_partners(api)
    name, kind, more = MUTATIONS[mutation]
    kind_name = mutation[0].upper() + mutation[1:]
    document = (
        f"mutation($input: {kind_name}Input!) {{ {mutation}(input: $input) {{"
        " userErrors { __typename message code path } } }"
    )
    before = await photograph(api.coalition)
    answers = []
    for thing in (own[kind], nothing_like(own[kind])):
        outer, _, inner = name.partition(".")
        given = shop.id(kind, thing)
        named = {outer: {inner: given} if inner else given}
        variables = {"input": {"idempotencyKey": new_key(), **named, **more}}
        answers.append(await ask_counted(api, shop, document, variables))
    assert answers[0] == answers[1]
    assert b'"userErrors":[{' in answers[0][1]
    assert await photograph(api.coalition) == before


async def test_attack_43_a_key_of_another_partner_is_a_new_key(api):
    air, shop, _ = await two_partners(api)
    key = new_key()
    first = await air.do("enrolMember", "member { id }", reference="same", idempotencyKey=key)
    second = await shop.do("enrolMember", "member { id }", reference="same", idempotencyKey=key)
    assert first["userErrors"] == second["userErrors"] == []
    assert first["member"]["id"] != second["member"]["id"]
    assert await api.coalition.value("SELECT count(*) FROM members") == 4


async def test_attack_43_an_id_of_another_partner_means_nothing(api):
    air, shop, own = await two_partners(api)
    for kind, thing in own.items():
        replayed = await ask_counted(api, shop, NODE, {"id": air.id(kind, thing)})
        garbage = await ask_counted(api, shop, NODE, {"id": "A" * 22})
        assert replayed == garbage


NAMES_NOTHING = {
    "enrolMember": "names a reference of one's own",
    "sellMembership": "names partners by their codes",
    "bulkIssuePoints": "its rows are those of issuePoints",
    "bulkRedeemPoints": "its rows are those of redeemPoints",
    "cancelMembership": "names a sale, which lies in a lane of its own: compared below",
}


def test_every_mutation_of_a_partner_is_compared():
    taken = {
        name
        for name in CORE.mutation_type.fields
        if POLICIES[re.sub("([A-Z])", r"_\1", name).lower()].partner
    }
    assert taken == set(MUTATIONS) | set(NAMES_NOTHING)


async def test_attack_42_a_sale_of_another_partner_reads_like_none(api):
    air, shop, _ = await two_partners(api)
    sold = await air.do(
        "sellMembership",
        "entryId",
        priceGross={"amount": "12", "currency": "EUR"},
        vatRate="0.20",
        shares=[{"partner": "AIR", "share": "1"}],
        reference="sale-1",
    )
    assert sold["userErrors"] == []
    sale = air.audience.find_place(IdKind.ENTRY, sold["entryId"])
    document = (
        "mutation($input: CancelMembershipInput!) { cancelMembership(input: $input) {"
        " userErrors { __typename message code path } } }"
    )
    before = await photograph(api.coalition)
    answers = []
    for place in (sale, Place(sale.lane, sale.number + 1_000)):
        given = {"saleId": shop.id(IdKind.ENTRY, place), "unusedDays": 1, "totalDays": 2}
        variables = {"input": {"idempotencyKey": new_key(), **given}}
        answers.append(await ask_counted(api, shop, document, variables))
    assert answers[0] == answers[1]
    assert b"UNKNOWN_REFERENCE" in answers[0][1]
    assert await photograph(api.coalition) == before
