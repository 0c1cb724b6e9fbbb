"""From a statement down to the receipt: the same money at each step, and nobody else's."""

import json
from decimal import Decimal

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from settlement.windows import plan_windows
from tests.api import open_api
from tests.schema.lists import APRIL, MARCH, WINDOWS, give

ROOM = {"cost": {"operation_max": 1_000_000, "bucket_size": 100_000_000}}
"""For a document that asks for everything at once."""
ON_ISSUE = {
    "issue_price": "0.01",
    "issue_fee": "0.001",
    "accept_rate": "0.008",
    "accept_fee_bps": "100",
}
ON_REDEMPTION = {
    **ON_ISSUE,
    "funding": "ON_REDEMPTION",
    "issue_price": "0",
    "redemption_rates": {"*": "0.007", "SHOP": "0.0071"},
}
STATEMENT = """
query($window: ID!, $partner: String) { statement(windowId: $window, partner: $partner) {
  party { code } owes { amount } isOwed { amount } net { amount }
  cells { nodes { debtor { code } creditor { code } amount { amount currency } exact
    lines { key exact } } }
  obligations(first: 100) { nodes { id kind debtor { code } creditor { code } exact currency line
    points rate basis isReversal reference issuer { code } terms { version }
    entry { id kind reference } lot { points source { reference partner { code } } } } }
} }
"""
EVERYTHING = """
query($window: ID!, $account: AccountInput!) {
  partners(first: 100) { nodes { code settlementCurrency terms { version issuePrice acceptRate
    redemptionRates { acceptor rate } } } }
  members(first: 100) { nodes { linkedAccounts { reference partner { code } }
    wallet { availablePoints lots(which: {isOpen: null}) { nodes { issuer { code } points
      allocations { nodes { points acceptor { code }
        entry { reference partner { code } } } } } } } } }
  entries(first: 100) { nodes { kind points reference reason partner { code }
    terms { version acceptRate issuePrice }
    allocations { nodes { points issuer { code } acceptor { code } lot { points } } }
    givenBackBy { nodes { points reference } } } }
  lots(first: 100, which: {isOpen: null}) { nodes { points issuer { code } terms { version } } }
  membershipSales(first: 100) { nodes { reference netPrice { amount } vat { amount }
    shares { partner { code } amount { amount } } } }
  wallet(account: $account) { balancePoints lots { nodes { points } }
    activity { nodes { reference points } } }
  settlementWindow(id: $window) { seal netPositions { party { code } net { amount } }
    payments(topology: BILATERAL) { payer { code } payee { code } amount { amount } }
    cells { nodes { debtor { code } creditor { code } exact lines { key exact } } }
    statement { net { amount }
      obligations(first: 100) { nodes { debtor { code } creditor { code } exact rate line reference
        terms { version } inWords } } } }
}
"""


@pytest.fixture
async def api(coalition):
    async with open_api(coalition, api=ROOM) as opened:
        yield opened


async def settle_march(api):
    """BANK pays at redemption; AIR pays at issue; SHOP takes both; CARE has its own business."""
    air = await api.partner("AIR", **ON_ISSUE)
    bank = await api.partner("BANK", **ON_REDEMPTION)
    shop = await api.partner("SHOP", **{**ON_ISSUE, "accept_rate": "0.0079"})
    care = await api.partner("CARE", **{**ON_ISSUE, "issue_price": "0.0123"})
    await plan_windows(api.coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=WINDOWS)
    ana = await api.member("ana", AIR="ana@air", BANK="iban-7", SHOP="card-9")
    await api.member("ben", CARE="secret-ben", AIR="ben@air")
    await give(air, "ana@air", 100, reference="flight-1", expiresAt="2026-04-10T00:00:00Z")
    await give(bank, "iban-7", 60, reference="loan-1", expiresAt="2026-05-10T00:00:00Z")
    await give(care, "secret-ben", 777, reference="secret-pills")
    paid = await shop.do(
        "redeemPoints", "entryId", account={"reference": "card-9"}, points=130, reference="till-5"
    )
    assert paid["userErrors"] == []
    back = await shop.do("refundPoints", redemptionId=paid["entryId"], points=10)
    assert back["userErrors"] == []
    sold = await care.do(
        "sellMembership",
        priceGross={"amount": "107.00", "currency": "EUR"},
        vatRate="0.07",
        shares=[{"partner": "CARE", "share": "0.75"}, {"partner": "AIR", "share": "0.25"}],
        reference="gold",
    )
    assert sold["userErrors"] == []
    api.coalition.clock.tick(APRIL - api.coalition.clock.now)
    operator = await api.operator()
    closed = await operator.do("closeWindow", "window { id }", calendar="monthly", window="M03")
    assert closed["userErrors"] == []
    window = operator.audience.find_number(IdKind.WINDOW, closed["window"]["id"])
    redemption = shop.audience.find_place(IdKind.ENTRY, paid["entryId"])
    return {
        "air": air,
        "bank": bank,
        "shop": shop,
        "care": care,
        "ana": ana,
        "operator": operator,
        "window": window,
        "redemption": redemption,
    }


