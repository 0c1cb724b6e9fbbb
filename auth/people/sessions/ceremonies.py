"""Register a passkey by an invitation, or sign in with one: begin, then finish once.

The challenge is bound to the browser that asked for it, is good for five minutes and is taken when
it is answered, whatever the answer is worth.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedOKPPublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from auth.audit.log import record
from auth.oauth.jose import is_of_small_order
from auth.people.errors import (
    InvitationNotValid,
    LastPasskey,
    PasskeyNotFound,
    SignInRefused,
    TooManyPasskeys,
)
from auth.people.sessions import store
from auth.people.sessions.store import Owner, Passkey
from hub.kernel.tx import ReadTx, Tx

CEREMONY: Final = timedelta(minutes=5)
INVITATION: Final = timedelta(hours=24)
PASSKEYS_MAX: Final = 10
SECRET_BYTES: Final = 32
MILLISECONDS: Final = 120_000
NAME_OF_HUB: Final = "Coalition hub"
Credential: TypeAlias = dict[str, Any]
"""What the browser gives, as JSON."""
NOT_READ: Final = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    UnsupportedAlgorithm,
)
"""What readers of JSON, CBOR and keys raise over what is not well made, lists in lists included."""
ALGORITHMS: Final = [COSEAlgorithmIdentifier.ECDSA_SHA_256, COSEAlgorithmIdentifier.EDDSA]


@dataclass(frozen=True, slots=True)
class Party:
    """The web site that passkeys are for."""

    origin: str

    @property
    def rp_id(self) -> str:
        """The host name, without scheme and port."""
        host = self.origin.partition("://")[2]
        return host.rsplit(":", 1)[0] if host[-1:] != "]" else host


def new_secret() -> str:
    """Make a secret that a browser, or a link, carries."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> bytes:
    """Hash a secret: what is stored does not let anybody in."""
    return sha256(secret.encode()).digest()


async def invite(tx: Tx, owner: Owner) -> str:
    """Make a one-time secret by which the owner registers a passkey; earlier ones end."""
    secret = new_secret()
    await store.insert_invitation(tx, hash_secret(secret), owner, tx.now + INVITATION)
    await record(tx, "invitation.made", subject=str(owner))
    return secret


async def begin_registration(tx: Tx, party: Party, *, invitation: str, browser: str) -> str:
    """Give the options for `navigator.credentials.create`, as JSON.

    Errors: InvitationNotValid.
    """
    owner = await store.find_invited(tx, hash_secret(invitation))
    if owner is None:
        raise InvitationNotValid
    return await offer_passkey(tx, party, owner, browser=browser, binding=invitation)


async def offer_passkey(tx: Tx, party: Party, owner: Owner, *, browser: str, binding: str) -> str:
    """Give the options for a new passkey of an owner; `binding` is what lets them make one."""
    known = await store.list_passkeys(tx, owner)
    challenge = secrets.token_bytes(SECRET_BYTES)
    await _open(tx, challenge, browser, binding)
    options = generate_registration_options(
        rp_id=party.rp_id,
        rp_name=NAME_OF_HUB,
        user_id=_handle_of(known, binding),
        user_name=str(owner),
        challenge=challenge,
        timeout=MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=k.credential_id) for k in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json(options)


async def finish_registration(
    tx: Tx, party: Party, *, invitation: str, challenge: bytes, credential: Credential
) -> Owner:
    """Register a passkey and use the invitation up. Sessions of the owner end: they begin anew.

    Errors: InvitationNotValid, SignInRefused.
    """
    verified = _verify_new(party, challenge, credential)
    owner = await store.use_invitation(tx, hash_secret(invitation))
    if owner is None:
        raise InvitationNotValid
    await keep_passkey(tx, owner, verified, binding=invitation)
    await store.delete_sessions_of(tx, owner)
    await record(tx, "passkey.registered", subject=str(owner))
    return owner


async def add_passkey(
    tx: Tx,
    party: Party,
    owner: Owner,
    *,
    session_id: int,
    challenge: bytes,
    credential: Credential,
    binding: str,
) -> None:
    """Register one more passkey of whoever is signed in. Their other sessions end.

    Errors: SignInRefused, TooManyPasskeys.
    """
    verified = _verify_new(party, challenge, credential)
    if len(await store.lock_passkeys(tx, owner)) >= PASSKEYS_MAX:
        raise TooManyPasskeys(PASSKEYS_MAX)
    await keep_passkey(tx, owner, verified, binding=binding)
    await store.delete_sessions_of(tx, owner, but=session_id)
    await record(tx, "passkey.added", subject=str(owner))


