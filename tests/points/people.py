"""What members of the tests of merging do, and what is seen of them."""

from hub.points.issue import issue_points
from hub.points.merging import merge_members, unmerge_members
from hub.points.redeem import redeem_points
from hub.points.requests import NEVER
from hub.points.transfer import transfer_points

LOTS = """
SELECT l.points, l.remaining_points, l.contributor_wallet_id IS NOT NULL AS is_marked
FROM ledger.lots l WHERE l.lane = $1 AND l.wallet_id = $2 ORDER BY l.lot_id
"""
WALLET = """
SELECT balance_points, held_points, owed_points, is_open FROM ledger.wallets
WHERE lane = $1 AND wallet_id = $2
"""


async def issue(coalition, name, points, partner="air", **given):
    return await issue_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=coalition.clock.now,
        issuer=coalition.partners[partner],
        wallet=coalition.members[name],
        points=points,
        reference=None,
        **{"expires_at": NEVER, **given},
    )


async def redeem(coalition, name, points):
    return await redeem_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=coalition.clock.now,
        acceptor=coalition.partners["shop"],
        wallet=coalition.members[name],
        points=points,
    )


async def merge(coalition, gone="anna", survivor="ana"):
    return await merge_members(
        coalition.hub.poster,
        coalition.hub.database,
        from_member_id=coalition.members[gone].number,
        to_member_id=coalition.members[survivor].number,
        actor="test",
    )


async def unmerge(coalition, gone="anna", name="first"):
    return await unmerge_members(
        coalition.hub.poster,
        coalition.hub.database,
        from_member_id=coalition.members[gone].number,
        name=name,
        actor="test",
    )


async def see(coalition, name):
    place = coalition.members[name]
    (row,) = await coalition.query(WALLET, place.lane, place.number)
    return tuple(row)


async def lots(coalition, name):
    place = coalition.members[name]
    return [tuple(row) for row in await coalition.query(LOTS, place.lane, place.number)]


async def transfer(coalition, name, to, points):
    return await transfer_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.hub.database,
        coalition.request(),
        now=coalition.clock.now,
        wallet=coalition.members[name],
        to_wallet=coalition.members[to],
        points=points,
    )


class Stopped(Exception):
    """The process died here."""


class Mortal:
    """A poster whose process dies after so many steps."""

    def __init__(self, poster, steps):
        self.poster = poster
        self.steps = steps

    async def post(self, operation):
        return await self._step(self.poster.post(operation))

    async def post_group(self, operations):
        return await self._step(self.poster.post_group(operations))

    async def recall(self, operation):
        return await self.poster.recall(operation)

    async def _step(self, posting):
        if self.steps == 0:
            posting.close()
            raise Stopped
        self.steps -= 1
        return await posting