async def read(world, caller, partner=None):
    window = caller.id(IdKind.WINDOW, world["window"])
    return (await caller.ask(STATEMENT, window=window, partner=partner))["statement"]


def told(row):
    return (
        f"{row['debtor']['code']}>{row['creditor']['code']}",
        row["line"],
        row["exact"],
        row["points"],
        row["rate"],
        row["reference"],
    )


async def test_a_statement_goes_down_to_the_receipts(api):
    world = await settle_march(api)
    shop = await read(world, world["shop"])
    assert (shop["party"]["code"], shop["owes"], shop["isOwed"], shop["net"]) == (
        "SHOP",
        {"amount": "0.01"},
        {"amount": "0.93"},
        {"amount": "0.92"},
    )
    # 130 points: 100 of AIR from the pool at SHOP's own rate, 30 of BANK at what BANK pays SHOP;
    # 10 of BANK's came back.
    assert [told(row) for row in shop["obligations"]["nodes"]] == [
        ("POOL>SHOP", "REIMBURSE@SHOP-3", "0.79", 100, "0.0079", "till-5"),
        ("SHOP>HUB", "ACCEPT_FEE@SHOP-3", "0.0079", 100, "0.000079", "till-5"),
        ("BANK>SHOP", "REIMBURSE@BANK-2", "0.213", 30, "0.0071", "till-5"),
        ("SHOP>HUB", "ACCEPT_FEE@SHOP-3", "0.00213", 30, "0.000071", "till-5"),
        ("BANK>SHOP", "REIMBURSE(-)@BANK-2", "-0.071", 10, "0.0071", None),
        ("SHOP>HUB", "ACCEPT_FEE(-)@SHOP-3", "-0.00071", 10, "0.000071", None),
    ]
    bank = await read(world, world["bank"])
    assert [told(row) for row in bank["obligations"]["nodes"]] == [
        ("BANK>HUB", "ISSUE_FEE@BANK-2", "0.06", 60, "0.001", "loan-1"),
        ("BANK>SHOP", "REIMBURSE@BANK-2", "0.213", 30, "0.0071", None),
        ("BANK>SHOP", "REIMBURSE(-)@BANK-2", "-0.071", 10, "0.0071", None),
    ]
    # BANK sees neither SHOP's till nor its entry, but its own lot and the receipt of that.
    reimbursed = bank["obligations"]["nodes"][1]
    assert reimbursed["entry"] is None
    assert reimbursed["lot"] == {
        "points": 60,
        "source": {"reference": "loan-1", "partner": {"code": "BANK"}},
    }
    assert reimbursed["terms"] == {"version": "BANK-2"}
    assert shop["obligations"]["nodes"][2]["terms"] is None
    assert shop["obligations"]["nodes"][2]["lot"] is None


async def test_each_step_sums_to_the_one_above(api):
    world = await settle_march(api)
    for code in ("AIR", "BANK", "SHOP", "CARE", "POOL", "HUB"):
        statement = await read(world, world["operator"], code)
        lines = {}
        for row in statement["obligations"]["nodes"]:
            key = (row["debtor"]["code"], row["creditor"]["code"], row["line"])
            lines[key] = lines.get(key, Decimal(0)) + Decimal(row["exact"])
        expected = {
            (cell["debtor"]["code"], cell["creditor"]["code"], line["key"]): Decimal(line["exact"])
            for cell in statement["cells"]["nodes"]
            for line in cell["lines"]
        }
        assert lines == expected
        assert lines, code
        owed = {True: Decimal(0), False: Decimal(0)}
        for cell in statement["cells"]["nodes"]:
            owed[cell["debtor"]["code"] == code] += Decimal(cell["amount"]["amount"])
            assert Decimal(cell["exact"]) == sum(Decimal(line["exact"]) for line in cell["lines"])
        assert (owed[True], owed[False], owed[False] - owed[True]) == tuple(
            Decimal(statement[name]["amount"]) for name in ("owes", "isOwed", "net")
        )
    nets = [
        Decimal((await read(world, world["operator"], code))["net"]["amount"])
        for code in ("AIR", "BANK", "SHOP", "CARE", "POOL", "HUB")
    ]
    assert sum(nets) == 0


