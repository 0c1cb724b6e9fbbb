"""What is refused to whoever looks after the jobs."""

from dataclasses import dataclass

from hub.kernel.errors import DomainError


@dataclass(eq=False)
class JobNotFound(DomainError):
    """There is no such job."""

    job_id: int


@dataclass(eq=False)
class JobNotFailed(DomainError):
    """The job has not failed, so there is nothing to try again."""

    job_id: int
    state: str


@dataclass(eq=False)
class ScheduleNotFound(DomainError):
    """No recurring job has that name; `hub work list` names them."""

    kind: str
