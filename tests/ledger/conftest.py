"""What the ledger's tests share: somebody to tell stories to."""

import pytest

from tests.story import begin_story


@pytest.fixture
async def story(coalition):
    return await begin_story(coalition)
