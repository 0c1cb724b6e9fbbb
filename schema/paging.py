"""Pages of lists: Relay connections by keyset, in both directions, 1 to 100 objects at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeAlias, TypeVar

import strawberry
from strawberry.types.unset import UnsetType

from hub.kernel.slices import Slice
from schema.context import Context
from schema.faults import bad_input
from schema.nodes import computed

FIRST_MAX: Final = 100
FIRST_DEFAULT: Final = 20

T = TypeVar("T")
R = TypeVar("R")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many objects at most, from the beginning on: 1 to {FIRST_MAX}. Without"
        f" `first` and `last`: {FIRST_DEFAULT}."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Only what comes after this cursor, e.g. the `endCursor` of the page before. A"
        " cursor works in the list that it came from, for whom it was given to."
    ),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many objects at most, from the end back: 1 to {FIRST_MAX}. Give `first`"
        " or `last`, not both; the order of the objects stays."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Only what comes before this cursor, e.g. the `startCursor` of the page after."
    ),
]


@strawberry.type(description="Where a page of a list begins and ends.")
class PageInfo:
    """Where a page begins and ends."""

    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether more comes before it.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first object here: `before` of the page before."
    )
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
    """What is asked of a list: how many objects, between which positions, from which end."""

    purpose: str
    limit: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    is_backward: bool = False

    @property
    def fetched(self) -> int:
        """How many to read: one more, to know whether there is more."""
        return self.limit + 1

    def slice(self, read: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple) -> Slice:
        """Say what to read; `read` turns the position of a cursor into one of the list."""
        return Slice(
            self.fetched,
            None if self.after is None else read(self.after),
            None if self.before is None else read(self.before),
            self.is_backward,
        )


def read_page(
    context: Context,
    purpose: str,
    *,
    first: "int | UnsetType | None" = None,
    after: "str | UnsetType | None" = None,
    last: "int | UnsetType | None" = None,
    before: "str | UnsetType | None" = None,
) -> Page:
    """Read the arguments of a list.

    Errors: the fault BAD_USER_INPUT.
    """
    is_first, is_backward = isinstance(first, int), isinstance(last, int)
    if is_first and is_backward:
        raise bad_input("Give `first` or `last`, not both.")
    limit = FIRST_DEFAULT
    for name, count in (("first", first), ("last", last)):
        if isinstance(count, int):
            if not 1 <= count <= FIRST_MAX:
                raise bad_input(f"`{name}` is {count}; it must be 1 to {FIRST_MAX}.")
            limit = count
    begin, end = (
        context.audience.read_cursor(purpose, cursor, argument=name)
        if isinstance(cursor, str)
        else None
        for name, cursor in (("after", after), ("before", before))
    )
    return Page(purpose, limit, begin, end, is_backward)


def cut(
    page: Page, rows: Iterable[R], key: Callable[[R], tuple[Any, ...]]
) -> list[tuple[R, tuple[Any, ...]]]:
    """Take a page, and one more, out of rows in memory that are in the order of their keys."""
    kept = [
        (row, place)
        for row, place in ((row, key(row)) for row in rows)
        if (page.after is None or place > page.after)
        and (page.before is None or place < page.before)
    ]
    if page.is_backward:
        kept.reverse()
    return kept[: page.fetched]


def make_connection(
    context: Context,
    page: Page,
    found: Sequence[tuple[T, tuple[object, ...]]],
    *,
    searched_to: tuple[object, ...] | None = None,
) -> Connection[T]:
    """Make a page from objects with their positions, in the order in which they were read.

    There is one more than was asked for if there are. `searched_to` says how far a search went
    that stopped early: the next page goes on from there.
    """
    edges = [
        Edge(cursor=context.audience.write_cursor(page.purpose, position), node=node)
        for node, position in in_order(page, found)
    ]
    info = page_info(page, edges, found_count=len(found))
    if searched_to is not None and len(found) <= page.limit:
        cursor = context.audience.write_cursor(page.purpose, searched_to)
        if page.is_backward:
            info.has_previous_page, info.start_cursor = True, cursor
        else:
            info.has_next_page, info.end_cursor = True, cursor
    return Connection(edges=edges, page_info=info)


def in_order(page: Page, found: Sequence[R]) -> list[R]:
    """Leave out what is one too many, and turn what was read from the end back."""
    kept = list(found[: page.limit])
    return kept[::-1] if page.is_backward else kept


def page_info(page: Page, edges: Sequence[Any], *, found_count: int) -> PageInfo:
    """Say where a page begins and ends; a cursor that is given has an object."""
    has_more = found_count > page.limit
    return PageInfo(
        has_next_page=page.before is not None if page.is_backward else has_more,
        has_previous_page=has_more if page.is_backward else page.after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
