"""The hub's secret keys: made at the first start, the same for every process ever after."""

import secrets
from typing import Final

from auth.store import put_secret
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database

ID_KEY: Final = "ids"
_BYTES: Final = 32


async def open_key(database: Database, name: str) -> bytes:
    """Give a secret key; the first process that asks makes it.

    It lies in the database and not in the settings: an id that was given to a partner must mean
    the same after a move and after a restore.
    """
    async with database.begin(HUB_ACTOR) as tx:
        return await put_secret(tx, name, secrets.token_bytes(_BYTES))
