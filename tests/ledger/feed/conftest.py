"""What the tests of the feed share: somebody who issues, and a notebook."""

import pytest
from structlog.testing import capture_logs

from tests.ledger.feed.reading import Notebook


@pytest.fixture
async def notebook(coalition):
    await coalition.partner("air")
    opened = Notebook(coalition.url)
    await opened.open()
    return opened


@pytest.fixture(autouse=True)
def logged(plain_log):
    """What is logged; written out, its tracebacks would take longer than the tests."""
    with capture_logs() as lines:
        yield lines
