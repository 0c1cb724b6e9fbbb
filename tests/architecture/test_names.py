"""Names that must be ours alone, and names that must not appear."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("hub", "schema", "partners", "settlement", "auth")
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("room", ROOMS)
def test_no_dependency_brings_a_package_of_our_name(room):
    """Four of the five names are taken on the package index; whoever comes first would win."""
    assert set(packages_distributions().get(room, [])) <= {"coalition-hub"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_here(room):
    answer = subprocess.run(
        [sys.executable, "-c", f"import {room}; print({room}.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert Path(answer.stdout.strip()) == ROOT / room / "__init__.py"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_registry(lock):
    text = (ROOT / lock).read_text()
    assert (
        re.findall(r"https?://|file:|--(?:extra-)?index-url|--find-links|--trusted-host", text)
        == []
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_has_hashes(lock):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())
    pinned = [block for block in blocks if re.match(r"[a-z0-9.-]+==", block)]
    assert len(pinned) > 20
    assert [block.split(" ")[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_the_development_lock_holds_the_same_versions_as_the_other():
    def versions(lock):
        return set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / lock).read_text(), re.MULTILINE))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")
