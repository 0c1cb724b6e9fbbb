"""What can be followed, over sockets and streams, on real books."""

import asyncio
from datetime import UTC, datetime

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.ids import IdKind
from settlement.windows import PlannedWindow, close_window, plan_windows
from tests.api import issue
from tests.schema.view.wire import SocketLine

WALLET = "subscription($w: ID!) { walletChanged(walletId: $w) { id availablePoints } }"
ENTRIES = (
    "subscription($w: ID, $a: String)"
    " { entries(walletId: $w, after: $a) { cursor entry { kind points } } }"
)
WINDOWS = "subscription($c: String) { windowChanged(calendar: $c) { code status } }"
MARCH = PlannedWindow("2026-03", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


async def opened(api, caller):
    line = SocketLine(api.app, authorization=caller.headers["authorization"])
    await line.open()
    return line


async def following(api, count):
    """Wait until so many follow the entries: from then on nothing is missed."""
    async with asyncio.timeout(10):
        while sum(map(len, api.coalition.hub.live._followers.values())) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def data(line):
    message = await line.hear()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]


async def test_a_member_follows_the_own_wallet(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    wallet = ana.id(IdKind.WALLET, api.coalition.members["ana"])
    line = await opened(api, ana)
    line.subscribe("w", WALLET, variables={"w": wallet})
    await following(api, 1)
    await issue(air, "a-1", 50)
    assert await data(line) == {"walletChanged": {"id": wallet, "availablePoints": 50}}
    await issue(air, "a-1", 7)
    assert (await data(line))["walletChanged"]["availablePoints"] == 57
    line.hang_up()
    await line.end()
    assert api.coalition.hub.live.follower_count == 0


async def test_a_partner_hears_nothing_of_what_others_do_with_a_member(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1", SHOP="s-1")
    wallet = air.id(IdKind.WALLET, api.coalition.members["ana"])
    line = await opened(api, air)
    line.subscribe("w", WALLET, variables={"w": wallet})
    line.subscribe("e", ENTRIES)
    await following(api, 66)
    await issue(shop, "s-1", 1000)
    await issue(air, "a-1", 3)
    heard = sorted([await line.hear() for _ in range(2)], key=lambda each: each["id"])
    first, second = (each["payload"]["data"] for each in heard)
    assert first["entries"]["entry"] == {"kind": "ISSUE", "points": 3}
    assert second["walletChanged"]["availablePoints"] == 3
    await asyncio.sleep(0.3)
    assert line.outgoing.empty()
    line.hang_up()
    await line.end()


@pytest.mark.parametrize("other", ["ben", "nobody"])
async def test_a_wallet_of_somebody_else_is_like_one_that_is_not_there(api, other):
    await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    await api.member("ben", AIR="b-1")
    wallet = ana.id(IdKind.WALLET, api.coalition.members["ben"]) if other == "ben" else "x" * 22
    line = await opened(api, ana)
    line.subscribe("w", WALLET, variables={"w": wallet})
    message = await line.hear()
    assert message["type"] == "error"
    (error,) = message["payload"]
    assert (error["message"], error["extensions"]["code"]) == (
        "There is no such wallet.",
        "BAD_USER_INPUT",
    )
    line.hang_up()
    await line.end()


async def test_entries_go_on_from_where_one_left_off(api):
    air = await api.partner("AIR")
    await api.member("ana", AIR="a-1")
    line = await opened(api, air)
    line.subscribe("e", ENTRIES)
    await following(api, 65)
    await issue(air, "a-1", 1)
    cursor = (await data(line))["entries"]["cursor"]
    line.hang_up()
    await line.end()
    await issue(air, "a-1", 2)
    await issue(air, "a-1", 3)
    line = await opened(api, air)
    line.subscribe("e", ENTRIES, variables={"a": cursor})
    points = [(await data(line))["entries"]["entry"]["points"] for _ in range(2)]
    assert points == [2, 3]
    for bad in ("x", cursor[:-2], "ä"):
        line.subscribe("bad", ENTRIES, variables={"a": bad})
        message = await line.hear()
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    line.hang_up()
    await line.end()


async def test_a_cursor_of_somebody_else_is_none(api):
    air, shop = await api.partner("AIR"), await api.partner("SHOP")
    await api.member("ana", AIR="a-1")
    line = await opened(api, air)
    line.subscribe("e", ENTRIES)
    await following(api, 65)
    await issue(air, "a-1", 1)
    cursor = (await data(line))["entries"]["cursor"]
    line.hang_up()
    await line.end()
    line = await opened(api, shop)
    line.subscribe("e", ENTRIES, variables={"a": cursor})
    assert (await line.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    line.hang_up()
    await line.end()


async def test_members_follow_wallets_and_neither_entries_nor_windows(api):
    await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    line = await opened(api, ana)
    for query in (ENTRIES, WINDOWS):
        line.subscribe("x", query)
        assert (await line.hear())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    line.hang_up()
    await line.end()


async def test_without_a_token_one_may_count_and_nothing_else(api):
    line = SocketLine(api.app)
    await line.open()
    line.subscribe("c", "subscription { count(to: 2) }")
    assert [(await data(line))["count"] for _ in range(2)] == [0, 1]
    assert (await line.hear())["type"] == "complete"
    for query in (ENTRIES, WINDOWS):
        line.subscribe("x", query)
        assert (await line.hear())["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    for to in (0, 100_001):
        line.subscribe("c", f"subscription {{ count(to: {to}) }}")
        assert (await line.hear())["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    line.hang_up()
    await line.end()


async def test_a_window_is_told_when_it_is_new_and_when_it_closes(api):
    hub = api.coalition.hub
    operator = await api.operator()
    line = await opened(api, operator)
    line.subscribe("m", WINDOWS, variables={"c": "monthly"})
    line.subscribe("o", WINDOWS, variables={"c": "other"})
    async with asyncio.timeout(10):
        while len(hub.window_watch._followers) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await plan_windows(hub.database, HUB_ACTOR, calendar="monthly", planned=[MARCH])
    assert await data(line) == {"windowChanged": {"code": "2026-03", "status": "OPEN"}}
    api.coalition.clock.tick(MARCH.cut_at - api.coalition.clock.now)
    await close_window(
        hub.database,
        hub.register,
        HUB_ACTOR,
        calendar="monthly",
        code="2026-03",
        now=hub.clock(),
        fx={},
    )
    while (await data(line))["windowChanged"]["status"] != "CLOSED":
        pass
    line.hang_up()
    await line.end()
    assert hub.window_watch._looking is None
