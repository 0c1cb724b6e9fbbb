"""Names worth a look into the database: so few that all others need none."""

from typing import Final

MARKED_MAX: Final = 10_000


class Marked:
    """A bounded set of names; the oldest give way."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a name was marked lately."""
        return name in self._names

    def __bool__(self) -> bool:
        """Whether any name is marked."""
        return bool(self._names)

    def mark(self, name: str) -> None:
        """Mark a name."""
        self._names.pop(name, None)
        self._names[name] = None
        if len(self._names) > MARKED_MAX:
            del self._names[next(iter(self._names))]
