"""What the engines are asked: orders drawn at random from a fixed seed, the same kind for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from hub.kernel.clock import system_clock
from hub.ledger.entries import EntryKind
from hub.ledger.operations import (
    Operation,
    Outcome,
    Place,
    hash_key,
    hash_reference,
    hash_request,
    lane_of,
)

REASON: Final = "base"
ISSUED_UNTIL: Final = datetime(2031, 12, 1, tzinfo=UTC)
"""Every point issued under measurement expires then: one month of the liabilities, as in life."""

HELD_FOR: Final = timedelta(days=7)
WALLET_BITS: Final = 63


@dataclass(frozen=True, slots=True)
class Party:
    """A partner as the ledger knows it, and the terms that are in force."""

    partner_id: int
    terms_id: int


@dataclass(frozen=True, slots=True)
class Order:
    """One request of a partner, before anybody has hashed or looked up anything."""

    party: Party
    wallet: Place
    points: int
    key: str
    reference: str
    expires_at: datetime = ISSUED_UNTIL

    @property
    def actor(self) -> str:
        """Who asks: a partner in its own name."""
        return f"partner:{self.party.partner_id}"

    @property
    def key_hash(self) -> bytes:
        """The key in its scope."""
        return hash_key(self.party.partner_id, self.wallet.number, self.key)

    @property
    def reference_hash(self) -> bytes:
        """The reference in its scope."""
        return hash_reference(self.party.partner_id, REASON, self.reference)

    @property
    def request_hash(self) -> bytes:
        """The fingerprint of what is asked."""
        return hash_request("order", self.points, self.reference, REASON, None, None)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws orders: each at a random party, on a random wallet."""

    random: Random
    parties: Sequence[Party]
    wallets: Sequence[Place]

    def issue(self) -> Order:
        """Draw an issue of 10 to 499 points."""
        return self.order(10 + int(490 * self.random.random()))

    def redemption(self) -> Order:
        """Draw a redemption of 10 to 299 points: 1 or 2 lots of those on the stage."""
        return self.order(10 + int(290 * self.random.random()))

    def order(self, points: int) -> Order:
        """Draw an order for so many points."""
        # random() and a product: randrange() would cost more than the rest of an order.
        chance = self.random.random
        return Order(
            self.parties[int(len(self.parties) * chance())],
            self.wallets[int(len(self.wallets) * chance())],
            points,
            f"{self.random.getrandbits(64):016x}",
            f"{self.random.getrandbits(64):016x}",
        )


def issue_of(order: Order) -> Operation:
    """Turn an order into the operation that issues."""
    return Operation(
        kind=EntryKind.ISSUE,
        wallet=order.wallet,
        partner_id=order.party.partner_id,
        points=order.points,
        key_hash=order.key_hash,
        request_hash=order.request_hash,
        actor=order.actor,
        terms_id=order.party.terms_id,
        expires_at=order.expires_at,
        reference_hash=order.reference_hash,
        reference=order.reference,
        reason=REASON,
    )


def redemption_of(order: Order) -> Operation:
    """Turn an order into the operation that redeems."""
    return Operation(
        kind=EntryKind.REDEEM,
        wallet=order.wallet,
        partner_id=order.party.partner_id,
        points=order.points,
        key_hash=order.key_hash,
        request_hash=order.request_hash,
        actor=order.actor,
        terms_id=order.party.terms_id,
        reference=order.reference,
    )


def hold_of(order: Order) -> Operation:
    """Turn an order into the operation that sets its points aside for a redemption."""
    return Operation(
        kind=EntryKind.HOLD,
        wallet=order.wallet,
        partner_id=order.party.partner_id,
        points=order.points,
        key_hash=order.key_hash,
        request_hash=order.request_hash,
        actor=order.actor,
        expires_at=system_clock() + HELD_FOR,
        reference=order.reference,
        mode=EntryKind.REDEEM,
    )


def capture_of(order: Order, hold: Outcome) -> Operation:
    """Turn an order into the operation that takes all of what was set aside for it."""
    return Operation(
        kind=EntryKind.CAPTURE,
        wallet=order.wallet,
        partner_id=order.party.partner_id,
        points=order.points,
        key_hash=hash_key(order.party.partner_id, order.wallet.number, f"{order.key}+"),
        request_hash=order.request_hash,
        actor=order.actor,
        terms_id=order.party.terms_id,
        reference=order.reference,
        ref_seq=hold.seq,
    )


def draw_wallets(random: Random, count: int) -> list[Place]:
    """Draw wallets as the hub mints them: random numbers, each in the lane it is born into."""
    numbers = {random.getrandbits(WALLET_BITS) for _ in range(count)}
    return [Place(lane_of(number), number) for number in sorted(numbers)]
