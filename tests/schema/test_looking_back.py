"""`asOf`: what the books said at an instant; and filters of lots and entries."""

from datetime import timedelta

from hub.kernel.ids import IdKind
from tests.coalition import START
from tests.schema.lists import give

THEN = """query($at: DateTime, $first: Int, $after: String) { wallet {
  availablePoints(asOf: $at) balancePoints(asOf: $at) pendingPoints(asOf: $at) heldPoints(asOf: $at)
  lots(asOf: $at, first: $first, after: $after) {
    nodes { points remainingPoints issuer { code } } pageInfo { hasNextPage endCursor } } } }"""
DAY = timedelta(days=1)


async def a_week(api):
    """AIR gives 100 until day 4; on day 1 SHOP gives 50, on day 2 takes 120, on day 3 gives 30."""
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    clock = api.coalition.clock
    await give(air, "a-1", 100, expiresAt=(START + 4 * DAY).isoformat(), reference="r-0")
    clock.tick(DAY)
    await give(shop, "s-1", 50, reference="r-1")
    clock.tick(DAY)
    paid = await shop.do(
        "redeemPoints", "entryId", account={"reference": "s-1"}, points=120, reference="r-2"
    )
    clock.tick(DAY)
    await shop.do("refundPoints", redemptionId=paid["entryId"], points=30)
    clock.tick(2 * DAY)
    await (await api.operator()).do("sweepExpiry")
    return air, shop, ana


async def see(caller, at, **given):
    document = THEN.replace("{ wallet {", "{ wallet(account: $account) {") if given else THEN
    document = document.replace("query(", "query($account: AccountInput, ") if given else document
    wallet = (await caller.ask(document, at=at and at.isoformat(), **given))["wallet"]
    return (
        wallet["availablePoints"],
        wallet["balancePoints"],
        [(lot["issuer"]["code"], lot["remainingPoints"]) for lot in wallet["lots"]["nodes"]],
    )


async def test_a_wallet_is_read_as_of_any_instant(api):
    air, _, ana = await a_week(api)
    second = timedelta(seconds=1)
    for at, expected in (
        (START - second, (0, 0, [])),
        (START, (100, 100, [("AIR", 100)])),
        (START + DAY - second, (100, 100, [("AIR", 100)])),
        (START + DAY, (150, 150, [("AIR", 100), ("SHOP", 50)])),
        (START + 2 * DAY, (30, 30, [("SHOP", 30)])),
        (START + 3 * DAY, (60, 60, [("AIR", 10), ("SHOP", 50)])),
        # Past its end, the lot is in the books until the sweep, and cannot be used.
        (START + 4 * DAY, (50, 60, [("AIR", 10), ("SHOP", 50)])),
        (START + 5 * DAY, (50, 50, [("SHOP", 50)])),
        (None, (50, 50, [("SHOP", 50)])),
    ):
        assert await see(ana, at) == expected, at
    own = {"account": {"reference": "a-1"}}
    assert await see(air, START + 3 * DAY, **own) == (10, 10, [("AIR", 10)])


