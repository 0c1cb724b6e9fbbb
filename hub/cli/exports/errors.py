"""Why an export cannot go on."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class ExportNotResumable(DomainError):
    """The file cannot be gone on with: it is not the beginning of this export."""

    file: str
    reason: str


@dataclass(eq=False)
class ExportExists(DomainError):
    """The file is there already: go on with it by --resume, or choose another name."""

    file: str
