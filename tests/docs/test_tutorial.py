"""The tutorial does what it says."""

import asyncio

from tests.docs.blocks import ROOT, read_blocks
from tests.docs.runner import Reader

TUTORIAL = ROOT / "docs" / "tutorial.md"


async def test_every_command_and_operation_of_the_tutorial_gives_what_the_page_shows(
    database_url, tmp_path
):
    reader = Reader(tmp_path, {"HUB_DATABASE_URL": database_url, "HOME": str(tmp_path)})
    blocks = read_blocks(TUTORIAL)
    compared = await asyncio.to_thread(reader.follow, blocks)
    shown = [block for block in blocks if block.language in ("text", "json")]
    saved = [block for block in shown if block.words]
    assert compared == len(shown) - len(saved)
