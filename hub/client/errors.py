"""What a call may raise: a refusal of the hub, a fault, or that no answer came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class HubError(Exception):
    """A call that did not end as hoped; every exception of this client is one."""


@dataclass(eq=False)
class Refusal(HubError):
    """The hub refused by its rules, and changed nothing.

    Each kind of refusal is a class of its own in `generated.refusals`, with its data as fields. A
    kind that is newer than this client is a plain `Refusal`: `code` says which.
    """

    message: str
    """One sentence, in English."""
    code: str
    """What it is, for programs."""
    path: tuple[str, ...] | None
    """The part of the input that it is about."""
    others: tuple["Refusal", ...] = field(default=(), kw_only=True)
    """What else was refused in the same call."""

    def __str__(self) -> str:
        """Say it in one sentence."""
        return self.message


@dataclass(eq=False)
class Fault(HubError):
    """The hub did not carry out the document: who you are, what you may, limits, mistakes."""

    code: str
    """`extensions.code` of the first error, e.g. `UNAUTHENTICATED`."""
    message: str
    """Sentence of the first error."""
    errors: tuple[Mapping[str, Any], ...] = ()
    """All errors, as they came."""
    data: Mapping[str, Any] | None = None
    """What was answered nonetheless."""
    status: int = 200
    """Status of HTTP."""

    def __str__(self) -> str:
        """Say it with its code."""
        return f"{self.message} ({self.code})"


@dataclass(eq=False)
class NoAnswer(HubError):
    """Whether it was done is not known: no answer came, as often as was tried.

    Send the same input again: its key is the same, so it is done once whatever happened.
    """

    tries_count: int
    """How often it was sent."""
    reason: str
    """What happened to the last try."""

    def __str__(self) -> str:
        """Say what happened, and what to do."""
        return (
            f"No answer after {self.tries_count} tries ({self.reason});"
            " send the same input again, its key is the same."
        )


@dataclass(eq=False)
class AnswerNotUnderstood(HubError):
    """What came back is not what the schema says; perhaps it is not the hub that answers."""

    what: str
    """What was found."""

    def __str__(self) -> str:
        """Say what was found."""
        return f"The answer was not understood: {self.what}"


@dataclass(eq=False)
class StreamLost(HubError):
    """A subscription ended without having been completed; events may have been missed."""

    reason: str
    """What happened."""

    def __str__(self) -> str:
        """Say what happened."""
        return f"The stream was lost ({self.reason}); read the present state, then subscribe again."


@dataclass(eq=False)
class SignInRefused(HubError):
    """The hub gave no token to this client."""

    error: str
    """Code of RFC 6749, e.g. `invalid_client`."""
    description: str
    """A sentence that helps."""

    def __str__(self) -> str:
        """Say why."""
        return f"No token was given: {self.error}. {self.description}".rstrip()


@dataclass(eq=False)
class DownloadBroken(HubError):
    """A list did not come to its end, as often as was tried; what came of it is good."""

    reason: str
    """What happened to the last try."""

    def __str__(self) -> str:
        """Say what happened, and what to do."""
        return (
            f"The download broke off ({self.reason}); the same call with the same file goes on"
            " behind its last line."
        )
