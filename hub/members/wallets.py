"""From a partner's own reference to a wallet, without a round trip for most requests."""

import asyncio
from collections import OrderedDict
from typing import Final

from hub.kernel.kept import KeptConnection
from hub.ledger.operations import Place
from hub.members.enrolment import check_reference
from hub.members.errors import AccountNotLinked
from hub.members.merges.forwards import Forwards
from hub.members.store import fetch_wallets

REMEMBERED_MAX: Final = 100_000
ASKED_AT_ONCE_MAX: Final = 1000

Reference = tuple[int, str]


class WalletFinder:
    """Finds wallets by (partner, reference), many concurrent questions in one query.

    What was found is remembered: an account changes its wallet by a merge alone, and whoever asks
    for a merged one is led on. What was not found is asked again, since it may be linked by now.
    """

    def __init__(self, kept: KeptConnection, forwards: Forwards) -> None:
        self.forwards = forwards
        self._kept = kept
        self._remembered: OrderedDict[Reference, Place] = OrderedDict()
        self._asked: dict[Reference, asyncio.Future[Place | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find_wallet(self, partner_id: int, reference: str) -> Place:
        """Find the wallet of the member whom a partner knows by a reference.

        Errors: ReferenceNotValid, AccountNotLinked.
        """
        wanted = (partner_id, reference)
        known = self._remembered.get(wanted)
        if known is not None:
            return self.forwards.find_wallet(known)
        check_reference(reference)
        future = self._asked.get(wanted)
        if future is None:
            future = self._asked[wanted] = asyncio.get_running_loop().create_future()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._answer())
        found = await asyncio.shield(future)
        if found is None:
            raise AccountNotLinked(reference)
        return self.forwards.find_wallet(found)

    async def refresh(self) -> None:
        """Take in that members were merged, or are two again."""
        await self.forwards.refresh()
        self._remembered.clear()

    async def _answer(self) -> None:
        while self._asked:
            await asyncio.sleep(0)  # whoever asks now is answered by the same query
            asked = dict(list(self._asked.items())[:ASKED_AT_ONCE_MAX])
            for reference in asked:
                del self._asked[reference]
            try:
                async with self._kept.use() as connection:
                    found = await fetch_wallets(connection, list(asked))
            except Exception as error:  # noqa: BLE001 (whatever it is, the askers must hear of it)
                for future in asked.values():
                    future.set_exception(error)
                continue
            for reference, future in asked.items():
                future.set_result(found.get(reference))
            self._remember(found)

    def _remember(self, found: dict[Reference, Place]) -> None:
        self._remembered.update(found)
        while len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
