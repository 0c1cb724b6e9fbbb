"""What `hub work` prints of jobs, consumers and audits."""

from collections.abc import Sequence
from datetime import datetime

from hub.cli.instants import format_instant
from hub.cli.output import Column, Sheet
from hub.kernel.jobs.job import JobRecord, ScheduleRecord
from hub.ledger.audits.store import AuditRun
from hub.ledger.feed.store import ConsumerLag, StuckLane


def jobs_sheet(jobs: Sequence[JobRecord]) -> Sheet:
    """Show jobs: what they are, how they stand, what they failed with."""
    rows = tuple(
        (
            str(job.job_id),
            job.kind,
            job.key or "",
            job.state.value,
            str(job.attempt_count),
            format_instant(job.run_at),
            job.leased_by or "",
            job.last_error or "",
        )
        for job in jobs
    )
    columns = (
        Column("job", is_number=True),
        Column("kind", is_number=False),
        Column("key", is_number=False),
        Column("state", is_number=False),
        Column("attempts", is_number=True),
        Column("not before", is_number=False),
        Column("worker", is_number=False),
        Column("last error", is_number=False),
    )
    return Sheet("Jobs", columns, rows)


def schedules_sheet(schedules: Sequence[ScheduleRecord]) -> Sheet:
    """Show the jobs that come back, and when they were last done."""
    rows = tuple(
        (
            each.kind,
            str(each.every_seconds),
            format_instant(each.next_at),
            _instant(each.last_done_at),
        )
        for each in schedules
    )
    columns = (
        Column("kind", is_number=False),
        Column("every seconds", is_number=True),
        Column("next", is_number=False),
        Column("last done", is_number=False),
    )
    return Sheet("Jobs that come back", columns, rows)


def lags_sheet(lags: Sequence[ConsumerLag]) -> Sheet:
    """Show how far each consumer is behind."""
    rows = tuple(
        (
            lag.consumer,
            str(lag.waiting_count),
            str(lag.lanes_behind_count),
            str(lag.failing_count),
            str(lag.parked_count),
            str(lag.skipped_count),
        )
        for lag in lags
    )
    columns = (
        Column("consumer", is_number=False),
        Column("entries behind", is_number=True),
        Column("lanes behind", is_number=True),
        Column("lanes failing", is_number=True),
        Column("lanes parked", is_number=True),
        Column("entries skipped", is_number=True),
    )
    return Sheet("Consumers", columns, rows)


def stuck_sheet(stuck: Sequence[StuckLane]) -> Sheet:
    """Show where consumers fail, and what they fail with."""
    rows = tuple(
        (
            each.consumer,
            str(each.lane),
            str(each.seq),
            "failing" if each.parked_at is None else "parked",
            str(each.attempt_count),
            _instant(each.retry_at if each.parked_at is None else None),
            each.last_error or "",
        )
        for each in stuck
    )
    columns = (
        Column("consumer", is_number=False),
        Column("lane", is_number=True),
        Column("entry", is_number=True),
        Column("state", is_number=False),
        Column("attempts", is_number=True),
        Column("tried again", is_number=False),
        Column("last error", is_number=False),
    )
    return Sheet("Entries that consumers fail at", columns, rows)


def audits_sheet(runs: Sequence[AuditRun]) -> Sheet:
    """Show audits: when, how long, how many places were wrong, under which rules."""
    rows = tuple(
        (
            format_instant(run.started_at),
            "whole" if run.is_whole else "new",
            str(run.took_milliseconds),
            str(run.finding_count),
            "; ".join(f"{found['rule']}: {found['count']}" for found in run.findings),
        )
        for run in runs
    )
    columns = (
        Column("started", is_number=False),
        Column("scope", is_number=False),
        Column("milliseconds", is_number=True),
        Column("places wrong", is_number=True),
        Column("rules", is_number=False),
    )
    return Sheet("Audits", columns, rows)


def _instant(at: datetime | None) -> str:
    return "" if at is None else format_instant(at)
