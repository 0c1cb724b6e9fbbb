"""What differs between two answers: the same events under other terms, for instance."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.cli.output import Column, Sheet
from hub.cli.strict_json import Json
from hub.kernel.money import exact_sum, format_exact

_AMOUNT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that two answers do not share; None where an answer has no such figure.

    `change` is the second less the first, where both are numbers; a missing number counts as 0.
    """

    place: str
    first: str | None
    second: str | None

    @property
    def change(self) -> str | None:
        """How much the figure grew, exactly."""
        given = [text for text in (self.first, self.second) if text is not None]
        if not all(_AMOUNT.fullmatch(text) for text in given):
            return None
        first, second = Decimal(self.first or "0"), Decimal(self.second or "0")
        return format_exact(exact_sum((second, first.copy_negate())))


def compare_answers(
    first: Mapping[str, Json], second: Mapping[str, Json]
) -> tuple[Difference, ...]:
    """List every figure that differs between two answers, in order of its place."""
    before, after = dict(_figures(first)), dict(_figures(second))
    return tuple(
        Difference(place, before.get(place), after.get(place))
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    )


def _figures(answer: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Every figure of an answer under a name that does not depend on positions in lists."""
    for key, value in answer.items():
        if key == "settlements":
            yield from _named_items(value, "", ("window",))
        elif key == "refused":
            yield from _named_items(value, "refused", ("event",))
        else:
            yield from _flatten(key, value)


def _named_items(items: Json, place: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Name each object of a list by its own keys instead of its position."""
    assert isinstance(items, list)
    for item in items:
        assert isinstance(item, dict)
        name = ">".join(str(item[key]) for key in names)
        for key, value in item.items():
            if key not in names:
                yield from _flatten(f"{place} {name} {key}".strip(), value)


def _flatten(place: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(f"{place} {key}", inner)
    elif isinstance(value, list):
        yield from _named_items(value, place, ("from", "to"))
    else:
        yield place, str(value)


def differences_sheet(
    differences: tuple[Difference, ...], *, first_name: str, second_name: str
) -> Sheet:
    """Show the differences as a table."""
    title = f"{len(differences)} figures differ" if differences else "Nothing differs"
    return Sheet(
        title,
        (
            Column("figure", is_number=False),
            Column(first_name, is_number=True),
            Column(second_name, is_number=True),
            Column("change", is_number=True),
        ),
        tuple(
            (found.place, found.first or "", found.second or "", found.change or "")
            for found in differences
        ),
    )


def write_differences(differences: tuple[Difference, ...]) -> list[Json]:
    """Make the differences a JSON document."""
    return [
        {
            "figure": found.place,
            "first": found.first,
            "second": found.second,
            "change": found.change,
        }
        for found in differences
    ]
