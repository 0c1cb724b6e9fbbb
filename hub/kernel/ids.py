"""Ids: random numbers inside, opaque and pairwise texts outside.

An id given to a partner or a member is one block of AES under a key of that audience: it shows no
sequence and no volume, and two partners cannot join members by it (rule book 1.13).
"""

import base64
import secrets
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hub.kernel.errors import DomainError

ID_BITS: Final = 63
_CHECK: Final = b"hub\x01"
_TEXT_LENGTH: Final = 22


class IdKind(IntEnum):
    """What an id names."""

    MEMBER = 1
    WALLET = 2
    LOT = 3
    ENTRY = 4
    PARTNER = 5
    TERMS = 6
    WINDOW = 7
    LINKED_ACCOUNT = 8
    OBLIGATION = 40
    GRANT = 41


@dataclass(eq=False)
class IdNotValid(DomainError):
    """The id is not one that was given to this client."""

    given: str


def new_number() -> int:
    """Draw a random number for a new member or wallet, from 1 to 2^63 - 1."""
    return secrets.randbits(ID_BITS) or 1


class IdMint:
    """Makes and reads the ids of one audience: a partner, a member, or the hub's staff."""

    def __init__(self, secret: bytes, audience: str) -> None:
        key = sha256(b"hub.ids\0" + secret + b"\0" + audience.encode()).digest()
        # One block at a time: ECB is then the block cipher itself.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        self._encryptor = cipher.encryptor()
        self._decryptor = cipher.decryptor()

    def write(self, kind: IdKind, number: int, lane: int = 0) -> str:
        """Write the id of a thing for this audience: 22 letters, the same every time."""
        block = (
            _CHECK
            + kind.to_bytes(2, "big")
            + lane.to_bytes(2, "big", signed=True)
            + number.to_bytes(8, "big")
        )
        return base64.urlsafe_b64encode(self._encryptor.update(block)).rstrip(b"=").decode()

    def read_any(self, text: str) -> tuple[IdKind, int, int]:
        """Read an id of any kind: its kind, number and lane.

        Errors: IdNotValid, also for an id of another audience.
        """
        if len(text) != _TEXT_LENGTH or not text.isascii():
            raise IdNotValid(text[:64])
        try:
            block = self._decryptor.update(base64.urlsafe_b64decode(text + "=="))
            kind = IdKind(int.from_bytes(block[4:6], "big"))
        except ValueError:
            raise IdNotValid(text) from None
        lane = int.from_bytes(block[6:8], "big", signed=True)
        number = int.from_bytes(block[8:16], "big")
        if block[:4] != _CHECK or self.write(kind, number, lane) != text:
            raise IdNotValid(text)
        return kind, number, lane

    def read(self, kind: IdKind, text: str) -> tuple[int, int]:
        """Read an id of one kind: its number and lane.

        Errors: IdNotValid.
        """
        found, number, lane = self.read_any(text)
        if found is not kind:
            raise IdNotValid(text)
        return number, lane
