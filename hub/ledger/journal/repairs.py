"""What would put right what an audit found: words and correction entries, for a person to judge.

Nothing here writes, and nothing acts on it by itself. A correction is a new entry that names the
old one (rule book 1.10.1), or a kept sum that is set from the journal again.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.ledger.journal.rules import Violation


class Nature(StrEnum):
    """What was damaged, which decides what can put it right."""

    SUM = "kept sum"
    """A row that is folded from the journal differs from it: the journal is right."""
    JOURNAL = "journal"
    """Rows of the journal were changed or lost: no entry brings them back."""
    BOOKED = "booked"
    """The journal says truly what was booked, and that should not have been booked."""
    FIGURES = "figures"
    """What was made of the journal differs from it: windows, cells, seals."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What is wrong at one place, what a person should do, and which entries would correct it."""

    rule: str
    place: str
    nature: Nature
    wrong: str
    remedy: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """How places of one rule are put right.

    `entries` are made from how much more was found than expected, where both are numbers.
    """

    nature: Nature
    remedy: str
    entries: Callable[[int], tuple[str, ...]] = lambda _: ()


_SET_FROM_JOURNAL: Final = (
    "Set the row to what is expected: it is a sum of the journal. Find out first whether anything"
    " was decided by the wrong row since it became wrong; only that is corrected by entries."
)
_BRING_BACK: Final = (
    "Somebody with more rights than the hub changed, added or removed rows. Bring them back from a"
    " backup or a replica until leaf hashes and the signed checkpoint fit; bundles of partners tell"
    " what was signed. No new entry can stand for a changed one."
)
_SETTLE_AGAIN: Final = (
    "Do not send or release the batch. Correct what this rule's figures are made of first; where"
    " statements went out already, agree on the difference with those who got them."
)


def _of_wallet(excess: int) -> tuple[str, ...]:
    """Name what corrects that a member used points that were not there."""
    if excess <= 0:
        return ()
    reverse = (
        f"REVERSE of up to {_points(excess)} with mode UNLIMITED, by the issuer of the lots, for"
        " what the member used of points that were not there: the wallet owes them"
    )
    return (reverse,)


def _of_arrivals(excess: int) -> tuple[str, ...]:
    arrive = (
        f"ARRIVE of {_points(-excess)} in the other lane, under the keys of the move: the same call"
        " again, or the worker, books what is missing and nothing twice"
    )
    reverse = (
        f"REVERSE of {_points(excess)} with mode UNLIMITED of the lots that arrived, by their"
        " issuers, for what came in more than was taken"
    )
    return (arrive,) if excess < 0 else (reverse,)


def _of_refunds(excess: int) -> tuple[str, ...]:
    points = _points(excess)
    reverse = f"REVERSE of {points} with mode UNLIMITED of the lots that got them, by their issuers"
    adjust = f"ADJUST on the house lane between acceptor and issuers for the value of {points}"
    return reverse, adjust


def _of_arrears(excess: int) -> tuple[str, ...]:
    if excess <= 0:
        return ()
    issue = (
        f"ISSUE of up to {_points(excess)} by the creditor, for what was repaid of a debt that was"
        " not there"
    )
    return (issue,)


def _of_figures(_: int) -> tuple[str, ...]:
    return ("ADJUST on the house lane, in the open window, for each difference that was sent out",)


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


_SUM: Final = Remedy(Nature.SUM, _SET_FROM_JOURNAL)
_WALLET: Final = Remedy(Nature.SUM, _SET_FROM_JOURNAL, _of_wallet)
_JOURNAL: Final = Remedy(Nature.JOURNAL, _BRING_BACK)
_FIGURES: Final = Remedy(Nature.FIGURES, _SETTLE_AGAIN, _of_figures)

