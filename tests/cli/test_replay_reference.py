"""`hub replay` gives the right totals: of the real receipts, and of folders made at random."""

import json
from pathlib import Path

import pytest

from hub.cli.replay.command import app
from tests.cli.running import run_json
from tests.reference.folder import make_folder

SAMPLE = Path(__file__).parents[1] / "data" / "coalition_sample"
VARIANTS = [("base", []), ("expiry", ["--expire"])]
SPEED = {"seconds", "operations_per_second"}


def assert_totals(folder, url, variant, options):
    expected = json.loads((folder / "expected.json").read_text())[variant]
    found = run_json(app, url, str(folder), *options)
    assert found.keys() == expected.keys() | SPEED
    assert {key: found[key] for key in expected} == expected


@pytest.fixture
def server_url(postgres):
    return postgres.url("postgres")


@pytest.mark.parametrize(("variant", "options"), VARIANTS)
def test_the_real_receipts_give_the_right_totals(server_url, variant, options):
    assert_totals(SAMPLE, server_url, variant, options)


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize(("variant", "options"), VARIANTS)
def test_a_folder_made_at_random_gives_the_right_totals(
    server_url, tmp_path, seed, variant, options
):
    make_folder(seed, tmp_path)
    assert_totals(tmp_path, server_url, variant, options)
