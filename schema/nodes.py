"""What has an id, and can be asked for by it."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def computed(*, description: str) -> Callable[[F], F]:
    """Make a field of a method; to the type checker it stays the method that it is."""
    made: Callable[[F], F] = strawberry.field(description=description)
    return made


@strawberry.interface(description="Anything that has an id.")
class Node:
    """Anything that has an id."""

    id: strawberry.ID = strawberry.field(
        description="Opaque, 22 letters, the same every time. It means something only to whom it"
        " was given: another client's id of the same thing differs."
    )
