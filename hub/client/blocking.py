"""The same methods without `await`: each call runs an event loop until its answer is there."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, Generic, TypeVar

from hub.client.calling import Calling

C = TypeVar("C", bound=Calling)
T = TypeVar("T")


class Blocking(Generic[C]):
    """Something that waits for what another is asked; the methods are in `generated.waiting`."""

    def __init__(self, awaited: C, runner: asyncio.Runner) -> None:
        self._awaited = awaited
        self._runner = runner

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)

    def _each(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        async def following() -> tuple[T] | None:
            try:
                return (await anext(items),)
            except StopAsyncIteration:
                return None

        try:
            while (found := self._runner.run(following())) is not None:
                yield found[0]
        finally:
            self._runner.run(items.aclose())
