"""What one asks of the ledger, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final

from hub.ledger.entries import EntryKind

LANE_COUNT: Final = 64
ONE: Final = Decimal(1)
HOUSE_LANE: Final = -1

DEBITS: Final = frozenset(
    {
        EntryKind.REDEEM,
        EntryKind.TRANSFER,
        EntryKind.CASH_OUT,
        EntryKind.DONATE,
        EntryKind.EXCHANGE,
        EntryKind.HOLD,
    }
)
"""Kinds that draw lots in redemption order."""

CREDITS: Final = frozenset({EntryKind.ISSUE, EntryKind.ARRIVE})
"""Kinds that make a lot. Every other kind stands alone on its wallet in a batch."""

WHOLE_WALLET: Final = 0
"""The points of a hold that sets everything aside, for a merge."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wallet or an entry is: its lane, and its number there."""

    lane: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What an operation uses of a cap, for each of its points.

    `issue_terms_id` counts only points of lots that were issued under these terms. `rest` says that
    no other lane has more to lend: what is left of the cap, all of it in the operation's lane.
    `limit` is by which a cap that each wallet has to itself judges this charge; None: its own.

    Units: `unit` and `back` are points (1) or money of the cap's currency per point; a point that
    is refunded, reversed or freed gives `back`.
    """

    cap_id: int
    unit: Decimal = ONE
    back: Decimal = ONE
    issue_terms_id: int | None = None
    rest: Decimal | None = None
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing to book, on one wallet (a transfer: on two of the same lane).

    `expires_at` is the end of the lot that is made, or of a hold. `mode` says of a hold which kind
    its capture will be, of a reverse how far it goes, of an exchange whether it may be given back.

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
    mode: int | None = None
    category: str | None = None
    restriction_id: int | None = None
    contributor_wallet_id: int | None = None
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation.

    `code` is a `Code`; `seq` the entry in its lane when it was booked. `detail` is the lot of an
    issue, the first lot that a transfer made, the points that did not come back to their lots, the
    points that a reverse could not take, or the number that a refusal carries. `points` is what
    was booked: less than asked where a cap or a reverse left less; `cap_id` is that cap.
    A replay gives what the first use of the key gave.
    """

    code: int
    is_replay: bool
    lane: int
    seq: int | None
    detail: int | None
    points: int
    posted_at: datetime
    cap_id: int | None = None


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
    REVERSE_EXCEEDS_ISSUED: Final = 11
    HOLD_ENDED: Final = 12
    CAPTURE_EXCEEDS_HOLD: Final = 13
    EXCEEDS_EXPIRED: Final = 14
    LOT_NOT_PENDING: Final = 15
    GROUP_REFUSED: Final = 16
    CAP_REACHED: Final = 17
    END_NOT_LATER: Final = 18
    LOT_NOT_EXPIRED: Final = 19
    EXCEEDS_ARREARS: Final = 20
    KEY_CONFLICT: Final = 50
    CUT_DUE: Final = 51
    STALE_TERMS: Final = 52
    NOTHING_TO_BOOK: Final = 53
    LAPSE_DUE: Final = 54
    REPAYMENT_DUE: Final = 55
    SLICE_SHORT: Final = 56
    BEHIND_ANOTHER: Final = 57

    WAITS: Final = frozenset({CUT_DUE, LAPSE_DUE, REPAYMENT_DUE, SLICE_SHORT, BEHIND_ANOTHER})
    """Not decided yet: something else is to be booked, or borrowed, before."""


class ReverseMode:
    """How far a reverse of an issue goes when points were spent. Source: rule book 1.6.2."""

    REFUSE: Final = 0
    ONLY_PENDING: Final = 1
    WITHIN_BALANCE: Final = 2
    UNLIMITED: Final = 3


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
