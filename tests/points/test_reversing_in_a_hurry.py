"""What the survivor spends while a reverse is on its way leaves the rest to be taken."""

from dataclasses import replace

import pytest

from hub.ledger.entries import EntryKind
from hub.ledger.operations import ReverseMode
from hub.points.giving_back import refund_points, reverse_issue
from tests.points.people import issue, merge, redeem, see


async def ask(coalition, key=None):
    """A request of a hub that knows who was merged."""
    await coalition.hub.wallets.refresh()
    return replace(coalition.request(key), kin=coalition.hub.wallets.forwards.find_kin)


async def reverse(coalition, issued, mode, *, poster=None):
    return await reverse_issue(
        poster or coalition.hub.poster,
        coalition.hub.database,
        await ask(coalition, "k"),
        issuer=coalition.partners["air"],
        wallet=coalition.members["anna"],
        lot=issued.lot,
        points=100,
        mode=mode,
    )


@pytest.fixture
async def cast(coalition):
    """anna and ana are one person."""
    await coalition.partner("air")
    await coalition.partner("shop")
    await coalition.member("anna", lane=9)
    await coalition.member("ana")
    return coalition


class Hasty:
    """A poster before which, once, the survivor spends: just as a reverse is about to be booked."""

    def __init__(self, coalition, *, at_step, points):
        self.coalition = coalition
        self.steps = at_step
        self.points = points

    async def post(self, operation):
        if operation.kind is EntryKind.REVERSE:
            self.steps -= 1
            if self.steps == 0:
                await redeem(self.coalition, "ana", self.points)
        return await self.coalition.hub.poster.post(operation)

    async def recall(self, operation):
        return await self.coalition.hub.poster.recall(operation)


@pytest.mark.parametrize(
    ("at_step", "mode", "told", "seen"),
    [
        (2, ReverseMode.REFUSE, (70, 30), (0, 0, 0, True)),
        (2, ReverseMode.UNLIMITED, (100, 30), (0, 0, 30, True)),
        (1, ReverseMode.WITHIN_BALANCE, (70, 30), (0, 0, 0, True)),
        (1, ReverseMode.UNLIMITED, (100, 30), (0, 0, 30, True)),
    ],
)
async def test_what_is_spent_during_a_reverse_leaves_the_rest_to_be_taken(
    cast, at_step, mode, told, seen
):
    """The points of one issue lie in two lots of the survivor: 60, and 40 that were refunded."""
    issued = await issue(cast, "anna", 100)
    redeemed = await redeem(cast, "anna", 40)
    await merge(cast)
    await refund_points(
        cast.hub.poster,
        cast.hub.database,
        await ask(cast),
        acceptor=cast.partners["shop"],
        wallet=cast.members["anna"],
        redemption=redeemed.entry,
        points=40,
    )
    hasty = Hasty(cast, at_step=at_step, points=30)
    done = await reverse(cast, issued, mode, poster=hasty)
    assert (done.points, done.short_points) == told
    assert await see(cast, "ana") == seen
    assert await reverse(cast, issued, mode) == done
