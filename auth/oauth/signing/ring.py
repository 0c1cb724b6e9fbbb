"""The hub's signing keys in memory: what signs now, and what is still good."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from joserfc.jwk import ECKey

from auth.oauth.jose import JoseNotValid, Jwk, PublicKey, Signed, check_signature, sign
from auth.oauth.signing.rotation import ALGORITHM, KeyKind, make_first_keys
from auth.oauth.signing.store import SigningKey, list_keys
from auth.oauth.signing.wrapping import unwrap
from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database

_NONE: Final = "it is not signed with a key of the hub that is good for it"


class KeyRing:
    """Signs and checks the hub's own tokens; `refresh` when keys may have changed."""

    def __init__(self, database: Database, wrapping_key: bytes) -> None:
        self._database = database
        self._wrapping_key = wrapping_key
        self._keys: dict[str, tuple[SigningKey, PublicKey]] = {}

    async def open(self) -> None:
        """Make the keys that are missing, and read all of them.

        Errors: KeyNotReadable.
        """
        async with self._database.begin(HUB_ACTOR) as tx:
            await make_first_keys(tx, self._wrapping_key)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the keys anew.

        Errors: KeyNotReadable.
        """
        async with self._database.read(HUB_ACTOR) as tx:
            listed = await list_keys(tx, with_ended=False)
        known = self._keys
        self._keys = {
            key.key_id: (key, known[key.key_id][1] if key.key_id in known else self._open(key))
            for key in listed
        }

    def list_public(self, *, now: datetime) -> list[Jwk]:
        """List the keys that clients may meet, as they are published."""
        return [key.public_key for key, _ in self._keys.values() if not _is_over(key, now)]

    def sign(
        self, kind: KeyKind, claims: Mapping[str, Any], *, media_type: str, now: datetime
    ) -> str:
        """Sign claims with the newest key of a kind that signs already."""
        signing = [
            (key.signs_at, key_id)
            for key_id, (key, _) in self._keys.items()
            if key.kind == kind and key.signs_at <= now and not _is_over(key, now)
        ]
        _, key_id = max(signing)
        header = {"alg": ALGORITHM, "typ": media_type, "kid": key_id}
        return sign(header, claims, self._keys[key_id][1])

    def check(self, signed: Signed, kind: KeyKind, *, what: str, now: datetime) -> None:
        """See that a token was signed with a key of its kind, and that the key is still good.

        Errors: JoseNotValid.
        """
        found = self._keys.get(signed.key_id or "")
        if found is None or found[0].kind != kind or _is_over(found[0], now):
            raise JoseNotValid(f"{what}: {_NONE}")
        if signed.algorithm != ALGORITHM or found[0].signs_at > now:
            raise JoseNotValid(f"{what}: {_NONE}")
        check_signature(signed, found[1], what=what)

    def is_good(self, key_id: str, *, now: datetime) -> bool:
        """Whether what a key signed is still accepted."""
        found = self._keys.get(key_id)
        return found is not None and not _is_over(found[0], now)

    def _open(self, key: SigningKey) -> PublicKey:
        private = unwrap(self._wrapping_key, key.key_id, key.wrapped_key)
        return ECKey.import_key(orjson.loads(private))


def _is_over(key: SigningKey, now: datetime) -> bool:
    return key.ends_at is not None and key.ends_at <= now
