"""What can be wrong with a file that a command is given."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class FileInvalid(DomainError):
    """The file cannot be read or is not valid."""

    file: str
    place: str
    problem: str
    expected: str

    def __str__(self) -> str:
        """Say it in one line: file, place, what is wrong, what is expected."""
        return f"{self.file}: {self.place}: {self.problem}; expected {self.expected}"