async def remove_passkey(tx: Tx, owner: Owner, credential_id: bytes, *, session_id: int) -> None:
    """Remove a passkey of whoever is signed in, but never the last. Their other sessions end.

    Errors: PasskeyNotFound, LastPasskey.
    Locks: the passkeys of the owner.
    """
    known = await store.lock_passkeys(tx, owner)
    if credential_id not in {each.credential_id for each in known}:
        raise PasskeyNotFound
    if len(known) == 1:
        raise LastPasskey
    await store.delete_passkey(tx, credential_id)
    await store.delete_sessions_of(tx, owner, but=session_id)
    await record(tx, "passkey.removed", subject=str(owner))


def _verify_new(party: Party, challenge: bytes, credential: Credential) -> VerifiedRegistration:
    """Check what an authenticator made.

    Errors: SignInRefused.
    """
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        _check_key(verified.credential_public_key)
    except NOT_READ as error:
        raise SignInRefused from error
    return verified


def _check_key(written: bytes) -> None:
    """See that a key can be used, and by nobody else: the first sign-in would find it too late.

    Errors: ValueError, and what else a reader raises.
    """
    key = decode_credential_public_key(written)
    decoded_public_key_to_cryptography(key)
    if isinstance(key, DecodedOKPPublicKey) and is_of_small_order(key.x):
        raise ValueError("of small order")


async def keep_passkey(
    tx: Tx, owner: Owner, verified: VerifiedRegistration, *, binding: str
) -> None:
    """Store a new passkey.

    Errors: SignInRefused, when somebody has it.
    """
    if await store.find_passkey(tx, verified.credential_id) is not None:
        raise SignInRefused
    known = await store.list_passkeys(tx, owner)
    await store.insert_passkey(
        tx,
        Passkey(
            verified.credential_id,
            owner,
            _handle_of(known, binding),
            verified.credential_public_key,
            verified.sign_count,
        ),
    )


async def begin_sign_in(tx: Tx, party: Party, *, browser: str) -> str:
    """Give the options for `navigator.credentials.get`, as JSON.

    They name nobody: the authenticator knows whose passkey it is, and a guesser learns nothing.
    """
    challenge = secrets.token_bytes(SECRET_BYTES)
    await _open(tx, challenge, browser, None)
    options = generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def finish_sign_in(
    tx: Tx, party: Party, *, challenge: bytes, credential: Credential
) -> Owner:
    """Say who proved to be there.

    Errors: SignInRefused, the same whatever is wrong.
    """
    passkey = await _find_passkey(tx, credential)
    if passkey is None:
        raise SignInRefused
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except NOT_READ as error:
        raise SignInRefused from error
    if not await store.use_passkey(tx, passkey, verified.new_sign_count):
        raise SignInRefused
    return passkey.owner


async def _open(tx: Tx, challenge: bytes, browser: str, invitation: str | None) -> None:
    await store.insert_ceremony(
        tx,
        challenge_hash=sha256(challenge).digest(),
        browser_hash=hash_secret(browser),
        invitation_hash=None if invitation is None else hash_secret(invitation),
        ends_at=tx.now + CEREMONY,
    )


async def take_challenge(
    tx: Tx, *, credential: Credential, browser: str, invitation: str | None
) -> bytes:
    """Take the challenge that a credential answers.

    In a transaction of its own, so that it stays taken when the answer turns out wrong.

    Errors: SignInRefused.
    """
    try:
        data = base64url_to_bytes(credential["response"]["clientDataJSON"])
        challenge = parse_client_data_json(data).challenge
    except NOT_READ as error:
        raise SignInRefused from error
    is_taken = await store.take_ceremony(
        tx,
        challenge_hash=sha256(challenge).digest(),
        browser_hash=hash_secret(browser),
        invitation_hash=None if invitation is None else hash_secret(invitation),
    )
    if not is_taken:
        raise SignInRefused
    return challenge


async def _find_passkey(tx: ReadTx, credential: Credential) -> Passkey | None:
    """Find the passkey that is named, if the authenticator names the same owner."""
    try:
        found = await store.find_passkey(tx, base64url_to_bytes(credential["rawId"]))
        handle = credential["response"].get("userHandle")
        is_same = found is not None and (
            not handle or base64url_to_bytes(handle) == found.user_handle
        )
    except NOT_READ as error:
        raise SignInRefused from error
    return found if is_same else None


def _handle_of(known: list[Passkey], binding: str) -> bytes:
    """Give what the authenticator calls the owner: the same for all passkeys of one, else new."""
    return known[0].user_handle if known else sha256(b"handle" + binding.encode()).digest()
