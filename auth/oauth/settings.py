"""Settings of the provider."""

import binascii
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from auth.loopback import LOCAL_NAMES

WRAPPING_BYTES = 32


class RedemptionConsent(StrEnum):
    """Whether a partner needs the member's agreement to redeem."""

    REQUIRED = "required"
    OFF = "off"


class OAuthSettings(BaseModel):
    """How partners and members sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str | None = Field(
        default=None,
        description="The hub's own address as the world sees it, https://host. Production needs it;"
        " in development, without it: the address of HUB_SERVE__HOST and HUB_SERVE__PORT.",
    )
    wrapping_key: SecretStr | None = Field(
        default=None,
        description="64 hexadecimal digits (`openssl rand -hex 32`): signing keys are encrypted"
        " with it in the database. Production needs it; in development, without it: a key that lies"
        " in the database itself.",
    )
    redemption_consent: RedemptionConsent | None = Field(
        default=None,
        description="`required`: a partner redeems with a till code or a token of the member only."
        " `off`: its own token is enough. Without it: required in production, off in development."
        " Development tokens are never asked.",
    )

    client_calls_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="How often one client may call the endpoints of the provider (token, PAR,"
        " introspection, revocation) in a minute, all of them together. Above: 429.",
    )
    address_calls_per_minute: int = Field(
        default=1_200,
        ge=1,
        le=1_000_000,
        description="How often clients at one address may do so in a minute, and how often browsers"
        " at one address may open the consent page.",
    )
    address_failures_per_minute: int = Field(
        default=60,
        ge=1,
        le=1_000_000,
        description="How many calls of one address with a token, an assertion or a request that is"
        " not good are told in a minute what is wrong. Above: 429.",
    )

    @field_validator("issuer")
    @classmethod
    def _is_origin(cls, issuer: str | None) -> str | None:
        if issuer is None:
            return None
        parts = urlsplit(issuer)
        name = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and name in LOCAL_NAMES)
        if not is_safe or f"{parts.scheme}://{parts.netloc}" != issuer or "@" in issuer:
            raise ValueError("is https://host or https://host:port, without a path or a slash")
        return issuer

    @field_validator("wrapping_key")
    @classmethod
    def _is_key(cls, key: SecretStr | None) -> SecretStr | None:
        try:
            is_whole = (
                key is None or len(binascii.unhexlify(key.get_secret_value())) == WRAPPING_BYTES
            )
        except (binascii.Error, ValueError):
            is_whole = False
        if not is_whole:
            raise ValueError(f"is {2 * WRAPPING_BYTES} hexadecimal digits")
        return key