REMEDIES: Final[Mapping[str, Remedy]] = {
    "entry sums to zero": _JOURNAL,
    "entry equals its allocations": _JOURNAL,
    "lot equals its allocations": _WALLET,
    "lot is within its bounds": _WALLET,
    "wallet equals its lots": _WALLET,
    "wallet equals its postings": _WALLET,
    "wallet equals its holds": _SUM,
    "hold equals its lines": _SUM,
    "hold ends once": Remedy(
        Nature.SUM,
        "Set the row of the hold from its entries: open while no entry captures, voids or lapses"
        " it, and what was captured. Two ends cannot be booked by the hub: then rows were added.",
        lambda _: ("VOID of the hold by its acceptor, if it turns out to be open and unwanted",),
    ),
    "arrivals equal captures": Remedy(
        Nature.BOOKED,
        "Points that moved between lanes were taken in one and not the same in the other.",
        _of_arrivals,
    ),
    "arrears equal their repayments": Remedy(Nature.SUM, _SET_FROM_JOURNAL, _of_arrears),
    "wallet equals its arrears": Remedy(Nature.SUM, _SET_FROM_JOURNAL, _of_arrears),
    "lot has a wallet": Remedy(
        Nature.SUM, "Open the wallet again with ledger.open_wallets, then check what it has."
    ),
    "sequence is dense": _JOURNAL,
    "lots are numbered densely": _JOURNAL,
    "posted_at never falls": _JOURNAL,
    "entry lies in its segment": _JOURNAL,
    "cuts partition the lane": _FIGURES,
    "flow equals the journal": Remedy(
        Nature.SUM,
        "Set the flow to the sum of the journal before its window is closed. When the window is"
        " closed already, its figures are recomputed from the journal and must be corrected too.",
        _of_figures,
    ),
    "liability equals the lots": Remedy(
        Nature.SUM, "Set the row to the sum of the lots; only reports read it."
    ),
    "key has its entry": Remedy(
        Nature.JOURNAL,
        "Bring the answer of the key back. No points are wrong, but a retry is told a wrong story.",
    ),
    "key is applied once": Remedy(
        Nature.JOURNAL,
        "Find out which key is the entry's own: its request hash is that of the entry.",
    ),
    "slices sum to their cap": _SUM,
    "slice is within what it was granted": _SUM,
    "slice equals its charges": _SUM,
    "charge has a slice": _SUM,
    "usage of a wallet equals its charges": _SUM,
    "refunds stay within the redemption": Remedy(
        Nature.BOOKED, "More points came back than were redeemed.", _of_refunds
    ),
    "leaf hashes its entry": _JOURNAL,
    "checkpoint is signed": Remedy(
        Nature.JOURNAL,
        "Sign nothing more. Compare with the checkpoints that partners keep, and find out who could"
        " write the table of checkpoints.",
    ),
    "journal equals its checkpoint": _JOURNAL,
    "windows partition time": _FIGURES,
    "windows close in order": _FIGURES,
    "every lane is cut": Remedy(
        Nature.FIGURES, "Close the window again: the same call cuts what is left."
    ),
    "cells equal the journal": _FIGURES,
    "cell equals its lines": _FIGURES,
    "nets sum to zero": _FIGURES,
    "seal equals the figures": _FIGURES,
    "seals are chained": _FIGURES,
}
"""Of each rule of the ledger, of the signed log and of settlement."""


def plan_repairs(violations: Iterable[Violation]) -> list[Repair]:
    """Say for each place what would put it right; damage to the journal comes first.

    A changed journal makes sums look wrong that are right, so it is put right before them.
    """
    repairs = [_plan(violation) for violation in violations]
    order = list(_IN_ORDER)
    return sorted(repairs, key=lambda repair: order.index(repair.nature))


_IN_ORDER: Final = (Nature.JOURNAL, Nature.BOOKED, Nature.SUM, Nature.FIGURES)


def _plan(violation: Violation) -> Repair:
    remedy = REMEDIES[violation.rule]
    excess = _excess(violation.found, violation.expected)
    more = ""
    if excess:
        more = f": {abs(excess)} too {'many' if excess > 0 else 'few'}"
    return Repair(
        violation.rule,
        violation.place,
        remedy.nature,
        f"{violation.place} has {violation.found or 'nothing'} where"
        f" {violation.expected or 'nothing'} is expected{more}",
        remedy.remedy,
        remedy.entries(excess or 0),
    )


def _excess(found: str, expected: str) -> int | None:
    """Say by how much the leading numbers of two texts differ, if both begin with one alone."""
    numbers = [re.match(r"-?\d+(?= |,|$)", text) for text in (found, expected)]
    if numbers[0] is None or numbers[1] is None:
        return None
    return int(numbers[0][0]) - int(numbers[1][0])
