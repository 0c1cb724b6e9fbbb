"""What the database says: the audit, the seals, the windows, the consumers of entries, the jobs.

Every process that exposes these figures tells the same.
"""

from collections import Counter as Count
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.jobs.store import count_jobs
from hub.kernel.tx import Database, ReadTx
from hub.ledger.audits.store import list_runs
from hub.ledger.feed.store import list_lags
from hub.ledger.log.store import find_checkpoint, list_lane_ends, list_lane_trees
from settlement.store import list_windows

BOOKS: Final = CollectorRegistry()

AUDIT_FINDINGS: Final = Gauge(
    "hub_audit_findings",
    "Places that the last audit found wrong; 0 is well. Scope: whole, or new entries.",
    ["scope"],
    registry=BOOKS,
)
AUDIT_LAST_RUN: Final = Gauge(
    "hub_audit_last_run_timestamp_seconds",
    "When the last audit of a scope, whole or new, began; none before the first.",
    ["scope"],
    registry=BOOKS,
)
FEED_LAG: Final = Gauge(
    "hub_feed_lag_entries",
    "Entries that a consumer has not followed yet.",
    ["consumer"],
    registry=BOOKS,
)
FEED_PARKED: Final = Gauge(
    "hub_feed_parked_lanes",
    "Lanes of a consumer that wait for a person.",
    ["consumer"],
    registry=BOOKS,
)
JOBS: Final = Gauge(
    "hub_jobs",
    "Jobs by state; FAILED ones wait for a person.",
    ["state"],
    registry=BOOKS,
)
CHECKPOINT: Final = Gauge(
    "hub_seal_last_checkpoint_timestamp_seconds",
    "When the last checkpoint was signed; 0 before the first.",
    registry=BOOKS,
)
UNSEALED: Final = Gauge(
    "hub_seal_unsealed_entries", "Entries that are under no checkpoint yet.", registry=BOOKS
)
WINDOWS: Final = Gauge(
    "hub_settlement_windows", "Settlement windows by status.", ["status"], registry=BOOKS
)
OVERDUE: Final = Gauge(
    "hub_settlement_windows_overdue",
    "Windows that are over and not closed.",
    registry=BOOKS,
)


async def refresh_metrics(database: Database) -> None:
    """Read the figures anew; the cost depends on jobs, consumers and lanes, never on entries."""
    async with database.read(HUB_ACTOR) as tx:
        runs = {
            scope: await list_runs(tx, limit=1, is_whole=is_whole)
            for scope, is_whole in (("whole", True), ("new", False))
        }
        lags = await list_lags(tx)
        states = await count_jobs(tx)
        await _read_seals(tx)
        await _read_windows(tx)
    for scope, newest in runs.items():
        for run in newest:
            AUDIT_FINDINGS.labels(scope).set(run.finding_count)
            AUDIT_LAST_RUN.labels(scope).set(int(run.started_at.timestamp()))
    for lag in lags:
        FEED_LAG.labels(lag.consumer).set(lag.waiting_count)
        FEED_PARKED.labels(lag.consumer).set(lag.parked_count)
    for state, count in states.items():
        JOBS.labels(state.value).set(count)


async def _read_seals(tx: ReadTx) -> None:
    last = await find_checkpoint(tx, None)
    entry_count = sum((await list_lane_ends(tx)).values())
    sealed_count = 0
    if last is not None:
        trees = await list_lane_trees(tx, last.checkpoint_id)
        sealed_count = sum(tree.size for tree in trees.values())
    CHECKPOINT.set(0 if last is None else int(last.signed_at.timestamp()))
    UNSEALED.set(entry_count - sealed_count)


async def _read_windows(tx: ReadTx) -> None:
    windows = await list_windows(tx)
    counts = Count({"OPEN": 0, "CLOSING": 0, "CLOSED": 0})
    counts.update(window.status for window in windows)
    for status, count in counts.items():
        WINDOWS.labels(status).set(count)
    OVERDUE.set(sum(window.status != "CLOSED" and window.cut_at <= tx.now for window in windows))
