"""What is refused to those who follow the entries, and to those who look after consumers."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class FellBehind(DomainError):
    """The reader is too far behind the entries: read them as a list, then follow from there."""

    waiting_count: int
    waiting_count_max: int


@dataclass(eq=False)
class CursorNotValid(DomainError):
    """There is no such place in the entries to follow from."""

    lane: int
    seq: int


@dataclass(eq=False)
class TooManyFollowers(DomainError):
    """As many readers follow the entries as this server allows; try again later."""

    followers_max: int


@dataclass(eq=False)
class FeedClosed(DomainError):
    """The server is being stopped: follow from the last entry at another one."""


@dataclass(eq=False)
class ConsumerNotFound(DomainError):
    """No consumer of the entries has that name; `hub work consumers` names them."""

    consumer: str


@dataclass(eq=False)
class LaneNotStuck(DomainError):
    """The consumer has not failed in that lane, so there is nothing to try again or to skip."""

    consumer: str
    lane: int


@dataclass(eq=False)
class EntryNotNext(DomainError):
    """Only the entry that the consumer fails at can be skipped, and that is another one."""

    consumer: str
    lane: int
    seq: int
    stuck_seq: int


@dataclass(eq=False)
class SkipReasonNotValid(DomainError):
    """A skip needs a reason of some words, for whoever reads about it later."""

    length_max: int
