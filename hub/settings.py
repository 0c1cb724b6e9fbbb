"""The settings: read from the environment once, by a root, and handed down as values.

Every variable begins with HUB_; those of a room carry its name (`HUB_LOG__LEVEL`). Each room
describes its own in `<room>/settings.py`, and this file composes them.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.kernel.errors import DomainError
from hub.kernel.log import LogStyle
from hub.kernel.settings import LogSettings
from schema.settings import ApiSettings

PREFIX = "HUB_"


class Profile(StrEnum):
    """What the hub may take for granted.

    `development` relaxes some rules and says so; `production` refuses to start with any of it.
    """

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ServeSettings(BaseModel):
    """Where the API is served, and how it stops."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. In development only an address of this machine.",
    )
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    shutdown_seconds: int = Field(
        default=20,
        ge=1,
        description="How long requests under way may take when the hub is told to stop.",
    )


class WorkSettings(BaseModel):
    """What the worker does, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interval_seconds: int = Field(default=60, ge=1, description="Seconds between two rounds.")
    closes_windows: bool = Field(
        default=False,
        description="Whether windows that are over are closed without a person, where no rate of"
        " exchange is needed.",
    )


@dataclass(eq=False)
class SettingsNotValid(DomainError):
    """The settings cannot be used.

    `problems` name the variable and what is wrong with it, never its value: it may be a secret.
    """

    problems: tuple[str, ...]

    def __str__(self) -> str:
        """List the problems: whoever starts the hub can only act on names."""
        return "The settings cannot be used. " + " ".join(self.problems)


class Settings(BaseSettings):
    """All settings of the hub."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,  # docker-compose hands down unset variables as empty ones
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    profile: Profile = Field(
        default=Profile.DEVELOPMENT,
        description="`development` or `production`.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="The PostgreSQL to use, postgresql://user:password@host:port/database."
        " Without it the hub starts an embedded one, in development only.",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="The directory of `postgres` and `initdb` for the embedded server."
        " Without it: a wheel's, else the system's.",
    )
    data_dir: Path = Field(
        default=Path(".hub"),
        description="Where the embedded server is kept."
        " Relative to the directory that the hub is started in.",
    )
    log: LogSettings = Field(default=LogSettings(), description="The log.")
    api: ApiSettings = Field(default=ApiSettings(), description="Limits of the API.")
    serve: ServeSettings = Field(default=ServeSettings(), description="Where the API is served.")
    work: WorkSettings = Field(default=WorkSettings(), description="What the worker does.")

    @field_validator("database_url")
    @classmethod
    def _speaks_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(
            ("postgresql://", "postgres://")
        ):
            raise ValueError("must begin with postgresql://")
        return url

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.profile is Profile.PRODUCTION and self.database_url is None:
            raise ValueError(f"{PREFIX}DATABASE_URL is missing: production brings its database")
        return self

    @property
    def log_style(self) -> LogStyle:
        """The style that was asked for, else the one that suits the profile."""
        if self.log.style is not None:
            return self.log.style
        return LogStyle.CONSOLE if self.profile is Profile.DEVELOPMENT else LogStyle.JSON


def read_settings() -> Settings:
    """Read the environment.

    Errors: SettingsNotValid.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = tuple(
            f"{_variable(problem['loc'])}{problem['msg'].removeprefix('Value error, ')}."
            for problem in error.errors(include_input=False, include_url=False)
        )
        # Without the cause: pydantic's own text would repeat what was given.
        raise SettingsNotValid(problems) from None


def _variable(path: tuple[int | str, ...]) -> str:
    """Turn a path into settings into the name of the variable that fills it."""
    return f"{PREFIX}{'__'.join(map(str, path)).upper()}: " if path else ""
