"""The development profile is for this machine, and production has nothing of it."""

import pytest

from hub.cli.serve import serve_hub
from hub.settings import Settings, SettingsNotValid

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("issuer", ["https://hub.example", "https://10.0.0.5:8443"])
def test_development_does_not_serve_an_address_of_the_world(issuer):
    settings = Settings(oauth={"issuer": issuer})
    with pytest.raises(SettingsNotValid) as refusal:
        serve_hub(settings, NOWHERE, where=settings.serve)
    assert refusal.value.problems == (
        (
            "HUB_OAUTH__ISSUER: the development profile, whose tokens need no key, serves"
            " this machine only."
        ),
    )


def test_development_is_served_under_a_name_that_passkeys_work_at():
    assert Settings().issuer == "http://localhost:8000"


def test_production_needs_what_sign_in_stands_on():
    settings = Settings(profile="production", database_url=NOWHERE)
    with pytest.raises(SettingsNotValid) as refusal:
        serve_hub(settings, NOWHERE, where=settings.serve)
    assert [problem.partition(":")[0].split(" ")[0] for problem in refusal.value.problems] == [
        "HUB_OAUTH__ISSUER",
        "HUB_OAUTH__WRAPPING_KEY",
    ]
