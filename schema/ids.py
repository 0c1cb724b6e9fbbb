"""Ids and cursors of one audience: what is given to one actor means nothing to another."""

import base64
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hub.kernel.actor import Actor
from hub.kernel.ids import IdKind, IdMint, IdNotValid
from hub.ledger.operations import Place
from schema.faults import bad_input

AUDIENCES_MAX: Final = 1000
_CURSOR_CHARACTERS_MAX: Final = 2048


class Audience:
    """The ids and cursors of one actor."""

    def __init__(self, secret: bytes, actor: Actor) -> None:
        self._mint = IdMint(secret, str(actor))
        self._cipher = AESSIV(
            sha256(b"hub.cursors\0" + secret + b"\0" + str(actor).encode()).digest()
        )

    def write(self, kind: IdKind, number: int) -> str:
        """Write the id of a thing that has a number."""
        return self._mint.write(kind, number)

    def write_place(self, kind: IdKind, place: Place) -> str:
        """Write the id of a thing that lies in a lane."""
        return self._mint.write(kind, place.number, place.lane)

    def find_any(self, text: str) -> tuple[IdKind, Place] | None:
        """Read an id of any kind; None when it was not given to this actor."""
        try:
            kind, number, lane = self._mint.read_any(text)
        except IdNotValid:
            return None
        return kind, Place(lane, number)

    def find_place(self, kind: IdKind, text: str) -> Place | None:
        """Read an id of one kind; None when it was not given to this actor."""
        found = self.find_any(text)
        return found[1] if found and found[0] is kind else None

    def find_number(self, kind: IdKind, text: str) -> int | None:
        """Read the id of a thing that has a number."""
        place = self.find_place(kind, text)
        return None if place is None else place.number

    def write_cursor(self, purpose: str, position: tuple[object, ...]) -> str:
        """Write a position in a list: sealed, so that it shows neither sequence nor volume."""
        plain = orjson.dumps(position)
        sealed = self._cipher.encrypt(plain, [purpose.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read_cursor(self, purpose: str, cursor: str, *, argument: str = "after") -> tuple[Any, ...]:
        """Read a position that was given for this purpose.

        Errors: the fault BAD_USER_INPUT.
        """
        try:
            sealed = base64.urlsafe_b64decode(
                cursor[:_CURSOR_CHARACTERS_MAX] + "=" * (-len(cursor) % 4)
            )
            position = orjson.loads(self._cipher.decrypt(sealed, [purpose.encode()]))
        except (ValueError, InvalidTag):
            raise bad_input(f"`{argument}` is not a cursor of this list.") from None
        return tuple(position)


class Audiences:
    """Makes the audience of each actor, and remembers those that came last."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._remembered: OrderedDict[Actor, Audience] = OrderedDict()

    def of(self, actor: Actor) -> Audience:
        """Give the audience of an actor."""
        known = self._remembered.get(actor)
        if known is None:
            known = self._remembered[actor] = Audience(self._secret, actor)
            if len(self._remembered) > AUDIENCES_MAX:
                self._remembered.popitem(last=False)
        return known


def read_instant_of(position: Sequence[Any], index: int) -> datetime:
    """Take an instant out of a cursor's position."""
    return datetime.fromisoformat(position[index])
