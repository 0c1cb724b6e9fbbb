"""The client without `await`, over a real socket, from a program without an event loop."""

import asyncio

import pytest

from hub.client.bearer import BearerToken
from hub.client.generated.inputs import AccountInput, EnrolMemberInput, IssuePointsInput
from hub.client.generated.refusals import PointsOutOfRange
from hub.client.synchronous import BlockingHubClient
from tests.client.cutter import serve

ANA = AccountInput(reference="ana")


def shop(address, token):
    """What a program of a partner does."""
    with BlockingHubClient(address, auth=BearerToken(token)) as hub:
        hub.enrol_member(EnrolMemberInput(reference="ana"))
        for points in (1, 2, 3):
            hub.issue_points(IssuePointsInput(account=ANA, points=points))
        first = next(hub.wallet_lots(account=ANA, page_size=1))
        with pytest.raises(PointsOutOfRange) as refused:
            hub.issue_points(IssuePointsInput(account=ANA, points=0))
        lots = [lot.points for lot in hub.wallet_lots(account=ANA, page_size=2)]
        kind = hub.execute("{ viewer { kind } }")["viewer"]["kind"]
        return first.points, lots, refused.value.points_min, kind


async def test_a_program_that_waits_does_the_same(api):
    caller = await api.partner("AIR")
    token = caller.headers["authorization"].removeprefix("Bearer ")
    async with serve(api.app) as port:
        address = f"http://127.0.0.1:{port}/graphql"
        assert await asyncio.to_thread(shop, address, token) == (1, [1, 2, 3], 1, "PARTNER")


@pytest.mark.parametrize("token", ["", "two words", "über", "a\nb"])
def test_a_token_is_one_word(token):
    with pytest.raises(ValueError, match="one word"):
        BearerToken(token)
