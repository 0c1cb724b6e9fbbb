"""Limits of the API."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CostSettings(BaseModel):
    """How much each client may use. What an operation costs is said by the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation_max: int = Field(
        default=10_000, ge=100, description="What one operation may cost at most."
    )
    bucket_size: int = Field(
        default=50_000, ge=100, description="What a client may use at once, when it was quiet."
    )
    restore_rate: int = Field(
        default=5_000, ge=1, description="What comes back to a client in each second."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.operation_max > self.bucket_size:
            raise ValueError("operation_max must not be above bucket_size: it could never be paid")
        return self


class SlowSettings(BaseModel):
    """Which operations the log tells of as slow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    milliseconds: int = Field(
        default=1000, ge=0, description="An operation that takes at least so long is slow."
    )
    seconds_between: int = Field(
        default=10,
        ge=0,
        description="Seconds between two lines about one operation of one document; those between"
        " are counted in `left_out`.",
    )


class ExportSettings(BaseModel):
    """Downloads of lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once_max: int = Field(
        default=4,
        ge=1,
        description="Downloads of one process that may be under way; one of each caller.",
    )
    seconds_max: int = Field(
        default=3600,
        ge=1,
        description="How long one download may take; what is missing is asked for by another.",
    )
    send_seconds: int = Field(
        default=30,
        ge=1,
        description="How long a client may take to read 64 KiB; then it is cut off.",
    )


class ApiSettings(BaseModel):
    """What one request may cost. The limits of documents are fixed: see `schema.limits`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body_max_bytes: int = Field(
        default=256 * 1024,
        ge=1024,
        description="Bytes of a request's body, or of a message on a socket; longer ones are"
        " refused.",
    )
    body_seconds: int = Field(
        default=20,
        ge=1,
        description="How long a client may take to send a request's body; then it is answered with"
        " 408 and cut off.",
    )
    cost: CostSettings = Field(default=CostSettings(), description="How much clients may use.")
    slow: SlowSettings = Field(default=SlowSettings(), description="The log of slow operations.")
    exports: ExportSettings = Field(default=ExportSettings(), description="Downloads of lists.")
    documents_max_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024 * 1024,
        description="Bytes of memory that prepared documents may take; those asked for least"
        " recently are dropped.",
    )
    trusted_documents_only: bool = Field(
        default=False,
        description="Whether only documents that were published (`hub documents publish`) are"
        " executed.",
    )
    allows_get_queries: bool = Field(
        default=True,
        description="Whether GET may carry the text of a query. Published documents may be asked"
        " for by GET in any case.",
    )
    allows_defer: bool = Field(
        default=False,
        description="Whether `@defer` and `@stream` are answered in parts. If not, everything"
        " comes at once.",
    )
    query_seconds: int = Field(default=15, ge=1, le=600, description="How long one query may take.")
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins of web pages, besides our own, that may open sockets, e.g."
        ' `["https://app.example"]`.',
    )
    connections_max: int = Field(
        default=10_000, ge=1, description="Sockets and event streams of one process."
    )
    connections_per_actor_max: int = Field(
        default=100, ge=1, description="Sockets and event streams of one actor, for each process."
    )
    operations_per_socket_max: int = Field(
        default=50, ge=1, description="Operations under way on one socket."
    )
    init_seconds: int = Field(
        default=10, ge=1, description="How long a new socket may wait with `connection_init`."
    )
    send_seconds: int = Field(
        default=10,
        ge=1,
        description="How long a client may take to read what was sent; then it is cut off.",
    )
    heartbeat_seconds: int = Field(
        default=12, ge=1, description="Between two signs of life on a silent event stream."
    )
