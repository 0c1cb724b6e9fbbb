"""Run a page: its commands, its files and its operations, in order, against a fresh database.

    sh               run; the `text` block that follows, if any, is what it prints
    sh background    run beside the rest; it prints the address of the API
    toml, json, python   with `file=NAME`: save it under that name; python without: to look at
    graphql TOKEN    send it with a token that a command exported; a `json` block follows
    json variables   between the two: what is sent with it

Three dots stand for anything: in a line of text, for a whole line, or as a text of JSON. A text of
JSON that begins with THE_ is remembered, and stands for the same value everywhere after.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.docs.blocks import Block

COMMAND_SECONDS_MAX = 120
START_SECONDS_MAX = 60
ADDRESS = re.compile(r"Serving (http://\S+)")
REMEMBERED = re.compile(r"THE_[A-Z]+(?:_[A-Z]+)*")
ANY = "..."
MARK = "\x1eenvironment\x1e"
"""Between what a command prints and the environment it leaves."""


class Reader:
    """A reader who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        commands = Path(sys.executable).parent
        self.folder = folder
        self.environment = {
            **environment,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "HUB_SERVE__PORT": "0",
        }
        self.remembered: dict[str, str] = {}
        self.variables: Any = {}
        self.address = ""
        self._servers: list[subprocess.Popen[bytes]] = []

    def follow(self, blocks: list[Block]) -> int:
        """Do everything, and count what was compared."""
        compared = 0
        rest = list(blocks)
        try:
            while rest:
                block = rest.pop(0)
                self.variables = self._pop_variables(block, rest)
                expected = self._perform(block, rest[0] if rest else None)
                if expected is not None:
                    assert rest.pop(0) is expected
                    compared += 1
        finally:
            for server in self._servers:
                server.terminate()
                server.wait(timeout=START_SECONDS_MAX)
        return compared

    def _pop_variables(self, block: Block, rest: list[Block]) -> Any:
        if block.language != "graphql" or not rest or rest[0].words != ("variables",):
            return {}
        return json.loads(self._fill_in(rest.pop(0).body))

    def _fill_in(self, text: str) -> str:
        """Put in what was remembered from earlier answers."""
        for name, value in self.remembered.items():
            text = re.sub(rf"\b{name}\b", value, text)
        return text

    def _perform(self, block: Block, following: Block | None) -> Block | None:
        """Do what a block says; give the block that was compared with what came out."""
        match block.language, block.words:
            case (("toml" | "json" | "python"), (word,)) if word.startswith("file="):
                (self.folder / word.removeprefix("file=")).write_text(block.body, encoding="utf-8")
                return None
            case "python", ():
                compile(block.body, f"line {block.line}", "exec")  # what is to run has a name
                return None
            case "sh", ("background",):
                self._serve(block)
                return None
            case "sh", ():
                printed = self._run(block)
                if following is None or following.language != "text":
                    return None
                compare_text(printed, following)
                return following
            case "graphql", (token,):
                assert following is not None, f"line {block.line}: no answer to compare with"
                assert following.language == "json", f"line {block.line}: no answer follows"
                answer = self._ask(block.body, self.environment[token])
                expected = json.loads(following.body)
                if "extensions" not in expected:
                    answer.pop("extensions", None)  # what it cost; a page shows it when it matters
                self._compare_json(answer, expected, f"line {following.line}")
                return following
        raise AssertionError(f"line {block.line}: what is to be done with this block?")

    def _run(self, block: Block) -> str:
        mark = MARK.replace("\x1e", "\\036")
        script = f"set -euo pipefail\n{block.body}\nprintf '{mark}'\nenv -0"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS_MAX,
        )
        assert done.returncode == 0, f"line {block.line}: {done.stdout}{done.stderr}"
        printed, _, exported = done.stdout.partition(MARK)
        pairs = (pair.partition("=") for pair in exported.split("\0") if pair)
        self.environment = {name: value for name, _, value in pairs}
        return printed

    def _serve(self, block: Block) -> None:
        log = self.folder / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {block.body}"],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._servers.append(server)
        deadline = time.monotonic() + START_SECONDS_MAX
        while (found := ADDRESS.search(log.read_text(encoding="utf-8"))) is None:
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        self.address = found[1]

    def _ask(self, document: str, token: str) -> Any:
        body = {"query": self._fill_in(document), "variables": self.variables}
        request = urllib.request.Request(  # noqa: S310 (an address of this machine)
            self.address,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS_MAX) as answer:  # noqa: S310
            return json.load(answer)

    def _compare_json(self, found: Any, expected: Any, place: str) -> None:
        if expected == ANY:
            return
        if isinstance(expected, str) and REMEMBERED.fullmatch(expected):
            assert isinstance(found, str), f"{place}: {found!r} is no id"
            assert self.remembered.setdefault(expected, found) == found, f"{place}: {expected}"
        elif isinstance(expected, dict):
            assert isinstance(found, dict), f"{place}: {found!r}"
            assert list(found) == list(expected), f"{place}: {found!r}"
            for key, inner in expected.items():
                self._compare_json(found[key], inner, f"{place}.{key}")
        elif isinstance(expected, list):
            assert isinstance(found, list), f"{place}: {found!r}"
            assert len(found) == len(expected), f"{place}: {found!r}"
            for index, inner in enumerate(expected):
                self._compare_json(found[index], inner, f"{place}[{index}]")
        else:
            assert (type(found), found) == (type(expected), expected), f"{place}: {found!r}"


def compare_text(printed: str, expected: Block) -> None:
    """Compare line by line; a line of three dots alone stands for any number of lines."""
    pattern = "".join(_pattern_of(line) for line in expected.body.splitlines())
    assert re.fullmatch(pattern, printed.rstrip() + "\n"), f"line {expected.line}:\n{printed}"


def _pattern_of(line: str) -> str:
    if line == ANY:
        return r"(?:[^\n]*\n)*?"
    # A table is as wide as its widest cell: blanks may differ.
    words = [re.escape(word) if word != ANY else r"[^\n]*" for word in re.split(r" +", line)]
    return " *".join(word.replace(re.escape(ANY), r"[^\n]*") for word in words) + r" *\n"
