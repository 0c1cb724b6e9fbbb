"""What the endpoints of the provider are given: made once when the hub starts."""

import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import JSONResponse

from auth.keys import ID_KEY, open_key
from auth.oauth.clients.key_sets import KeySets
from auth.oauth.limiting import Ceilings, open_ceilings
from auth.oauth.settings import OAuthSettings
from auth.oauth.signing.ring import KeyRing
from auth.oauth.signing.wrapping import WRAPPING_KEY
from auth.oauth.tokens import TokenMint
from auth.oauth.verdicts import Verdicts
from auth.persons import FindSignedIn, find_nobody_signed_in
from hub.kernel.tx import Database

NO_STORE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
API_PATH: Final = "/graphql"


@dataclass(frozen=True, slots=True)
class PartnerName:
    """What members call a partner."""

    name_en: str
    name_zh: str


NameOf = Callable[[int], PartnerName]


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of one hub."""

    issuer: str
    database: Database
    ring: KeyRing
    mint: TokenMint
    verdicts: Verdicts
    name_of: NameOf
    ceilings: Ceilings
    find_signed_in: FindSignedIn = find_nobody_signed_in
    key_sets: KeySets = field(default_factory=KeySets)

    @property
    def resource(self) -> str:
        """The API, as the audience of access tokens."""
        return self.issuer + API_PATH


async def open_provider(
    database: Database,
    settings: OAuthSettings,
    *,
    issuer: str,
    verdicts: Verdicts,
    name_of: NameOf,
    find_signed_in: FindSignedIn = find_nobody_signed_in,
) -> Provider:
    """Open the provider: read its keys, and make those that are missing.

    Errors: KeyNotReadable.
    """
    ring = KeyRing(database, await open_wrapping_key(database, settings))
    await ring.open()
    id_secret = await open_key(database, ID_KEY)
    mint = TokenMint(ring, id_secret, issuer=issuer, resource=issuer + API_PATH)
    ceilings = open_ceilings(database, settings)
    return Provider(issuer, database, ring, mint, verdicts, name_of, ceilings, find_signed_in)


async def open_wrapping_key(database: Database, settings: OAuthSettings) -> bytes:
    """Give the key under which signing keys are kept."""
    if settings.wrapping_key is not None:
        return binascii.unhexlify(settings.wrapping_key.get_secret_value())
    return await open_key(database, WRAPPING_KEY)


def answer(body: object, status: int = 200) -> JSONResponse:
    """Answer with JSON that nobody may keep."""
    return JSONResponse(body, status_code=status, headers=NO_STORE)
