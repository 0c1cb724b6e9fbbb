"""The kernel's settings."""

from pydantic import BaseModel, ConfigDict, Field

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
