"""Verbs of a story about caps."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import CapKind, Renewal
from hub.points.capping import WantedCap, change_limit, get_standing, note_payment, set_cap
from tests.coalition import Coalition
from tests.storylines import Line


class Limits:
    """What a story tells about caps; `Story` has the rest."""

    coalition: Coalition
    caps: dict[str, int]
    when: Callable[[str], datetime]

    async def tell_join(self, line: Line) -> None:
        caps = {"points_cap_per_window": "window", "points_cap_per_member": "member"}
        given = {field: line.options.get(option) for field, option in caps.items()}
        terms = {name: points and int(points) for name, points in given.items()}
        await self.coalition.partner(line.words[0], **terms)

    async def tell_cap(self, line: Line) -> None:
        kind, partner, limit = line.words
        options, hub = line.options, self.coalition.hub
        wanted = WantedCap(
            kind=CapKind[kind.upper().replace("-", "_")],
            partner=self.coalition.partners.get(partner),
            limit=Decimal(limit),
            reason=options.get("reason"),
            currency=options.get("in"),
            ends_at=self.when(options["until"]) if "until" in options else None,
            renewal=Renewal(options["each"]) if "each" in options else None,
        )
        async with hub.database.begin(HUB_ACTOR) as tx:
            cap = await set_cap(tx, hub.register, wanted)
        await hub.register.refresh()
        if line.makes:
            self.caps[line.makes] = cap.cap_id

    async def tell_limit(self, line: Line) -> None:
        name, limit = line.words
        async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
            await change_limit(tx, self.caps[name], Decimal(limit))

    async def tell_pay(self, line: Line) -> None:
        name, amount = line.words
        key = line.options.get("key") or f"payment-{next(self.coalition.numbers)}"
        async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
            await note_payment(tx, self.caps[name], Decimal(amount), key=key)

    async def facts_of_cap(self, name: str) -> dict[str, Any]:
        async with self.coalition.hub.database.begin(HUB_ACTOR) as tx:
            standing = await get_standing(tx, self.caps[name])
        limit, used = standing.cap.limit, standing.used
        facts = {"limit": limit, "used": used, "left": limit - used}
        return {fact: f"{amount.normalize():f}" for fact, amount in facts.items()}