async def test_obligations_are_filtered_by_counterparty_kind_and_line(api):
    world = await settle_march(api)
    shop = world["shop"]
    document = """query($w: ID!, $c: String, $k: [OwedFor!], $l: String) { statement(windowId: $w) {
        obligations(counterparty: $c, kinds: $k, line: $l) { nodes { exact } } } }"""
    window = shop.id(IdKind.WINDOW, world["window"])
    for given, expected in (
        ({"c": "BANK"}, ["0.213", "-0.071"]),
        ({"k": ["REIMBURSE"]}, ["0.79", "0.213", "-0.071"]),
        ({"k": ["REIMBURSE"], "c": "POOL"}, ["0.79"]),
        ({"l": "REIMBURSE(-)@BANK-2"}, ["-0.071"]),
        ({"c": "CARE"}, []),
        ({"c": "nobody"}, []),
        ({"k": []}, []),
    ):
        found = (await shop.ask(document, w=window, **given))["statement"]["obligations"]["nodes"]
        assert [row["exact"] for row in found] == expected, given


async def test_a_statement_costs_a_round_trip_per_level(api):
    world = await settle_march(api)
    shop = world["shop"]
    window = shop.id(IdKind.WINDOW, world["window"])
    with api.counted() as statements:
        await shop.ask(STATEMENT, window=window)
    # the window; its settlement (3); ranges, movements; entries with what made the lots; lots
    assert len(statements) == 8, statements


async def test_an_open_window_has_no_statement_yet(api):
    world = await settle_march(api)
    operator = world["operator"]
    listed = """{ settlementWindows { nodes { code
        statement(partner: "AIR") { net { amount } } } } }"""
    nodes = (await operator.ask(listed))["settlementWindows"]["nodes"]
    assert [(node["code"], node["statement"]) for node in nodes] == [
        ("M04", None),
        ("M03", {"net": {"amount": "23.90"}}),
    ]
    window = operator.id(IdKind.WINDOW, world["window"])
    assert await operator.fault(STATEMENT, window=window) == "BAD_USER_INPUT"
    assert (await operator.ask(STATEMENT, window=window, partner="NOBODY"))["statement"] is None
    assert await world["air"].fault(
        STATEMENT, window=world["air"].id(IdKind.WINDOW, world["window"]), partner="SHOP"
    ) == ("FORBIDDEN")


async def test_an_entry_is_explained_in_words_and_in_data(api):
    world = await settle_march(api)
    document = """query($id: ID!) { explain(id: $id) { entry { kind }
        inWords chinese: inWords(language: ZH)
        obligations { nodes { id inWords chinese: inWords(language: ZH) } } } }"""
    shop = world["shop"]
    found = await shop.ask(document, id=shop.id(IdKind.ENTRY, world["redemption"]))
    explained = found["explain"]
    assert explained["entry"] == {"kind": "REDEEM"}
    assert explained["inWords"] == [
        "130 points paid SHOP.",
        "100 points of AIR were taken.",
        "30 points of BANK were taken.",
    ]
    assert explained["chinese"] == [
        "在 SHOP 使用了 130 积分。",
        "取用 AIR 的 100 积分。",
        "取用 BANK 的 30 积分。",
    ]
    obligations = explained["obligations"]["nodes"]
    assert [(one["inWords"], one["chinese"]) for one in obligations][2] == (
        (
            "BANK owes SHOP 0.213 EUR: points that were accepted;"
            " 30 points of BANK x 0.0071 EUR (terms BANK-2)."
        ),
        "BANK 应付 SHOP 0.213 EUR：受理积分的补偿；BANK 的 30 积分 x 0.0071 EUR（条款 BANK-2）。",
    )
    one = await shop.ask(document, id=obligations[2]["id"])
    assert one["explain"]["obligations"]["nodes"] == [obligations[2]]
    # The operator sees the pool's margin too; BANK, who made no such entry, what it owes for it.
    operator, bank = world["operator"], world["bank"]
    for caller, entry, count in ((operator, {"kind": "REDEEM"}, 5), (bank, None, 1)):
        found = await caller.ask(document, id=caller.id(IdKind.ENTRY, world["redemption"]))
        assert found["explain"]["entry"] == entry
        assert len(found["explain"]["obligations"]["nodes"]) == count
    for caller in (world["care"], world["air"]):
        found = await caller.ask(document, id=caller.id(IdKind.ENTRY, world["redemption"]))
        assert found["explain"] is None


