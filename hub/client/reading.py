"""Answers become values, exactly: points are int, amounts Decimal, instants UTC; pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias, TypeVar

from hub.client.errors import AnswerNotUnderstood

Json: TypeAlias = dict[str, Any]
T = TypeVar("T")

_SHOWN_CHARACTERS: Final = 60


class OpenEnum(StrEnum):
    """An enumeration of the schema; a value that is newer than this client is kept as it came."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        if not isinstance(value, str):
            raise _odd("a name", value)
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member


def text(value: object) -> str:
    """Read a text.

    Errors: AnswerNotUnderstood.
    """
    if not isinstance(value, str):
        raise _odd("a text", value)
    return value


def whole(value: object) -> int:
    """Read a whole number, e.g. points.

    Errors: AnswerNotUnderstood.
    """
    if type(value) is not int:
        raise _odd("a whole number", value)
    return value


def truth(value: object) -> bool:
    """Read a yes or no.

    Errors: AnswerNotUnderstood.
    """
    if not isinstance(value, bool):
        raise _odd("true or false", value)
    return value


def decimal(value: object) -> Decimal:
    """Read an exact decimal, which is a text in JSON.

    Errors: AnswerNotUnderstood.
    """
    try:
        found = Decimal(text(value))
    except InvalidOperation as error:
        raise _odd("a decimal", value) from error
    if not found.is_finite():
        raise _odd("a decimal", value)
    return found


def instant(value: object) -> datetime:
    """Read an instant; it is given in UTC.

    Errors: AnswerNotUnderstood.
    """
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError as error:
        raise _odd("an instant", value) from error
    if found.tzinfo is None:
        raise _odd("an instant with its offset", value)
    return found.astimezone(UTC)


def maybe(value: object, read: Callable[[Any], T]) -> T | None:
    """Read what may be null."""
    return None if value is None else read(value)


def many(value: object, read: Callable[[Any], T]) -> tuple[T, ...]:
    """Read a list.

    Errors: AnswerNotUnderstood.
    """
    if not isinstance(value, list):
        raise _odd("a list", value)
    return tuple(read(item) for item in value)


def anything(value: Any) -> Any:  # noqa: ANN401 (a scalar that this client has no type for)
    """Give a value as it came."""
    return value


def field_of(value: object, name: str) -> Any:  # noqa: ANN401 (JSON)
    """Give a field of an object.

    Errors: AnswerNotUnderstood.
    """
    if not isinstance(value, dict):
        raise _odd(f"an object with `{name}`", value)
    if name not in value:
        raise AnswerNotUnderstood(f"`{name}` is missing")
    return value[name]


def _odd(expected: str, value: object) -> AnswerNotUnderstood:
    return AnswerNotUnderstood(f"expected {expected}, found {value!r}"[: _SHOWN_CHARACTERS * 2])
