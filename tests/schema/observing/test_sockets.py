"""Sockets and subscriptions: what is open, what was told, and their spans."""

import asyncio

from hub.kernel.ids import IdKind
from tests.api import issue
from tests.schema.observing.scraping import samples_of, scrape
from tests.schema.view.wire import SocketLine

COUNT = "subscription Count { count(to: 3) }"
WALLET = "subscription Mine($w: ID!) { walletChanged(walletId: $w) { availablePoints } }"
VIEWER = "query Who { viewer { kind } }"


async def opened(api, caller):
    line = SocketLine(api.app, authorization=caller.headers["authorization"])
    await line.open()
    return line


async def answers_to(line, operation_id):
    """What comes for an operation until it is complete."""
    heard = []
    while True:
        message = await line.hear()
        assert message["id"] == operation_id
        if message["type"] == "complete":
            return heard
        heard.append(message)


async def test_what_is_open_and_what_was_told_is_counted(api):
    air = await api.partner("AIR")
    first, second = await opened(api, air), await opened(api, air)
    first.subscribe("c", COUNT)
    assert len(await answers_to(first, "c")) == 3
    first.subscribe("q", VIEWER)
    assert len(await answers_to(first, "q")) == 1
    member = await api.member("ana", AIR="a-1")
    wallet = member.id(IdKind.WALLET, api.coalition.members["ana"])
    theirs = await opened(api, member)
    theirs.subscribe("w", WALLET, variables={"w": wallet})
    async with asyncio.timeout(10):
        while not api.coalition.hub.live._followers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    page = await scrape(api)
    assert samples_of(page, "hub_graphql_sockets") == {(): 3}
    assert samples_of(page, "hub_graphql_subscriptions") == {(): 1}
    assert samples_of(page, "hub_graphql_events_total") == {(): 3}
    for line in (first, second, theirs):
        line.hang_up()
        await line.end()
    page = await scrape(api)
    assert samples_of(page, "hub_graphql_sockets") == {(): 0}
    assert samples_of(page, "hub_graphql_subscriptions") == {(): 0}
    assert samples_of(page, "hub_graphql_subscribers_cut_off_total") == {(): 0}
    assert samples_of(page, "hub_graphql_operations_total") == {
        ("OK", "subscription", "other", "socket"): 3,
        ("OK", "query", "other", "socket"): 1,
    }


async def test_each_operation_of_a_socket_is_a_trace_and_so_is_each_event(traced, exporter):
    air = await traced.partner("AIR")
    await traced.member("ana", AIR="a-1")
    await air.ask(VIEWER)
    line = await opened(traced, air)
    exporter.clear()
    line.subscribe("c", COUNT)
    await answers_to(line, "c")
    line.subscribe("q", VIEWER)
    await answers_to(line, "q")
    line.hang_up()
    await line.end()
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["subscription Count"] * 3 + ["query Who"]
    assert all(span.parent is None for span in spans)
    assert len({span.context.trace_id for span in spans}) == 4
    assert {span.attributes["hub.transport"] for span in spans} == {"socket"}
    exporter.clear()
    await issue(air, "a-1", 1)
    assert "subscription Count" not in {span.name for span in exporter.get_finished_spans()}
