"""The settings are read once, from the environment, and never told to others."""

from pathlib import Path

import pytest

from hub.kernel.log import LogLevel, LogStyle
from hub.settings import Profile, SettingsNotValid, read_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in ("PROFILE", "DATABASE_URL", "POSTGRES_BIN", "DATA_DIR", "LOG__LEVEL", "LOG__STYLE"):
        monkeypatch.delenv(f"HUB_{name}", raising=False)


def test_without_any_variable_the_hub_runs_in_development_beside_its_clone():
    settings = read_settings()

    assert settings.profile is Profile.DEVELOPMENT
    assert settings.database_url is None
    assert settings.data_dir == Path(".hub")
    assert settings.log_style is LogStyle.CONSOLE


def test_each_variable_fills_its_setting(monkeypatch):
    monkeypatch.setenv("HUB_PROFILE", "production")
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:pass@db/hub")
    monkeypatch.setenv("HUB_LOG__LEVEL", "warning")

    settings = read_settings()

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://hub:pass@db/hub"
    assert settings.log.level is LogLevel.WARNING
    assert settings.log_style is LogStyle.JSON


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", "")

    assert read_settings().database_url is None


def test_production_without_a_database_names_what_is_missing(monkeypatch):
    monkeypatch.setenv("HUB_PROFILE", "production")

    with pytest.raises(SettingsNotValid) as refusal:
        read_settings()

    assert str(refusal.value) == (
        "The settings cannot be used. HUB_DATABASE_URL is missing: production brings its database."
    )


def test_a_refusal_names_the_variable_and_keeps_its_value_to_itself(monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", "mysql://root:sesame@db/hub")
    monkeypatch.setenv("HUB_LOG__LEVEL", "loud")

    with pytest.raises(SettingsNotValid) as refusal:
        read_settings()

    assert refusal.value.problems == (
        "HUB_DATABASE_URL: must begin with postgresql://.",
        "HUB_LOG__LEVEL: Input should be 'debug', 'info', 'warning' or 'error'.",
    )
    assert "sesame" not in f"{refusal.value!r} {refusal.value} {refusal.value.__cause__!r}"


def test_settings_do_not_show_secrets(monkeypatch):
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:sesame@db/hub")

    assert "sesame" not in repr(read_settings())


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        read_settings().profile = Profile.PRODUCTION
