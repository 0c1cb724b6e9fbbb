"""`python -m benchmarks.view`: CPU of a server per request, and what idle sockets cost."""

import asyncio
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import orjson
import typer
import uvloop
import websockets
from rich.console import Console
from rich.table import Table

from benchmarks.measure import _on_cpu_seconds

app = typer.Typer(pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Goal:
    """CPU for one kind of request at one server, divided by the same at another."""

    what: str
    server: str
    compared_to: str
    at_least: float | None = None
    at_most: float | None = None

    def is_held(self, ratio: float) -> bool:
        """Whether a ratio keeps the limit."""
        is_enough = self.at_least is None or ratio >= self.at_least
        return is_enough and (self.at_most is None or ratio <= self.at_most)

    @property
    def limit(self) -> str:
        """The limit as it is shown."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


SERVERS: Final = ("floor", "view", "cached", "stock")
MUTATION: Final[dict[str, object]] = {
    "query": "mutation Issue($given: IssueInput!)"
    " { issue(given: $given) { id points available userErrors } }",
    "variables": {"given": {"idempotencyKey": "k", "reference": "r", "points": 5}},
}
QUERY: Final[dict[str, object]] = {
    "query": "query Lots { wallet(lots: 20) { id availablePoints"
    " lots { id points remainingPoints issuer expiresAt } } }"
}
GOALS: Final = (
    Goal("mutation", "stock", "view", at_least=6),
    Goal("mutation", "view", "cached", at_most=1.1),
    Goal("query of 20 lots", "view", "cached", at_most=1.1),
)
FILES_SPARE: Final = 1_000
CONNECTIONS: Final = 8
FIRST_PORT: Final = 18_400
AT_ONCE: Final = 50
SETTLE_SECONDS: Final = 5


@contextmanager
def running(name: str, port: int, events_per_second: int = 0) -> Iterator[int]:
    """Run a server until the block ends; gives its process id."""
    command = [sys.executable, "-m", "benchmarks.view.servers", name, str(port)]
    process = subprocess.Popen([*command, str(events_per_second)])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a server that may still be starting."""
    for _ in range(200):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.1)
    raise TimeoutError(port)


async def ask(port: int, body: dict[str, object], count: int) -> None:
    """Ask so often on one connection, one request after the other."""
    reader, writer = await connect(port)
    content = orjson.dumps(body)
    request = (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"accept: application/json\r\ncontent-length: %d\r\n\r\n" % len(content)
    ) + content
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        assert b'"errors"' not in answer, answer
    writer.close()
    await writer.wait_closed()


async def load(port: int, body: dict[str, object], count: int) -> None:
    """Ask so often over several connections."""
    each = count // CONNECTIONS
    await asyncio.gather(*[ask(port, body, each) for _ in range(CONNECTIONS)])


@app.command()
def requests(
    count: Annotated[int, typer.Option(help="Requests of each kind in each round.")] = 2000,
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.")] = 5,
) -> None:
    """Measure the CPU time of the server per request, all servers in turn in each round."""
    found: dict[tuple[str, str], list[int]] = {}
    bodies: dict[str, dict[str, object]] = {"mutation": MUTATION, "query of 20 lots": QUERY}
    with contexts() as ports:
        for _ in range(rounds):
            for what, body in bodies.items():
                for name, (port, pid) in ports.items():
                    uvloop.run(load(port, body, 200))
                    before = _on_cpu_seconds(str(pid))
                    uvloop.run(load(port, body, count))
                    used = _on_cpu_seconds(str(pid)) - before
                    found.setdefault((what, name), []).append(int(used * 1e6 / count))
    table = Table("CPU of the server, microseconds per request", *SERVERS, "stock : view")
    for what in bodies:
        middle = {name: median(found[what, name]) for name in SERVERS}
        cells = [f"{middle[name]:,.0f}" for name in SERVERS]
        table.add_row(what, *cells, f"{middle['stock'] / middle['view']:.1f}")
        table.add_row(
            "  as a multiple of the floor",
            *[f"{middle[name] / middle['floor']:.2f}" for name in SERVERS],
            f"cached : view {middle['cached'] / middle['view']:.2f}",
        )
    console = Console(width=140)
    console.print(table)
    console.print(judge(found))


