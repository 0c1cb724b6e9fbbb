"""Start, attach to and stop an embedded PostgreSQL.

The server is a process of its own in a session of its own. It serves everybody who attached to
it and is stopped by the last one out. A hub that was killed with -9 stops nothing: its server
lives on until the next start, which attaches to it and stops it at its own end.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import FrameType, MappingProxyType
from urllib.parse import quote

import structlog

from hub.kernel.embedded.account import give_to, run_as
from hub.kernel.embedded.binaries import Binaries, find_binaries
from hub.kernel.embedded.errors import ServerBusy, ServerFailed
from hub.kernel.embedded.leases import Lease, hold_door, is_unused
from hub.kernel.embedded.liveness import (
    answers,
    find_holders,
    find_postmaster,
    is_alive,
    read_pid,
)
from hub.kernel.embedded.places import (
    PORT,
    Places,
    bring_within_reach,
    lay_out,
    make_socket_dir,
)

# Crash recovery replays up to max_wal_size: 35 s were seen with 8 GB, so 2 GB stays well below.
START_SECONDS_MAX = 180
STOP_SECONDS_MAX = 120
# Processes that a killed server left behind end with their statement, at once as a rule.
ORPHAN_SECONDS_MAX = 30
POLL_SECONDS = 0.05
TELL_EVERY_SECONDS = 5
LOG_BYTES_MAX = 10_000_000
LOG_TAIL_BYTES = 2_000
SUPERUSER = "hub"

log = structlog.get_logger()

# For a laptop: a little memory, no surprises. What a caller passes wins.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",  # the socket's directory is the only door, and it is 0700
        "unix_socket_permissions": "0700",
        "jit": "off",  # compiling costs more than our short statements
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",  # bounds how long a crash recovery may take
        "max_connections": "100",
        "max_locks_per_transaction": "256",  # partitions: a statement may lock many tables
        "random_page_cost": "1.1",  # no spinning disks
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class StopMode(Enum):
    """How to stop: wait for clients, send them away, or pull the plug; by signal."""

    SMART = signal.SIGTERM
    FAST = signal.SIGINT
    IMMEDIATE = signal.SIGQUIT


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, and our right to use it until `stop_server`."""

    bin_dir: Path
    version: tuple[int, int]
    data_dir: Path
    socket_dir: Path
    port: int
    was_started: bool
    places: Places = field(repr=False)
    lease: Lease = field(repr=False, compare=False)

    def url(self, database: str) -> str:
        """Where to connect to one database, for asyncpg."""
        host = quote(str(self.socket_dir))
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={host}&port={self.port}"


def start_server(
    home: Path,
    *,
    binaries: Binaries | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
    start_seconds_max: int = START_SECONDS_MAX,
) -> Server:
    """Start the server whose data lies in `home`, or attach to the one that runs there.

    One data directory per PostgreSQL major version. `settings` are those of postgresql.conf;
    they count for a server that this call starts. `fsync=off` also makes it unsafely fast to
    create. Blocks until the server answers: call it from a thread in async code.

    Errors: NoPostgres, UnfitPostgres, NoServerAccount, PlaceClosed, ServerFailed, ServerBusy.
    Locks: the door of the server, so that of two starters the second attaches.
    """
    binaries = binaries or find_binaries()
    places = lay_out(home, binaries.major)
    deadline = time.monotonic() + start_seconds_max
    with hold_door(places.cluster, places.account, start_seconds_max):
        make_socket_dir(places)
        was_started = not _attach(places, deadline)
        if was_started:
            binaries = bring_within_reach(binaries, places)
            _create_cluster(binaries, places, settings)
            _clear_stale_pid(places)
            _launch(binaries, places, {**SETTINGS, **settings}, deadline)
        lease = Lease(places.cluster, places.account)
    return Server(
        bin_dir=binaries.bin_dir,
        version=binaries.version,
        data_dir=places.cluster,
        socket_dir=places.socket_dir,
        port=PORT,
        was_started=was_started,
        places=places,
        lease=lease,
    )


def stop_server(server: Server, mode: StopMode = StopMode.FAST) -> None:
    """Give the server back: the last one out stops it, the others leave it running.

    May be called again; then nothing happens.

    Locks: the door of the server.
    """
    if not server.lease.is_held:
        return
    places = server.places
    try:
        with hold_door(places.cluster, places.account, STOP_SECONDS_MAX):
            server.lease.end()
            if is_unused(places.cluster, places.account):
                _shut_down(places, mode)
    except ServerBusy:
        # Somebody is in the middle of a long start: they will be the last one out.
        server.lease.end()


