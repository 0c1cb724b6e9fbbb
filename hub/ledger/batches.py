"""Which waiting operations may leave together: the rules that make a batch free of conflicts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub.ledger.entries import EntryKind
from hub.ledger.operations import DEBITS, LONERS, Operation, Place

BLOCKED: Final = object()
CREDITED: Final = object()


@dataclass(slots=True)
class Batch:
    """Operations that give the same books together as one after another.

    On one wallet: debits before credits, all debits decided at one instant, and a refund, reverse
    or expiry alone. A key or a reference occurs once. Whatever does not fit waits for the next
    batch, and so does everything after it on the same wallets or under the same reference: each
    keeps the order of submission.
    `post_batch` checks the same rules again.
    """

    operations: list[Operation] = field(default_factory=list)
    _wallets: dict[Place, object] = field(default_factory=dict)
    _hashes: set[bytes] = field(default_factory=set)

    def admit(self, operation: Operation) -> bool:
        """Take the operation in if it fits; else block its wallets, key and reference."""
        hashes = [h for h in (operation.key_hash, operation.reference_hash) if h is not None]
        wallets = self._wallets
        new_states = dict(self._touches(operation))
        fits = self._hashes.isdisjoint(hashes) and all(
            _may_follow(wallets.get(wallet), state) for wallet, state in new_states.items()
        )
        if not fits:
            wallets.update(dict.fromkeys(new_states, BLOCKED))
            self._hashes.update(hashes)
            return False
        wallets.update(new_states)
        self._hashes.update(hashes)
        self.operations.append(operation)
        return True

    @staticmethod
    def _touches(operation: Operation) -> Iterator[tuple[Place, object]]:
        if operation.kind in LONERS:
            yield operation.wallet, BLOCKED
        elif operation.kind in DEBITS:
            yield operation.wallet, _Debited(operation.decided_at)
        else:
            yield operation.wallet, CREDITED
        if operation.kind is EntryKind.TRANSFER and operation.counter_wallet is not None:
            yield operation.counter_wallet, CREDITED


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
