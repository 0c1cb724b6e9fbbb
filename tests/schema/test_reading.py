"""Pages, nodes, and what reading costs."""

from hub.kernel.ids import IdKind
from tests.api import ISSUED, issue, write_mutation

PAGE = """
query($first: Int!, $after: String) {
  wallet {
    lots(first: $first, after: $after) {
      edges { cursor } nodes { points }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def pages(caller, document, *path, first):
    found, after = [], None
    while True:
        data = await caller.ask(document, first=first, after=after)
        for name in path:
            data = data[name]
        found.append(data)
        assert data["pageInfo"]["hasPreviousPage"] == (after is not None)
        if not data["pageInfo"]["hasNextPage"]:
            return found
        after = data["pageInfo"]["endCursor"]


async def test_lots_are_paged_in_redemption_order_never_expiring_ones_last(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    for points, day in ((1, None), (2, 9), (3, 5), (4, 9), (5, None), (6, 2)):
        end = {"expiresAt": f"2026-04-0{day}T00:00:00Z"} if day else {}
        await issue(air, "a-1", points, **end)
    for first in (1, 2, 6, 100):
        found = await pages(ana, PAGE, "wallet", "lots", first=first)
        assert [lot["points"] for page in found for lot in page["nodes"]] == [6, 3, 2, 4, 1, 5]
        assert len(found) == -(-6 // first)
        for page in found:
            assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
            assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]


async def test_a_page_stays_where_it_is_when_lots_come_and_go(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    for day in (3, 5, 7, 9):
        await issue(air, "a-1", day, expiresAt=f"2026-04-0{day}T00:00:00Z")
    one = (await ana.ask(PAGE, first=2))["wallet"]["lots"]
    await issue(air, "a-1", 1, expiresAt="2026-04-01T00:00:00Z")
    two = (await ana.ask(PAGE, first=2, after=one["pageInfo"]["endCursor"]))["wallet"]["lots"]
    assert [lot["points"] for lot in two["nodes"]] == [7, 9]


async def test_activity_is_paged_newest_first(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    for points in (1, 2, 3, 4, 5):
        await issue(air, "a-1", points)
    document = """query($first: Int!, $after: String) { wallet {
        activity(first: $first, after: $after) {
          nodes { points } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
    found = await pages(ana, document, "wallet", "activity", first=2)
    assert [[n["points"] for n in page["nodes"]] for page in found] == [[5, 4], [3, 2], [1]]


async def test_partners_are_paged_by_code(api):
    operator = await api.operator()
    for code in ("SHOP", "AIR", "CARE"):
        await api.partner(code)
    document = """query($first: Int!, $after: String) { partners(first: $first, after: $after)
        { nodes { code } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    found = await pages(operator, document, "partners", first=3)
    codes = [node["code"] for page in found for node in page["nodes"]]
    assert codes == ["AIR", "BRIDGE", "CARE", "FX", "HUB", "POOL", "SHOP"]


async def test_nodes_come_in_the_order_of_their_ids_with_one_round_trip_per_kind(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    issued = [await issue(air, "a-1", points) for points in (1, 2, 3)]
    wallet = air.id(IdKind.WALLET, api.coalition.members["ana"])
    ids = [issued[2]["lotId"], wallet, issued[0]["entryId"], "nothing", issued[1]["lotId"]]
    document = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
        ... on Lot { points } ... on Entry { points } ... on Wallet { availablePoints } } }"""
    with api.counted() as statements:
        nodes = (await air.ask(document, ids=ids))["nodes"]
    assert [node and node["__typename"] for node in nodes] == [
        "Lot",
        "Wallet",
        "Entry",
        None,
        "Lot",
    ]
    assert [node and node["id"] for node in nodes] == [*ids[:3], None, ids[4]]
    assert nodes[1]["availablePoints"] == 6
    assert len(statements) == 4  # lots, members of wallets, entries, points


async def test_a_page_of_entries_with_all_they_touched_costs_a_round_trip_per_level(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    for points in (10, 20, 30):
        await issue(air, "a-1", points)
    for _ in range(5):
        await shop.do("redeemPoints", account={"reference": "s-1"}, points=12)
    document = """{ wallet { availablePoints heldPoints balancePoints
        activity { edges { changePoints node { points partner { code } wallet { id } lot { points }
          allocations { nodes { points issuer { code } acceptor { code } lot { points } } } } } }
        lots { nodes { points issuer { code } } } } }"""
    with api.counted() as statements:
        edges = (await ana.ask(document))["wallet"]["activity"]["edges"]
    assert len(edges) == 8
    # the member by id and by wallet, points, entries, lots, allocations, lots of these
    assert len(statements) <= 8
    assert [sum(a["points"] for a in e["node"]["allocations"]["nodes"]) for e in edges[:5]] == [
        -12
    ] * 5


async def test_an_issue_costs_no_statement_beside_the_posters_call(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 1)  # from now on the token and the reference are known
    hub = api.coalition.hub
    asked, batches = hub.wallets._task, hub.poster.batch_count
    with api.counted() as statements:
        await issue(air, "a-1", 2)
    assert statements == []
    assert hub.wallets._task is asked
    assert hub.poster.batch_count == batches + 1


async def test_what_a_second_mutation_answers_is_what_is_there_after_it(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    document = """mutation($a: IssuePointsInput!, $b: IssuePointsInput!) {
        a: issuePoints(input: $a) { wallet { availablePoints } }
        b: issuePoints(input: $b) { wallet { availablePoints } } }"""
    given = {"account": {"reference": "a-1"}, "points": 5}
    data = await air.ask(
        document, a={**given, "idempotencyKey": "1"}, b={**given, "idempotencyKey": "2"}
    )
    assert (data["a"]["wallet"], data["b"]["wallet"]) == (
        {"availablePoints": 5},
        {"availablePoints": 10},
    )


async def test_a_document_is_parsed_and_validated_once(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    shelf = api.app.state.view._door.engine.shelf
    before = shelf.prepared_count
    document = write_mutation("issuePoints", ISSUED + " __typename")
    for n in range(3):
        given = {"idempotencyKey": f"n{n}", "account": {"reference": "a-1"}, "points": 1}
        await air.ask(document, input=given)
    assert shelf.prepared_count - before == 1
