"""Whether a server really lives in a data directory, and whether it answers.

A pid in a file proves nothing: after a crash it may be a zombie that a container's pid 1 never
reaps, or belong to another program altogether after a restart of the container.
"""

import os
import socket
import struct
import subprocess
from pathlib import Path

ANSWER_SECONDS_MAX = 2
PROC = Path("/proc")
# Protocol 3.0, then the pairs of a start-up message, as user `hub` to database `postgres`.
GREETING = struct.pack("!i", 196_608) + b"user\0hub\0database\0postgres\0\0"
CANNOT_CONNECT_NOW = b"57P03"


def answers(socket_path: Path) -> bool:
    """Tell whether the server takes connections: it greets us, or turns us away in good health.

    A server that starts, recovers or stops answers 57P03; one that is full answers otherwise.
    """
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(ANSWER_SECONDS_MAX)
        try:
            door.connect(str(socket_path))
            door.sendall(struct.pack("!i", len(GREETING) + 4) + GREETING)
            reply = door.recv(1024)
        except OSError:
            return False
    return bool(reply) and CANNOT_CONNECT_NOW not in reply


def read_pid(pid_file: Path) -> int | None:
    """Read which process says that it is the server: the first line of its file."""
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def find_postmaster(cluster: Path) -> int | None:
    """Find the living server of this data directory."""
    pid = read_pid(cluster / "postmaster.pid")
    return pid if pid is not None and serves(pid, cluster) else None


def find_holders(cluster: Path) -> list[int]:
    """Find all processes of this data directory, also those that a killed server left behind.

    Two servers on one data directory would destroy it, so a doubtful process counts as one.
    """
    if not has_proc():
        postmaster = find_postmaster(cluster)
        return [] if postmaster is None else [postmaster]
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if serves(pid, cluster)]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: neither gone nor a zombie."""
    return _state(pid) not in ("", "Z", "X")


def serves(pid: int, cluster: Path) -> bool:
    """Tell whether a process is a living PostgreSQL of this data directory.

    Every process of a server works in its data directory, as the owner of it.
    """
    if not is_alive(pid):
        return False
    try:
        if PROC.joinpath(str(pid)).stat().st_uid != cluster.stat().st_uid:
            return False
        return PROC.joinpath(str(pid), "cwd").readlink() == cluster
    except (FileNotFoundError, ProcessLookupError):  # ended just now, or macOS
        return not has_proc() and "postgres" in _ask_ps(pid, "command=")
    except PermissionError:
        return _seems_to_serve(pid, cluster)


def has_proc() -> bool:
    """Tell whether the system shows its processes as files (Linux does, macOS does not)."""
    return PROC.joinpath("self", "stat").exists()


def _seems_to_serve(pid: int, cluster: Path) -> bool:
    """Judge by the command where the directory is hidden: root without CAP_SYS_PTRACE.

    A server is started with its directory; the processes it forks hide that, and belong to it
    while it lives. What is left, an orphan of unknown origin, counts as ours to be safe.
    """
    command = _command(pid)
    if "-D" in command:
        return str(cluster) in command
    has_server = "postgres" in "".join(_command(_parent(pid))[:1])
    return "postgres" in "".join(command) and not has_server


def _state(pid: int) -> str:
    fields = _stat(pid)
    if fields:
        return fields[0]
    return "" if has_proc() else _ask_ps(pid, "stat=")[:1]


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    """Read what /proc tells of a process, from its state on; nothing if it is gone."""
    try:
        # The name in brackets may hold anything, so what we want follows the last bracket.
        return PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _command(pid: int) -> list[str]:
    try:
        arguments = PROC.joinpath(str(pid), "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [os.fsdecode(argument) for argument in arguments.split(b"\0")]


def _ask_ps(pid: int, column: str) -> str:
    try:
        answer = subprocess.run(
            ["ps", "-o", column, "-p", str(pid)],  # noqa: S607  # its place differs by system
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS_MAX,
        )
    except FileNotFoundError:
        return ""
    return answer.stdout.strip()
