"""A journey through HTTP, told by date: from the first points to a settled window."""

from datetime import UTC, datetime
from decimal import Decimal

from hub.kernel.actor import HUB_ACTOR
from settlement.windows import PlannedWindow, plan_windows
from tests.api import ISSUED, new_key

MARCH = PlannedWindow("2026-03", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
APRIL = PlannedWindow("2026-04", datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
WINDOW = """
query($first: Int!) { settlementWindows(first: $first) { nodes {
  id code status seal
  cells { nodes { debtor { code } creditor { code } amount { amount currency } exact
    lines { key exact } } }
  netPositions { party { code } net { amount } }
  payments { payer { code } payee { code } amount { amount } }
  direct: payments(topology: DIRECT_MIN) { payer { code } payee { code } amount { amount } }
} } }
"""


async def plan(api, *windows):
    await plan_windows(api.coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=windows)


def until(api, *when):
    api.coalition.clock.tick(datetime(*when, tzinfo=UTC) - api.coalition.clock.now)


async def first_window(caller):
    (window,) = (await caller.ask(WINDOW, first=1))["settlementWindows"]["nodes"]
    return window


def matrix(window):
    return {
        (cell["debtor"]["code"], cell["creditor"]["code"]): cell["amount"]["amount"]
        for cell in window["cells"]["nodes"]
    }


async def test_a_spring_of_three_partners(api):
    air = await api.partner("AIR", issue_price="0.01", accept_rate="0.008", issue_fee="0.001")
    shop = await api.partner("SHOP", issue_price="0.01", accept_rate="0.008", issue_fee="0.001")
    care = await api.partner("CARE", donation_rate="0.009")
    operator = await api.operator()
    await plan(api, MARCH)

    await the_first_of_march(air, operator)
    await the_weeks_of_march(api, shop, care)
    await the_money_of_march(api, air, operator)

    # 31 March: it is too early to close.
    until(api, 2026, 3, 31)
    close = {"calendar": "monthly", "window": "2026-03"}
    early = await operator.refusal("closeWindow", **close)
    assert early["__typename"] == "WindowNotOver"

    # 2 April: the window is closed, once and for ever; 20 points of SHOP had ended in March.
    until(api, 2026, 4, 2)
    key = new_key()
    for _ in range(2):
        closed = await operator.do(
            "closeWindow", "window { code status }", **close, idempotencyKey=key
        )
        assert closed["window"] == {"code": "2026-03", "status": "CLOSED"}

    await check_settlement(air, shop, care, operator)


async def the_first_of_march(air, operator):
    # Ana joins at AIR, gets 1,000 points for a flight, and is known at SHOP and CARE too.
    joined = await air.do("enrolMember", "member { id }", reference="ana@air")
    assert joined["userErrors"] == []
    flight = await air.do(
        "issuePoints", ISSUED, account={"reference": "ana@air"}, points=1000, reference="flight-1"
    )
    assert flight["userErrors"] == []
    again = await air.refusal(
        "issuePoints", account={"reference": "ana@air"}, points=1000, reference="flight-1"
    )
    assert again["__typename"] == "DuplicateReference"
    to_air = {"linkedAccount": {"partner": "AIR", "reference": "ana@air"}}
    member = (await operator.ask(FIND, account=to_air))["member"]
    for partner, reference in (("SHOP", "card-9"), ("CARE", "ana")):
        linked = await operator.do(
            "linkAccount", memberId=member["id"], partner=partner, reference=reference
        )
        assert linked["userErrors"] == []


async def the_weeks_of_march(api, shop, care):
    # 10 March: SHOP gives 200 points that end with the month, and takes 150 a week later.
    until(api, 2026, 3, 10)
    given = await shop.do(
        "issuePoints",
        account={"reference": "card-9"},
        points=200,
        expiresAt="2026-03-31T22:00:00Z",
    )
    assert given["userErrors"] == []
    until(api, 2026, 3, 17)
    paid = await shop.do("redeemPoints", "entryId", account={"reference": "card-9"}, points=150)
    assert paid["userErrors"] == []

    # 20 March: a third of it comes back; she gives 80 points to CARE.
    until(api, 2026, 3, 20)
    back = await shop.do("refundPoints", redemptionId=paid["entryId"], points=50)
    assert back["userErrors"] == []
    gift = await care.do("donatePoints", account={"reference": "ana"}, points=80)
    assert gift["userErrors"] == []


async def the_money_of_march(api, air, operator):
    # 25 March: a membership of AIR and SHOP is sold for 107.00 with 7 % VAT; SHOP gets a quarter.
    until(api, 2026, 3, 25)
    sold = await air.do(
        "sellMembership",
        "entryId",
        priceGross={"amount": "107.00", "currency": "EUR"},
        vatRate="0.07",
        shares=[{"partner": "AIR", "share": "0.75"}, {"partner": "SHOP", "share": "0.25"}],
        reference="card-1",
    )
    assert sold["userErrors"] == []
    goodwill = await operator.do(
        "postAdjustment",
        debtor="HUB",
        creditor="CARE",
        amount={"amount": "1.50", "currency": "EUR"},
        reason="goodwill",
    )
    assert goodwill["userErrors"] == []


FIND = "query($account: AccountInput) { member(account: $account) { id } }"


async def check_settlement(air, shop, care, operator):
    window = await first_window(operator)
    shown = matrix(window)
    assert shown == {
        ("AIR", "HUB"): "1.00",  # 1,000 x 0.001 for the issue
        ("AIR", "POOL"): "10.00",  # 1,000 x 0.01
        ("AIR", "SHOP"): "25.00",  # a quarter of the net price of the membership
        ("HUB", "CARE"): "1.50",  # the goodwill
        ("POOL", "CARE"): "0.72",  # 80 x 0.009: SHOP's points were the first to end
        ("POOL", "HUB"): "0.40",  # margins 100 x 0.002 and 80 x 0.001, 0.6 of 20 expired
        ("POOL", "SHOP"): "0.88",  # 100 x 0.008 accepted, 0.4 of 20 expired
        ("SHOP", "HUB"): "0.21",  # 200 x 0.001 for the issue, 1.2 % of 0.80
        ("SHOP", "POOL"): "2.00",  # 200 x 0.01
    }
    nets = {each["party"]["code"]: each["net"]["amount"] for each in window["netPositions"]}
    assert len(window["seal"]) == 64
    assert sum(Decimal(net) for net in nets.values()) == 0
    paid = {each["payer"]["code"] for each in window["payments"] if each["payer"]}
    got = {each["payee"]["code"] for each in window["payments"] if each["payee"]}
    assert {p for p, net in nets.items() if net.startswith("-")} == paid
    assert got.isdisjoint(paid)
    for caller, code in ((air, "AIR"), (shop, "SHOP"), (care, "CARE")):
        own = await first_window(caller)
        assert matrix(own) == {pair: amount for pair, amount in shown.items() if code in pair}
        assert own["netPositions"] == [
            each for each in window["netPositions"] if each["party"]["code"] == code
        ]
        assert own["payments"] == [
            each
            for each in window["payments"]
            if code in (name(each["payer"]), name(each["payee"]))
        ]
        assert own["seal"] == window["seal"]
        assert own["id"] != window["id"]


def name(party):
    return party and party["code"]


async def test_closing_keeps_the_order_of_windows(api):
    await api.partner("AIR")
    operator = await api.operator()
    await plan(api, MARCH, APRIL)
    until(api, 2026, 5, 2)
    late = await operator.refusal("closeWindow", calendar="monthly", window="2026-04")
    assert late["__typename"] == "PreviousWindowOpen"
    unknown = await operator.refusal("closeWindow", calendar="monthly", window="x" * 500)
    assert unknown["__typename"] == "WindowNotFound"
    for code in ("2026-03", "2026-04"):
        done = await operator.do("closeWindow", calendar="monthly", window=code)
        assert done["userErrors"] == []
    nodes = (await operator.ask(WINDOW, first=5))["settlementWindows"]["nodes"]
    assert [node["code"] for node in nodes] == ["2026-04", "2026-03"]


async def test_windows_of_a_page_are_settled_in_three_round_trips(api):
    await api.partner("AIR")
    operator = await api.operator()
    await plan(api, MARCH, APRIL)
    until(api, 2026, 5, 2)
    for code in ("2026-03", "2026-04"):
        await operator.do("closeWindow", calendar="monthly", window=code)
    with api.counted() as statements:
        await operator.ask(WINDOW, first=5)
    assert len(statements) == 4  # windows; then their status, cells and lines, for both together


async def test_a_cancelled_membership_gives_back_once(api):
    air = await api.partner("AIR")
    shop = await api.partner("SHOP")
    sold = await air.do(
        "sellMembership",
        "entryId entry { kind points wallet { id } }",
        priceGross={"amount": "100.00", "currency": "EUR"},
        vatRate="0",
        shares=[{"partner": "AIR", "share": "0.5"}, {"partner": "SHOP", "share": "0.5"}],
        reference="card-1",
    )
    assert sold["entry"] == {"kind": "MEMBERSHIP_SALE", "points": 0, "wallet": None}
    days = {"saleId": sold["entryId"], "unusedDays": 100, "totalDays": 365}
    assert (await shop.refusal("cancelMembership", **days))["__typename"] == "UnknownReference"
    done = await air.do(
        "cancelMembership", "entry { givesBack { id } }", **days, idempotencyKey="c"
    )
    assert done["entry"]["givesBack"]["id"] == sold["entryId"]
    assert (await air.refusal("cancelMembership", **days))["__typename"] == "AlreadyCancelled"
    same = await air.do(
        "cancelMembership", "entry { givesBack { id } }", **days, idempotencyKey="c"
    )
    assert same == done
