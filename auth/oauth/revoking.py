"""The end of tokens: revoked by their client, and asked about."""

from typing import Any, Final

import structlog
from starlette.responses import Response

from auth.audit.log import record
from auth.oauth.clients.authenticating import ClientCall
from auth.oauth.forms import need
from auth.oauth.granting import REFRESH_PREFIX
from auth.oauth.grants.ending import record_ended
from auth.oauth.jose import JoseNotValid
from auth.oauth.provider import NO_STORE, Provider, answer
from auth.oauth.pushing import hash_secret
from auth.oauth.store import (
    RefreshToken,
    find_refresh,
    get_grant,
    revoke_grant,
    revoke_token,
)
from auth.oauth.tokens import AccessToken
from hub.kernel.actor import HUB_ACTOR

log = structlog.get_logger()

_INACTIVE: Final[dict[str, Any]] = {"active": False}


async def revoke(provider: Provider, call: ClientCall) -> Response:
    """End a token of the client that asks (RFC 7009); what is no token of its own stays as it is.

    A refresh token ends with everything of its grant.

    Errors: OAuthRefused.
    """
    text = need(call.form, "token")
    async with provider.database.begin(HUB_ACTOR) as tx:
        if text.startswith(REFRESH_PREFIX):
            refresh = await find_refresh(tx, hash_secret(text))
            if refresh is not None and refresh.client_id == call.client.client_id:
                await revoke_grant(tx, refresh.grant_id)
                await record_ended(tx, refresh.grant_id, refresh.client_id, reason="by the client")
                log.info("oauth.grant_revoked", client_id=call.client.client_id)
        else:
            token = _read_own(provider, call, text)
            if token is not None:
                token_id = token.actor.credential.token_id
                assert token_id is not None, "access tokens have one"
                await revoke_token(tx, token_id, ends_at=token.ends_at)
                await record(tx, "token.revoked", subject=call.client.client_id)
                log.info("oauth.token_revoked", client_id=call.client.client_id)
    return Response(status_code=200, headers=NO_STORE)


async def introspect(provider: Provider, call: ClientCall) -> Response:
    """Tell a client about a token of its own (RFC 7662); of all others: not active.

    Errors: OAuthRefused.
    """
    text = need(call.form, "token")
    if text.startswith(REFRESH_PREFIX):
        return answer(await _describe_refresh(provider, call, text))
    token = _read_own(provider, call, text)
    if token is None:
        return answer(_INACTIVE)
    is_good = await provider.verdicts.ask(token.actor.credential)
    return answer(_describe(provider, token) if is_good else _INACTIVE)


async def _describe_refresh(provider: Provider, call: ClientCall, text: str) -> dict[str, Any]:
    async with provider.database.read(HUB_ACTOR) as tx:
        refresh = await find_refresh(tx, hash_secret(text))
        if refresh is None or not _is_good(refresh, call):
            return _INACTIVE
        grant = await get_grant(tx, refresh.grant_id)
    if grant.revoked_at is not None:
        return _INACTIVE
    return {
        "active": True,
        "client_id": refresh.client_id,
        "scope": " ".join(grant.scopes),
        "exp": int(refresh.ends_at.timestamp()),
        "iss": provider.issuer,
    }


def _is_good(refresh: RefreshToken, call: ClientCall) -> bool:
    is_own = refresh.client_id == call.client.client_id
    return is_own and refresh.used_at is None and refresh.ends_at > call.now


def _read_own(provider: Provider, call: ClientCall, text: str) -> AccessToken | None:
    try:
        token = provider.mint.read_access_token(text, now=call.now)
    except JoseNotValid:
        return None
    is_own = token.actor.credential.client_id == call.client.client_id
    return token if is_own else None


def _describe(provider: Provider, token: AccessToken) -> dict[str, Any]:
    credential = token.actor.credential
    return {
        "active": True,
        "client_id": credential.client_id,
        "scope": " ".join(sorted(credential.scopes or ())),
        "token_type": "DPoP",
        "exp": int(token.ends_at.timestamp()),
        "iss": provider.issuer,
        "aud": provider.resource,
        "jti": credential.token_id,
        "cnf": {"jkt": token.thumbprint},
    }
