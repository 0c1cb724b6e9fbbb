"""Development tokens: one word that stands for an actor, until partners bring their own keys.

Random, shown once, kept as a hash. Whoever calls `find_actor` has seen to it before that the
profile is `development` and that the request comes from this machine (`auth.loopback`).
"""

import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Final

from auth.store import find_token, insert_token
from hub.kernel.actor import HUB_ACTOR, Actor
from hub.kernel.tx import Database, Tx

PREFIX: Final = "dev_"
_BYTES: Final = 32
_LENGTH_MAX: Final = 128
REMEMBERED_MAX: Final = 1000


async def mint_token(tx: Tx, actor: Actor) -> str:
    """Make a token for an actor. This is the only moment at which it can be read."""
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    await insert_token(tx, hash_token(token), actor)
    return token


def hash_token(token: str) -> bytes:
    """Hash a token. It is looked up by its hash, so no comparison takes a guesser's time."""
    return sha256(token.encode()).digest()


class TokenBook:
    """Tells whose a token is, without a round trip once it was seen: tokens are never withdrawn."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: OrderedDict[bytes, Actor] = OrderedDict()

    async def find_actor(self, token: str) -> Actor | None:
        """Find whose token it is; None when nobody's."""
        if not token.startswith(PREFIX) or len(token) > _LENGTH_MAX or not token.isascii():
            return None
        token_hash = hash_token(token)
        known = self._remembered.get(token_hash)
        if known is not None:
            return known
        async with self._database.read(HUB_ACTOR) as tx:
            actor = await find_token(tx, token_hash)
        if actor is not None:
            self._remembered[token_hash] = actor
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return actor
