"""What a router asks a subgraph: its schema, and entities by their keys.

Entities are found as `node` finds them: what is not for whoever asks is null.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import strawberry
from strawberry.federation.schema import FederationAny
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from partners.errors import PartnerNotFound
from schema.context import Info
from schema.federation import Representation, ResolveMany, resolve_representations, text_of
from schema.fields import query
from schema.limits import LIST_MAX
from schema.members import Member
from schema.partners import Partner, Terms, show_partner
from schema.queries.identity import find_node
from schema.wallets.wallets import Entry, Lot, Wallet
from schema.windows import SettlementWindow

Entity: TypeAlias = Annotated[
    Member | Wallet | Lot | Entry | Partner | Terms | SettlementWindow,
    strawberry.union("_Entity", description="What has a key, and can be asked for by it."),
]

Representations = Annotated[
    list[FederationAny],
    strawberry.argument(description=f"What is asked for, at most {LIST_MAX}."),
]


@strawberry.type(name="_Service", description="This subgraph.")
class Subgraph:
    """This subgraph."""

    sdl: str = strawberry.field(
        description="Its schema with the directives of Federation 2, to compose a supergraph of."
    )


def by_id(kind: type[Any]) -> ResolveMany:
    """Make the resolver of a type whose key is its id."""

    async def resolve(info: Info, given: Sequence[Representation]) -> Sequence[object | None]:
        ids = [text_of(each, "id") for each in given]
        found = await asyncio.gather(*[find_node(info.context, each) for each in ids])
        return [each if isinstance(each, kind) else None for each in found]

    return resolve


async def find_partners(info: Info, given: Sequence[Representation]) -> Sequence[object | None]:
    """Find partners by their ids or codes."""
    by_ids = [each for each in given if "id" in each]
    found = iter(await by_id(Partner)(info, by_ids))
    return [
        next(found) if "id" in each else _find_partner(info, text_of(each, "code"))
        for each in given
    ]


def _find_partner(info: Info, code: str) -> Partner | None:
    try:
        row = info.context.rooms.register.get_partner(code)
    except PartnerNotFound:
        return None
    return show_partner(info.context, row.partner_id)


RESOLVERS: Final[Mapping[str, ResolveMany]] = {
    "Member": by_id(Member),
    "Wallet": by_id(Wallet),
    "Lot": by_id(Lot),
    "Entry": by_id(Entry),
    "Partner": find_partners,
    "Terms": by_id(Terms),
    "SettlementWindow": by_id(SettlementWindow),
}

KEYS: Final[Mapping[type[Any], Sequence[str]]] = {
    Member: ("id",),
    Wallet: ("id",),
    Lot: ("id",),
    Entry: ("id",),
    Partner: ("id", "code"),
    Terms: ("id",),
    SettlementWindow: ("id",),
}
"""The keys of each entity. Ids are those of whoever asks: a router hands their token on."""


def mark_entities() -> None:
    """Attach the keys to their types, before the schema is built."""
    for kind, keys in KEYS.items():
        definition = kind.__strawberry_definition__
        own = [Key(fields=FieldSet(each)) for each in keys]
        definition.directives = [*(definition.directives or ()), *own]


def _named(field: Callable[..., Any], name: str) -> Any:  # noqa: ANN401 (Strawberry's field)
    """Give a field a name that Python's names cannot give."""
    made: Any = field
    made.graphql_name = name
    return made


@query("For routers: the schema of this subgraph.")
async def subgraph(info: Info) -> Subgraph:
    """Print the schema of this subgraph."""
    schema: Any = info.schema
    return Subgraph(sdl=schema.print_subgraph())


@query("For routers: entities by their keys, in order; null for what is not there, or not for you.")
async def entities(info: Info, representations: Representations) -> list[Entity | None]:
    """Find entities by their keys, a type at a time."""
    found: Any = await resolve_representations(info, representations, RESOLVERS)
    resolved: list[Entity | None] = found
    return resolved


subgraph, entities = _named(subgraph, "_service"), _named(entities, "_entities")
