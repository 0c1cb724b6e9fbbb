"""A life with every kind of entry, lived by some wallets at once over one connection.

After `Life.live`, `Life.blocks` tells of each step how many blocks its batch touched.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.kernel.tx import RawConnection
from hub.ledger.calls import POST_BATCH, columns_of
from hub.ledger.entries import EntryKind
from hub.ledger.operations import (
    Charge,
    Code,
    Operation,
    Place,
    hash_key,
    hash_reference,
    hash_request,
)
from hub.points.requests import NEVER
from tests.coalition import DAY, Coalition

EXPLAINED = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {POST_BATCH}"
HOUR = timedelta(hours=1)


@dataclass
class Life:
    """Everything that can happen to points, told to `post_batch`."""

    coalition: Coalition
    connection: RawConnection
    cap_ids: Sequence[int]
    restriction_id: int
    name: str
    blocks: dict[str, int] = field(default_factory=dict)
    told: int = 0

    @property
    def now(self) -> datetime:
        return self.coalition.clock.now

    async def live(self, wallets: Sequence[Place], takers: Sequence[Place]) -> None:
        """Let new wallets live through it, each step of all of them in one batch."""
        self.blocks = {}
        issues = await self.tell("issue", wallets, 100, expires_at=self.now + 9 * DAY)
        lots = await self.tell("issue", wallets, 10, reference="till", expires_at=self.now + HOUR)
        used = await self.tell("redeem", wallets, 20)
        await self.tell("refund", wallets, 15, ref_seq=seqs(used))
        await self.hold(wallets)
        await self.move(wallets, takers, issues)
        await self.take_back(wallets, issues)
        await self.set_apart(wallets)
        await self.refuse(wallets)
        await self.end(wallets, lots)

    async def hold(self, wallets: Sequence[Place]) -> None:
        """Holds, and their three ends."""
        hold = {"mode": EntryKind.REDEEM, "expires_at": self.now + HOUR}
        hub = {"partner_id": 0, "key_hash": None}
        for end, points in (("capture", 2), ("void", 0)):
            held = await self.tell("hold", wallets, 3, **hold)
            await self.tell(end, wallets, points, ref_seq=seqs(held))
        held = await self.tell("hold", wallets, 3, **hold)
        lapse = {"ref_seq": seqs(held), "decided_at": self.now + HOUR}
        await self.tell("lapse", wallets, 0, **hub, **lapse)
        whole = {"mode": EntryKind.TRANSFER, "expires_at": NEVER, "partner_id": 0}
        held = await self.tell("hold", wallets, 0, **whole, counter_wallet=wallets[0])
        await self.tell("void", wallets, 0, ref_seq=seqs(held), partner_id=0)

    async def move(
        self, wallets: Sequence[Place], takers: Sequence[Place], issues: Sequence[Any]
    ) -> None:
        """Transfers, the other ways to pay, and a later end."""
        await self.tell("transfer", wallets, 3, partner_id=0, counter_wallet=takers)
        gifts = await self.tell("donate", wallets, 2, match_rate=Decimal("0.5"))
        await self.tell("refund", wallets, 1, ref_seq=seqs(gifts))
        miles = await self.tell("exchange", wallets, 2, mode=1)
        await self.tell("refund", wallets, 1, ref_seq=seqs(miles))
        later = {"expires_at": self.now + 20 * DAY, "partner_id": 0}
        await self.tell("extend", wallets, 5, lot_id=lot_ids(issues), **later)

    async def take_back(self, wallets: Sequence[Place], issues: Sequence[Any]) -> None:
        """Reverses, the debts they leave, and what caps are given back."""
        await self.tell("reverse", wallets, 1, lot_id=lot_ids(issues), mode=1)
        lots = await self.tell("issue", wallets, 6, expires_at=self.now + HOUR)
        await self.tell("redeem", wallets, 16)
        await self.tell("reverse", wallets, 6, lot_id=lot_ids(lots), mode=2)
        debts = await self.tell("owe", wallets, 900, mode=0)
        await self.tell("repay", wallets, 0, partner_id=0, key_hash=None)
        await self.tell("owe", wallets, 4, mode=1, ref_seq=seqs(debts))
        await self.tell("issue", wallets, 1000, expires_at=NEVER)
        charges = tuple(Charge(cap_id=cap_id) for cap_id in self.cap_ids)
        lots = await self.tell("issue", wallets, 5, charges=charges, expires_at=self.now + DAY)
        await self.tell("reverse", wallets, 5, lot_id=lot_ids(lots), mode=1)

    async def set_apart(self, wallets: Sequence[Place]) -> None:
        """Pending and restricted lots."""
        ends = {"expires_at": self.now + 9 * DAY}
        lots = await self.tell("issue", wallets, 4, available_at=self.now + DAY, **ends)
        await self.tell("release", wallets, 0, lot_id=lot_ids(lots), partner_id=0)
        await self.tell("issue", wallets, 4, restriction_id=self.restriction_id, **ends)
        await self.tell("redeem", wallets, 3, category="tea")

    async def refuse(self, wallets: Sequence[Place]) -> None:
        """Refusals of what is too much, and of what is there."""
        await self.tell("redeem", wallets, 10**9, code=Code.INSUFFICIENT_POINTS)
        twice = {"reference": "till", "expires_at": NEVER}
        await self.tell("issue", wallets, 1, code=Code.DUPLICATE_REFERENCE, **twice)

    async def end(self, wallets: Sequence[Place], lots: Sequence[Any]) -> None:
        """Ends of lots, and a second life of one."""
        late = {"partner_id": 0, "decided_at": self.now + HOUR}
        await self.tell("issue", wallets, 8, expires_at=self.now + HOUR)
        await self.tell("expire", wallets, 0, key_hash=None, **late)
        end = {"expires_at": self.now + DAY, "lot_id": lot_ids(lots)}
        await self.tell("reinstate", wallets, 1, **end, **late)

    async def tell(
        self, kind: str, wallets: Sequence[Place], points: int, code: int = 0, **fields: Any
    ) -> Sequence[Any]:
        """Post one batch and give what became of it."""
        self.told += 1
        operations = [
            self.operation(EntryKind[kind.upper()], wallet, points, of_one(fields, number))
            for number, wallet in enumerate(wallets)
        ]
        columns = columns_of(operations)
        ((plan,),) = await self.connection.fetch(EXPLAINED, self.now, *columns)
        seen = json.loads(plan)[0]["Plan"]
        step = f"{len(self.blocks):02d} {kind}"
        self.blocks[step] = seen["Shared Hit Blocks"] + seen["Shared Read Blocks"]
        if operations[0].key_hash is None:
            return []
        # The plan does not tell what became of them; the same once more does.
        found = await self.connection.fetch(POST_BATCH, self.now, *columns)
        assert {(row["code"], row["is_replay"]) for row in found} == {(code, True)}, step
        return found

    def operation(
        self, kind: EntryKind, wallet: Place, points: int, fields: dict[str, Any]
    ) -> Operation:
        air = self.coalition.partners["air"]
        terms = self.coalition.hub.register.find_terms(air.partner_id, self.now)
        assert terms is not None
        if "reference" in fields:
            name = f"{fields['reference']}-{wallet.number}"
            fields["reference_hash"] = hash_reference(air.partner_id, "base", name)
        name = f"{self.name}-{self.told}"
        given = {
            "partner_id": air.partner_id,
            "key_hash": hash_key(air.partner_id, wallet.number, name),
            "request_hash": hash_request(name),
            "actor": "test",
            "terms_id": terms.terms_id,
            "reason": "base",
        }
        return Operation(kind=kind, wallet=wallet, points=points, **(given | fields))


def of_one(fields: dict[str, Any], number: int) -> dict[str, Any]:
    """The fields of one operation: what is a list has one for each."""
    return {name: v[number] if isinstance(v, list) else v for name, v in fields.items()}


def seqs(rows: Sequence[Any]) -> list[int]:
    """The entries of a batch."""
    return [row["seq"] for row in rows]


def lot_ids(rows: Sequence[Any]) -> list[int]:
    """The lots that a batch of issues made."""
    return [row["detail"] for row in rows]
