"""Limits of the job runner."""

from pydantic import BaseModel, ConfigDict, Field


class JobSettings(BaseModel):
    """How many jobs a worker runs at once, and how often it tries again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    poll_seconds: int = Field(
        default=1, ge=1, description="Seconds between two looks for jobs that are due."
    )
    concurrent_max: int = Field(
        default=4, ge=1, le=64, description="Jobs that one worker runs at the same time."
    )
    lease_seconds: int = Field(
        default=60,
        ge=2,
        description="A job whose worker has not been heard of for so long goes to another.",
    )
    attempts_max: int = Field(
        default=12,
        ge=1,
        description="Attempts after which a job counts as failed and waits for a person.",
    )
    pause_seconds: int = Field(
        default=2, ge=1, description="Pause after the first failed attempt; it doubles each time."
    )
    pause_seconds_max: int = Field(default=3600, ge=1, description="The longest such pause.")
    kept_days: int = Field(
        default=7, ge=0, description="Days for which jobs that are done stay in the list."
    )
