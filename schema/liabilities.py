"""Points outstanding, as they are shown."""

import strawberry

from hub.ledger.views.outstanding.store import OutstandingPoints as LiabilityRow
from schema.context import Info
from schema.nodes import computed
from schema.partners import Partner, Terms, find_terms, show_partner
from schema.scalars import Points


@strawberry.type(
    description="Points of an issuer that were not used, under one version of terms, ending in one"
    " month."
)
class Liability:
    """Points outstanding."""

    points: Points = strawberry.field(
        description="How many. Points past their end count until a sweep books them."
    )
    expires_month: str | None = strawberry.field(
        description="The month of their end in UTC, as YYYY-MM; null: they never expire."
    )
    row: strawberry.Private[LiabilityRow]

    @computed(description="Whose points they are.")
    def issuer(self, info: Info) -> Partner:
        """Show the issuer."""
        return show_partner(info.context, self.row.issuer_id)

    @computed(description="The terms pinned at their issue; null if not for you to see.")
    def terms(self, info: Info) -> Terms | None:
        """Show the terms."""
        return find_terms(info.context, self.row.issue_terms_id, self.row.issuer_id)


def show_liability(row: LiabilityRow) -> Liability:
    """Show what is outstanding."""
    month = row.expires_month
    return Liability(
        points=Points(row.points),
        expires_month=None if month is None else f"{month:%Y-%m}",
        row=row,
    )
