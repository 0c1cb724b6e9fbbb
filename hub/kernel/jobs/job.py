"""What a job is, and what runs it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias


class JobState(StrEnum):
    """What has become of a job so far; one that failed too often is kept for people."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work under a lease.

    `attempt_count` counts this attempt too. `lease` is the right to end the job: whoever claims it
    later has another one.
    """

    job_id: int
    kind: str
    payload: Mapping[str, Any]
    attempt_count: int
    is_recurring: bool
    lease: str


JobFunction: TypeAlias = Callable[[Job], Awaitable[None]]
"""Does a job. It may be called again for the same job, so it must be safe to repeat."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of job that comes back: every so many seconds there is one, never two at once."""

    kind: str
    every_seconds: int

    def __post_init__(self) -> None:
        assert self.every_seconds >= 1, self.kind


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as operators see it."""

    job_id: int
    kind: str
    key: str | None
    state: JobState
    attempt_count: int
    run_at: datetime
    leased_by: str | None
    leased_until: datetime | None
    last_error: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """A recurring kind of job as operators see it; `last_done_at` is None before the first time."""

    kind: str
    every_seconds: int
    next_at: datetime
    last_done_at: datetime | None
