"""Restricted lots: where points may be used, and whether they may move. Source: rule book 1.2.4."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub.kernel.tx import Tx
from hub.ledger.operations import hash_request
from hub.ledger.store import insert_restriction
from hub.ledger.views.claims.store import find_restriction

T = TypeVar("T", int, str)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A rule for lots: acceptors and categories that take them (None: any), and moves.

    Where both are given, a use must fit both.
    """

    acceptor_ids: tuple[int, ...] | None
    categories: tuple[str, ...] | None
    is_transferable: bool
    is_exchangeable: bool

    @property
    def name(self) -> bytes:
        """Name the rule: the same rule, however it is written, has the same name."""
        return hash_request(
            "restriction",
            _sorted(self.acceptor_ids),
            _sorted(self.categories),
            self.is_transferable,
            self.is_exchangeable,
        )


async def save_restriction(tx: Tx, rule: Restriction) -> int:
    """Give the number of a rule; the same rule has the same number."""
    known = await find_restriction(tx, rule.name)
    if known is not None:
        return known
    acceptors, categories = _sorted(rule.acceptor_ids), _sorted(rule.categories)
    return await insert_restriction(
        tx,
        rule.name,
        acceptor_ids=acceptors,
        categories=categories,
        is_transferable=rule.is_transferable,
        is_exchangeable=rule.is_exchangeable,
    )


def _sorted(named: Sequence[T] | None) -> list[T] | None:
    return None if named is None else sorted(set(named))
