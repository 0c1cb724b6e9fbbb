"""Pages of lists: Relay connections by keyset, 1 to 100 objects at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

import strawberry
from strawberry.types.unset import UnsetType

from schema.context import Context
from schema.faults import bad_input
from schema.nodes import computed

FIRST_MAX: Final = 100
FIRST_DEFAULT: Final = 20

T = TypeVar("T")

First: TypeAlias = Annotated[
    int,
    strawberry.argument(description=f"How many objects at most, 1 to {FIRST_MAX}."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="The `endCursor` of the page before; without it, the first page. A cursor"
        " works in the list that it came from, for whom it was given to."
    ),
]


@strawberry.type(description="Where a page of a list begins and ends.")
class PageInfo:
    """Where a page begins and ends."""

    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether this is not the first page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first object here.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last object here: `after` of the next page."
    )


@strawberry.type(description="An object in a list, and where it stands.")
class Edge(Generic[T]):
    """An object in a list."""

    cursor: str = strawberry.field(description="Where the object stands; opaque.")
    node: T = strawberry.field(description="The object.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(
        description=f"The objects with their cursors, at most {FIRST_MAX}."
    )
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")

    @computed(description=f"The objects alone, at most {FIRST_MAX}.")
    def nodes(self) -> list[T]:
        """Take the objects out of their edges."""
        return [edge.node for edge in self.edges]


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked of a list: a limit, and the position after which it begins."""

    purpose: str
    limit: int
    position: list[Any] | None


def read_page(context: Context, purpose: str, first: int, after: "str | UnsetType | None") -> Page:
    """Read the arguments of a list.

    Errors: the fault BAD_USER_INPUT.
    """
    if not 1 <= first <= FIRST_MAX:
        raise bad_input(f"`first` is {first}; it must be 1 to {FIRST_MAX}.")
    if not isinstance(after, str):
        return Page(purpose, first, None)
    return Page(purpose, first, context.audience.read_cursor(purpose, after))


def make_connection(
    context: Context, page: Page, found: Sequence[tuple[T, tuple[object, ...]]]
) -> Connection[T]:
    """Make a page from objects with their positions, one more than was asked for if there are."""
    edges = [
        Edge(cursor=context.audience.write_cursor(page.purpose, position), node=node)
        for node, position in found[: page.limit]
    ]
    return Connection(edges=edges, page_info=page_info(page, edges, found_count=len(found)))


def page_info(page: Page, edges: Sequence[Any], *, found_count: int) -> PageInfo:
    """Say where a page begins and ends."""
    return PageInfo(
        has_next_page=found_count > page.limit,
        has_previous_page=page.position is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
