"""What all processes of a run share: places on disk, who is there, a board with the clock on it."""

import mmap
import os
import struct
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from hub.kernel.clock import system_clock
from hub.ledger.operations import Place

BOARD = struct.Struct("<qqq")
MICROSECOND = timedelta(microseconds=1)


class Board:
    """A few numbers in one file that every process of the run sees at once."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), BOARD.size)

    @classmethod
    def make(cls, path: Path) -> "Board":
        path.write_bytes(BOARD.pack(0, 0, -1))
        return cls(path)

    def _write(self, index: int, number: int) -> None:
        numbers = list(BOARD.unpack(self._numbers[:]))
        numbers[index] = number
        self._numbers[:] = BOARD.pack(*numbers)

    def _read(self, index: int) -> int:
        number: int = BOARD.unpack(self._numbers[:])[index]
        return number

    def clock(self) -> datetime:
        """The time of the machine, moved by what the run says: everybody's clock."""
        return system_clock() + self.offset

    @property
    def offset(self) -> timedelta:
        return timedelta(microseconds=self._read(0))

    def jump(self, delta: timedelta) -> None:
        """Move the clock of everybody, forward or back."""
        self._write(0, (self.offset + delta) // MICROSECOND)

    def begin_storm(self, seconds: int) -> None:
        """Let clients go away before they are answered, for so long."""
        self._write(1, time.monotonic_ns() + seconds * 10**9)

    @property
    def is_stormy(self) -> bool:
        return time.monotonic_ns() < self._read(1)

    def settle(self, turn: int) -> None:
        """Let the clients of a turn come to an end."""
        self._write(2, turn)

    def is_over(self, turn: int) -> bool:
        return turn <= self._read(2)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a run takes place; written once, read by every process that starts."""

    directory: str
    seed: int
    database_url: str
    wired_url: str
    """The same database, over a wire that may be cut."""
    port: int
    """Where `hub serve` listens."""
    secret: str
    """Of the ids, in hex."""
    tokens: dict[str, str]
    partners: dict[str, int]
    wallets: list[list[int]]
    restrictions: list[int]

    def save(self) -> None:
        path = Path(self.directory) / "scene.json"
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, directory: str) -> "Scene":
        return cls(**orjson.loads((Path(directory) / "scene.json").read_bytes()))

    @property
    def board(self) -> Board:
        return Board(self.place("board"))

    def place(self, name: str) -> Path:
        return Path(self.directory) / name

    @property
    def door(self) -> Path:
        """The socket at which the poster answers."""
        return self.place("poster-0.sock")


def wallet_of(written: list[int]) -> Place:
    return Place(*written)


def write_instant(at: datetime) -> str:
    return at.isoformat()


def read_instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def log_to(path: Path) -> None:
    """Send all that this process says to a file of its own."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
