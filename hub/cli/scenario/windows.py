"""The windows of a scenario: half-open spans in order, without gap or overlap.

Source: rule book 2.5.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from hub.cli.fields import Fields, open_fields, read_instant, read_list, read_name
from hub.cli.instants import format_instant
from hub.cli.strict_json import quote

WINDOWS_COUNT_MAX: Final = 10_000

_WINDOW_KEYS: Final = frozenset({"id", "open", "cut"})


@dataclass(frozen=True, slots=True)
class ScenarioWindow:
    """A half-open span of `posted_at` that is settled together."""

    id: str
    open_at: datetime
    cut_at: datetime


def read_windows(fields: Fields) -> tuple[ScenarioWindow, ...]:
    """Read the windows.

    Errors: FileInvalid.
    """
    values = read_list(fields, "windows", items="windows", count_max=WINDOWS_COUNT_MAX)
    opened = [
        open_fields(fields.file, f"{fields.at('windows')}[{i}]", value, known=_WINDOW_KEYS)
        for i, value in enumerate(values)
    ]
    windows = tuple(_read_window(window) for window in opened)
    ids: set[str] = set()
    for place, window in zip(opened, windows, strict=True):
        if window.id in ids:
            raise place.refusal("id", f"{quote(window.id)} stands twice", "an id of its own")
        ids.add(window.id)
    for place, (before, after) in zip(opened[1:], pairwise(windows), strict=True):
        if after.open_at != before.cut_at:
            kind = "a gap" if after.open_at > before.cut_at else "an overlap"
            raise place.refusal(
                "open",
                f"{kind} between the windows {quote(before.id)} and {quote(after.id)}",
                f"{format_instant(before.cut_at)}, the cut of the window before",
            )
    return windows


def _read_window(fields: Fields) -> ScenarioWindow:
    window = ScenarioWindow(
        id=read_name(fields, "id"),
        open_at=read_instant(fields, "open"),
        cut_at=read_instant(fields, "cut"),
    )
    if window.cut_at <= window.open_at:
        raise fields.refusal(
            "cut", "the window is cut before it has opened", "an instant after open"
        )
    return window
