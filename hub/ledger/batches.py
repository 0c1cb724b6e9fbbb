"""Which waiting operations may leave together: the rules that make a batch free of conflicts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.ledger.entries import EntryKind
from hub.ledger.operations import CREDITS, DEBITS, WHOLE_WALLET, Operation, Place

BLOCKED: Final = object()
CREDITED: Final = object()


@dataclass(slots=True)
class Batch:
    """Operations that give the same books together as one after another.

    On one wallet: debits before credits, all debits decided at one instant, and whatever is neither
    alone. A key or a reference occurs once. Whatever does not fit waits for the next
    batch, and so does everything after it on the same wallets or under the same reference: each
    keeps the order of submission.
    `post_batch` checks the same rules again.
    """

    operations: list[Operation] = field(default_factory=list)
    _wallets: dict[Place, object] = field(default_factory=dict)
    _hashes: set[bytes] = field(default_factory=set)

    def admit(self, *group: Operation) -> bool:
        """Take operations in together if all fit; else block their wallets, keys and references."""
        hashes = [
            h for each in group for h in (each.key_hash, each.reference_hash) if h is not None
        ]
        wallets = self._wallets
        new_states = dict(state for each in group for state in self._touches(each))
        fits = self._hashes.isdisjoint(hashes) and all(
            _may_follow(wallets.get(wallet), state) for wallet, state in new_states.items()
        )
        if not fits:
            wallets.update(dict.fromkeys(new_states, BLOCKED))
            self._hashes.update(hashes)
            return False
        wallets.update(new_states)
        self._hashes.update(hashes)
        self.operations.extend(group)
        return True

    @staticmethod
    def _touches(operation: Operation) -> Iterator[tuple[Place, object]]:
        if _stands_alone(operation):
            yield operation.wallet, BLOCKED
        elif operation.kind in CREDITS:
            yield operation.wallet, CREDITED
        else:
            yield operation.wallet, _Debited(operation.decided_at)
        if operation.kind is EntryKind.TRANSFER and operation.counter_wallet is not None:
            yield operation.counter_wallet, CREDITED


def _stands_alone(operation: Operation) -> bool:
    """Say whether nothing else of a batch may touch its wallet.

    What is decided at an instant of its own and changes by time alone (a hold ends, a pending lot
    becomes usable) may have changed already for what comes after it.
    """
    match operation.kind:
        case kind if kind in CREDITS:
            return operation.available_at is not None and operation.decided_at is not None
        case EntryKind.HOLD:
            is_of_one_lot = operation.lot_id is not None
            is_whole = operation.points == WHOLE_WALLET
            return is_whole or is_of_one_lot or operation.decided_at is not None
        case kind:
            return kind not in DEBITS


@dataclass(frozen=True, slots=True)
class _Debited:
    decided_at: datetime | None


def _may_follow(before: object, after: object) -> bool:
    """Say whether a wallet in one state may be touched again in another within the batch."""
    if before is None:
        return True
    if before is BLOCKED or after is BLOCKED:
        return False
    if before is CREDITED:
        return after is CREDITED
    return after is CREDITED or before == after
