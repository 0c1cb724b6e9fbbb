"""What this process holds of the clients' buckets: slices, so that most requests ask nobody.

The buckets lie in the database, for all processes. A process takes a slice at a time and spends it
from memory. What that costs in exactness: a client that is refused may have slices unspent at
other processes, each at most a 64th of the bucket and at most a 16th of what was left in it; what
it gets in all is never more than the bucket holds and restores, but for the slices of processes
that have not met it for a while, which were restored meanwhile.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from schema.cost.buckets import Bucket, Lease
from schema.cost.store import lock_bucket, write_bucket

CLIENTS_MAX: Final = 10_000
"""Clients that a process remembers; of one that it forgets, a slice is lost."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking: whether it was enough, and what is left as far as is known."""

    is_enough: bool
    available: int


@dataclass(slots=True)
class _Held:
    lease: Lease = field(default_factory=Lease)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Leases:
    """The slices of this process."""

    def __init__(self, database: Database, bucket: Bucket) -> None:
        self.bucket = bucket
        self._database = database
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def take(self, client: str, cost: int) -> Taken:
        """Take the cost of an operation from the bucket of a client.

        One round of the database when the slice is spent, else none. Nor is there one for a client
        whose bucket is known to hold less: a flood of refused requests stays in this process.

        Errors: DatabaseBusy.
        """
        held = self._find(client)
        if held.lease.left < cost:
            async with held.lock:
                if held.lease.left < cost and not await self._refill(client, held.lease, cost):
                    return Taken(is_enough=False, available=self._available(held.lease))
                held.lease.left -= cost
        else:
            held.lease.left -= cost
        return Taken(is_enough=True, available=self._available(held.lease))

    def take_here(self, client: str, cost: int) -> Taken:
        """Take from a bucket that only this process knows: for those who have not signed in."""
        lease, now = self._find(client).lease, self._database.clock()
        full_at = lease.full_at or now
        if self.bucket.available(full_at, now) < cost:
            return Taken(is_enough=False, available=self._available(lease))
        lease.full_at = self.bucket.take(full_at, now, cost)
        return Taken(is_enough=True, available=self._available(lease))

    def available(self, client: str) -> int:
        """Say what a client can still take, as this process saw its bucket last."""
        return self._available(self._find(client).lease)

    async def _refill(self, client: str, lease: Lease, cost: int) -> bool:
        """Give back what is left, and take the cost and a slice; False: there is not enough."""
        if self._available(lease) < cost:
            return False
        async with self._database.begin(HUB_ACTOR) as tx:
            full_at = self.bucket.take(await lock_bucket(tx, client), tx.now, -lease.left)
            taken = self.bucket.slice(self.bucket.available(full_at, tx.now), cost)
            full_at = self.bucket.take(full_at, tx.now, taken)
            await write_bucket(tx, client, full_at)
        lease.left, lease.full_at = taken, full_at
        return taken > 0

    def _available(self, lease: Lease) -> int:
        now = self._database.clock()
        return min(self.bucket.size, self.bucket.available(lease.full_at or now, now) + lease.left)

    def _find(self, client: str) -> _Held:
        held = self._held.get(client)
        if held is None:
            held = self._held[client] = _Held()
            if len(self._held) > CLIENTS_MAX:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(client)
        return held
