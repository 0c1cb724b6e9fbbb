"""Let clients in, change their keys, end them: what the operator does."""

import re
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from auth.audit.log import record
from auth.loopback import LOCAL_NAMES
from auth.oauth.clients import store
from auth.oauth.clients.store import Client
from auth.oauth.errors import ClientNotFound, ClientNotValid
from auth.oauth.jose import KEYS_MAX, JoseNotValid, Jwk, read_key_set
from auth.oauth.scopes import SCOPES
from auth.oauth.store import tell_revoked
from hub.kernel.outside import AddressRefused, check_address
from hub.kernel.tx import Tx

PREFIX: Final = "cl_"
NAME_CHARACTERS_MAX: Final = 80
REDIRECTS_MAX: Final = 10
REDIRECT_CHARACTERS_MAX: Final = 500
_ID_BYTES: Final = 16
_ELSEWHERE: Final = "its keys lie at its own address, where the partner changes them"
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


async def register_client(
    tx: Tx,
    *,
    partner_id: int,
    name: str,
    keys: object | None,
    jwks_uri: str | None,
    scopes: Sequence[str],
    redirect_uris: Sequence[str],
) -> Client:
    """Register software of a partner, with its public keys or the address that has them.

    Errors: ClientNotValid.
    """
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise ClientNotValid(f"its name has 1 to {NAME_CHARACTERS_MAX} printable characters")
    if not scopes or set(scopes) - set(SCOPES):
        raise ClientNotValid(f"its scopes are among: {' '.join(SCOPES)}")
    if len(redirect_uris) > REDIRECTS_MAX:
        raise ClientNotValid(f"it has at most {REDIRECTS_MAX} redirect addresses")
    if (keys is None) == (jwks_uri is None):
        raise ClientNotValid("it has either keys or the address of its keys")
    if jwks_uri is not None:
        _check_jwks_uri(jwks_uri)
    client = Client(
        client_id=PREFIX + secrets.token_urlsafe(_ID_BYTES),
        partner_id=partner_id,
        name=name,
        keys=None if keys is None else read_keys(keys),
        jwks_uri=jwks_uri,
        scopes=tuple(dict.fromkeys(scopes)),
        redirect_uris=tuple(map(check_redirect, redirect_uris)),
        registered_at=tx.now,
        revoked_at=None,
    )
    await store.insert_client(tx, client)
    await record(tx, "client.registered", subject=client.client_id, partner_id=partner_id)
    return client


async def add_key(tx: Tx, client_id: str, key: Jwk) -> Client:
    """Give a client one more key; the others stay good until they are taken away.

    Errors: ClientNotFound, ClientNotValid.
    """
    client = await _lock(tx, client_id)
    if client.keys is None:
        raise ClientNotValid(_ELSEWHERE)
    if len(client.keys) >= KEYS_MAX:
        raise ClientNotValid(f"it has {KEYS_MAX} keys: take old ones away first")
    keys = read_keys({"keys": [*client.keys, key]})
    await store.set_keys(tx, client_id, keys)
    await record(tx, "client.key_added", subject=client_id, key_id=keys[-1]["kid"])
    return client


async def keep_newest_key(tx: Tx, client_id: str) -> Client:
    """Take all keys of a client away but the newest.

    Errors: ClientNotFound, ClientNotValid.
    """
    client = await _lock(tx, client_id)
    if client.keys is None:
        raise ClientNotValid(_ELSEWHERE)
    await store.set_keys(tx, client_id, client.keys[-1:])
    await record(tx, "client.old_keys_ended", subject=client_id)
    return client


async def revoke_client(tx: Tx, client_id: str) -> Client:
    """End a client: from now on its keys, codes and tokens are refused.

    Errors: ClientNotFound.
    """
    client = await _lock(tx, client_id)
    await store.end_client(tx, client_id)
    await tell_revoked(tx)
    await record(tx, "client.revoked", subject=client_id)
    return client


def read_keys(keys: object) -> tuple[Jwk, ...]:
    """Read the public keys that a partner gave.

    Errors: ClientNotValid.
    """
    try:
        return read_key_set(keys)
    except JoseNotValid as error:
        raise ClientNotValid(str(error)) from None


def check_redirect(address: str) -> str:
    """See that an address may get codes: https, or http on the machine of the browser.

    Errors: ClientNotValid.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ClientNotValid("a redirect address cannot be read") from None
    is_plain = address.isascii() and address.isprintable() and "\\" not in address
    if not is_plain or len(address) > REDIRECT_CHARACTERS_MAX or " " in address:
        raise ClientNotValid(
            f"a redirect address has at most {REDIRECT_CHARACTERS_MAX} plain characters"
        )
    if parts.fragment or "#" in address or "@" in parts.netloc or ".." in parts.path or not host:
        raise ClientNotValid("a redirect address has a host, and no user, fragment or `..`")
    # Its origin stands in the policy of the consent page, where `;` and `,` would begin another.
    if not _HOST.fullmatch(parts.netloc):
        raise ClientNotValid("the host of a redirect address is a name or an address")
    is_local = parts.scheme == "http" and host in {*LOCAL_NAMES, "::1"}
    if parts.scheme != "https" and not is_local:
        raise ClientNotValid("a redirect address is https, or http on the loopback")
    return address


async def _lock(tx: Tx, client_id: str) -> Client:
    client = await store.lock_client(tx, client_id)
    if client is None:
        raise ClientNotFound(client_id[:64])
    return client


def _check_jwks_uri(address: str) -> None:
    try:
        check_address(address)
    except AddressRefused as refusal:
        raise ClientNotValid(f"the address of its keys: {refusal.reason}") from None
