"""What `hub demo` refuses."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class ReceiptsMissing(DomainError):
    """There are no receipts to make a demo from."""

    folder: str

    def __str__(self) -> str:
        """Say where they were looked for, and what would help."""
        return (
            f"There are no receipts in {self.folder}: run the demo from a checkout of the"
            " repository, or name a folder by --data."
        )


@dataclass(eq=False)
class AnotherCoalition(DomainError):
    """The database holds another coalition; the demo needs a database of its own."""

    found: str
    expected: str


@dataclass(eq=False)
class NotOursToEmpty(DomainError):
    """--fresh empties the embedded database only; empty the one of HUB_DATABASE_URL yourself."""
