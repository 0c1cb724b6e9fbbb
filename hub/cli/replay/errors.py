"""What can be wrong with a folder of receipts."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class ReplayInvalid(DomainError):
    """The folder of receipts cannot be read or is not valid.

    `line` counts from 1, the header being line 1; 0 means the file as a whole.
    """

    file: str
    line: int
    problem: str
    expected: str

    def __str__(self) -> str:
        """Say it in one line: file, line, what is wrong, what is expected."""
        place = f"{self.file}: line {self.line}" if self.line else self.file
        return f"{place}: {self.problem}; expected {self.expected}"
