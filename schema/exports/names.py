"""What the lines of an export call places, and how such a name is read again."""

from dataclasses import dataclass
from typing import Final, Protocol

from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from schema.faults import bad_input
from schema.ids import Audience
from schema.obligations import pack, unpack
from settlement.statements import ObligationPlace

DIGITS_MAX: Final = 18
"""Of a number that PostgreSQL can hold."""


class Names(Protocol):
    """How places are named for one reader."""

    def of(self, kind: IdKind, place: Place) -> str:
        """Name an entry, a lot or a wallet."""

    def of_obligation(self, place: ObligationPlace) -> str:
        """Name an obligation."""


@dataclass(frozen=True, slots=True)
class Positions:
    """By lane and number: for the hub itself, its operators and auditors."""

    def of(self, _: IdKind, place: Place) -> str:
        """Write `lane:number`."""
        return f"{place.lane}:{place.number}"

    def of_obligation(self, place: ObligationPlace) -> str:
        """Write all that says where it stands."""
        return ":".join(map(str, place))


@dataclass(frozen=True, slots=True)
class Ids:
    """By the ids that the API gives to the same reader: they show no position."""

    audience: Audience

    def of(self, kind: IdKind, place: Place) -> str:
        """Write the id."""
        return self.audience.write_place(kind, place)

    def of_obligation(self, place: ObligationPlace) -> str:
        """Write the id of an obligation."""
        return self.audience.write_place(IdKind.OBLIGATION, pack(place))


def read_obligation(text: str, names: Names) -> ObligationPlace:
    """Read the name of an obligation.

    Errors: the fault BAD_USER_INPUT.
    """
    if isinstance(names, Ids):
        found = names.audience.find_place(IdKind.OBLIGATION, text)
        if found is not None:
            return unpack(found)
        raise not_a_line()
    return ObligationPlace(*read_numbers(text, count=5))


def read_place(text: str) -> tuple[int, int]:
    """Read `lane:number`.

    Errors: the fault BAD_USER_INPUT.
    """
    lane, number = read_numbers(text, count=2)
    return lane, number


def read_numbers(text: str, *, count: int) -> tuple[int, ...]:
    """Read whole numbers with colons between them.

    Errors: the fault BAD_USER_INPUT.
    """
    parts = text.split(":")
    digits = [part.removeprefix("-") for part in parts]
    is_whole = all(part.isascii() and part.isdecimal() for part in digits)
    if len(parts) != count or not is_whole or max(map(len, digits)) > DIGITS_MAX:
        raise not_a_line()
    return tuple(map(int, parts))


def not_a_line() -> Exception:
    """Say that an export has no such line."""
    return bad_input(
        "`after` names no line of this export: give what the last whole line calls itself, in the"
        " first column of the table in docs/how-to/export-lists.md."
    )
