"""Programs that nobody here wrote: installed from a lock into `.hub/outside`, once for each lock.

Where they cannot be installed the tests are skipped, and say loudly what was not tested.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PLACES = Path(__file__).parent.parent.parent / ".hub" / "outside"
INSTALL_SECONDS_MAX = 600
RUN_SECONDS_MAX = 180


def call(folder: Path, *command: str, seconds: int = RUN_SECONDS_MAX, **environment: str):
    """Run a program to its end."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def install(source: Path, what: str) -> Path:
    """Copy the runners of a folder to where they run, with what they need; else skip the test."""
    if shutil.which("npm") is None:
        pytest.skip(f"!!! NOT TESTED: {what} (this machine has no npm)")
    lock = (source / "package-lock.json").read_bytes()
    folder = PLACES / f"{source.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file() and path.suffix != ".py":
            shutil.copy(path, folder / path.name)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        # No scripts: one of the packages would fetch a program from elsewhere.
        done = call(folder, "npm", "ci", "--ignore-scripts", seconds=INSTALL_SECONDS_MAX)
        if done.returncode != 0:
            pytest.skip(f"!!! NOT TESTED: {what} (npm ci: {done.stderr[-300:]})")
    return folder
