"""Which client asks for which field: counted in memory, written down now and then.

A count costs one addition to a dictionary for each operation: what fields it names was found when
its document was prepared. What was counted since the last time is lost with a process that is
killed, as is agreed for something that answers "may this field go?".
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from hub.kernel.actor import HUB_ACTOR, ActorKind
from hub.kernel.tx import Database
from schema.cost.pricing import OperationPrice
from schema.cost.store import FieldUse, add_uses, drop_full_buckets, list_uses
from schema.view.callers import Caller
from schema.view.watching import Finished

log = structlog.get_logger()

FLUSH_SECONDS: Final = 60
COUNTED_MAX: Final = 10_000
"""Pairs of a client and an operation that wait to be written; further ones are not counted."""

USES_MAX: Final = 10_000
"""Lines of a report."""


class FieldUses:
    """The counts of this process."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, OperationPrice]] = Counter()

    def note(self, finished: Finished) -> None:
        """Count an operation; called after each, so it does as little as it can."""
        price = finished.operation.price if finished.operation else None
        if not isinstance(price, OperationPrice):
            return
        key = (name_user(finished.caller), price)
        if key in self._counts or len(self._counts) < COUNTED_MAX:
            self._counts[key] += 1

    def take(self) -> dict[tuple[str, str], int]:
        """Give the counts by client and field, and begin anew."""
        counts, self._counts = self._counts, Counter()
        uses: Counter[tuple[str, str]] = Counter()
        for (client, price), count in counts.items():
            for field in price.fields:
                uses[client, field] += count
        return dict(uses)


def name_user(caller: Caller | None) -> str:
    """Name a client for the count: a partner's software, the staff, the members together."""
    if caller is None:
        return "anonymous"
    actor = caller.actor
    if actor.kind is not ActorKind.PARTNER:
        return str(actor.kind)
    client_id = actor.credential.client_id
    return f"{actor} {client_id}" if client_id else str(actor)


async def flush(database: Database, uses: FieldUses) -> None:
    """Write down what was counted, and forget the buckets that are full.

    Errors: DatabaseBusy, and what the driver raises; the counts are lost then.
    """
    counted = uses.take()
    async with database.begin(HUB_ACTOR) as tx:
        await add_uses(tx, counted)
        await drop_full_buckets(tx)


@asynccontextmanager
async def keep_uses(
    database: Database, uses: FieldUses, *, interval_seconds: int = FLUSH_SECONDS
) -> AsyncIterator[None]:
    """Write the counts down every minute while the block runs, and once more at its end."""
    task = asyncio.create_task(_keep(database, uses, interval_seconds))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await _flush_and_tell(database, uses)


async def _keep(database: Database, uses: FieldUses, interval_seconds: int) -> None:
    while True:
        await asyncio.sleep(interval_seconds)
        await _flush_and_tell(database, uses)


async def _flush_and_tell(database: Database, uses: FieldUses) -> None:
    try:
        await flush(database, uses)
    except Exception as error:  # noqa: BLE001 (a count that is lost must not end the hub)
        log.warning("schema.uses_lost", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Deprecated:
    """A field or argument that is going away."""

    name: str
    reason: str


def list_deprecated(schema: GraphQLSchema) -> list[Deprecated]:
    """List the fields and arguments that are deprecated, by name."""
    return sorted(_find_deprecated(schema), key=lambda each: each.name)


def _find_deprecated(schema: GraphQLSchema) -> Iterable[Deprecated]:
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in kind.fields.items():
            if field.deprecation_reason is not None:
                yield Deprecated(f"{kind.name}.{name}", field.deprecation_reason)
            for argument_name, argument in field.args.items():
                if argument.deprecation_reason is not None:
                    place = f"{kind.name}.{name}({argument_name}:)"
                    yield Deprecated(place, argument.deprecation_reason)


async def find_uses(database: Database, fields: Sequence[str] | None) -> list[FieldUse]:
    """Find who uses which fields; None: all."""
    async with database.read(HUB_ACTOR) as tx:
        return await list_uses(tx, fields, limit=USES_MAX)