@contextmanager
def running_server(
    home: Path,
    *,
    binaries: Binaries | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[Server]:
    """Use the server for a while, and give it back also when we are told to end (SIGTERM).

    Errors: as `start_server`.
    """
    with _ending_on_signals():
        server = start_server(home, binaries=binaries, settings=settings)
        try:
            yield server
        finally:
            stop_server(server)


def _attach(places: Places, deadline: float) -> bool:
    """Wait for a server that lives already; False when there is none, or it ended meanwhile."""
    while (pid := find_postmaster(places.cluster)) is not None:
        if answers(places.socket):
            return True
        if time.monotonic() > deadline:
            raise ServerFailed(places.log_file, f"process {pid} lives but does not answer")
        time.sleep(POLL_SECONDS)
    return False


def _create_cluster(binaries: Binaries, places: Places, settings: Mapping[str, str]) -> None:
    """Create the data directory, under another name until it is whole."""
    if (places.cluster / "PG_VERSION").exists():
        return
    staged = places.cluster.with_name(places.cluster.name + ".new")
    if staged.exists():
        shutil.rmtree(staged)
    staged.mkdir(mode=0o700)
    give_to(places.account, staged)
    command: list[str | Path] = [
        binaries.bin_dir / "initdb",
        "--pgdata",
        staged,
        "--username",
        SUPERUSER,
    ]
    command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--data-checksums"]
    if settings.get("fsync") == "off":
        command.append("--no-sync")
    made = run_as(places.account, command)
    if made.returncode != 0:
        raise ServerFailed(staged, made.stderr)
    staged.rename(places.cluster)


def _clear_stale_pid(places: Places) -> None:
    """Remove the pid files where PostgreSQL itself would believe a wrong one.

    PostgreSQL clears up after a pid that is gone. One that is a zombie, or another program by
    now, it takes for a running server. The files go only when no process of this data
    directory is left: they also guard the shared memory of those that outlive their server.
    """
    cluster = places.cluster
    deadline = time.monotonic() + ORPHAN_SECONDS_MAX
    while holders := find_holders(cluster):
        if time.monotonic() > deadline:
            told = f"processes {holders} of a killed server still work on {cluster}"
            raise ServerFailed(places.log_file, told)
        time.sleep(POLL_SECONDS)
    for stale in (cluster / "postmaster.pid", places.socket_lock):
        pid = read_pid(stale)
        if pid is not None and _exists(pid):
            stale.unlink(missing_ok=True)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _launch(
    binaries: Binaries, places: Places, settings: Mapping[str, str], deadline: float
) -> None:
    """Start the server and wait until it answers, however long it recovers."""
    log_file = places.log_file
    if log_file.exists() and log_file.stat().st_size > LOG_BYTES_MAX:
        log_file.replace(log_file.with_suffix(".log.1"))
    said_before = log_file.stat().st_size if log_file.exists() else 0
    pid = _spawn(binaries, places, settings)
    try:
        _await_answer(pid, places, deadline, said_before)
    except BaseException:
        # Also for Ctrl-C: nobody holds a lease yet, so nobody else would stop it.
        with suppress(ProcessLookupError):
            os.kill(pid, StopMode.FAST.value)
        raise


def _await_answer(pid: int, places: Places, deadline: float, said_before: int) -> None:
    """Wait until the server answers, and tell now and then that it still does not."""
    began_at = told_at = time.monotonic()
    while not answers(places.socket):
        now = time.monotonic()
        if not is_alive(pid) or now > deadline:
            raise ServerFailed(places.log_file, _read_tail(places.log_file, said_before))
        if now - told_at >= TELL_EVERY_SECONDS:
            told_at = now
            log.info("postgres.start_awaited", elapsed_seconds=int(now - began_at))
        time.sleep(POLL_SECONDS)


def _spawn(binaries: Binaries, places: Places, settings: Mapping[str, str]) -> int:
    """Start the server as nobody's child and return its pid.

    The shell in between ends at once, so that the server is adopted by pid 1: a child of ours
    would stay as a zombie, or be warned about, whenever we leave it to others.
    """
    directory = str(places.socket_dir).replace('"', '""')
    given = {**settings, "unix_socket_directories": f'"{directory}"', "port": str(PORT)}
    command: list[str | Path] = [binaries.bin_dir / "postgres", "-D", places.cluster]
    for name, value in given.items():
        command += ["-c", f"{name}={value}"]
    script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
    shell = run_as(places.account, ["/bin/sh", "-c", script, "sh", places.log_file, *command])
    if shell.returncode != 0:
        raise ServerFailed(places.log_file, shell.stderr)
    return int(shell.stdout)


def _shut_down(places: Places, mode: StopMode) -> None:
    """Stop the server and wait until it is gone; pull the plug if it takes too long."""
    pid = find_postmaster(places.cluster)
    if pid is None:
        return
    if not _stop_process(pid, mode, STOP_SECONDS_MAX):
        log.warning("postgres.stop_forced", pid=pid)
        _stop_process(pid, StopMode.IMMEDIATE, ORPHAN_SECONDS_MAX)
    if places.socket_dir != places.cluster:
        with suppress(OSError):
            places.socket_dir.rmdir()


def _stop_process(pid: int, mode: StopMode, seconds_max: int) -> bool:
    deadline = time.monotonic() + seconds_max
    with suppress(ProcessLookupError):
        os.kill(pid, mode.value)
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _read_tail(log_file: Path, offset: int) -> str:
    """Read what the server said since `offset`, its end if it is long."""
    if not log_file.exists():
        return ""
    with log_file.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(offset, size - LOG_TAIL_BYTES))
        return log.read().decode(errors="replace")


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Turn the signals that would end us without a word into an ordinary exit.

    Only where nobody else has claimed them (a web server has handlers of its own), and only in
    the main thread, where Python allows it.
    """
    claimed: list[signal.Signals] = []
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            try:
                signal.signal(number, _exit_politely)
            except ValueError:
                break
            claimed.append(number)
    try:
        yield
    finally:
        for number in claimed:
            signal.signal(number, signal.SIG_DFL)


def _exit_politely(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
