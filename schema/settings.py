"""Limits of the API."""

from pydantic import BaseModel, ConfigDict, Field


class ApiSettings(BaseModel):
    """What one request may cost. The limits of documents are fixed: see `schema.limits`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body_max_bytes: int = Field(
        default=256 * 1024,
        ge=1024,
        description="Bytes of a request's body; longer ones are refused.",
    )
