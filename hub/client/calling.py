"""What every generated method does: ask, and turn the answer into a value or a refusal."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeVar

from hub.client.errors import AnswerNotUnderstood, Refusal, StreamLost
from hub.client.reading import Json, field_of, many, maybe, text
from hub.client.wire import Wire

T = TypeVar("T")
RefusalReader = Callable[[Json], Refusal]

PAGE_SIZE: Final = 100


class Calling:
    """Something that asks a hub; the methods are in `generated`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> Json:
        """Send a document of your own, and give its `data` as it came.

        Variables may hold inputs, decimals and instants. A mutation that is sent twice needs the
        same idempotency key both times; a lost answer is retried here with the same variables.

        Errors: Fault, NoAnswer, AnswerNotUnderstood.
        """
        return await self._wire.ask(document, variables or {}, operation_name)

    async def _change(
        self, document: str, field: str, variables: Mapping[str, Any], refusals: RefusalReader
    ) -> Json:
        """Call a mutation, and give its payload; what was refused is raised."""
        payload = field_of(await self._wire.ask(document, variables), field)
        found = many(field_of(payload, "userErrors"), refusals)
        if found:
            found[0].others = found[1:]
            raise found[0]
        return dict(payload)

    async def _items(
        self, document: str, path: Sequence[str], variables: Mapping[str, Any], items: str
    ) -> AsyncGenerator[Json, None]:
        """Go through the pages of a list."""
        after: str | None = None
        while True:
            found: Any = await self._wire.ask(document, {**variables, "after": after})
            for name in path:
                found = field_of(found, name)
                if found is None:
                    return
            for item in field_of(found, items):
                yield item
            page = field_of(found, "pageInfo")
            if not field_of(page, "hasNextPage"):
                return
            before, after = after, maybe(field_of(page, "endCursor"), text)
            if after is None or after == before:
                raise AnswerNotUnderstood("a page that is followed by itself")

    async def _events(
        self, document: str, field: str, variables: Mapping[str, Any]
    ) -> AsyncGenerator[Any, None]:
        """Listen to a subscription."""
        async with aclosing(self._wire.listen(document, variables)) as events:
            async for data in events:
                yield field_of(data, field)

    async def _resumed(
        self, document: str, field: str, variables: Mapping[str, Any]
    ) -> AsyncGenerator[Any, None]:
        """Listen to a subscription that can be gone on with: after a break nothing is missed."""
        after = variables["after"]
        tries_count = 0
        while True:
            try:
                given = {**variables, "after": after}
                async with aclosing(self._events(document, field, given)) as events:
                    async for event in events:
                        tries_count = 0
                        after = field_of(event, "cursor")
                        yield event
            except StreamLost as lost:
                tries_count += 1
                if after is None or not await self._wire.wait_for_another(tries_count):
                    raise lost from lost.__cause__
            else:
                return
