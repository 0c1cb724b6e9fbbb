"""Signed notes and the keys that sign them (C2SP signed-note and tlog-checkpoint)."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.ledger.log.verifier.shapes import SHOWN_MAX, Wrong

_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs: the name of the log, and 32 bytes of Ed25519."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """Four octets by which signatures name the key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        """Write the key as one line: name+id+base64."""
        return f"{self.name}+{self.key_id.hex()}+{write_base64(_ED25519 + self.raw)}"


def write_base64(octets: bytes) -> str:
    """Write octets as base64."""
    return base64.b64encode(octets).decode()


def read_base64(text: str, place: str, part: str) -> bytes:
    """Read base64 as it is written here, with no other way to write the same octets."""
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not text or write_base64(octets) != text:
        raise Wrong(place, part, "is not base64")
    return octets


def read_keys(content: bytes) -> list[PublicKey]:
    """Read public keys, a line each: name+id+base64."""
    try:
        lines = content.decode("ascii").split()
    except UnicodeDecodeError:
        lines = []
    keys = [_read_key(line) for line in lines[:SHOWN_MAX]]
    if not keys:
        raise Wrong("key", "file", "holds no key; expected lines of name+id+base64")
    return keys


def _read_key(line: str) -> PublicKey:
    name, _, rest = line.partition("+")
    key_id, _, encoded = rest.partition("+")
    octets = read_base64(encoded, "key", "file")
    key = PublicKey(name, octets[1:])
    if octets[:1] != _ED25519 or len(octets) != 33 or key_id != key.key_id.hex():  # noqa: PLR2004
        raise Wrong("key", "file", "is not a public key of Ed25519 with its id")
    return key


def open_note(note: str, keys: Sequence[PublicKey], place: str) -> list[str]:
    """Give the lines of a note that one of the keys signed; no signature of theirs may be wrong."""
    text, blank, signatures = note.partition("\n\n")
    body, signed_by = text + "\n", 0
    for line in signatures.removesuffix("\n").split("\n"):
        found = re.fullmatch(r"\u2014 ([^ +]{1,200}) ([A-Za-z0-9+/=]{1,200})", line)
        if not blank or found is None:
            raise Wrong(place, "signature", "is not a signed note")
        octets = read_base64(found[2], place, "signature")
        for key in keys:
            if (key.name, key.key_id) == (found[1], octets[:4]):
                _verify(key, octets[4:], body.encode(), place)
                signed_by += 1
    if not signed_by:
        raise Wrong(place, "signature", "is not of any key that was given")
    return text.split("\n")


def _verify(key: PublicKey, signature: bytes, message: bytes, place: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Wrong(place, "signature", "does not fit what is signed") from None
