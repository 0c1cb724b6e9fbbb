"""Private keys are kept encrypted: AES-256-GCM under a key of the settings."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.oauth.errors import KeyNotReadable

WRAPPING_KEY: Final = "oauth.wrapping"
"""Name of the key of the database that stands in for the settings' in development."""

_NONCE_BYTES: Final = 12


def wrap(wrapping_key: bytes, key_id: str, private: bytes) -> bytes:
    """Encrypt a private key; it can be opened under its own name only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(wrapping_key).encrypt(nonce, private, key_id.encode())


def unwrap(wrapping_key: bytes, key_id: str, wrapped: bytes) -> bytes:
    """Decrypt a private key.

    Errors: KeyNotReadable.
    """
    try:
        return AESGCM(wrapping_key).decrypt(
            wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], key_id.encode()
        )
    except InvalidTag:
        raise KeyNotReadable(key_id) from None
