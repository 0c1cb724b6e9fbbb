"""Signing: the notes that stand for all books at an instant, and the keys that sign them.

The private keys are secrets of the hub and lie where its other secrets do; they come in as values.
The public keys are kept in the ledger, numbered, and stay known for ever.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger.log.verifier.fields import FIRST_LANE, LANE_COUNT
from hub.ledger.log.verifier.notes import PublicKey, write_base64
from hub.ledger.log.verifier.shapes import write_instant
from hub.ledger.log.verifier.trees import Hash

OpenSecret: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Gives 32 secret octets of a name, the same ones every time; made when first asked for."""

ORIGIN_PREFIX: Final = "coalition-hub/"
ORIGIN_OCTETS: Final = 8


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs for a log."""

    number: int
    public: PublicKey
    private: Ed25519PrivateKey

    def sign(self, text: str) -> str:
        """Sign the text of a note; gives the line of the signature."""
        signature = self.public.key_id + self.private.sign(text.encode())
        return f"\u2014 {self.public.name} {write_base64(signature)}\n"


def secret_name(number: int) -> str:
    """Name the secret of a key of the log."""
    return f"log-{number}"


def private_key(secret: bytes) -> Ed25519PrivateKey:
    """Make a key of Ed25519 out of 32 secret octets."""
    return Ed25519PrivateKey.from_private_bytes(secret)


def write_note(text: str, *keys: SigningKey) -> str:
    """Sign a text: the note that C2SP's signed-note describes."""
    assert text.endswith("\n"), "the text of a note is lines"
    assert "\n\n" not in text, "an empty line ends the text"
    return text + "\n" + "".join(key.sign(text) for key in keys)


def write_checkpoint(origin: str, root: Hash, signed_at: int, *keys: SigningKey) -> str:
    """Sign the root over the trees of all lanes.

    The size is that of the upper tree, the number of lanes: it shows no volume.

    Units: microseconds since 2000.
    """
    text = f"{origin}\n{LANE_COUNT}\n{write_base64(root)}\nsigned_at {write_instant(signed_at)}\n"
    return write_note(text, *keys)


def index_of(lane: int) -> int:
    """Give the place of a lane in the upper tree."""
    return lane - FIRST_LANE
