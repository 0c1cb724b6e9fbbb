"""The code that a member shows at a till: ten digits, for one redemption within a minute."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from auth.consents.errors import TillCodeNotValid, TooManyTillCodes
from auth.consents.store import add_miss, count_misses, free_code, lock_code, put_code, use_code
from hub.kernel.tx import Tx

TILL_KEY: Final = "till_codes"
"""Name of the key of the database under which codes are hashed: digits alone are soon guessed."""

LIFE: Final = timedelta(seconds=60)
DIGITS: Final = 10
TRIES_MAX: Final = 5
MISSES_MAX: Final = 30
"""Wrong codes a minute and partner. With so many, of ten digits, one in millions is a hit."""

_SPACES: Final = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code for a member's screen."""

    code: str
    ends_at: datetime


async def make_till_code(tx: Tx, secret: bytes, *, member_id: int, key: str) -> ShownCode:
    """Make a code for a member; the one before is gone. The same key gives the same code.

    Units: it is good for 60 seconds.
    """
    for attempt in range(TRIES_MAX):
        payload = _draw(secret, f"{member_id}\0{attempt}\0{key}")
        code = payload + check_digit(payload)
        code_hash = _hash(secret, code)
        if await free_code(tx, code_hash, member_id):
            ends_at = await put_code(tx, code_hash, member_id, ends_at=tx.now + LIFE)
            return ShownCode(code, ends_at)
    message = "as many tries in a row met codes that others hold: that does not happen"
    raise AssertionError(message)


async def take_till_code(
    tx: Tx, secret: bytes, *, code: str, partner_id: int, request_hash: bytes
) -> int | None:
    """Use a code for one request, and say whose it is; None, and counted, when it is not good.

    The same request may come again: its key sees to it that points move once.

    Errors: TooManyTillCodes; TillCodeNotValid when a typing error shows in the check digit.
    Locks: the code.
    """
    if await count_misses(tx, partner_id) >= MISSES_MAX:
        raise TooManyTillCodes(retry_after_seconds=int(LIFE.total_seconds()))
    plain = code.translate(_SPACES)
    is_typed_well = len(plain) == DIGITS and plain.isascii() and plain.isdecimal()
    if not is_typed_well or check_digit(plain[:-1]) != plain[-1]:
        raise TillCodeNotValid
    known = await lock_code(tx, _hash(secret, plain))
    if known is not None and (known.used_by, known.request_hash) == (partner_id, request_hash):
        return known.member_id
    if known is None or known.used_by is not None or known.ends_at <= tx.now:
        await add_miss(tx, partner_id)
        return None
    await use_code(tx, known.code_hash, partner_id=partner_id, request_hash=request_hash)
    return known.member_id


def check_digit(digits: str) -> str:
    """Give the digit that shows a wrong one, or two neighbours that were swapped (Damm)."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def hash_request(partner_id: int, key: str) -> bytes:
    """Name one request: what it uses up, only it may use again."""
    return sha256(f"consent\0{partner_id}\0{key}".encode()).digest()


def _draw(secret: bytes, seed: str) -> str:
    """Draw digits that nobody can foretell without the secret."""
    drawn = hmac.new(secret, b"draw\0" + seed.encode(), sha256).digest()
    return f"{int.from_bytes(drawn, 'big') % 10 ** (DIGITS - 1):0{DIGITS - 1}}"


def _hash(secret: bytes, code: str) -> bytes:
    return hmac.new(secret, b"till\0" + code.encode(), sha256).digest()


_DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
