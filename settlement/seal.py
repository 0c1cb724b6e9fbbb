"""The seal of a window: a digest that changes when any of its figures does.

Source: rule book 2.5.5.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from hub.kernel.money import format_exact, format_minor
from settlement.cells import Pair
from settlement.netting import net_multilaterally
from settlement.settle import Settlement

Canonical: TypeAlias = str | int | bool | Mapping[str, "Canonical"] | Sequence["Canonical"] | None


@dataclass(frozen=True, slots=True, order=True)
class LaneRange:
    """The entries of one lane that a window has: above `from_seq`, up to and with `to_seq`."""

    lane: int
    from_seq: int
    to_seq: int


def canonical_json(document: Canonical) -> bytes:
    """Write a document in the one way it can be written: sorted keys, no spaces, ASCII.

    Numbers are whole, amounts are strings: the type leaves no room for a float.
    """
    text = json.dumps(
        document, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("ascii")


def seal_window(
    settlement: Settlement, *, ranges: Iterable[LaneRange], previous_seal: str | None
) -> str:
    """Seal the figures of a window and chain them to the window before.

    Units: 64 hexadecimal digits, SHA-256; the first window of a coalition has no previous seal.
    """
    return hashlib.sha256(
        canonical_json(sealed_document(settlement, ranges=ranges, previous_seal=previous_seal))
    ).hexdigest()


def sealed_document(
    settlement: Settlement, *, ranges: Iterable[LaneRange], previous_seal: str | None
) -> dict[str, Canonical]:
    """List what the seal is made from: everything that money depends on, and nothing else.

    Nets are those of the parties of its cells: a partner who joins later changes no seal.
    """
    places = settlement.places
    return {
        "carries_in": _exact(settlement.carry_in),
        "carries_out": _exact(settlement.carry_out),
        "cells_exact": _exact(settlement.gross_exact),
        "cells_rounded": _rounded(settlement.gross_matrix_minor, places),
        "currency": settlement.currency,
        "nets": {
            party: format_minor(net, places)
            for party, net in net_multilaterally(settlement.cells.values(), ()).items()
        },
        "previous_seal": previous_seal,
        "range": [[part.lane, part.from_seq, part.to_seq] for part in sorted(ranges)],
    }


def _exact(amounts: Mapping[Pair, Decimal]) -> dict[str, Canonical]:
    return {str(pair): format_exact(amount) for pair, amount in amounts.items()}


def _rounded(amounts_minor: Mapping[Pair, int], places: int) -> dict[str, Canonical]:
    return {str(pair): format_minor(minor, places) for pair, minor in amounts_minor.items()}
