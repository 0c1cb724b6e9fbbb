"""What a client asked and was told: on disk before it goes on, so that kill -9 forgets nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]


@dataclass(slots=True)
class Asked:
    """One use of a key, all answers to it, the first of which was acknowledged."""

    number: int
    order: Json
    answer: Json | None = None
    again: list[Json] = field(default_factory=list)
    tries: int = 0


class Journal:
    """A file that only grows; a line that was cut off by a kill is no line."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        content = path.read_bytes()
        os.ftruncate(self._file, content.rfind(b"\n") + 1)

    def write(self, line: Json) -> None:
        """Append a line; it is on disk when this returns."""
        os.write(self._file, orjson.dumps(line) + b"\n")
        os.fdatasync(self._file)

    def note(self, line: Json) -> None:
        """Append a line that may be lost with the machine, though not with the process."""
        os.write(self._file, orjson.dumps(line) + b"\n")


def read_lines(path: Path) -> Iterator[Json]:
    """Read the whole lines of a journal."""
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield orjson.loads(line)


def read_asked(path: Path) -> dict[int, Asked]:
    """Read what was asked, by its number, with what became of it."""
    asked: dict[int, Asked] = {}
    for line in read_lines(path):
        number = line["n"]
        if "order" in line:
            asked[number] = Asked(number, line["order"])
            continue
        found = asked[number]
        if "answer" in line:
            assert found.answer is None, "an order is answered once"
            found.answer = line["answer"]
        elif "again" in line:
            found.again.append(line["again"])
        else:
            found.tries += 1
    return asked