async def test_looking_back_agrees_with_what_was_seen_then(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    seen = []
    for step in range(8):
        api.coalition.clock.tick(timedelta(hours=7))
        if step % 3 == 2:
            await air.do("redeemPoints", account={"reference": "a-1"}, points=5 * step)
        else:
            end = api.coalition.clock.now + (step + 1) * DAY
            await give(air, "a-1", 10 + step, expiresAt=end.isoformat())
        seen.append((api.coalition.clock.now, await see(ana, None)))
    for at, then in seen:
        assert await see(ana, at) == then


async def test_looking_back_is_paged_and_ahead_is_bad_input(api):
    _, _, ana = await a_week(api)
    at = (START + 3 * DAY).isoformat()
    first = (await ana.ask(THEN, at=at, first=1))["wallet"]["lots"]
    assert [lot["remainingPoints"] for lot in first["nodes"]] == [10]
    second = await ana.ask(THEN, at=at, first=1, after=first["pageInfo"]["endCursor"])
    assert [lot["remainingPoints"] for lot in second["wallet"]["lots"]["nodes"]] == [50]
    assert second["wallet"]["lots"]["pageInfo"]["hasNextPage"] is False
    ahead = (api.coalition.clock.now + DAY).isoformat()
    body = await ana.send(
        "query($at: DateTime) { wallet { availablePoints(asOf: $at) } }", at=ahead
    )
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for wrong in ("which: {isOpen: false}", "order: ISSUED"):
        document = (
            f"query($at: DateTime) {{ wallet {{ lots(asOf: $at, {wrong}) {{ nodes {{ id }} }} }} }}"
        )
        body = await ana.send(document, at=at)
        assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_many_wallets_as_of_an_instant_cost_one_round_trip(api):
    operator = await api.operator()
    air = await api.partner("AIR")
    for index in range(4):
        await api.member(f"m{index}", AIR=f"r{index}")
        await give(air, f"r{index}", index + 1)
    document = """query($at: DateTime) { members { nodes { wallet {
        availablePoints(asOf: $at) balancePoints(asOf: $at)
        lots(asOf: $at) { nodes { points } } } } } }"""
    await operator.ask("{ viewer { kind } }")  # from now on the token is known
    with api.counted() as statements:
        data = await operator.ask(document, at=START.isoformat())
    found = sorted(node["wallet"]["availablePoints"] for node in data["members"]["nodes"])
    assert found == [1, 2, 3, 4]
    assert len(statements) == 3  # the members, their points, their lots


LOTS = """query($which: LotFilter, $order: LotOrder! = REDEMPTION) {
  wallet { lots(which: $which, order: $order) { nodes { points } } } }"""


async def test_lots_are_filtered_and_ordered(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    await give(air, "a-1", 10, expiresAt="2026-05-01T00:00:00Z")
    await give(air, "a-1", 20, expiresAt="2026-04-01T00:00:00Z")
    await give(shop, "s-1", 30)
    await air.do("redeemPoints", account={"reference": "a-1"}, points=20)
    for given, expected in (
        ({}, [10, 30]),
        ({"which": {}}, [10, 30]),
        ({"which": {"isOpen": None}}, [20, 10, 30]),
        ({"which": {"isOpen": None}, "order": "ISSUED"}, [10, 20, 30]),
        ({"which": {"isOpen": False}}, [20]),
        ({"which": {"issuer": "SHOP"}}, [30]),
        ({"which": {"issuer": "NOBODY"}}, []),
        ({"which": {"expiresBefore": "2026-05-01T00:00:00Z"}}, []),
        ({"which": {"expiresBefore": "2026-05-01T00:00:00.000001Z"}}, [10]),
        ({"which": {"isOpen": None, "expiresBefore": "2027-01-01T00:00:00Z"}}, [20, 10]),
    ):
        lots = (await ana.ask(LOTS, **given))["wallet"]["lots"]["nodes"]
        assert [lot["points"] for lot in lots] == expected, given
    document = """query($which: LotFilter) { lots(which: $which) { nodes { points } } }"""
    for caller, given, expected in (
        (air, {}, [10]),
        (air, {"isOpen": None}, [10, 20]),
        (air, {"issuer": "SHOP"}, []),
        (shop, {"issuer": "SHOP"}, [30]),
        (await api.operator(), {"isOpen": None}, [10, 20, 30]),
    ):
        lots = (await caller.ask(document, which=given))["lots"]["nodes"]
        assert [lot["points"] for lot in lots] == expected, given


async def test_entries_are_filtered(api):
    air, shop, ana = await a_week(api)
    operator = await api.operator()
    document = """query($which: EntryFilter) { entries(which: $which) { nodes { kind points } } }"""
    activity = (
        "query($which: EntryFilter) { wallet { activity(which: $which) { nodes { kind } } } }"
    )
    day = [(START + index * DAY).isoformat() for index in range(6)]
    all_of_it = ["ISSUE", "ISSUE", "REDEEM", "REFUND", "EXPIRE"]
    for which, expected in (
        ({}, all_of_it),
        ({"kinds": ["REDEEM", "EXPIRE"]}, ["REDEEM", "EXPIRE"]),
        ({"kinds": []}, []),
        ({"partner": "SHOP"}, ["ISSUE", "REDEEM", "REFUND"]),
        ({"partner": "NOBODY"}, []),
        ({"reference": "r-2"}, ["REDEEM"]),
        ({"postedFrom": day[1], "postedUntil": day[3]}, ["ISSUE", "REDEEM"]),
        ({"occurredFrom": day[3]}, ["REFUND", "EXPIRE"]),
        ({"occurredUntil": day[1]}, ["ISSUE"]),
    ):
        found = (await operator.ask(document, which=which))["entries"]["nodes"]
        assert [entry["kind"] for entry in found] == expected, which
        own = (await ana.ask(activity, which=which))["wallet"]["activity"]["nodes"]
        assert [entry["kind"] for entry in own] == expected[::-1], which
    for caller, expected in (
        (air, [("ISSUE", 100), ("EXPIRE", 10)]),
        (shop, [("ISSUE", 50), ("REDEEM", 120), ("REFUND", 30)]),
    ):
        found = (await caller.ask(document))["entries"]["nodes"]
        assert [(entry["kind"], entry["points"]) for entry in found] == expected
    assert await ana.fault(document) == "FORBIDDEN"
    for which in (
        {"kinds": ["ISSUE", "ISSUE"]},
        {"reference": ""},
        {"reference": "x" * 201},
        {"reference": "a\u0000b"},
    ):
        assert await operator.fault(document, which=which) == "BAD_USER_INPUT"


async def test_a_search_looks_at_so_many_entries_and_says_where_it_stopped(api, monkeypatch):
    from hub.ledger.views.pages import store

    monkeypatch.setattr(store, "SEARCHED_MAX", 3)
    air, shop, _ = await a_week(api)
    document = """query($first: Int, $after: String, $last: Int, $before: String) {
        entries(first: $first, after: $after, last: $last, before: $before) {
          nodes { kind } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    assert await read_all(air, document, "first", "after") == [["ISSUE"], ["EXPIRE"]]
    assert await read_all(shop, document, "last", "before") == [["REDEEM", "REFUND"], ["ISSUE"]]


async def read_all(caller, document, size, edge):
    found, cursor = [], None
    has_more, next_edge = (
        ("hasNextPage", "endCursor") if size == "first" else ("hasPreviousPage", "startCursor")
    )
    while True:
        page = (await caller.ask(document, **{size: 10, edge: cursor}))["entries"]
        found.append([node["kind"] for node in page["nodes"]])
        if not page["pageInfo"][has_more]:
            return found
        cursor = page["pageInfo"][next_edge]
        assert cursor is not None


async def test_the_history_of_a_lot_and_of_a_redemption(api):
    _, shop, ana = await a_week(api)
    lots = await ana.ask("{ wallet { lots(which: {isOpen: null}) { nodes { id } } } }")
    ids = [lot["id"] for lot in lots["wallet"]["lots"]["nodes"]]
    document = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Lot { points remainingPoints
        source { kind reference } wallet { id } movedFrom { id }
        allocations { nodes { kind points isReversal entry { kind reference } } } } } }"""
    with api.counted() as statements:
        air_lot, shop_lot = (await ana.ask(document, ids=ids))["nodes"]
    assert len(statements) == 6  # who asks, lots, allocations, entries, wallets, and lots of these
    assert air_lot["remainingPoints"] == 0
    assert air_lot["source"] == {"kind": "ISSUE", "reference": "r-0"}
    assert [(a["kind"], a["points"], a["isReversal"]) for a in air_lot["allocations"]["nodes"]] == [
        ("REDEEM", -100, False),
        ("REDEEM", 10, True),
        ("EXPIRE", -10, False),
    ]
    assert [a["entry"]["kind"] for a in shop_lot["allocations"]["nodes"]] == ["REDEEM", "REFUND"]
    redemption = """{ entries(which: {kinds: [REDEEM]}) { nodes { id
        givenBackBy { nodes { kind points } } } } }"""
    (found,) = (await shop.ask(redemption))["entries"]["nodes"]
    assert found["givenBackBy"]["nodes"] == [{"kind": "REFUND", "points": 30}]
    assert shop.audience.find_any(found["id"])[0] is IdKind.ENTRY


async def test_what_was_owed_is_read_as_of_any_instant(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1")
    clock = api.coalition.clock
    issued = await air.do("issuePoints", "lotId", account={"reference": "a-1"}, points=100)
    await shop.do("redeemPoints", account={"reference": "s-1"}, points=70)
    clock.tick(DAY)
    await air.do("reverseIssue", lotId=issued["lotId"], points=100, mode="UNLIMITED")
    clock.tick(DAY)
    end = (clock.now + 2 * DAY).isoformat()
    soon = (clock.now + DAY).isoformat()
    await give(shop, "s-1", 30, availableAt=soon, expiresAt=end, reference="r-1")
    clock.tick(9 * DAY)
    await give(air, "a-1", 15, reference="r-2")
    clock.tick(DAY)
    second = timedelta(seconds=1)
    look = """query($at: DateTime) { wallet {
        owedPoints(asOf: $at) availablePoints(asOf: $at) restrictedPoints(asOf: $at) } }"""
    for at, owed, available in (
        (START, 0, 30),
        (START + DAY - second, 0, 30),
        (START + DAY, 70, 0),
        (START + 3 * DAY - second, 70, 0),
        (START + 3 * DAY, 40, 0),
        (START + 5 * DAY, 40, 0),
        (START + 11 * DAY, 25, 0),
        (None, 25, 0),
    ):
        for caller in (ana, air):
            document = (
                look
                if caller is ana
                else look.replace("wallet {", 'wallet(account: {reference: "a-1"}) {', 1)
            )
            found = (await caller.ask(document, at=at and at.isoformat()))["wallet"]
            assert found == {
                "owedPoints": owed,
                "availablePoints": available,
                "restrictedPoints": 0,
            }, at
    own = look.replace("wallet {", 'wallet(account: {reference: "s-1"}) {', 1)
    found = (await shop.ask(own, at=(START + 2 * DAY).isoformat()))["wallet"]
    assert found["owedPoints"] == 0


async def test_terms_are_read_as_of_an_instant_by_who_may_see_them(api):
    air = await api.partner("AIR", effective_until=START + 5 * DAY)
    shop = await api.partner("SHOP")
    clock = api.coalition.clock
    clock.tick(10 * DAY)
    await api.coalition.terms("AIR", since=START + 5 * DAY, version="AIR-new", issue_price="0.5")
    look = """query($at: DateTime) {
        partners { nodes { code termsInForce(asOf: $at) { version issuePrice } } } }"""

    async def see_terms(caller, at):
        partners = (await caller.ask(look, at=at and at.isoformat()))["partners"]["nodes"]
        (terms,) = [each["termsInForce"] for each in partners if each["code"] == "AIR"]
        return terms and (terms["version"] == "AIR-new", terms["issuePrice"])

    second = timedelta(seconds=1)
    for caller in (air, await api.operator()):
        assert await see_terms(caller, START + 5 * DAY - second) == (False, "0.009")
        assert await see_terms(caller, START + 5 * DAY) == (True, "0.5")
        assert await see_terms(caller, None) == (True, "0.5")
    assert await see_terms(shop, START) is None
    document = look.replace("$at: DateTime", "$at: DateTime!").replace(
        "partners", "partners(first: 1)"
    )
    ahead = (clock.now + second).isoformat()
    assert await air.fault(document, at=ahead) == "BAD_USER_INPUT"
