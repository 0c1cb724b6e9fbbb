"""An authenticator in software: makes passkeys and answers challenges, ES256, attestation `none`.

It shares no code with the library that checks its answers.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, WITH_KEY = 1, 4, 64


def to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value: Any) -> bytes:
    """Write integers, texts, bytes and maps of them."""
    match value:
        case int() if value >= 0:
            return _head(0, value)
        case int():
            return _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    raise TypeError(value)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    width = 1 if number < 256 else 2
    return bytes([major << 5 | 23 + width]) + number.to_bytes(width, "big")


@dataclass
class Passkey:
    credential_id: bytes
    user_handle: bytes
    key: ec.EllipticCurvePrivateKey
    count: int = 0


@dataclass
class Authenticator:
    """Holds the passkeys of one person; the attributes say how it lies, if it does."""

    origin: str
    rp_id: str
    flags: int = USER_PRESENT | USER_VERIFIED
    step: int = 1
    passkeys: list[Passkey] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer the options of a registration."""
        passkey = Passkey(
            secrets.token_bytes(16),
            to_bytes(options["user"]["id"]),
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.passkeys.append(passkey)
        numbers = passkey.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        made = bytes(16) + len(passkey.credential_id).to_bytes(2, "big") + passkey.credential_id
        data = self._data(passkey, self.flags | WITH_KEY) + made + cbor(cose)
        attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            passkey,
            {
                "clientDataJSON": to_text(self._client("webauthn.create", options["challenge"])),
                "attestationObject": to_text(attestation),
            },
        )

    def get(self, options: dict[str, Any], passkey: Passkey | None = None) -> dict[str, Any]:
        """Answer the options of a sign-in."""
        chosen = passkey or self.passkeys[0]
        chosen.count += self.step
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(chosen, self.flags)
        signature = chosen.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            chosen,
            {
                "clientDataJSON": to_text(client),
                "authenticatorData": to_text(data),
                "signature": to_text(signature),
                "userHandle": to_text(chosen.user_handle),
            },
        )

    def _data(self, passkey: Passkey, flags: int) -> bytes:
        return (
            sha256(self.rp_id.encode()).digest() + bytes([flags]) + passkey.count.to_bytes(4, "big")
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        client = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(client).encode()

    def _credential(self, passkey: Passkey, response: dict[str, str]) -> dict[str, Any]:
        name = to_text(passkey.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
