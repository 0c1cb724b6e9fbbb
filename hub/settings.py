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
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from auth.addresses import ProxyHeader, read_networks
from auth.oauth.settings import OAuthSettings, RedemptionConsent
from hub.kernel.errors import DomainError
from hub.kernel.jobs.settings import JobSettings
from hub.kernel.log import LogStyle
from hub.kernel.settings import LogSettings, MetricsSettings, TracingSettings
from hub.ledger.feed.settings import FeedSettings
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
    trusted_proxies: str = Field(
        default="",
        max_length=2_000,
        description="Networks of the proxies before the hub, with commas between them, e.g."
        " `10.0.0.0/8,fd00::/8`. What they add to X-Forwarded-For is believed, from its end up to"
        " the first address that is not one of theirs. Without it the header is not read: limits"
        " count the address that is connected.",
    )
    proxy_header: ProxyHeader = Field(
        default=ProxyHeader.X_FORWARDED_FOR,
        description="The header to which these proxies add who was connected to them:"
        " `x-forwarded-for` or `forwarded` (RFC 7239). The other one is not read.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        try:
            read_networks(text)
        except ValueError:
            raise ValueError("are networks with commas between them: 10.0.0.0/8,fd00::/8") from None
        return text


class WorkSettings(BaseModel):
    """What the worker does, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interval_seconds: int = Field(
        default=60,
        ge=1,
        description="Seconds after which lanes are cut and swept, and windows closed, anew.",
    )
    closes_windows: bool = Field(
        default=False,
        description="Whether windows that are over are closed without a person, where no rate of"
        " exchange is needed.",
    )
    audit_interval_seconds: int = Field(
        default=300,
        ge=1,
        description="Seconds after which new entries, and the wallets that they touched, are"
        " audited.",
    )
    whole_audit_interval_seconds: int = Field(
        default=86_400, ge=1, description="Seconds after which the whole journal is audited anew."
    )
    seal_interval_seconds: int = Field(
        default=300,
        ge=1,
        description="Seconds after which new entries, and the newest record of the audit log, are"
        " signed.",
    )
    audit_seconds_max: int = Field(
        default=1800, ge=1, description="Longest time for one audit, of the whole journal too."
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
    jobs: JobSettings = Field(default=JobSettings(), description="How jobs are run.")
    feed: FeedSettings = Field(default=FeedSettings(), description="How entries are followed.")
    metrics: MetricsSettings = Field(
        default=MetricsSettings(), description="Figures for Prometheus."
    )
    tracing: TracingSettings = Field(
        default=TracingSettings(), description="Traces for OpenTelemetry."
    )

    oauth: OAuthSettings = Field(
        default=OAuthSettings(), description="How partners and members sign in."
    )

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
        if self.profile is Profile.PRODUCTION and self.postgres_bin is not None:
            raise ValueError(f"{PREFIX}POSTGRES_BIN is for the embedded server of development")
        return self

    @property
    def issuer(self) -> str:
        """The hub's own address: what was set, else where development serves it."""
        if self.oauth.issuer is not None:
            return self.oauth.issuer
        # Passkeys are for names, not for numbers: browsers refuse them at 127.0.0.1.
        host = "localhost" if self.serve.host == "127.0.0.1" else self.serve.host
        return f"http://{host}:{self.serve.port}"

    @property
    def asks_members(self) -> bool:
        """Whether a partner needs the member's agreement to redeem."""
        chosen = self.oauth.redemption_consent
        if chosen is None:
            return self.profile is Profile.PRODUCTION
        return chosen is RedemptionConsent.REQUIRED

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
    except SettingsError as error:
        raise SettingsNotValid((f'{error}: a list is JSON, e.g. ["a", "b"].',)) from None
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
