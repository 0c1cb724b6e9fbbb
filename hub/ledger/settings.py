"""Limits of the poster and of the sweeps."""

from pydantic import BaseModel, ConfigDict, Field


class PosterSettings(BaseModel):
    """How many operations wait, and how many leave together."""

    model_config = ConfigDict(frozen=True)

    connection_count: int = Field(
        default=2, ge=1, le=64, description="Connections that post, each with lanes of its own."
    )
    batch_max: int = Field(
        default=512, ge=1, le=4096, description="Operations that leave in one call."
    )
    queue_max: int = Field(
        default=20_000,
        ge=1,
        description="Operations that may wait for one connection; more are refused as Overloaded.",
    )
    look_ahead_max: int = Field(
        default=2048,
        ge=1,
        description="Waiting operations looked at for one batch, when some must wait.",
    )
    call_timeout_seconds: int = Field(
        default=60,
        ge=1,
        description="After this a call counts as lost; its keys tell what happened.",
    )