async def test_a_member_reads_what_an_entry_did_and_no_money_between_partners(api):
    world = await settle_march(api)
    ana = world["ana"]
    entry = ana.id(IdKind.ENTRY, world["redemption"])
    found = await ana.ask("query($id: ID!) { explain(id: $id) { inWords } }", id=entry)
    assert found["explain"]["inWords"] == [
        "130 points paid SHOP.",
        "100 points of AIR were taken, good until 2026-04-10T00:00:00Z.",
        "30 points of BANK were taken, good until 2026-05-10T00:00:00Z.",
    ]
    document = "query($id: ID!) { explain(id: $id) { obligations { nodes { exact } } } }"
    assert await ana.fault(document, id=entry) == "FORBIDDEN"


async def test_a_partner_that_asks_for_everything_learns_nothing_of_another(api):
    world = await settle_march(api)
    forbidden = {
        "air": ("BANK-2", "SHOP-3", "0.0079", "0.0071", "0.0123", "777", "iban-7", "card-9",
                "secret", "loan-1", "till-5", "60"),
        "bank": ("AIR-1", "SHOP-3", "0.0079", "0.0123", "777", "ana@air", "card-9", "secret",
                 "flight-1", "till-5", "gold"),
        "shop": ("AIR-1", "0.0123", "777", "ana@air", "iban-7", "secret", "flight-1", "loan-1",
                 "gold"),
        "care": ("AIR-1", "BANK-2", "SHOP-3", "0.0079", "0.0071", "ana@air", "iban-7", "card-9",
                 "flight-1", "loan-1", "till-5", "130"),
    }  # fmt: skip
    own = {"air": "ana@air", "bank": "iban-7", "shop": "card-9", "care": "secret-ben"}
    for name, secrets in forbidden.items():
        caller = world[name]
        data = await caller.ask(
            EVERYTHING,
            window=caller.id(IdKind.WINDOW, world["window"]),
            account={"reference": own[name]},
        )
        del data["settlementWindow"]["seal"]
        text = json.dumps(data, ensure_ascii=False)
        assert own[name] in text
        for secret in secrets:
            assert f'"{secret}"' not in text, (name, secret)
            assert not secret.isalpha() or secret not in text, (name, secret)
        parties = {
            cell[side]["code"]
            for cell in data["settlementWindow"]["cells"]["nodes"]
            for side in ("debtor", "creditor")
        }
        code = name.upper()
        for cell in data["settlementWindow"]["cells"]["nodes"]:
            assert code in (cell["debtor"]["code"], cell["creditor"]["code"])
        assert code in parties


async def test_a_share_of_a_membership_is_seen_without_the_price(api):
    world = await settle_march(api)
    document = """{ membershipSales { nodes { reference seller { code } netPrice { amount }
        shares { partner { code } amount { amount } } entry { kind reference } } } }"""
    seen = {}
    for name in ("care", "air", "shop", "operator"):
        seen[name] = (await world[name].ask(document))["membershipSales"]["nodes"]
    whole = [
        {"partner": {"code": "AIR"}, "amount": {"amount": "25.00"}},
        {"partner": {"code": "CARE"}, "amount": {"amount": "75.00"}},
    ]
    entry = {"kind": "MEMBERSHIP_SALE", "reference": "gold"}
    sale = {"reference": "gold", "seller": {"code": "CARE"}, "entry": entry}
    assert seen["care"] == [{**sale, "netPrice": {"amount": "100.00"}, "shares": whole}]
    assert seen["operator"] == seen["care"]
    assert seen["air"] == [{**sale, "netPrice": None, "shares": whole[:1]}]
    assert seen["shop"] == []


async def test_windows_are_filtered_by_calendar_status_and_span(api):
    await settle_march(api)
    operator = await api.operator()
    document = """query($c: String, $s: [WindowStatus!], $n: DateTime, $o: DateTime) {
        settlementWindows(calendar: $c, statuses: $s, notOverAt: $n, opensBefore: $o)
        { nodes { code } } }"""
    for given, expected in (
        ({}, ["M04", "M03"]),
        ({"c": "monthly"}, ["M04", "M03"]),
        ({"c": "weekly"}, []),
        ({"s": ["CLOSED"]}, ["M03"]),
        ({"s": ["OPEN", "CLOSING"]}, ["M04"]),
        ({"s": []}, []),
        ({"n": APRIL.isoformat()}, ["M04"]),
        ({"o": APRIL.isoformat()}, ["M03"]),
        ({"n": MARCH.isoformat(), "o": APRIL.isoformat()}, ["M03"]),
    ):
        nodes = (await operator.ask(document, **given))["settlementWindows"]["nodes"]
        assert [node["code"] for node in nodes] == expected, given
    by_name = 'query($c: String!) { windowOfCalendar(calendar: "monthly", code: $c) { status } }'
    assert await operator.ask(by_name, c="M03") == {"windowOfCalendar": {"status": "CLOSED"}}
    assert await operator.ask(by_name, c="M99") == {"windowOfCalendar": None}
