"""Values become JSON for variables: the other way round of `reading`; pure."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Final

_KEY_BYTES: Final = 16


def new_key() -> str:
    """Make an idempotency key that nobody else has."""
    return secrets.token_hex(_KEY_BYTES)


class Input:
    """An input of the schema, as a value; what is None is left out."""

    __slots__ = ()

    ONE_OF: ClassVar[bool] = False
    """Whether exactly one of its fields is given."""

    def __post_init__(self) -> None:
        """Check that one field is given where only one may be."""
        if self.ONE_OF and len(write_input(self)) != 1:
            raise ValueError(f"give exactly one of: {', '.join(_names(self))}")


def write_input(value: Input) -> dict[str, Any]:
    """Write an input with the names of the schema."""
    found = {name: getattr(value, name) for name in _names(value)}
    return {camel(name): write(each) for name, each in found.items() if each is not None}


def _names(value: Input) -> list[str]:
    own = fields(value)  # type: ignore[arg-type]  # every input is a dataclass
    return [field.name for field in own]


def write(value: Any) -> Any:  # noqa: ANN401 (whatever JSON can say)
    """Write a value as the schema's scalars want it.

    Errors: ValueError for an instant without offset, TypeError for what no scalar is made of.
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal() | datetime():
            return _write_scalar(value)
        case Input():
            return write_input(value)
        case Mapping():
            return {str(name): write(each) for name, each in value.items()}
        case list() | tuple():
            return [write(each) for each in value]
    raise TypeError(f"no scalar of the schema is written from {type(value).__name__}")


def _write_scalar(value: Decimal | datetime) -> str:
    if isinstance(value, Decimal):
        return format(value or abs(value), "f")
    if value.tzinfo is None:
        raise ValueError(f"an instant needs its offset, e.g. UTC: {value.isoformat()}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def camel(name: str) -> str:
    """Turn a name of Python into the schema's: `entry_id` becomes `entryId`."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name.rstrip("_"))
