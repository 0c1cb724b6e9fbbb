"""The endpoints of the provider, as routes that `hub.app` mounts."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth.addresses import address_of
from auth.oauth.authorizing import decide, show
from auth.oauth.clients.authenticating import ClientCall, authenticate
from auth.oauth.consent_page import show_error
from auth.oauth.errors import BAD_REQUEST, TOO_MANY, UNAUTHORIZED, OAuthRefused
from auth.oauth.forms import read_form
from auth.oauth.granting import grant_tokens
from auth.oauth.metadata import write_metadata, write_resource_metadata
from auth.oauth.provider import API_PATH, Provider, answer
from auth.oauth.pushing import push
from auth.oauth.revoking import introspect, revoke

KEYS_SECONDS: Final = 300
"""How long anybody may keep the key set: less than a new key is published before it signs."""

Verb: TypeAlias = Callable[[Provider, ClientCall], Awaitable[Response]]
Page: TypeAlias = Callable[[Request], Awaitable[Response]]


def oauth_routes(provider: Provider) -> list[BaseRoute]:
    """Make the routes of the provider; `/oauth/userinfo` is `auth.callers`', which knows tokens."""
    metadata = write_metadata(provider.issuer)
    resource = write_resource_metadata(provider.issuer, provider.resource)
    return [
        Route("/.well-known/oauth-authorization-server", _telling(metadata), methods=["GET"]),
        Route("/.well-known/openid-configuration", _telling(metadata), methods=["GET"]),
        Route("/.well-known/oauth-protected-resource", _telling(resource), methods=["GET"]),
        Route(
            f"/.well-known/oauth-protected-resource{API_PATH}", _telling(resource), methods=["GET"]
        ),
        Route("/oauth/jwks", _telling_keys(provider), methods=["GET"]),
        Route("/oauth/par", _asking(provider, push), methods=["POST"]),
        Route("/oauth/token", _asking(provider, grant_tokens), methods=["POST"]),
        Route("/oauth/revoke", _asking(provider, revoke), methods=["POST"]),
        Route("/oauth/introspect", _asking(provider, introspect), methods=["POST"]),
        Route("/oauth/authorize", _serving(provider, show), methods=["GET"]),
        Route("/oauth/authorize", _serving(provider, decide), methods=["POST"]),
    ]


def _asking(provider: Provider, verb: Verb) -> Page:
    """Make an endpoint for clients: they show who they are, then the verb answers."""

    async def endpoint(request: Request) -> Response:
        try:
            return await verb(provider, await _admit(provider, request))
        except OAuthRefused as refusal:
            return present(refusal)

    return endpoint


async def _admit(provider: Provider, request: Request) -> ClientCall:
    """Say which client calls; who does not show it is counted by address.

    Errors: OAuthRefused.
    """
    try:
        form = await read_form(request)
        return await authenticate(
            provider.ceilings, provider.key_sets, request, form, issuer=provider.issuer
        )
    except OAuthRefused as refusal:
        if refusal.status != TOO_MANY:
            await provider.ceilings.note_failure(address_of(request))
        raise


def _serving(provider: Provider, page: Callable[[Provider, Request], Awaitable[Response]]) -> Page:
    """Make an endpoint for browsers, which come with a request that is good, or are counted."""

    async def endpoint(request: Request) -> Response:
        address = address_of(request)
        try:
            await provider.ceilings.take_visit(address)
            response = await page(provider, request)
            if response.status_code == BAD_REQUEST:
                await provider.ceilings.note_failure(address)
        except OAuthRefused as refusal:
            return _with_wait(show_error(refusal.description, status=refusal.status), refusal)
        return response

    return endpoint


def present(refusal: OAuthRefused) -> Response:
    """Write a refusal as RFC 6749 5.2 has it."""
    body = {"error": refusal.error, "error_description": refusal.description}
    response = answer(body, refusal.status)
    if refusal.status == UNAUTHORIZED:
        response.headers["www-authenticate"] = f'DPoP error="{refusal.error}"'
    return _with_wait(response, refusal)


def _with_wait(response: Response, refusal: OAuthRefused) -> Response:
    if refusal.retry_after_seconds is not None:
        response.headers["retry-after"] = str(refusal.retry_after_seconds)
    return response


def _telling(document: object) -> Page:
    async def endpoint(_: Request) -> Response:
        return JSONResponse(document, headers={"cache-control": f"public, max-age={KEYS_SECONDS}"})

    return endpoint


def _telling_keys(provider: Provider) -> Page:
    async def endpoint(_: Request) -> Response:
        keys = provider.ring.list_public(now=provider.database.clock())
        return JSONResponse(
            {"keys": keys},
            headers={"cache-control": f"public, max-age={KEYS_SECONDS}"},
            media_type="application/jwk-set+json",
        )

    return endpoint
