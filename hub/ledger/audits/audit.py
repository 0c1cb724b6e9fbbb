"""Make one audit of the books: of all of them, or of what is new."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import structlog

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.tx import Database
from hub.ledger.audits.store import AuditRun, find_verified, insert_run
from hub.ledger.journal.store import audit_ledger, audit_news, list_last_seqs

log = structlog.get_logger()

PLACES_MAX: Final = 20
"""Places kept of each broken rule: the first ones nearly always tell what happened."""
NANOSECONDS_PER_MILLISECOND: Final = 1_000_000


async def audit_books(database: Database, *, seconds_max: int) -> AuditRun:
    """Check the whole journal in one snapshot while the hub goes on, and write down what was found.

    Finding something is no error of the audit: it is told by the run, the log and the metric.
    A run that takes longer than `seconds_max` ends with TimeoutError and is not written down.
    """
    return await _audit(database, None, seconds_max=seconds_max)


async def audit_what_is_new(database: Database, *, seconds_max: int) -> AuditRun:
    """Check the entries since the newest audit that found nothing, and the wallets they touched.

    What it finds, the next one finds again, until it is put right. Without any audit before, it
    checks everything. Otherwise as `audit_books`.
    """
    async with database.read(HUB_ACTOR) as tx:
        verified = await find_verified(tx)
    return await _audit(database, verified, seconds_max=seconds_max)


async def _audit(
    database: Database, since: Mapping[int, int] | None, *, seconds_max: int
) -> AuditRun:
    started = time.monotonic_ns()
    async with asyncio.timeout(seconds_max), database.read(HUB_ACTOR) as tx:
        started_at = tx.now
        positions = await list_last_seqs(tx)
        if since is None:
            found = await audit_ledger(tx, shown_max=PLACES_MAX)
        else:
            found = await audit_news(tx, since, shown_max=PLACES_MAX)
    took = (time.monotonic_ns() - started) // NANOSECONDS_PER_MILLISECOND
    async with database.begin(HUB_ACTOR) as tx:
        run = await insert_run(
            tx,
            started_at=started_at,
            took_milliseconds=took,
            found=found,
            is_whole=since is None,
            positions=positions,
        )
    if run.finding_count:
        rules = [rule.rule for rule in found]
        log.error("audit.books_found_wrong", finding_count=run.finding_count, rules=rules)
    else:
        log.info("audit.books_found_right", took_milliseconds=took, is_whole=run.is_whole)
    return run
