"""A client: asks with keys of its own, and writes down every answer before it goes on.

It may be killed at any moment. The next one with its journal asks again whatever was not answered,
with the same key. When its turn is over, it asks until everything is answered, then asks all of it
once more: an answer never changes. In a storm it goes away at some await of the hub's.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import httpx
import orjson

from tests.soak.drawing import WEIGHTS, Draws
from tests.soak.gateway import MUTATIONS, Gateway
from tests.soak.journal import Asked, Journal, Json, read_asked
from tests.soak.orders import FAILED, UNKNOWN, is_kept
from tests.soak.scene import Board, Scene, log_to

HANDS: Final = 6
ASKING_AGAIN: Final = 24
ANSWER_SECONDS: Final = 30
STEPS_MAX: Final = 12
TRIES_OF_FAILURE: Final = 50
"""After so many tries a failure of the hub's counts as its answer, and as a fault."""
LINE_BYTES_MAX: Final = 1_000_000
STEP_SECONDS: Final = 0.002
"""How long a step of a storm is over HTTP, where turns of the loop cannot be counted."""
OVER_HTTP: Final = 0.5
HTTP: Final = "http"
DOOR: Final = "door"
SETTLED: Final = "settled"
COUNTED: Final = frozenset(WEIGHTS) - {"purchase", "void", "release", "poison"}
"""Verbs that are another request when they ask for other points."""


def journal_name(name: str) -> str:
    return f"{name}.journal"


@dataclass
class Client:
    """What one client knows and does."""

    scene: Scene
    board: Board
    turn: int
    name: str
    dice: random.Random
    draws: Draws
    gateway: Gateway
    journal: Journal
    asked: dict[int, Asked]
    numbers: "count[int]"
    under_way: set[int] = field(default_factory=set)

    @classmethod
    def open(cls, scene: Scene, turn: int, name: str) -> "Client":
        path = scene.place(journal_name(name))
        journal = Journal(path)
        asked = read_asked(path)
        # Whoever takes over draws on from where the journal ends.
        dice = random.Random(f"{scene.seed}:{name}:{len(asked)}")  # noqa: S311
        board = scene.board
        draws = Draws(scene, dice, board.clock)
        for each in asked.values():
            if each.answer is not None:
                draws.learn(each.order, each.answer)
        numbers = count(max(asked, default=0) + 1)
        gateway = Gateway(scene)
        return cls(scene, board, turn, name, dice, draws, gateway, journal, asked, numbers)

    async def live(self) -> None:
        """Ask until the turn is over, then settle everything."""
        await self.ask_all(self.unanswered())
        async with asyncio.TaskGroup() as hands:
            for _ in range(HANDS):
                hands.create_task(self.use_hand())
        while waiting := self.unanswered():
            await self.ask_all(waiting)
        await self.ask_all([each.number for each in self.asked.values() if is_final(each)])
        self.scene.place(f"{self.name}.{SETTLED}").touch()

    def unanswered(self) -> list[int]:
        return [
            each.number
            for each in self.asked.values()
            if each.answer is None and each.number not in self.under_way
        ]

    async def use_hand(self) -> None:
        while not self.board.is_over(self.turn):
            number = self.choose()
            self.under_way.add(number)
            try:
                is_heard = await self.ask(number)
            finally:
                self.under_way.discard(number)
            if not is_heard:
                await asyncio.sleep(self.dice.choice([0, 1, 20]) / 50)

    def choose(self) -> int:
        """A new order as a rule; else one that was not answered, or was answered before."""
        chance = self.dice.random()
        if chance < 0.15 and (waiting := self.unanswered()):
            return self.dice.choice(waiting)
        settled = [each for each in list(self.asked.values())[-60:] if is_final(each)]
        if chance < 0.2 and settled:
            return self.dice.choice(settled).number
        counted = [each for each in settled if each.order["verb"] in COUNTED]
        if chance < 0.22 and counted:
            return self.write_down(self.misuse(self.dice.choice(counted)))
        number = next(self.numbers)
        order = self.draws.draw()
        is_over_http = order["verb"] in MUTATIONS and self.dice.random() < OVER_HTTP
        way = HTTP if is_over_http else DOOR
        actor = self.gateway.actor_of(order) if is_over_http else f"client:{self.name}"
        key = f"{self.name}:{number}"
        return self.write_down(order | {"key": key, "actor": actor, "way": way}, number)

    def misuse(self, settled: Asked) -> Json:
        """Another request under a key that was used."""
        points = settled.order["points"] + 1
        return dict(settled.order, misuse_of=settled.number, points=points)

    def write_down(self, order: Json, number: int | None = None) -> int:
        chosen = next(self.numbers) if number is None else number
        self.journal.write({"n": chosen, "order": order})
        self.asked[chosen] = Asked(chosen, order)
        return chosen

    async def ask_all(self, numbers: list[int]) -> None:
        """Ask for each of these until it was heard, many at once."""
        waiting = list(reversed(numbers))

        async def help_out() -> None:
            while waiting:
                number = waiting.pop()
                while not await self.ask(number, is_patient=True):  # noqa: ASYNC110 (a process)
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(help_out() for _ in range(ASKING_AGAIN)))

    async def ask(self, number: int, *, is_patient: bool = False) -> bool:
        """Ask once, and write down the answer before anything else; False when there was none."""
        asked = self.asked[number]
        order = asked.order
        if not is_patient and self.board.is_stormy:
            order = dict(order, steps=self.dice.randrange(STEPS_MAX))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self.exchange(order)
        except (OSError, TimeoutError, EOFError, ValueError, httpx.HTTPError):
            answer = {"is": "NoAnswer", "kind": UNKNOWN}
        may_pass = order["verb"] != "poison" and asked.tries < TRIES_OF_FAILURE
        if answer["kind"] == UNKNOWN or (answer["kind"] == FAILED and may_pass):
            self.journal.note({"n": number, "try": answer})
            asked.tries += 1
            return False
        if asked.answer is None:
            self.journal.write({"n": number, "answer": answer})
            asked.answer = answer
            self.draws.learn(asked.order, answer)
        else:
            self.journal.note({"n": number, "again": answer})
        return True

    async def exchange(self, order: Json) -> Json:
        """Ask `hub serve`, or the poster; to go away is to close the connection."""
        if order["way"] == HTTP:
            seconds = None if "steps" not in order else order["steps"] * STEP_SECONDS
            async with asyncio.timeout(seconds):
                return await self.gateway.ask(order)
        door = self.scene.door
        reader, writer = await asyncio.open_unix_connection(door, limit=LINE_BYTES_MAX)
        try:
            writer.write(orjson.dumps(order) + b"\n")
            await writer.drain()
            if "steps" in order and self.dice.random() < 0.3:
                raise EOFError
            line = await reader.readline()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        if not line.endswith(b"\n"):
            raise EOFError
        answer: Json = orjson.loads(line)
        return answer


def is_final(asked: Asked) -> bool:
    """Whether the answer to an order is one for ever."""
    answer = asked.answer
    return (
        answer is not None
        and asked.order["verb"] != "poison"
        and "misuse_of" not in asked.order
        and is_kept(answer)
    )


def main(directory: str, turn: int, name: str) -> None:
    scene = Scene.load(directory)
    log_to(scene.place(f"{name}.log"))
    asyncio.run(Client.open(scene, turn, name).live())
