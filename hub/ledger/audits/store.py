"""All SQL about the runs of the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from hub.kernel.tx import ReadTx, Tx
from hub.ledger.audits.tables import audit_runs
from hub.ledger.journal.store import RuleCount


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One audit: what it saw at an instant, and how many places were wrong."""

    started_at: datetime
    took_milliseconds: int
    finding_count: int
    findings: Sequence[dict[str, Any]]


async def insert_run(
    tx: Tx, *, started_at: datetime, took_milliseconds: int, found: Sequence[RuleCount]
) -> AuditRun:
    """Write an audit down."""
    run = AuditRun(
        started_at,
        took_milliseconds,
        sum(rule.count for rule in found),
        [_written(rule) for rule in found],
    )
    await tx.connection.execute(
        insert(audit_runs).values(
            started_at=run.started_at,
            took_milliseconds=run.took_milliseconds,
            finding_count=run.finding_count,
            findings=run.findings,
        )
    )
    return run


async def list_runs(tx: ReadTx, *, limit: int) -> list[AuditRun]:
    """List the newest audits, the newest first."""
    table = audit_runs.c
    rows = await tx.connection.execute(
        select(table.started_at, table.took_milliseconds, table.finding_count, table.findings)
        .order_by(table.run_id.desc())
        .limit(limit)
    )
    return [AuditRun(*row) for row in rows]


def _written(rule: RuleCount) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "count": rule.count,
        "places": [
            {"place": each.place, "found": each.found, "expected": each.expected}
            for each in rule.violations
        ],
    }
