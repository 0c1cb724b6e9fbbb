"""The keys of one object of a file, read one by one into exact values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar

from hub.cli.errors import FileInvalid
from hub.cli.strict_json import Json, join, quote
from hub.kernel.errors import CurrencyNotSettleable, CurrencyUnknown, DecimalNotValid
from hub.kernel.money import (
    BPS_PLACES,
    OBLIGATION_PLACES,
    POINTS_MAX,
    POINTS_MIN,
    RATE_PLACES,
    SHARE_PLACES,
    check_currency,
    minor_units,
    parse_decimal,
)

TEXT_CHARACTERS_MAX: Final = 200
NOTE_CHARACTERS_MAX: Final = 2_000
BPS_MAX: Final = 10_000

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|\+00:00)",
    re.ASCII,
)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Fields:
    """One object, the file it is from, and where in the file it lies."""

    file: str
    place: str
    values: Mapping[str, Json]

    def at(self, key: str) -> str:
        """Name the place of one key."""
        return join(self.place, key)

    def refusal(self, key: str, problem: str, expected: str) -> FileInvalid:
        """Say what is wrong with one key."""
        return FileInvalid(file=self.file, place=self.at(key), problem=problem, expected=expected)

    def take(self, key: str, expected: str) -> Json:
        """Read the raw value of a key that must be there.

        Errors: FileInvalid.
        """
        if key not in self.values:
            raise self.refusal(key, "the key is missing", expected)
        return self.values[key]


Reader = Callable[[Fields, str], Value]


def open_fields(file: str, place: str, value: Json, *, known: frozenset[str]) -> Fields:
    """Take a JSON value as an object that has no unknown key.

    Errors: FileInvalid.
    """
    fields = Fields(file, place, _as_object(file, place, value))
    for key in fields.values:
        if key not in known:
            raise fields.refusal(key, "unknown key", "one of " + ", ".join(sorted(known)))
    return fields


def _as_object(file: str, place: str, value: Json) -> Mapping[str, Json]:
    if isinstance(value, dict):
        return value
    raise FileInvalid(
        file=file,
        place=place or "document",
        problem=f"{quote(value)} is not an object",
        expected="an object",
    )


def read_list(fields: Fields, key: str, *, items: str, count_max: int) -> list[Json]:
    """Read a list of at most so many items.

    Errors: FileInvalid.
    """
    expected = f"a list of at most {count_max} {items}"
    value = fields.take(key, expected)
    if not isinstance(value, list):
        raise fields.refusal(key, f"{quote(value)} is not a list", expected)
    if len(value) > count_max:
        raise fields.refusal(key, f"{len(value)} items are too many", expected)
    return value


def read_map(
    fields: Fields, key: str, reader: Reader[Value], *, count_max: int, star: bool = False
) -> dict[str, Value]:
    """Read an object whose keys are codes (or, where it means *any other*, `*`).

    Errors: FileInvalid.
    """
    value = fields.take(key, "an object")
    inner = Fields(fields.file, fields.at(key), _as_object(fields.file, fields.at(key), value))
    if len(inner.values) > count_max:
        raise fields.refusal(
            key, f"{len(inner.values)} keys are too many", f"at most {count_max} keys"
        )
    for code in inner.values:
        if not (_CODE.fullmatch(code) or (star and code == "*")):
            raise inner.refusal(code, "the key is not a code", _CODE_EXPECTED)
    return {code: reader(inner, code) for code in inner.values}


_CODE_EXPECTED: Final = "1 to 64 letters, digits and _ . : - that begin with a letter or digit"


def read_code(fields: Fields, key: str) -> str:
    """Read the code of a party.

    Errors: FileInvalid.
    """
    value = fields.take(key, "a code")
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    raise fields.refusal(key, f"{quote(value)} is not a code", _CODE_EXPECTED)


def read_name(fields: Fields, key: str) -> str:
    """Read a name that people chose: an id, a member, a lot, a version.

    Errors: FileInvalid.
    """
    return _read_text(fields, key, TEXT_CHARACTERS_MAX)


def read_note(fields: Fields, key: str) -> str:
    """Read a sentence for people.

    Errors: FileInvalid.
    """
    return _read_text(fields, key, NOTE_CHARACTERS_MAX)


def _read_text(fields: Fields, key: str, characters_max: int) -> str:
    expected = f"a string of 1 to {characters_max} printable characters"
    value = fields.take(key, expected)
    if isinstance(value, str) and 0 < len(value) <= characters_max and value.isprintable():
        return value
    raise fields.refusal(key, f"{quote(value)} is not such a text", expected)


def read_flag(fields: Fields, key: str) -> bool:
    """Read true or false.

    Errors: FileInvalid.
    """
    value = fields.take(key, "true or false")
    if isinstance(value, bool):
        return value
    raise fields.refusal(key, f"{quote(value)} is neither", "true or false")


def read_points(fields: Fields, key: str) -> int:
    """Read a number of points.

    Errors: FileInvalid.
    """
    expected = f"an integer from {POINTS_MIN} to {POINTS_MAX}"
    value = fields.take(key, expected)
    if isinstance(value, int) and not isinstance(value, bool) and POINTS_MIN <= value <= POINTS_MAX:
        return value
    raise fields.refusal(key, f"{quote(value)} is not a number of points", expected)


def read_whole(fields: Fields, key: str, *, first: int, last: int) -> int:
    """Read an integer of a closed range.

    Errors: FileInvalid.
    """
    expected = f"an integer from {first} to {last}"
    value = fields.take(key, expected)
    if isinstance(value, int) and not isinstance(value, bool) and first <= value <= last:
        return value
    raise fields.refusal(key, f"{quote(value)} is not such a number", expected)


def read_instant(fields: Fields, key: str) -> datetime:
    """Read an instant: ISO 8601, UTC, to the microsecond.

    Errors: FileInvalid.
    """
    expected = "an instant in UTC such as 2026-01-31T23:59:59Z"
    value = fields.take(key, expected)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        instant = _parse_instant(value)
        if instant is not None:
            return instant
    raise fields.refusal(key, f"{quote(value)} is not an instant", expected)


def read_instant_or_date(fields: Fields, key: str) -> datetime:
    """Read an instant, or a date that means 00:00 UTC of that day.

    Errors: FileInvalid.
    """
    expected = "a date such as 2027-01-31, or an instant in UTC such as 2027-01-31T12:00:00Z"
    value = fields.take(key, expected)
    if isinstance(value, str) and (_DATE.fullmatch(value) or _INSTANT.fullmatch(value)):
        instant = _parse_instant(value)
        if instant is not None:
            return instant
    raise fields.refusal(key, f"{quote(value)} is neither a date nor an instant", expected)


def _parse_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def read_rate(fields: Fields, key: str) -> Decimal:
    """Read a rate or price: at least 0, at most 8 places.

    Errors: FileInvalid.
    """
    return _read_decimal(fields, key, places=RATE_PLACES, span=" from 0", last=None)


def read_bps(fields: Fields, key: str) -> Decimal:
    """Read basis points: 0 to 10000, at most 2 places.

    Errors: FileInvalid.
    """
    span = f" from 0 to {BPS_MAX}"
    return _read_decimal(fields, key, places=BPS_PLACES, span=span, last=BPS_MAX)


def read_share(fields: Fields, key: str) -> Decimal:
    """Read a share: 0 to 1, at most 4 places.

    Errors: FileInvalid.
    """
    return _read_decimal(fields, key, places=SHARE_PLACES, span=" from 0 to 1", last=1)


def read_price(fields: Fields, key: str, currency: str) -> Decimal:
    """Read money that is paid: at least 0, whole minor units.

    Errors: FileInvalid.
    """
    return _read_decimal(fields, key, places=minor_units(currency), span=" from 0", last=None)


def read_fx_rate(fields: Fields, key: str) -> Decimal:
    """Read units of a currency per unit of the clearing currency: more than 0.

    Errors: FileInvalid.
    """
    places, span = OBLIGATION_PLACES, " above 0"
    rate = _read_decimal(fields, key, places=places, span=span, last=None)
    if rate == 0:
        raise fields.refusal(
            key, f"{quote(fields.values[key])} is out of range", _decimal_expected(span, places)
        )
    return rate


def read_money(fields: Fields, key: str) -> Decimal:
    """Read an exact amount of money of either sign.

    Errors: FileInvalid.
    """
    return _read_signed(fields, key, places=OBLIGATION_PLACES, span="")


def _read_decimal(fields: Fields, key: str, *, places: int, span: str, last: int | None) -> Decimal:
    number = _read_signed(fields, key, places=places, span=span)
    if number < 0 or (last is not None and number > last):
        raise fields.refusal(
            key, f"{quote(fields.values[key])} is out of range", _decimal_expected(span, places)
        )
    return number


def _read_signed(fields: Fields, key: str, *, places: int, span: str) -> Decimal:
    expected = _decimal_expected(span, places)
    value = fields.take(key, expected)
    if not isinstance(value, str):
        raise fields.refusal(key, f"{quote(value)} is not a string", expected)
    try:
        return parse_decimal(value, places)
    except DecimalNotValid:
        raise fields.refusal(key, f"{quote(value)} is not such a decimal", expected) from None


def _decimal_expected(span: str, places: int) -> str:
    return f"a decimal{span} with at most {places} places, in a string"


def read_currency(fields: Fields, key: str) -> str:
    """Read an ISO 4217 code.

    Errors: FileInvalid.
    """
    expected = "an ISO 4217 code such as EUR"
    value = fields.take(key, expected)
    try:
        if isinstance(value, str):
            return check_currency(value)
    except CurrencyUnknown:
        pass
    raise fields.refusal(key, f"{quote(value)} is not a currency", expected)


def read_payment_currency(fields: Fields, key: str) -> str:
    """Read the ISO 4217 code of a currency that has minor units, so that it can be paid.

    Errors: FileInvalid.
    """
    currency = read_currency(fields, key)
    try:
        minor_units(currency)
    except CurrencyNotSettleable:
        raise fields.refusal(
            key, f"{quote(currency)} has no minor unit", "a currency that can be paid"
        ) from None
    return currency
