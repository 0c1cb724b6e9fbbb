"""From an id that was merged to the survivor's, without a round trip."""

import asyncio
from collections.abc import Sequence

from hub.kernel.kept import KeptConnection
from hub.ledger.operations import Place
from hub.members.merges.store import Merge, MergeStatus, fetch_merges

IN_FORCE = frozenset({MergeStatus.MOVING, MergeStatus.DONE})


class Forwards:
    """All merges, as of the last time they were read; few members ever merge.

    What is stale does no harm: a wallet that was merged is closed, so whoever posts to it is
    refused, reads again, and follows. NOTIFY keeps the moment short (`hub.kernel.listen`).
    """

    def __init__(self, kept: KeptConnection) -> None:
        self._kept = kept
        self._reading = asyncio.Lock()
        self._members: dict[int, int] = {}
        self._wallets: dict[Place, Place] = {}
        self._kin: dict[Place, tuple[Place, ...]] = {}

    async def refresh(self) -> None:
        """Read everything again."""
        async with self._reading:
            async with self._kept.use() as connection:
                merges = await fetch_merges(connection)
            self._fill(merges)

    def find_member(self, member_id: int) -> int:
        """Give the member that an id leads to."""
        while member_id in self._members:
            member_id = self._members[member_id]
        return member_id

    def find_wallet(self, wallet: Place) -> Place:
        """Give the wallet that a wallet leads to."""
        while wallet in self._wallets:
            wallet = self._wallets[wallet]
        return wallet

    def find_kin(self, wallet: Place) -> tuple[Place, ...]:
        """List the other wallets that were, at some time, one with this one.

        A key that was used for one of them was used for all of them (rule book 1.9).
        """
        return self._kin.get(wallet, ())

    def _fill(self, merges: Sequence[Merge]) -> None:
        in_force = [merge for merge in merges if merge.status in IN_FORCE]
        self._members = {merge.from_member_id: merge.to_member_id for merge in in_force}
        self._wallets = {merge.wallet: merge.to_wallet for merge in in_force}
        families: dict[Place, set[Place]] = {}
        for merge in merges:
            family = families.get(merge.wallet, {merge.wallet})
            family |= families.get(merge.to_wallet, {merge.to_wallet})
            families.update(dict.fromkeys(family, family))
        self._kin = {
            wallet: tuple(sorted(family - {wallet}, key=lambda each: (each.lane, each.number)))
            for wallet, family in families.items()
        }
