"""What an operation would cost, asked before it is sent."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode
from graphql.execution.values import get_variable_values
from strawberry.scalars import JSON
from strawberry.types.unset import UnsetType

from schema.accounts import given
from schema.context import Context, Info
from schema.cost.gate import BucketGate
from schema.cost.pricing import OperationPrice
from schema.faults import bad_input
from schema.fields import query
from schema.limits import DEPTH, ERRORS_MAX, LIMITS, Limit, check_variables, measure_operation
from schema.view.callers import Caller
from schema.view.documents import NotPrepared, PreparedDocument, hash_text

Document = Annotated[
    str, strawberry.argument(description="The document, as it would be sent as `query`.")
]
Variables = Annotated[
    JSON | None,
    strawberry.argument(
        description="The variables, as they would be sent. Without them, lists whose size a"
        " variable says are taken as `@listSize` assumes."
    ),
]
OperationName = Annotated[
    str | None,
    strawberry.argument(description="Which operation of the document, where it has several."),
]


@strawberry.type(description="A limit that every request is held to, and how near this one comes.")
class LimitState:
    """A limit, and how near an operation comes."""

    name: str = strawberry.field(description="Its name, as in `extensions.limit` of a refusal.")
    allowed: int = strawberry.field(description="How much is allowed.")
    asked: int | None = strawberry.field(
        description="How much the operation asks for; null where that shows with its variables or"
        " its text only."
    )
    counts: str = strawberry.field(description="What is counted.")


@strawberry.type(description="What an operation costs, before it runs. Asking is free.")
class OperationCost:
    """What an operation costs."""

    cost: int = strawberry.field(
        description="What is taken from the bucket: `requestedQueryCost` in `extensions.cost`."
    )
    depth: int = strawberry.field(description="How many levels of fields it has.")
    scopes: list[str] = strawberry.field(description="The scopes that its root fields take.")
    limits: list[LimitState] = strawberry.field(description="The limits, and what it asks for.")


@query("What an operation would cost, and how near it comes to the limits; free.")
async def operation_cost(
    info: Info,
    document: Document,
    variables: Variables = strawberry.UNSET,
    operation_name: OperationName = strawberry.UNSET,
) -> OperationCost:
    """Say what an operation would cost; a document that is not known is charged for reading it."""
    context = info.context
    prepared = await _read(context, document)
    operation = prepared.choose(given(operation_name))
    price = operation.price
    assert isinstance(price, OperationPrice), "the hub prices its operations"
    cost = price.cost(_coerce(info, operation.node, variables))
    asked = measure_operation(prepared.document, operation.node)
    limits = [_show(limit, asked.get(limit.name)) for limit in LIMITS]
    if isinstance(context.gate, BucketGate):
        limits.insert(0, _show(context.gate.operation_limit, cost))
    return OperationCost(
        cost=cost, depth=asked[DEPTH.name], scopes=sorted(price.scopes), limits=limits
    )


async def _read(context: Context, text: str) -> PreparedDocument:
    """Read a document; one that the hub has not seen lately is charged, like one that is sent.

    Errors: the faults of a document that cannot be executed, and THROTTLED.
    """
    caller = Caller(context.actor)
    is_known = context.documents.get(hash_text(text)) is not None
    if not is_known:
        await context.gate.charge_failed(caller, None)
    try:
        return context.documents.prepare(text)
    except NotPrepared as refused:
        first = refused.errors[0]
        extensions = {**(first.extensions or {}), "code": refused.code.value}
        raise GraphQLError(first.message, extensions=extensions) from None


def _coerce(
    info: Info, operation: OperationDefinitionNode, variables: "object | UnsetType | None"
) -> Mapping[str, Any]:
    """Coerce the variables, if there are any.

    Errors: the fault BAD_USER_INPUT.
    """
    if variables is None or isinstance(variables, UnsetType):
        return {}
    if not isinstance(variables, dict):
        raise bad_input("`variables` is an object.")
    check_variables(variables)
    schema = info.schema._schema  # noqa: SLF001 (where Strawberry keeps graphql-core's schema)
    found = get_variable_values(schema, operation.variable_definitions or (), variables, ERRORS_MAX)
    if isinstance(found, list):
        raise bad_input(found[0].message)
    coerced: Mapping[str, Any] = found.coerced
    return coerced


def _show(limit: Limit, asked: int | None) -> LimitState:
    return LimitState(name=limit.name, allowed=limit.allowed, asked=asked, counts=limit.noun)
