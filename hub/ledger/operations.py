"""What one asks of the ledger, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final

from hub.ledger.entries import EntryKind

LANE_COUNT: Final = 64
HOUSE_LANE: Final = -1

DEBITS: Final = frozenset(
    {EntryKind.REDEEM, EntryKind.TRANSFER, EntryKind.CASH_OUT, EntryKind.DONATE}
)
"""Kinds that draw lots in redemption order."""

LONERS: Final = frozenset({EntryKind.REFUND, EntryKind.REVERSE, EntryKind.EXPIRE})
"""Kinds that need a batch in which nothing else touches their wallet."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wallet or an entry is: its lane, and its number there."""

    lane: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing to book, on one wallet (a transfer: on two of the same lane).

    Units: whole points; instants in UTC. `decided_at`, `occurred_at` and `posted_at` default to the
    hub's clock at the moment the batch leaves. `key_hash` None books without an idempotency key:
    only for sweeps, which repeat without harm.
    """

    kind: EntryKind
    wallet: Place
    partner_id: int
    points: int
    key_hash: bytes | None
    request_hash: bytes
    actor: str
    terms_id: int = 0
    occurred_at: datetime | None = None
    decided_at: datetime | None = None
    posted_at: datetime | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None
    reference_hash: bytes | None = None
    reference: str | None = None
    reason: str | None = None
    funder_id: int | None = None
    counter_wallet: Place | None = None
    lot_id: int | None = None
    ref_seq: int | None = None
    match_rate: Decimal | None = None
    issue_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation.

    `code` is a `Code`; `seq` the entry in its lane when it was booked. `detail` is the lot of an
    issue, the first lot that a transfer made, the points that a refund let expire again, or the
    number that a refusal carries.
    A replay gives what the first use of the key gave.
    """

    code: int
    is_replay: bool
    lane: int
    seq: int | None
    detail: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLine:
    """What one party owes another without points x rate of terms; `amount` is exact."""

    kind: str
    debtor_id: int
    creditor_id: int
    currency: str
    amount: Decimal
    label: str
    is_reversal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseOperation:
    """One entry of the house lane: money between parties, no wallet (rule book 2.5.3)."""

    kind: EntryKind
    partner_id: int
    key_hash: bytes | None
    request_hash: bytes
    actor: str
    lines: tuple[MoneyLine, ...]
    facts: dict[str, object] = field(default_factory=dict)
    occurred_at: datetime | None = None
    decided_at: datetime | None = None
    posted_at: datetime | None = None
    ref_seq: int | None = None
    reason: str | None = None
    reference: str | None = None


class Code:
    """The codes of `post_batch`: 0 booked, 1 to 49 refused and stored, from 50 not stored."""

    BOOKED: Final = 0
    INSUFFICIENT_POINTS: Final = 1
    WALLET_NOT_FOUND: Final = 2
    WALLET_CLOSED: Final = 3
    TERMS_NOT_IN_FORCE: Final = 4
    DUPLICATE_REFERENCE: Final = 5
    UNKNOWN_REFERENCE: Final = 6
    LOT_EXPIRED: Final = 7
    LOT_SPENT: Final = 8
    REFUND_EXCEEDS_REDEEMED: Final = 9
    ALREADY_CANCELLED: Final = 10
    KEY_CONFLICT: Final = 50
    CUT_DUE: Final = 51
    STALE_TERMS: Final = 52
    NOTHING_TO_EXPIRE: Final = 53


def lane_of(wallet_id: int) -> int:
    """Give the lane a wallet is born into, for ever; the ids of wallets are random numbers."""
    return wallet_id % LANE_COUNT


def hash_key(partner_id: int, wallet_id: int, key: str) -> bytes:
    """Name an idempotency key in its scope: the partner and the wallet. Source: rule book 1.9.2."""
    return sha256(b"%d:%d:%b" % (partner_id, wallet_id, key.encode())).digest()[:16]


def hash_reference(partner_id: int, reason: str, reference: str) -> bytes:
    """Name an issue's reference: unique per partner and reason. Source: rule book 1.3.1."""
    reason_bytes = reason.encode()
    return sha256(
        b"%d:%d:%b:%b" % (partner_id, len(reason_bytes), reason_bytes, reference.encode())
    ).digest()[:16]


def hash_request(*parts: object) -> bytes:
    """Fingerprint what was asked: same parts, same hash. Each part is written with its length."""
    digest = sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(b"%d:%b" % (len(text), text))
    return digest.digest()[:16]
