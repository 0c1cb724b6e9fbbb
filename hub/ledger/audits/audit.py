"""Make one audit of the books."""

import asyncio
import time
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from hub.ledger.audits.store import AuditRun, insert_run
from hub.ledger.journal.store import audit_ledger

log = structlog.get_logger()

PLACES_MAX: Final = 20
"""Places kept of each broken rule: the first ones nearly always tell what happened."""
NANOSECONDS_PER_MILLISECOND: Final = 1_000_000


async def audit_books(database: Database, *, seconds_max: int) -> AuditRun:
    """Check the books in one snapshot while the hub goes on, and write down what was found.

    Finding something is no error of the audit: it is told by the run, the log and the metric.
    A run that takes longer than `seconds_max` ends with TimeoutError and is not written down.
    """
    started = time.monotonic_ns()
    async with asyncio.timeout(seconds_max), database.read(HUB_ACTOR) as tx:
        started_at = tx.now
        found = await audit_ledger(tx, shown_max=PLACES_MAX)
    took = (time.monotonic_ns() - started) // NANOSECONDS_PER_MILLISECOND
    async with database.begin(HUB_ACTOR) as tx:
        run = await insert_run(tx, started_at=started_at, took_milliseconds=took, found=found)
    if run.finding_count:
        rules = [rule.rule for rule in found]
        log.error("audit.books_found_wrong", finding_count=run.finding_count, rules=rules)
    else:
        log.info("audit.books_found_right", took_milliseconds=took)
    return run
