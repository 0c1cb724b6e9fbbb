"""All SQL about the runs of the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, true

from hub.kernel.tx import ReadTx, Tx
from hub.ledger.audits.tables import audit_runs
from hub.ledger.journal.store import RuleCount


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One audit: what it saw at an instant, and how many places were wrong.

    `positions` tell the last entry that it saw of each lane.
    """

    started_at: datetime
    took_milliseconds: int
    finding_count: int
    findings: Sequence[dict[str, Any]]
    is_whole: bool
    positions: Mapping[int, int]


async def insert_run(
    tx: Tx,
    *,
    started_at: datetime,
    took_milliseconds: int,
    found: Sequence[RuleCount],
    is_whole: bool,
    positions: Mapping[int, int],
) -> AuditRun:
    """Write an audit down."""
    run = AuditRun(
        started_at,
        took_milliseconds,
        sum(rule.count for rule in found),
        [_written(rule) for rule in found],
        is_whole,
        positions,
    )
    await tx.connection.execute(
        insert(audit_runs).values(
            started_at=run.started_at,
            took_milliseconds=run.took_milliseconds,
            finding_count=run.finding_count,
            findings=run.findings,
            is_whole=run.is_whole,
            positions={str(lane): seq for lane, seq in positions.items()},
        )
    )
    return run


async def list_runs(tx: ReadTx, *, limit: int, is_whole: bool | None = None) -> list[AuditRun]:
    """List the newest audits, the newest first; only the whole ones, or only the others, if so."""
    table = audit_runs.c
    rows = await tx.connection.execute(
        select(*_COLUMNS)
        .where(table.is_whole == is_whole if is_whole is not None else true())
        .order_by(table.run_id.desc())
        .limit(limit)
    )
    return [_run(row) for row in rows]


async def find_verified(tx: ReadTx) -> Mapping[int, int] | None:
    """Find how far the newest audit saw that found nothing; None: there was none."""
    table = audit_runs.c
    row = (
        await tx.connection.execute(
            select(*_COLUMNS).where(table.finding_count == 0).order_by(table.run_id.desc()).limit(1)
        )
    ).one_or_none()
    return None if row is None else _run(row).positions


_COLUMNS = (
    audit_runs.c.started_at,
    audit_runs.c.took_milliseconds,
    audit_runs.c.finding_count,
    audit_runs.c.findings,
    audit_runs.c.is_whole,
    audit_runs.c.positions,
)


def _run(row: Any) -> AuditRun:  # noqa: ANN401 (a row of _COLUMNS)
    positions = {int(lane): seq for lane, seq in row.positions.items()}
    return AuditRun(
        row.started_at,
        row.took_milliseconds,
        row.finding_count,
        row.findings,
        row.is_whole,
        positions,
    )


def _written(rule: RuleCount) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "count": rule.count,
        "places": [
            {"place": each.place, "found": each.found, "expected": each.expected}
            for each in rule.violations
        ],
    }
