"""Points outstanding at an instant: what is outstanding now, less what has happened since.

The books keep the sums of now (`ledger.liabilities`), so a look back reads the entries since then,
and no lot that they did not touch.

Source: rule book 1.10.3, 2.12.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import DateTime, Integer, bindparam, text

from hub.kernel.tx import ReadTx


@dataclass(frozen=True, slots=True)
class OutstandingPoints:
    """Points of an issuer that had not been used, by pinned terms and the month of their end.

    `expires_month` is the first day of the month (UTC); None: they never expire. Points past their
    end count until a sweep books them.
    """

    issuer_id: int
    issue_terms_id: int
    expires_month: date | None
    points: int


async def list_outstanding(
    tx: ReadTx, *, as_of: datetime | None, issuer_id: int | None
) -> list[OutstandingPoints]:
    """List what is outstanding, or was at an instant, by issuer, terms and month."""
    statement = _NOW if as_of is None else _THEN
    given = {"issuer": issuer_id} if as_of is None else {"issuer": issuer_id, "as_of": as_of}
    rows = await tx.connection.execute(statement, given)
    return [OutstandingPoints(*row) for row in rows]


_SUMS: Final = """
SELECT issuer_id, issue_terms_id, nullif(expires_month, 'infinity') AS expires_month,
       CAST(sum(points) AS bigint)
FROM sums WHERE :issuer IS NULL OR issuer_id = :issuer
GROUP BY 1, 2, 3 HAVING sum(points) <> 0 ORDER BY 1, 2, 3 NULLS LAST
"""

_SUMS_NOW: Final = """
WITH sums AS (SELECT * FROM ledger.liabilities)
"""

# Each lane's entries after the instant are a run at its end: posted_at never falls. Where it begins
# is found once for each lane; left to itself, the planner looks for it once for each entry.
_SUMS_THEN: Final = """
WITH last_then AS MATERIALIZED (
    SELECT n.lane, coalesce((SELECT x.seq FROM ledger.entries x
                             WHERE x.lane = n.lane AND x.posted_at <= :as_of
                             ORDER BY x.seq DESC LIMIT 1), 0) AS seq
    FROM ledger.lanes n WHERE n.lane >= 0
), since AS (
    SELECT e.* FROM last_then n JOIN ledger.entries e ON e.lane = n.lane AND e.seq > n.seq
), sums AS (
    SELECT issuer_id, issue_terms_id, expires_month, points FROM ledger.liabilities
    UNION ALL
    SELECT e.partner_id, e.terms_id, ledger.month_of(coalesce(e.ends_at, 'infinity')), -e.points
    FROM since e WHERE e.kind IN (1, 15)
    UNION ALL
    SELECT l.issuer_id, l.issue_terms_id, ledger.month_of(l.expires_at), -a.points
    FROM since e JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    JOIN ledger.lots l ON l.lane = a.lane AND l.lot_id = a.lot_id
    WHERE NOT (e.kind = 6 AND a.kind = 6)       -- a transfer moves nothing between months
    UNION ALL
    SELECT l.issuer_id, l.issue_terms_id, ledger.month_of(coalesce(e.ends_at, 'infinity')), a.points
    FROM since e JOIN ledger.allocations a ON a.lane = e.lane AND a.seq = e.seq
    JOIN ledger.lots l ON l.lane = a.lane AND l.lot_id = a.lot_id
    WHERE e.kind IN (3, 16, 17) AND a.kind = 6  -- moved into a lot with another end
)
"""

_ISSUER: Final = bindparam("issuer", type_=Integer)
_NOW: Final = text(_SUMS_NOW + _SUMS).bindparams(_ISSUER)
_THEN: Final = text(_SUMS_THEN + _SUMS).bindparams(
    bindparam("as_of", type_=DateTime(timezone=True)), _ISSUER
)
