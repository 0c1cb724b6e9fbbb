"""`windowChanged`: a settlement window, whenever it begins to close, or has closed."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from hub.kernel.ids import IdKind
from schema.context import Info
from schema.faults import bad_input
from schema.subscriptions.fields import subscription, told_in_time
from schema.windows import SettlementWindow, show_window

WindowId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this window; without it, any.")
]
Calendar = Annotated[
    str | None, strawberry.argument(description="Only windows of this calendar; without it, any.")
]


@subscription(
    "A settlement window when it is new, when it begins to close, and when it has closed. A partner"
    " sees its own row and column."
)
async def window_changed(
    info: Info,
    window_id: WindowId = strawberry.UNSET,
    calendar: Calendar = strawberry.UNSET,
) -> AsyncGenerator[SettlementWindow, None]:
    """Follow the windows."""
    context = info.context
    number = context.audience.find_number(IdKind.WINDOW, window_id) if window_id else None
    if window_id and number is None:
        raise bad_input("There is no such window.")
    async with told_in_time(), context.rooms.window_watch.follow() as changed:
        async for window in changed:
            is_asked_for = number in (None, window.window_id)
            if is_asked_for and (not calendar or calendar == window.calendar):
                yield show_window(context, window)
