"""What slices borrow for operations that found them short, and what these are told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from hub.kernel.tx import RawConnection
from hub.ledger.caps.store import borrow_slice
from hub.ledger.operations import Operation, Outcome

BORROWING_ROUNDS_MAX: Final = 20
"""How often a slice borrows for an operation that others outrun; then it decides by what it has."""

NOTHING: Final = Decimal(0)


@dataclass(slots=True)
class Borrowing:
    """What is wanted of slices, by lane and cap, and what is left where that is less."""

    wanted: dict[tuple[int, int], int] = field(default_factory=dict)
    rests: dict[tuple[int, int], Decimal | None] = field(default_factory=dict)

    def note(self, outcome: Outcome) -> None:
        """Take in what an operation wants; without a cap it only waits behind another."""
        if outcome.cap_id is not None:
            place = outcome.lane, outcome.cap_id
            self.wanted[place] = self.wanted.get(place, 0) + (outcome.detail or 0)

    async def borrow(self, connection: RawConnection) -> None:
        """Borrow for all, slice by slice.

        Locks: for each, the lanes that lend and the one that borrows, ascending.
        """
        for (lane, cap_id), wanted in sorted(self.wanted.items()):
            self.rests[lane, cap_id] = await borrow_slice(
                connection, cap_id, lane=lane, wanted=wanted
            )

    def mark(self, operations: Iterable[Operation], *, rounds: int) -> tuple[Operation, ...]:
        """Note on what is sent again whether there is more to borrow."""
        return tuple(self._mark(operation, rounds) for operation in operations)

    def _mark(self, operation: Operation, rounds: int) -> Operation:
        lane, charges = operation.wallet.lane, operation.charges
        if not any((lane, charge.cap_id) in self.rests for charge in charges):
            return operation
        is_late = rounds >= BORROWING_ROUNDS_MAX
        marked = tuple(
            replace(charge, rest=NOTHING if is_late else self.rests[lane, charge.cap_id])
            if (lane, charge.cap_id) in self.rests
            else charge
            for charge in charges
        )
        return replace(operation, charges=marked)
