"""Private keys in files that only their owner reads: the keys of a client, and of its proofs."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.oauth.jose import Jwk, PublicKey, private_json, public_json, thumbprint_of
from hub.cli.errors import FileInvalid

ALGORITHM: Final = "ES256"
OWNER_ONLY: Final = 0o600
BYTES_MAX: Final = 65_536
_KINDS: Final[dict[str, Any]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
_ALGORITHMS: Final = {"EC": ALGORITHM, "OKP": "EdDSA", "RSA": "PS256"}


@dataclass(frozen=True, slots=True)
class ClientFile:
    """What a partner's program keeps: who it is, where the hub is, and its key."""

    client_id: str
    issuer: str
    key: PublicKey

    @property
    def algorithm(self) -> str:
        """The algorithm that the key signs with."""
        return _ALGORITHMS[self.key.key_type]


def make_key() -> PublicKey:
    """Make a key pair for a client."""
    return ECKey.generate_key("P-256")


def write_public(key: PublicKey) -> Jwk:
    """Write the public key, as the hub registers it."""
    return public_json(key, algorithm=ALGORITHM, key_id=thumbprint_of(key))


def write_client_file(path: Path, client: ClientFile) -> None:
    """Write the file of a client; one that is there is not overwritten.

    Errors: FileInvalid.
    """
    body = {
        "client_id": client.client_id,
        "issuer": client.issuer,
        "private_key": {**private_json(client.key), "kid": thumbprint_of(client.key)},
    }
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except OSError as error:
        raise FileInvalid(
            str(path), "file", f"{error.strerror}", "a new file in a folder that can be written"
        ) from None
    with os.fdopen(opened, "wb") as file:
        file.write(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")


def read_client_file(path: Path) -> ClientFile:
    """Read the file of a client.

    Errors: FileInvalid.
    """
    try:
        with path.open("rb") as file:
            body = orjson.loads(file.read(BYTES_MAX))
        key = body["private_key"]
        read = _KINDS[key["kty"]].import_key(key)
        return ClientFile(str(body["client_id"]), str(body["issuer"]), read)
    except OSError as error:
        raise FileInvalid(
            str(path), "file", f"{error.strerror}", "a file that `hub client create` wrote"
        ) from None
    except (ValueError, KeyError, TypeError, JoseError):
        raise FileInvalid(
            str(path), "file", "it is something else", "a file that `hub client create` wrote"
        ) from None
