"""Who calls the API: told by an access token with its proof, a session, or a development token."""

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth.addresses import name_address
from auth.loopback import is_local
from auth.oauth.errors import TOO_MANY, CallerRefused, OAuthRefused
from auth.oauth.jose import JoseNotValid
from auth.oauth.proofs import SeenProofs, check_proof, refuse_replay
from auth.oauth.provider import Provider, answer
from auth.oauth.tokens import AccessToken
from auth.rates.errors import TooManyRequests
from auth.tokens import TokenBook
from hub.kernel.actor import Actor, Proof

log = structlog.get_logger()

TOKENS_MAX: Final = 10_000
USERINFO_PATH: Final = "/oauth/userinfo"

FindSession: TypeAlias = Callable[[HTTPConnection], Awaitable[Actor | None]]
ConfirmSession: TypeAlias = Callable[[Actor], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller shows: headers of a request, or the first message of a socket."""

    authorization: str
    proofs: tuple[str, ...]
    method: str
    path: str
    client_host: str | None
    host: str | None


async def find_no_session(_: HTTPConnection) -> Actor | None:
    """Find nobody: where no sessions are served."""
    return None


async def keep_session(_: Actor) -> bool:
    """Keep everybody in: where no sessions are served."""
    return True


class Callers:
    """Says who calls; `book` is there in the development profile only."""

    def __init__(
        self,
        provider: Provider,
        *,
        book: TokenBook | None = None,
        find_session: FindSession = find_no_session,
        confirm_session: ConfirmSession = keep_session,
    ) -> None:
        self._provider = provider
        self._book = book
        self._find_session = find_session
        self._confirm_session = confirm_session
        self._seen = SeenProofs()
        self._read: OrderedDict[bytes, AccessToken] = OrderedDict()
        self.verdicts = provider.verdicts

    async def refresh(self) -> None:
        """Take in that something was revoked, or that keys changed."""
        await self.verdicts.forget()
        await self._provider.ring.refresh()

    async def find_actor(self, request: HTTPConnection) -> Actor | None:
        """Say who sends a request; None when it does not say.

        Errors: CallerRefused.
        """
        headers = request.headers
        authorizations = headers.getlist("authorization")
        if not authorizations:
            return await self._find_session(request)
        if len(authorizations) > 1:
            raise CallerRefused("invalid_request", "send one `Authorization` header", 400)
        return await self.find_actor_of(
            Shown(
                authorization=authorizations[0],
                proofs=tuple(headers.getlist("dpop")),
                method=request.scope.get("method", "GET"),
                path=request.url.path,
                client_host=request.client.host if request.client else None,
                host=headers.get("host"),
            )
        )

    async def find_actor_of(self, shown: Shown) -> Actor | None:
        """Say who shows this; None when it is no way to show who one is.

        What is not good is counted by address.

        Errors: CallerRefused.
        """
        try:
            actor = await self._find(shown)
        except CallerRefused:
            await self._note_failure(shown)
            raise
        if actor is None:
            await self._note_failure(shown)
        return actor

    async def _note_failure(self, shown: Shown) -> None:
        """Count what is not good.

        Errors: CallerRefused, in place of saying what is wrong.
        """
        try:
            await self._provider.ceilings.failures.note(name_address(shown.client_host))
        except TooManyRequests as refusal:
            wait = refusal.retry_after_seconds
            raise CallerRefused(
                "temporarily_unavailable",
                f"too many tokens from your address were not good: try again in {wait} seconds",
                TOO_MANY,
                wait,
            ) from None

    async def _find(self, shown: Shown) -> Actor | None:
        scheme, _, text = shown.authorization.partition(" ")
        match scheme.lower():
            case "dpop":
                return await self._find_by_token(shown, text.strip())
            case "bearer":
                return await self._find_by_bearer(shown, text.strip())
        return None

    async def confirm(self, actor: Actor) -> bool:
        """Say whether an actor is still let in: before what changes something, and as time goes.

        One statement for an access token and for a session; none for a development token.
        """
        credential = actor.credential
        ends_at = credential.ends_at
        if ends_at is not None and ends_at <= self._provider.database.clock():
            return False
        if credential.proof is Proof.SESSION:
            return await self._confirm_session(actor)
        if credential.proof is not Proof.ACCESS_TOKEN:
            return True
        return await self.verdicts.ask(credential)

    async def _find_by_bearer(self, shown: Shown, text: str) -> Actor | None:
        if text.count(".") == 2:  # noqa: PLR2004 (the three parts of a JWT)
            raise CallerRefused(
                "invalid_token", "the token is bound to a key: send it as `Authorization: DPoP`"
            )
        if self._book is None:
            return None
        if not is_local(shown.client_host, shown.host):
            log.warning("app.token_refused", reason="not from this machine")
            return None
        return await self._book.find_actor(text)

    async def _find_by_token(self, shown: Shown, text: str) -> Actor:
        """Say who holds an access token: first what it says, then the proof, then whether it ended.

        Errors: CallerRefused.
        """
        now = self._provider.database.clock()
        try:
            token = self._read_token(text)
            proof = check_proof(
                shown.proofs,
                method=shown.method,
                address=self._provider.issuer + shown.path,
                now=now,
                token=text,
            )
        except JoseNotValid as error:
            raise CallerRefused("invalid_token", str(error)) from None
        except OAuthRefused as refusal:
            raise CallerRefused(refusal.error, refusal.description) from None
        if proof.thumbprint != token.thumbprint:
            raise CallerRefused(
                "invalid_token", "the access token is bound to another key than the DPoP proof's"
            )
        if not self._seen.take(proof, now=now):
            raise CallerRefused("invalid_dpop_proof", refuse_replay().description)
        credential = token.actor.credential
        if not self.verdicts.is_known_valid(credential) and not await self.verdicts.ask(credential):
            raise CallerRefused("invalid_token", "the access token was revoked: get a new one")
        return token.actor

    def _read_token(self, text: str) -> AccessToken:
        """Read an access token; one that was read before is not checked letter by letter again.

        Errors: JoseNotValid.
        """
        now = self._provider.database.clock()
        name = sha256(text.encode()).digest()
        known = self._read.get(name)
        if known is not None and known.ends_at > now:
            if self._provider.ring.is_good(known.key_id, now=now):
                return known
            del self._read[name]
        token = self._provider.mint.read_access_token(text, now=now)
        self._read[name] = token
        if len(self._read) > TOKENS_MAX:
            self._read.popitem(last=False)
        return token


def userinfo_route(callers: Callers, provider: Provider) -> BaseRoute:
    """Make the endpoint that tells a client about the member who allowed it `openid`."""

    async def endpoint(request: Request) -> Response:
        try:
            actor = await callers.find_actor(request)
            sub = _find_subject(actor, provider)
        except CallerRefused as refusal:
            return refuse(refusal)
        return answer({"sub": sub})

    return Route(USERINFO_PATH, endpoint, methods=["GET", "POST"])


def _find_subject(actor: Actor | None, provider: Provider) -> str:
    if actor is None or actor.credential.proof is not Proof.ACCESS_TOKEN:
        raise CallerRefused("invalid_token", "send an access token as `Authorization: DPoP`")
    credential = actor.credential
    if credential.delegated_by is None or "openid" not in (credential.scopes or ()):
        raise CallerRefused("insufficient_scope", "the scope `openid` is needed", 403)
    return provider.mint.write_subject(actor.number, credential.delegated_by)


def refuse(refusal: CallerRefused) -> Response:
    """Write a refusal as RFC 6750 has it."""
    body = {"error": refusal.error, "error_description": refusal.description}
    response = answer(body, refusal.status)
    with contextlib.suppress(UnicodeEncodeError):
        response.headers.update(refusal.headers)
    return response
