"""A coalition with two settled months, for the commands that show and check it.

In March ana gets 1,000 points of air and redeems 400 of them at bio; in April bio issues 77. All
terms are ON_ISSUE in EUR (tests/coalition.py): 0.0090 a point into the pool, 0.0078 to whoever
accepts it, 1.2 % of that to the hub.
"""

from datetime import UTC, datetime, timedelta

from hub.kernel.actor import HUB_ACTOR
from hub.points.issue import issue_points
from hub.points.redeem import redeem_points
from settlement.windows import PlannedWindow, close_window, plan_windows
from tests.coalition import Coalition, open_coalition

MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
WINDOWS = (PlannedWindow("M2026-03", MARCH, APRIL), PlannedWindow("M2026-04", APRIL, MAY))


async def settle_two_months(url: str) -> None:
    async with open_coalition(url) as coalition:
        for code in ("air", "bio"):
            await coalition.partner(code)
        await coalition.member("ana")
        await plan_windows(coalition.hub.database, HUB_ACTOR, calendar="monthly", planned=WINDOWS)
        await issue(coalition, "air", 1000)
        await redeem(coalition, "bio", 400)
        coalition.clock.tick(timedelta(days=40))
        await issue(coalition, "bio", 77)
        coalition.clock.tick(timedelta(days=40))
        for window in WINDOWS:
            await close_window(
                coalition.hub.database,
                coalition.hub.register,
                HUB_ACTOR,
                calendar="monthly",
                code=window.code,
                now=coalition.clock.now,
                fx={},
            )


async def issue(coalition: Coalition, partner: str, points: int) -> None:
    await issue_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=coalition.clock.now,
        issuer=coalition.partners[partner],
        wallet=coalition.members["ana"],
        points=points,
        reference=f"till-{points}",
    )


async def redeem(coalition: Coalition, partner: str, points: int) -> None:
    await redeem_points(
        coalition.hub.poster,
        coalition.hub.register,
        coalition.request(),
        now=coalition.clock.now,
        acceptor=coalition.partners[partner],
        wallet=coalition.members["ana"],
        points=points,
        reference=None,
    )
