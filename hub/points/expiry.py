"""When the points of an issue expire, by the terms of their issuer."""

from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.points.requests import NEVER
from partners.terms import Terms


def expires_at_by_terms(terms: Terms | None, *, issued_at: datetime, zone: ZoneInfo) -> datetime:
    """Say when points expire: at the end of the local day, so many months after they were issued.

    A day that the last month lacks becomes its last day. The instant is exclusive: midnight after
    that day, in the coalition's time zone. Terms without `expiry_months`: never.

    Units: UTC instants.
    Source: rule book 1.1.2, 2.3 (`expiry_policy`).
    """
    if terms is None or terms.expiry_months is None:
        return NEVER
    issued_on = issued_at.astimezone(zone).date()
    month = issued_on.month - 1 + terms.expiry_months
    year, month = issued_on.year + month // 12, month % 12 + 1
    last_on = issued_on.replace(
        year=year, month=month, day=min(issued_on.day, monthrange(year, month)[1])
    )
    midnight = datetime.combine(last_on + timedelta(days=1), time(), tzinfo=zone)
    return midnight.astimezone(UTC)
