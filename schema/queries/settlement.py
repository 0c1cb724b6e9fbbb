"""Settlement windows."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from hub.kernel.ids import IdKind
from schema import loaders
from schema.accounts import given
from schema.context import Info
from schema.fields import query
from schema.ids import read_instant_of
from schema.paging import After, Before, Connection, First, Last, make_connection, read_page
from schema.windows import (
    SettlementWindow,
    Statement,
    WindowStatus,
    find_statement,
    show_window,
)
from settlement.store import WindowFilter, find_window, page_windows

NAME_CHARACTERS_MAX: Final = 100

WindowId = Annotated[strawberry.ID, strawberry.argument(description="Id of the window.")]
Calendar = Annotated[
    str | None,
    strawberry.argument(description="Only of this calendar; without it, of all."),
]
CalendarName = Annotated[str, strawberry.argument(description="The calendar, e.g. `monthly`.")]
Code = Annotated[str, strawberry.argument(description="Code of the window in its calendar.")]
Statuses = Annotated[
    list[WindowStatus] | None,
    strawberry.argument(description="Only windows that have come so far; without it, all."),
]
From = Annotated[
    datetime | None,
    strawberry.argument(description="Only windows that are not over at this instant."),
]
Until = Annotated[
    datetime | None, strawberry.argument(description="Only windows that open before this instant.")
]
Party = Annotated[
    str | None,
    strawberry.argument(description="Code of the party. A partner leaves it out: itself."),
]


@query("A settlement window; null when there is no such.")
async def settlement_window(info: Info, id: WindowId) -> SettlementWindow | None:
    """Find a window."""
    number = info.context.audience.find_number(IdKind.WINDOW, id)
    row = None if number is None else await loaders.load_window(info.context, number)
    return None if row is None else show_window(info.context, row)


@query("A settlement window by what people call it; null when there is no such.")
async def window_of_calendar(
    info: Info, calendar: CalendarName, code: Code
) -> SettlementWindow | None:
    """Find a window by its calendar and code."""
    if not (is_name(calendar) and is_name(code)):
        return None
    async with info.context.read() as tx:
        row = await find_window(tx, calendar, code)
    return None if row is None else show_window(info.context, row)


@query("Settlement windows, newest first.")
async def settlement_windows(
    info: Info,
    *,
    calendar: Calendar = strawberry.UNSET,
    statuses: Statuses = strawberry.UNSET,
    not_over_at: From = strawberry.UNSET,
    opens_before: Until = strawberry.UNSET,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> Connection[SettlementWindow]:
    """List windows."""
    context = info.context
    page = read_page(
        context, "settlementWindows", first=first, after=after, last=last, before=before
    )
    named, chosen = given(calendar), given(statuses)
    if named is not None and not is_name(named):
        return make_connection(context, page, [])
    which = WindowFilter(
        calendar=named,
        statuses=None if chosen is None else tuple(status.name for status in chosen),
        ends_after=given(not_over_at),
        opens_before=given(opens_before),
    )
    part = page.slice(lambda place: (read_instant_of(place, 0), place[1]))
    async with context.read() as tx:
        rows = await page_windows(tx, which=which, part=part)
    shown = [(show_window(context, row), (row.opens_at.isoformat(), row.window_id)) for row in rows]
    return make_connection(context, page, shown)


@query(
    "What a settled window says to one party: its bills, its net, and every obligation down to the"
    " receipt. Null while the window is open, or when it is not for you to see."
)
async def statement(
    info: Info, window_id: WindowId, partner: Party = strawberry.UNSET
) -> Statement | None:
    """Show the statement of a party."""
    context = info.context
    number = context.audience.find_number(IdKind.WINDOW, window_id)
    row = None if number is None else await loaders.load_window(context, number)
    return None if row is None else await find_statement(context, row, given(partner))


def is_name(text: str) -> bool:
    """Whether a text can be the name of anything that is stored."""
    return 0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable()
