"""What the log refuses."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class JournalDisagrees(DomainError):
    """The journal is no longer what was signed: nothing more is signed, somebody must look.

    `place` names a lane or an entry, `found` and `expected` are hashes or counts.
    """

    place: str
    found: str
    expected: str


@dataclass(eq=False)
class CheckpointNotFound(DomainError):
    """Nothing was signed yet that has this in it: it is there after the next sealing."""


@dataclass(eq=False)
class BundleTooLarge(DomainError):
    """The bundle would have more entries than one may have; take a shorter window."""

    entry_count: int
    entries_max: int


@dataclass(eq=False)
class BundleNotValid(DomainError):
    """The older bundle is not one that the hub gave."""

    problem: str
