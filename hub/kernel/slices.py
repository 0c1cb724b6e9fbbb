"""A slice of an ordered list: between two positions, from one end, so many at most."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Slice:
    """What to read of a list: after one position, before another, from the beginning or the end.

    A position has the values by which the list is ordered; they differ from object to object.
    What is read backward comes in reverse order.
    """

    limit: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    is_backward: bool = False
