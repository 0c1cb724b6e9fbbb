"""Which client calls an endpoint of the provider: told by its assertion, used up at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from starlette.requests import Request

from auth.addresses import address_of
from auth.audit.refusals import tell_refused
from auth.oauth import assertions, proofs
from auth.oauth.assertions import Assertion, read_assertion
from auth.oauth.clients.key_sets import KeySets
from auth.oauth.clients.store import Client, find_client, take_proofs
from auth.oauth.errors import OAuthRefused, invalid_client
from auth.oauth.forms import Form
from auth.oauth.jose import JoseNotValid, Jwk, check_signature, choose_keys
from auth.oauth.limiting import Ceilings, too_often
from auth.oauth.proofs import Proof, check_proof
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind, Credential
from hub.kernel.tx import Database

log = structlog.get_logger()

POST: Final = "POST"


@dataclass(frozen=True, slots=True)
class ClientCall:
    """A call of a client that showed who it is; `thumbprint` names its DPoP key, if it sent one."""

    client: Client
    form: Form
    thumbprint: str | None
    now: datetime


async def authenticate(
    ceilings: Ceilings, key_sets: KeySets, request: Request, form: Form, *, issuer: str
) -> ClientCall:
    """Say which client calls, use up its assertion and its proof, and count the call.

    That is a transaction of its own: whatever becomes of the request, they are gone.

    Errors: OAuthRefused.
    """
    database = ceilings.database
    now = database.clock()
    assertion = read_assertion(
        form, authorization=request.headers.get("authorization"), issuer=issuer, now=now
    )
    proof = _read_proof(request, address=issuer + request.url.path, now=now)
    client = await _find_signer(database, key_sets, assertion, now)
    marks = [(assertion.proof_hash, assertion.ends_at)]
    if proof is not None:
        marks.append((proof.proof_hash, proof.ends_at))
    async with database.begin(HUB_ACTOR) as tx:
        new = await take_proofs(tx, marks)
        wait = await ceilings.take_call(tx, client.client_id, address_of(request))
    if assertion.proof_hash not in new:
        await _tell_replayed(database, client, "client_assertion")
        raise assertions.refuse_replay()
    if proof is not None and proof.proof_hash not in new:
        await _tell_replayed(database, client, "dpop_proof")
        raise proofs.refuse_replay()
    if wait:
        log.warning("oauth.client_throttled", client_id=client.client_id)
        raise too_often(wait)
    return ClientCall(client, form, None if proof is None else proof.thumbprint, now)


async def _tell_replayed(database: Database, client: Client, what: str) -> None:
    """Tell the log, and now and then the audit log: somebody else may have what a client sent."""
    log.warning("oauth.replayed", what=what, client_id=client.client_id)
    credential = Credential(client_id=client.client_id)
    actor = Actor(ActorKind.PARTNER, client.partner_id, credential)
    await tell_refused(database, actor, what, "used before")


def _read_proof(request: Request, *, address: str, now: datetime) -> Proof | None:
    sent: Sequence[str] = request.headers.getlist("dpop")
    if not sent:
        return None
    return check_proof(sent, method=POST, address=address, now=now, token=None)


async def _find_signer(
    database: Database, key_sets: KeySets, assertion: Assertion, now: datetime
) -> Client:
    """Find the client, if the assertion is signed by it; which of the two failed is not told."""
    async with database.read(HUB_ACTOR) as tx:
        client = await find_client(tx, assertion.client_id)
    if client is None:
        raise _refuse(assertion, "unknown")
    keys = await key_sets.find_keys(client, key_id=assertion.signed.key_id, now=now)
    if not _is_signed(assertion, keys=keys):
        raise _refuse(assertion, "signature")
    if client.revoked_at is not None:
        raise _refuse(assertion, "revoked")
    return client


def _is_signed(assertion: Assertion, *, keys: Sequence[Jwk]) -> bool:
    for key in choose_keys(keys, assertion.signed):
        try:
            check_signature(assertion.signed, key, what="the client assertion")
        except JoseNotValid:
            continue
        return True
    return False


def _refuse(assertion: Assertion, reason: str) -> OAuthRefused:
    log.warning("oauth.client_refused", client_id=assertion.client_id[:64], reason=reason)
    return invalid_client(assertions.UNKNOWN)
