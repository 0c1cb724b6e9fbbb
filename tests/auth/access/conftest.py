"""What these tests share."""

import pytest

from tests.api import open_api
from tests.auth.access.people import build_site, open_desk


@pytest.fixture
async def api(coalition):
    async with open_api(coalition) as opened:
        yield opened


@pytest.fixture
async def desk(coalition):
    async with open_desk(coalition) as opened:
        yield opened


@pytest.fixture
def site(coalition):
    """The pages alone."""
    return build_site(coalition.hub.database)[0]
