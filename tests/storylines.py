"""Lines of a story, taken apart: a verb, its words and options, what it makes or how it ends."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.kernel.errors import DomainError

SETTLED = "settled"
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "us": "microseconds"}
OPTIONS = {
    *("at", "key", "expires", "ref", "reason", "by", "match", "from", "until", "to", "for"),
    *("available", "only", "category", "barred", "reinstated", "mode"),
    *("window", "member", "in", "each"),
    *("give", "get", "minimum", "step", "block", "bonus", "day"),
}


@dataclass(frozen=True)
class Line:
    """One line of a story, taken apart."""

    verb: str
    words: list[str]
    options: dict[str, str]
    makes: str | None
    refusal: str | None
    data: dict[str, str]
    is_settled: bool


def parse(row: str) -> Line:
    """Take a line apart."""
    row = row.partition("  #")[0].strip()
    told, _, refused = (part.strip() for part in row.partition("!!"))
    told, _, makes = (part.strip() for part in told.partition("->"))
    verb, *rest = told.split()
    words, options = [], {}
    pieces = iter(rest)
    for piece in pieces:
        if piece in OPTIONS:
            options[piece] = next(pieces)
        else:
            words.append(piece)
    code, *data = refused.split() if refused else [None]
    told_data = dict(d.split("=", 1) for d in data if d != SETTLED)
    return Line(verb, words, options, makes or None, code, told_data, SETTLED in data)


def written(value: object) -> str:
    """A value of a refusal as a story writes it; a refusal inside a refusal by its name."""
    if isinstance(value, DomainError):
        return value.code
    return f"{value:%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else str(value)


def span(text: str) -> timedelta:
    """A length of time as a story tells it."""
    if text == "now":
        return timedelta(0)
    found = re.fullmatch(r"(-?\d+)(us|[dhms])", text)
    assert found, f"not a length of time: {text}"
    return timedelta(**{UNITS[found[2]]: int(found[1])})
