"""Points become a partner's own currency: what moves, and who owes whom for it."""

import pytest

from hub.kernel.ids import IdKind
from partners.terms import Funding
from tests.api import issue
from tests.coalition import photograph

OWED = """query($id: ID!) { explain(id: $id) { obligations(first: 20) { nodes {
    kind debtor { code } creditor { code } exact currency } } } }"""


@pytest.fixture
async def cast(api):
    air = await api.partner("AIR", funding=Funding.ON_ISSUE)
    shop = await api.partner("SHOP", funding=Funding.ON_REDEMPTION)
    miles = await api.partner("MILES")
    ana = await api.member("ana", AIR="a-1", SHOP="s-1", MILES="m-1")
    return air, shop, miles, ana


def asked(points, **given):
    return {
        "account": {"reference": "m-1"},
        "points": points,
        "reference": "credit-77",
        "isNameMatched": True,
        **given,
    }


async def test_an_exchange_is_paid_like_a_redemption_without_a_fee(api, cast):
    air, shop, miles, ana = cast
    await issue(air, "a-1", 100)
    await issue(shop, "s-1", 50)
    done = await miles.do("exchangePoints", "entryId entry { kind points reference }", **asked(120))
    assert done["entry"] == {"kind": "EXCHANGE", "points": 120, "reference": "credit-77"}
    assert (await ana.ask("{ wallet { availablePoints } }"))["wallet"]["availablePoints"] == 30
    operator = await api.operator()
    place = miles.audience.find_place(IdKind.ENTRY, done["entryId"])
    found = await operator.ask(OWED, id=operator.id(IdKind.ENTRY, place))
    owed = sorted(
        (
            each["kind"],
            each["debtor"]["code"],
            each["creditor"]["code"],
            each["exact"],
            each["currency"],
        )
        for each in found["explain"]["obligations"]["nodes"]
    )
    # 100 points of AIR at 0.0078, of the 0.0090 that the pool has; 20 of SHOP at its own 0.0080.
    assert owed == [
        ("POOL_MARGIN", "POOL", "HUB", "0.12", "EUR"),
        ("REIMBURSE", "POOL", "MILES", "0.78", "EUR"),
        ("REIMBURSE", "SHOP", "MILES", "0.16", "EUR"),
    ]


async def test_an_exchange_is_for_good(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100)
    done = await miles.do("exchangePoints", "entryId", **asked(100))
    before = await photograph(api.coalition)
    error = await miles.refusal("refundPoints", redemptionId=done["entryId"], points=100)
    assert error["code"] == "UNKNOWN_REFERENCE"
    assert await photograph(api.coalition) == before


async def test_what_may_not_be_exchanged_is_refused(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100, restriction={"isExchangeable": False})
    await issue(air, "a-1", 9)
    before = await photograph(api.coalition)
    error = await miles.refusal("exchangePoints", **asked(10))
    assert (error["code"], error["availablePoints"]) == ("INSUFFICIENT_POINTS", 9)
    error = await miles.refusal("exchangePoints", **asked(9, isNameMatched=False))
    assert (error["code"], error["path"]) == ("NAME_NOT_MATCHED", ["input", "isNameMatched"])
    assert await photograph(api.coalition) == before


async def test_the_same_key_exchanges_once(api, cast):
    air, _, miles, _ = cast
    await issue(air, "a-1", 100)
    first = await miles.do("exchangePoints", "entryId", **asked(40), idempotencyKey="k")
    before = await photograph(api.coalition)
    assert await miles.do("exchangePoints", "entryId", **asked(40), idempotencyKey="k") == first
    assert await photograph(api.coalition) == before
