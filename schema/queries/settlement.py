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
from schema.paging import FIRST_DEFAULT, After, Connection, First, make_connection, read_page
from schema.windows import SettlementWindow, show_window
from settlement.store import page_windows

NAME_CHARACTERS_MAX: Final = 100

WindowId = Annotated[strawberry.ID, strawberry.argument(description="Id of the window.")]
Calendar = Annotated[
    str | None,
    strawberry.argument(description="Only of this calendar; without it, of all."),
]


@query("A settlement window; null when there is no such.")
async def settlement_window(info: Info, id: WindowId) -> SettlementWindow | None:
    """Find a window."""
    number = info.context.audience.find_number(IdKind.WINDOW, id)
    row = None if number is None else await loaders.load_window(info.context, number)
    return None if row is None else show_window(info.context, row)


@query("Settlement windows, newest first.")
async def settlement_windows(
    info: Info,
    calendar: Calendar = strawberry.UNSET,
    first: First = FIRST_DEFAULT,
    after: After = strawberry.UNSET,
) -> Connection[SettlementWindow]:
    """List windows."""
    context = info.context
    page = read_page(context, "settlementWindows", first, after)
    before: tuple[datetime, int] | None = None
    if page.position is not None:
        before = (read_instant_of(page.position, 0), page.position[1])
    named = given(calendar)
    if named is not None and not is_name(named):
        return make_connection(context, page, [])
    async with context.read() as tx:
        rows = await page_windows(tx, calendar=named, before=before, limit=page.limit + 1)
    shown = [(show_window(context, row), (row.opens_at.isoformat(), row.window_id)) for row in rows]
    return make_connection(context, page, shown)


def is_name(text: str) -> bool:
    """Whether a text can be the name of anything that is stored."""
    return 0 < len(text) <= NAME_CHARACTERS_MAX and text.isprintable()
