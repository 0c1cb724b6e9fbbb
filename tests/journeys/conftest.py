"""What tests through the API share."""

import pytest

from tests.api import open_api


@pytest.fixture
async def api(coalition):
    async with open_api(coalition) as opened:
        yield opened
