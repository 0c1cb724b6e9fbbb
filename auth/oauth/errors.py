"""What the provider refuses: an error code of the RFCs, and a sentence that helps."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError

BAD_REQUEST = 400
UNAUTHORIZED = 401
TOO_MANY = 429


@dataclass(eq=False)
class OAuthRefused(DomainError):
    """The request is refused.

    `error` is a code of RFC 6749, 7009, 9126, 9449 or 9396; `description` says which field or claim
    it is about and what was expected. Neither ever holds a secret.
    """

    error: str
    description: str
    status: int = BAD_REQUEST
    retry_after_seconds: int | None = None

    def __str__(self) -> str:
        """Give the sentence that the client sees."""
        return self.description


def invalid_request(description: str) -> OAuthRefused:
    """Say that a parameter is missing, repeated or not understood."""
    return OAuthRefused("invalid_request", description)


def invalid_client(description: str) -> OAuthRefused:
    """Say that the client did not show who it is."""
    return OAuthRefused("invalid_client", description, UNAUTHORIZED)


def invalid_grant(description: str) -> OAuthRefused:
    """Say that a code or a refresh token is not good, or not this client's."""
    return OAuthRefused("invalid_grant", description)


def invalid_scope(description: str) -> OAuthRefused:
    """Say that the client may not ask for this."""
    return OAuthRefused("invalid_scope", description)


def invalid_proof(description: str) -> OAuthRefused:
    """Say that the proof of possession is not good."""
    return OAuthRefused("invalid_dpop_proof", description)


@dataclass(eq=False)
class CallerRefused(DomainError):
    """Whoever calls showed a token that is not good.

    `error` is a code of RFC 6750 or 9449.
    """

    error: str
    description: str
    status: int = UNAUTHORIZED
    retry_after_seconds: int | None = None

    def __str__(self) -> str:
        """Give the sentence that the caller sees."""
        return self.description

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate`."""
        text = self.description.replace("\\", "").replace('"', "'")
        return f'DPoP error="{self.error}", error_description="{text}", algs="ES256 EdDSA PS256"'

    @property
    def headers(self) -> dict[str, str]:
        """What to show, or how long to wait."""
        if self.retry_after_seconds is not None:
            return {"retry-after": str(self.retry_after_seconds)}
        return {"www-authenticate": self.challenge}


@dataclass(eq=False)
class ClientNotFound(DomainError):
    """There is no client with this id."""

    client_id: str


@dataclass(eq=False)
class GrantNotFound(DomainError):
    """There is no such grant of yours."""


@dataclass(eq=False)
class ClientNotValid(DomainError):
    """The client cannot be registered like this."""

    reason: str

    def __str__(self) -> str:
        """Say what is wrong with it."""
        return f"The client cannot be registered: {self.reason}."


@dataclass(eq=False)
class KeyNotReadable(DomainError):
    """A signing key cannot be opened: HUB_OAUTH__WRAPPING_KEY is not the one it was kept under."""

    key_id: str
