"""What a download costs: asking for it, and every page of lines.

A download that can begin is never refused later: when its client's bucket is low it waits. It
leaves half of the bucket to all else that the client does, so that its tills do not feel it.
"""

import asyncio
from dataclasses import dataclass

from schema.cost.gate import BucketGate
from schema.exports.rows import ROWS_AT_ONCE
from schema.view.callers import Caller


@dataclass(slots=True)
class Payer:
    """Pays for one download."""

    gate: BucketGate
    caller: Caller
    row_count: int = 0
    """Lines that were paid for and not read yet; below 0: that were read and are owed."""

    async def pay_first(self) -> None:
        """Pay for the first page, before it is known how the answer begins.

        Errors: the fault THROTTLED; DatabaseBusy.
        """
        await self.gate.charge_page(self.caller)
        self.row_count += ROWS_AT_ONCE

    async def pay(self, row_count: int) -> None:
        """Count lines that were read; if none is left, pay for a page as soon as there is enough.

        Errors: DatabaseBusy.
        """
        self.row_count -= row_count
        while self.row_count < 0:
            seconds = await self.gate.find_wait_for_page(self.caller)
            if seconds == 0:
                self.row_count += ROWS_AT_ONCE
            else:
                await asyncio.sleep(seconds)
