"""The keys of a client: by value, or from the address that the partner publishes them at.

An address is asked at most once a minute and client, whoever sends unknown key names how often.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

import orjson
import structlog

from auth.oauth.clients.store import Client
from auth.oauth.jose import JoseNotValid, Jwk, read_key_set
from hub.kernel.outside import AddressRefused, Limits, fetch_public

log = structlog.get_logger()

LIMITS: Final = Limits(bytes_max=65_536, seconds=5)
KEEP: Final = timedelta(minutes=10)
AGAIN_AFTER: Final = timedelta(minutes=1)
CLIENTS_MAX: Final = 1000

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
fetch_keys: Final[Fetch] = partial(fetch_public, limits=LIMITS)


@dataclass(slots=True)
class _Fetched:
    """What an address gave, and when it was asked."""

    address: str
    keys: tuple[Jwk, ...] = ()
    asked_at: datetime | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """Gives the keys of clients, fetching and keeping those that lie elsewhere."""

    def __init__(self, fetch: Fetch = fetch_keys) -> None:
        self._fetch = fetch
        self._fetched: OrderedDict[str, _Fetched] = OrderedDict()

    async def find_keys(
        self, client: Client, *, key_id: str | None, now: datetime
    ) -> Sequence[Jwk]:
        """Give the keys of a client; a name that is not among the kept ones makes us look again."""
        if client.keys is not None:
            return client.keys
        assert client.jwks_uri is not None, "a client has keys or an address"
        kept = self._fetched.get(client.client_id)
        if kept is None or kept.address != client.jwks_uri:
            kept = self._fetched[client.client_id] = _Fetched(client.jwks_uri)
            if len(self._fetched) > CLIENTS_MAX:
                self._fetched.popitem(last=False)
        async with kept.turn:
            if _is_due(kept, key_id, now):
                kept.asked_at = now
                kept.keys = await self._ask(client, kept)
        return kept.keys

    async def _ask(self, client: Client, kept: _Fetched) -> tuple[Jwk, ...]:
        """Ask the address; when it fails, what it gave before is still good."""
        try:
            return read_key_set(orjson.loads(await self._fetch(kept.address)))
        except (AddressRefused, JoseNotValid, orjson.JSONDecodeError) as error:
            log.warning("oauth.keys_not_fetched", client_id=client.client_id, reason=str(error))
            return kept.keys


def _is_due(kept: _Fetched, key_id: str | None, now: datetime) -> bool:
    if kept.asked_at is None:
        return True
    is_known = key_id is None or any(key["kid"] == key_id for key in kept.keys)
    # An instant ahead is from before the clock was set back: nobody waits until it comes again.
    return abs(now - kept.asked_at) >= (KEEP if is_known and kept.keys else AGAIN_AFTER)
