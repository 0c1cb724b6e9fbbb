"""The kernel's settings."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hub.kernel.log import LogLevel, LogStyle


class LogSettings(BaseModel):
    """How the hub tells what happens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: LogLevel = Field(
        default=LogLevel.INFO, description="The least serious lines that are written."
    )
    style: LogStyle | None = Field(
        default=None,
        description="`console` or `json`; without it, `console` in development, else `json`.",
    )


class MetricsSettings(BaseModel):
    """Who may read the metrics, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="What a monitor sends as `Authorization: Bearer`, 32 letters or more. With it"
        " `/metrics` is served beside the API. Without it, there in development only.",
    )
    port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="A port for `/metrics` alone, of `hub serve` and `hub work`; 0 takes a free"
        " one. Without it there is none.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address of that port. One that other machines reach takes a token.",
    )

    @model_validator(mode="after")
    def _is_not_open(self) -> Self:
        is_local = self.host in {"127.0.0.1", "localhost", "::1", "[::1]"}
        if self.port is not None and not is_local and self.token is None:
            raise ValueError("token is missing: other machines could read the metrics")
        return self


class TracingSettings(BaseModel):
    """Where traces go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str | None = Field(
        default=None,
        description="Where spans are sent by OTLP over HTTP, e.g."
        " `http://localhost:4318/v1/traces`; takes the extra `tracing`. Without it no traces are"
        " kept.",
    )
    percent: int = Field(
        default=10, ge=0, le=100, description="How many of a hundred traces are kept."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str | None) -> str | None:
        if endpoint is not None and not endpoint.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return endpoint
