"""Why documents are not published."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class ManifestNotValid(DomainError):
    """The file is no list of documents: relay's persisted.json, Apollo's manifest, or .graphql."""

    reason: str

    def __str__(self) -> str:
        """Say what is wrong with it."""
        return f"{super().__str__()} {self.reason}"


@dataclass(eq=False)
class DocumentsNotValid(DomainError):
    """Nothing was published: some documents are not valid in the schema.

    `problems` name the document by its operations, and what is wrong with it.
    """

    problems: tuple[str, ...]

    def __str__(self) -> str:
        """List the problems."""
        return "\n".join((super().__str__(), *(f"  {problem}" for problem in self.problems)))


@dataclass(eq=False)
class ClientNameNotValid(DomainError):
    """A client and its version are named by 1 to 100 letters, digits and . _ - + @ / each."""

    given: str
