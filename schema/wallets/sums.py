"""The points of a wallet, by what can be done with them."""

from datetime import datetime
from typing import Annotated, Final

import strawberry
from strawberry.types.unset import UnsetType

from hub.ledger.operations import Place
from hub.ledger.views.store import WalletPoints
from schema import loaders
from schema.context import Context, Info
from schema.faults import bad_input
from schema.filters import AsOf, read_as_of
from schema.nodes import Node, computed
from schema.scalars import Points

EXPIRING_DAYS_MAX: Final = 400
EXPIRING_DAYS_DEFAULT: Final = 30

WithinDays = Annotated[
    int,
    strawberry.argument(description=f"How many days to look ahead, 1 to {EXPIRING_DAYS_MAX}."),
]


@strawberry.type(
    description="Where a member's points lie. The member and the operator see all of it; a partner"
    " sees the lots that it issued and nothing of other partners, in the sums too."
)
class WalletSums(Node):
    """Where a member's points lie."""

    place: strawberry.Private[Place]

    @computed(
        description="Points that can be used now, decided by the instants of each lot and what is"
        " held, whether or not an expiry has been booked."
    )
    async def available_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what can be used now."""
        return Points((await self._points(info.context, as_of)).available_points)

    @computed(
        description="Points in the books: expired ones are in it until their expiry is booked, so"
        " never promise them to a member; that is `availablePoints`."
    )
    async def balance_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what the books hold."""
        return Points((await self._points(info.context, as_of)).balance_points)

    @computed(description="Points that become usable at a later instant.")
    async def pending_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what is not usable yet."""
        return Points((await self._points(info.context, as_of)).pending_points)

    @computed(description="Points that are set aside.")
    async def held_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what is set aside."""
        return Points((await self._points(info.context, as_of)).held_points)

    @computed(description="Points that expire within so many days from now.")
    async def expiring_points(
        self, info: Info, within_days: WithinDays = EXPIRING_DAYS_DEFAULT
    ) -> Points:
        """Load what expires soon."""
        if not 1 <= within_days <= EXPIRING_DAYS_MAX:
            raise bad_input(f"`withinDays` must be 1 to {EXPIRING_DAYS_MAX}.")
        return Points(await loaders.load_expiring(info.context, self.place, within_days))

    @computed(
        description="Points that the wallet owes: of issues that were taken back after they were"
        " spent. Whatever comes in and can be used repays them first. A partner sees what is owed"
        " to it."
    )
    async def owed_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what is owed."""
        return Points((await self._points(info.context, as_of)).owed_points)

    @computed(description="Points that can be used now, but not everywhere: see `restriction`.")
    async def restricted_points(self, info: Info, as_of: AsOf = strawberry.UNSET) -> Points:
        """Load what only some uses may take."""
        return Points((await self._points(info.context, as_of)).restricted_points)

    async def _points(self, context: Context, as_of: "datetime | UnsetType | None") -> WalletPoints:
        return await loaders.load_points(context, self.place, read_as_of(context, as_of))