def judge(found: Mapping[tuple[str, str], Sequence[int]]) -> Table:
    """Judge the goals: each holds when two rounds of three hold it."""
    table = Table("goal, in CPU", "limit", "each round", "median", "")
    for goal in GOALS:
        pairs = zip(found[goal.what, goal.server], found[goal.what, goal.compared_to], strict=True)
        ratios = [own / other for own, other in pairs]
        held_count = sum(map(goal.is_held, ratios))
        table.add_row(
            f"{goal.what}, {goal.server} : {goal.compared_to}",
            goal.limit,
            " ".join(f"{ratio:.2f}" for ratio in ratios),
            f"{median(ratios):.2f}",
            "passed" if 3 * held_count >= 2 * len(ratios) else "missed",
        )
    return table


@contextmanager
def contexts() -> Iterator[dict[str, tuple[int, int]]]:
    """Run all servers side by side; only the one that is asked does anything."""
    from contextlib import ExitStack  # noqa: PLC0415 (used here only)

    with ExitStack() as stack:
        yield {
            name: (FIRST_PORT + place, stack.enter_context(running(name, FIRST_PORT + place)))
            for place, name in enumerate(SERVERS)
        }


@app.command()
def sockets(
    count: Annotated[int, typer.Option(help="Sockets, each with one subscription.")] = 5000,
    events: Annotated[int, typer.Option(help="Events per second, over all of them.")] = 500,
    seconds: Annotated[int, typer.Option(help="For how long.")] = 20,
) -> None:
    """Hold many sockets, send events over them, and measure memory, CPU and lag."""
    allow_files(count)
    port = FIRST_PORT + len(SERVERS)
    with running("sockets", port, events) as pid:
        uvloop.run(follow(port, pid, count, seconds))


def allow_files(count: int) -> None:
    """Let this process and the server have as many open files as there are sockets.

    Ends the command where the machine does not allow it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + FILES_SPARE
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise typer.BadParameter(f"{count} sockets take {wanted} open files; {hard} are allowed")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def follow(port: int, pid: int, count: int, seconds: int) -> None:
    """Open the sockets, listen for so long, and tell what was seen."""
    await connect(port)
    empty = _resident_bytes(pid)
    lags: list[int] = []
    tasks: list[asyncio.Task[None]] = []
    for _ in range(0, count, AT_ONCE):
        ready = [asyncio.Event() for _ in range(AT_ONCE)]
        tasks += [asyncio.create_task(listen(port, lags, each)) for each in ready]
        for each in ready:
            await each.wait()
    await asyncio.sleep(SETTLE_SECONDS)
    full = _resident_bytes(pid)
    lags.clear()
    cpu, began = _on_cpu_seconds(str(pid)), time.monotonic()
    await asyncio.sleep(seconds)
    cpu, wall = _on_cpu_seconds(str(pid)) - cpu, time.monotonic() - began
    seen = sorted(lags)
    assert not any(task.done() for task in tasks), "every socket is there to the end"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    Console().print(
        f"{count:,} sockets: {(full - empty) // count:,} bytes each"
        f" ({empty // 2**20} MiB -> {full // 2**20} MiB)\n"
        f"{len(seen) / wall:,.0f} events/s, CPU of the server {cpu / wall:.0%} of a core\n"
        f"lag p50 {seen[len(seen) // 2] // 1000:,} us,"
        f" p99 {seen[len(seen) * 99 // 100] // 1000:,} us, max {seen[-1] // 1000:,} us"
    )


async def listen(port: int, lags: list[int], is_ready: asyncio.Event) -> None:
    """Subscribe on a socket of its own, and note how late each event comes."""
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]  # a text is one
        compression=None,
        ping_interval=None,
        open_timeout=60,
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(
            '{"id": "1", "type": "subscribe", "payload": {"query": "subscription { sent }"}}'
        )
        is_ready.set()
        async for frame in socket:
            sent = int(orjson.loads(frame)["payload"]["data"]["sent"])
            lags.append(time.monotonic_ns() - sent)


def _resident_bytes(pid: int) -> int:
    """Read how much memory a process takes."""
    pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    return pages * 4096


app()
