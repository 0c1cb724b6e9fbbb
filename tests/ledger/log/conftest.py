"""What the tests of the log share: sealed books."""

import pytest

from tests.ledger.log.dealing import deal


@pytest.fixture
async def dealing(story):
    return await deal(story)
