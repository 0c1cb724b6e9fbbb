"""What every verb is given beside its own facts: the key, the actor, and the instants."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from hub.kernel.errors import DomainError
from hub.ledger.operations import Place
from hub.points.errors import KeyNotValid, OccurredAtOutOfBounds, TextTooLong

KEY_CHARACTERS_MAX: Final = 128
TEXT_CHARACTERS_MAX: Final = 200
LATE_MAX: Final = timedelta(days=45)
AHEAD_MAX: Final = timedelta(minutes=5)

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""`expires_at` of points that never expire; PostgreSQL's infinity."""


@dataclass(frozen=True, slots=True)
class Instants:
    """When something happened, at which instant it is decided, and when it is posted.

    None stands for the hub's clock at the moment of posting.
    """

    occurred_at: datetime | None = None
    decided_at: datetime | None = None
    posted_at: datetime | None = None


Kin: TypeAlias = Callable[[Place], tuple[Place, ...]]
"""From a wallet to those that were, at some time, one with it."""


def no_kin(_: Place) -> tuple[Place, ...]:
    """Take it that no wallet was ever merged."""
    return ()


@dataclass(frozen=True, slots=True)
class Request:
    """One use of an idempotency key by one actor.

    `refusal` says why it can no longer be booked. It comes after the key: what was answered before
    is answered again, however late (rule book 1.9.1). `kin` knows the wallets that were merged: a
    key that was used for one of them is used.

    Errors: KeyNotValid.
    """

    key: str
    actor: str
    instants: Instants = Instants()
    refusal: DomainError | None = None
    kin: Kin = field(default=no_kin, compare=False)

    def __post_init__(self) -> None:
        is_valid = (
            0 < len(self.key) <= KEY_CHARACTERS_MAX
            and self.key.isascii()
            and self.key.isprintable()
        )
        if not is_valid:
            raise KeyNotValid(KEY_CHARACTERS_MAX)


def judge_occurrence(occurred_at: datetime | None, *, now: datetime) -> Instants:
    """Say when what a partner reports is decided: now, or when it happened if that is past.

    Units: UTC instants; at most 45 days back and 5 minutes ahead.
    Errors: OccurredAtOutOfBounds.
    Source: rule book 1.1.3.
    """
    if occurred_at is None:
        return Instants()
    earliest, latest = now - LATE_MAX, now + AHEAD_MAX
    if not earliest <= occurred_at <= latest:
        raise OccurredAtOutOfBounds(occurred_at, earliest, latest)
    return Instants(occurred_at=occurred_at, decided_at=min(occurred_at, now))


def check_text(field: str, text: str) -> str:
    """See that a text of a partner can be stored and shown.

    Errors: TextTooLong.
    """
    if not 0 < len(text) <= TEXT_CHARACTERS_MAX or not text.isprintable():
        raise TextTooLong(field, TEXT_CHARACTERS_MAX)
    return text
