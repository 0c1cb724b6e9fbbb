"""Every list of the API, a world in which each has several things, and how to read a page of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from hub.ledger.caps.kinds import CapKind
from hub.points.capping import WantedCap, set_cap
from settlement.windows import PlannedWindow, plan_windows
from tests.api import ISSUED, Api, Caller

MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
WINDOWS = (PlannedWindow("M03", MARCH, APRIL), PlannedWindow("M04", APRIL, MAY))
TERMS = {
    "issue_price": "0.01",
    "issue_fee": "0.001",
    "accept_rate": "0.008",
    "accept_fee_bps": "100",
}


@dataclass(frozen=True)
class Listed:
    """A list: the fields that lead to it, the arguments it needs, and how much is in it."""

    path: tuple[str, ...]
    kind: str
    count: int
    is_node: bool = True
    name: str = "id"
    shares_cursors_with: str | None = None


LISTS = {
    "Query.partners": Listed(("partners",), "Partner", 7),
    "Query.members": Listed(("members",), "Member", 3),
    "Query.entries": Listed(("entries",), "Entry", 18),
    "Query.lots": Listed(("lots",), "Lot", 5),
    "Query.settlementWindows": Listed(("settlementWindows",), "SettlementWindow", 2),
    "Query.membershipSales": Listed(
        ("membershipSales",), "MembershipSale", 2, is_node=False, name="soldAt"
    ),
    "Query.exchangeOffers": Listed(
        ("exchangeOffers",), "ExchangeOffer", 3, is_node=False, name="version partner { code }"
    ),
    "Query.caps": Listed(
        ("caps",), "Cap", 4, is_node=False, name="kind reason partner { code } limit"
    ),
    "Wallet.lots": Listed(("wallet(account: $account)", "lots"), "Lot", 3),
    "Wallet.activity": Listed(("wallet(account: $account)", "activity"), "Entry", 7),
    "Wallet.holds": Listed(
        ("wallet(account: $claimed)", "holds"), "Hold", 2, is_node=False, name="points"
    ),
    "Wallet.arrears": Listed(
        ("wallet(account: $claimed)", "arrears"), "Arrears", 2, is_node=False, name="points"
    ),
    "Entry.allocations": Listed(
        ("entry(id: $redemption)", "allocations"),
        "Allocation",
        2,
        is_node=False,
        name="points kind lot { id }",
    ),
    "Entry.givenBackBy": Listed(("entry(id: $redemption)", "givenBackBy"), "Entry", 2),
    "Lot.allocations": Listed(
        ("node(id: $lot)", "... on Lot", "allocations"),
        "Allocation",
        3,
        is_node=False,
        name="points kind entry { id }",
    ),
    "Explanation.obligations": Listed(("explain(id: $redemption)", "obligations"), "Obligation", 6),
    "SettlementWindow.cells": Listed(
        ("settlementWindow(id: $window)", "cells"),
        "SettlementCell",
        7,
        is_node=False,
        name="exact debtor { code } creditor { code }",
    ),
    "Statement.cells": Listed(
        ('statement(windowId: $window, partner: "AIR")', "cells"),
        "SettlementCell",
        3,
        is_node=False,
        name="exact debtor { code } creditor { code }",
        shares_cursors_with="SettlementWindow.cells",
    ),
    "Statement.obligations": Listed(
        ('statement(windowId: $window, partner: "AIR")', "obligations"), "Obligation", 8
    ),
}


@dataclass
class World:
    """The API with something of everything in it, and the operator who looks at it."""

    api: Api
    caller: Caller
    variables: dict[str, Any]


async def make_something_of_everything(api: Api) -> World:
    """Three partners, three members, a settled March and an open April."""
    air, shop = await api.partner("AIR", **TERMS), await api.partner("SHOP", **TERMS)
    await api.partner("CARE", **TERMS)
    await plan_windows(api.coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=WINDOWS)
    await api.member("ana", AIR="a-1", SHOP="s-1")
    await api.member("ben", AIR="b-1")
    await api.member("cleo", AIR="c-1")
    first = await give(air, "a-1", 100, reference="flight-1", expiresAt="2026-06-01T00:00:00Z")
    await give(air, "a-1", 50, reference="flight-2", expiresAt="2026-07-01T00:00:00Z")
    await give(air, "b-1", 30, reference="flight-3")
    paid = await shop.do(
        "redeemPoints", "entryId", account={"reference": "s-1"}, points=120, reference="till-1"
    )
    assert paid["userErrors"] == []
    for points in (10, 40):
        back = await shop.do("refundPoints", redemptionId=paid["entryId"], points=points)
        assert back["userErrors"] == []
    for index in (1, 2):
        price = {"amount": f"{index}07.00", "currency": "EUR"}
        sold = await air.do(
            "sellMembership",
            "entryId",
            priceGross=price,
            vatRate="0.07",
            shares=[{"partner": "AIR", "share": "0.75"}, {"partner": "SHOP", "share": "0.25"}],
            reference=f"gold-{index}",
        )
        assert sold["userErrors"] == []
    operator = await api.operator()
    adjusted = await operator.do(
        "postAdjustment",
        debtor="CARE",
        creditor="SHOP",
        amount={"amount": "5", "currency": "EUR"},
        reason="goodwill",
    )
    assert adjusted["userErrors"] == []
    api.coalition.clock.tick(APRIL - api.coalition.clock.now)
    closed = await operator.do("closeWindow", "window { id }", calendar="monthly", window="M03")
    assert closed["userErrors"] == []
    taken = await air.do("reverseIssue", lotId=first["lotId"], points=5)
    assert taken["userErrors"] == []
    await give(shop, "s-1", 8, reference="till-2")
    await claim_points(air, "c-1")
    await offer_and_cap(api)
    lot = air.audience.find_place(IdKind.LOT, first["lotId"])
    redemption = shop.audience.find_place(IdKind.ENTRY, paid["entryId"])
    return World(
        api,
        operator,
        {
            "account": {"linkedAccount": {"partner": "AIR", "reference": "a-1"}},
            "claimed": {"linkedAccount": {"partner": "AIR", "reference": "c-1"}},
            "redemption": operator.id(IdKind.ENTRY, redemption),
            "lot": operator.id(IdKind.LOT, lot),
            "window": closed["window"]["id"],
        },
    )


async def offer_and_cap(api: Api) -> None:
    """Let two partners offer an exchange, and set caps that count from now on."""
    coalition = api.coalition
    await coalition.offer("AIR", effective_until=MAY)
    await coalition.offer("AIR", effective_from=MAY)
    await coalition.offer("SHOP")
    wanted = [(CapKind.BUDGET, "AIR", reason) for reason in ("spring", "summer")]
    wanted += [(CapKind.ACCEPT, code, None) for code in ("AIR", "SHOP")]
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        for kind, code, reason in wanted:
            partner = coalition.partners[code]
            cap = WantedCap(kind=kind, partner=partner, limit=Decimal(10**6), reason=reason)
            await set_cap(tx, coalition.hub.register, cap)
    await coalition.hub.register.refresh()


async def claim_points(caller: Caller, account: str) -> None:
    """Leave two holds and two debts in a wallet: two issues are reversed whose points are spent."""
    lots = [
        (await give(caller, account, 100, reference=f"flight-{number}"))["lotId"]
        for number in (4, 5)
    ]
    given = {"account": {"reference": account}}
    steps = [
        *(
            ("holdPoints", {**given, "points": points, "endsAt": "2026-05-01T00:00:00Z"})
            for points in (1, 2)
        ),
        ("redeemPoints", {**given, "points": 190}),
        *(("reverseIssue", {"lotId": lot, "points": 90, "mode": "UNLIMITED"}) for lot in lots),
    ]
    for mutation, asked in steps:
        assert (await caller.do(mutation, **asked))["userErrors"] == []


async def give(caller: Caller, account: str, points: int, **given: Any) -> dict[str, Any]:
    """Let a partner issue points under a reference of its own, and give the payload."""
    payload = await caller.do(
        "issuePoints", ISSUED, account={"reference": account}, points=points, **given
    )
    assert payload["userErrors"] == []
    return payload


TYPES = {
    "account": "AccountInput",
    "claimed": "AccountInput",
    "redemption": "ID!",
    "lot": "ID!",
    "window": "ID!",
}


async def fetch(world: World, name: str, **page: Any) -> Any:
    """Read a page of a list, and give the connection."""
    body = await _send(world, name, page)
    assert "errors" not in body, (name, page, body["errors"])
    data = body["data"]
    for step in LISTS[name].path:
        if not step.startswith("..."):
            data = data[step.partition("(")[0]]
    return data


async def refused(world: World, name: str, **page: Any) -> Any:
    """Ask for a page that cannot be, and give the errors."""
    return (await _send(world, name, page))["errors"]


async def _send(world: World, name: str, page: dict[str, Any]) -> dict[str, Any]:
    listed = LISTS[name]
    used = {key: value for key, value in world.variables.items() if f"${key}" in str(listed.path)}
    variables = ["$first: Int, $after: String, $last: Int, $before: String"]
    variables += [f"${key}: {TYPES[key]}" for key in used]
    what = f"__typename {listed.name}"
    selection = (
        f"(first: $first, after: $after, last: $last, before: $before) {{ nodes {{ {what} }}"
        f" edges {{ cursor node {{ {what} }} }}"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    )
    document = " { ".join((f"query({', '.join(variables)})", *listed.path)) + selection
    document += " }" * len(listed.path)
    return await world.caller.send(document, **used, **page)
