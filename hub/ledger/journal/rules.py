"""What must always hold in the books, and what it looks like when it does not."""

from dataclasses import dataclass
from typing import Final

LEDGER_RULES: Final = (
    "entry sums to zero",
    "entry equals its allocations",
    "lot equals its allocations",
    "lot is within its bounds",
    "wallet equals its lots",
    "wallet equals its postings",
    "wallet equals its holds",
    "hold equals its lines",
    "hold ends once",
    "arrivals equal captures",
    "arrears equal their repayments",
    "wallet equals its arrears",
    "lot has a wallet",
    "sequence is dense",
    "lots are numbered densely",
    "posted_at never falls",
    "entry lies in its segment",
    "cuts partition the lane",
    "flow equals the journal",
    "liability equals the lots",
    "key has its entry",
    "key is applied once",
    "slices sum to their cap",
    "slice is within what it was granted",
    "slice equals its charges",
    "charge has a slice",
    "usage of a wallet equals its charges",
    "refunds stay within the redemption",
    "leaf hashes its entry",
)
"""The rules of hub/ledger/audit.sql, in its order (rule book 1.10.2)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold at one place: what is there, and what should be."""

    rule: str
    place: str
    found: str
    expected: str
