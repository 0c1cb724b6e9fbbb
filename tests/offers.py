"""Verbs of a story about exchange offers, and about exchanges."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from hub.ledger.operations import Place
from hub.points.exchange import Wanted, exchange_points
from tests.coalition import LONG_AGO, Coalition
from tests.storylines import Line

FIELDS = {
    "give_points": "give",
    "get_units": "get",
    "minimum_points": "minimum",
    "step_points": "step",
    "block_points": "block",
    "bonus_units": "bonus",
    "day_cap_points": "day",
}


class Offers:
    """What a story tells about exchanges; `Story` has the rest."""

    coalition: Coalition
    when: Callable[[str], datetime]
    member: Callable[[str], Awaitable[Place]]
    call_under_terms: Callable[[Line], dict[str, Any]]
    remember: Callable[[Line, str, Place, Any], None]

    async def tell_offer(self, line: Line) -> None:
        partner, *flags = line.words
        options = line.options
        await self.coalition.offer(
            partner,
            **{name: int(options[word]) for name, word in FIELDS.items() if word in options},
            effective_from=self.when(options["from"]) if "from" in options else LONG_AGO,
            effective_until=self.when(options["until"]) if "until" in options else None,
            currency=options.get("of", "MILES"),
            needs_name_match="named" in flags,
            is_refundable="refundable" in flags,
        )

    async def tell_exchange(self, line: Line) -> None:
        name, partner, points, *flags = line.words
        wallet = await self.member(name)
        result = await exchange_points(
            **self.call_under_terms(line),
            partner=self.coalition.partners[partner],
            database=self.coalition.hub.database,
            wallet=wallet,
            wanted=Wanted(
                points=int(points),
                currency=line.options.get("of"),
                is_name_matched="nameless" not in flags,
                reference="credit",
            ),
        )
        self.remember(line, partner, wallet, result)
