"""An entry as those who follow the lanes see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.ledger.entries import EntryKind
from hub.ledger.operations import Place


@dataclass(frozen=True, slots=True)
class FeedLine:
    """What an entry took from (-) or gave back to (+) one lot; `acceptor_id` 0: nobody accepts.

    `held_points` were set aside in the lot (+), or no longer are (-).
    """

    line: int
    kind: EntryKind
    is_reversal: bool
    lot_id: int
    points: int
    held_points: int
    issuer_id: int
    acceptor_id: int
    issue_terms_id: int
    acceptor_terms_id: int


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """The facts of an entry, and its allocations in `lines`.

    The lot that an issue made is `lot_id`, its issuer `partner_id`; there is no line for it. An
    entry of the house lane has neither wallet nor lines; what it is about is in `facts`.

    Units: whole points; instants in UTC.
    """

    place: Place
    kind: EntryKind
    partner_id: int
    wallet_id: int | None
    counter_wallet: Place | None
    points: int
    terms_id: int | None
    ref_seq: int | None
    lot_id: int | None
    reason: str | None
    reference: str | None
    category: str | None
    available_at: datetime | None
    ends_at: datetime | None
    facts: Mapping[str, Any] | None
    actor: str
    occurred_at: datetime
    posted_at: datetime
    lines: tuple[FeedLine, ...]

    @property
    def name(self) -> str:
        """Name the entry for ever, e.g. `7:120`: what an effect outside is idempotent by."""
        return f"{self.place.lane}:{self.place.number}"

    @property
    def counter_wallet_id(self) -> int | None:
        """The id of the second party's wallet, whatever lane it lies in."""
        return None if self.counter_wallet is None else self.counter_wallet.number

    def touches(self, wallet: Place) -> bool:
        """Whether the entry moved points of a wallet of its lane, as the first or second party.

        What a transfer brings into another lane is an entry there.
        """
        return self.place.lane == wallet.lane and (
            self.wallet_id == wallet.number or self.counter_wallet == wallet
        )
