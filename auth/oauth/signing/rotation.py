"""Make signing keys, and let new ones take over from old ones."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

import orjson
import structlog
from joserfc.jwk import ECKey

from auth.audit.log import record
from auth.oauth.jose import private_json, public_json, thumbprint_of
from auth.oauth.signing import store
from auth.oauth.signing.store import SigningKey
from auth.oauth.signing.wrapping import wrap
from auth.oauth.store import tell_revoked
from hub.kernel.tx import Tx

log = structlog.get_logger()

ALGORITHM: Final = "ES256"
PUBLISHED_BEFORE: Final = timedelta(minutes=15)
"""Longer than clients keep a key set: whoever checks a signature knows the key by then."""

GOOD_AFTER: Final = timedelta(minutes=15)
"""Longer than any token lives, with room for clocks."""


class KeyKind(StrEnum):
    """What a key signs; nothing else is ever signed with it."""

    ACCESS_TOKEN = "access_token"  # noqa: S105 (a kind of token, not a secret)
    ID_TOKEN = "id_token"  # noqa: S105 (as above)


async def make_first_keys(tx: Tx, wrapping_key: bytes) -> None:
    """Make a key of every kind that has none. Nobody has cached anything yet: it signs at once."""
    await store.take_turn(tx)
    known = {key.kind for key in await store.list_keys(tx, with_ended=False)}
    for kind in KeyKind:
        if kind not in known:
            await store.insert_key(tx, await _make_key(tx, wrapping_key, kind, timedelta(0)))


async def rotate_keys(tx: Tx, wrapping_key: bytes, kinds: Sequence[KeyKind]) -> list[SigningKey]:
    """Make new keys: published now, signing in 15 minutes; the old ones end 15 minutes later."""
    await store.take_turn(tx)
    made = []
    for kind in kinds:
        made.append(await _make_key(tx, wrapping_key, kind, PUBLISHED_BEFORE))
        await _end_others(tx, kind, after=PUBLISHED_BEFORE + GOOD_AFTER)
        await store.insert_key(tx, made[-1])
        await record(tx, "keys.rotated", subject=made[-1].key_id, kind=kind.value)
    await tell_revoked(tx)
    return made


async def replace_keys(tx: Tx, wrapping_key: bytes, kinds: Sequence[KeyKind]) -> list[SigningKey]:
    """Make new keys that sign at once, and end the old ones with all that they signed.

    For a key that somebody else may have: every token of these kinds is dead from now on.
    """
    await store.take_turn(tx)
    made = []
    for kind in kinds:
        made.append(await _make_key(tx, wrapping_key, kind, timedelta(0)))
        await _end_others(tx, kind, after=timedelta(0))
        await store.insert_key(tx, made[-1])
        await record(tx, "keys.replaced", subject=made[-1].key_id, kind=kind.value)
    await tell_revoked(tx)
    return made


async def _end_others(tx: Tx, kind: KeyKind, *, after: timedelta) -> None:
    known = await store.list_keys(tx, with_ended=False)
    others = [key.key_id for key in known if key.kind == kind]
    await store.end_keys(tx, others, ends_at=tx.now + after)


async def _make_key(tx: Tx, wrapping_key: bytes, kind: KeyKind, wait: timedelta) -> SigningKey:
    key = await asyncio.to_thread(ECKey.generate_key, "P-256")
    key_id = thumbprint_of(key)
    log.info("oauth.key_made", key_id=key_id, kind=kind.value)
    return SigningKey(
        key_id=key_id,
        kind=kind,
        public_key=public_json(key, algorithm=ALGORITHM, key_id=key_id),
        wrapped_key=wrap(wrapping_key, key_id, orjson.dumps(private_json(key))),
        made_at=tx.now,
        signs_at=tx.now + wait,
        ends_at=None,
    )
