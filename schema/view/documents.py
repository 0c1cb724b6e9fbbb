"""Documents made ready: parsed, validated, priced, and their operations looked up, once for all."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails

from schema.faults import Fault, FaultCode
from schema.limits import TOKENS_MAX, VALIDATION_ERRORS_MAX, check_document, check_text

INCREMENTAL: Final = frozenset({"defer", "stream"})
BYTES_PER_NODE: Final = 600
BYTES_PER_DOCUMENT: Final = 2500
"""What a document and its nodes take in memory, tokens, names and prices included; measured, and
rounded up by half (tests/schema/view/test_shelf.py)."""


class Price(Protocol):
    """What an operation costs, and what its caller needs: known before anything is executed."""

    @property
    def scopes(self) -> frozenset[str]:
        """What the caller must have been granted."""

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Give the cost with these variables, which were coerced."""


CompilePrice = Callable[[GraphQLSchema, DocumentNode, OperationDefinitionNode], Price]


@dataclass(frozen=True, slots=True)
class Free:
    """The price of an operation where nothing is priced."""

    scopes: frozenset[str] = frozenset()

    def cost(self, _: Mapping[str, Any]) -> int:
        """Give nothing."""
        return 0


def price_nothing(_: GraphQLSchema, __: DocumentNode, ___: OperationDefinitionNode) -> Price:
    """Give operations away: for schemas without prices."""
    return Free()


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """One operation of a document."""

    name: str | None
    kind: OperationType
    node: OperationDefinitionNode
    price: Price
    is_incremental: bool


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that is valid in the schema."""

    sha256: str
    text: str
    document: DocumentNode
    fragments: dict[str, FragmentDefinitionNode]
    fragment_details: dict[str, FragmentDetails]
    operations: tuple[PreparedOperation, ...]
    size_bytes: int

    def choose(self, name: str | None) -> PreparedOperation:
        """Choose the operation that a request names; without a name there must be only one.

        Errors: the fault OPERATION_RESOLUTION_FAILURE.
        Source: GraphQL specification, GetOperation().
        """
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            if not self.operations:
                raise _unresolved("The document has no operation.")
            raise _unresolved(
                "The document has several operations: say which one with `operationName`."
            )
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise _unresolved(f"The document has no operation `{name[:64]}`.")


@dataclass(eq=False)
class NotPrepared(Exception):
    """The document cannot be executed, for these reasons."""

    code: FaultCode
    errors: list[GraphQLError]


def hash_text(text: str) -> str:
    """Name a document by its exact text: SHA-256 of it in UTF-8, hexadecimal."""
    return sha256(text.encode()).hexdigest()


def prepare(schema: GraphQLSchema, text: str, compile_price: CompilePrice) -> PreparedDocument:
    """Parse and validate a document, and price its operations.

    Errors: NotPrepared.
    """
    document = _read(schema, text)
    definitions = document.definitions
    fragments = {
        node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)
    }
    nodes = list(walk(definitions))
    is_incremental = any(
        directive.name.value in INCREMENTAL
        for node in nodes
        for directive in getattr(node, "directives", None) or ()
    )
    return PreparedDocument(
        sha256=hash_text(text),
        text=text,
        document=document,
        fragments=fragments,
        fragment_details={
            name: FragmentDetails(fragment, None) for name, fragment in fragments.items()
        },
        operations=tuple(
            PreparedOperation(
                name=node.name.value if node.name else None,
                kind=node.operation,
                node=node,
                price=compile_price(schema, document, node),
                is_incremental=is_incremental,
            )
            for node in definitions
            if isinstance(node, OperationDefinitionNode)
        ),
        size_bytes=BYTES_PER_DOCUMENT + len(nodes) * BYTES_PER_NODE + sys.getsizeof(text),
    )


def _read(schema: GraphQLSchema, text: str) -> DocumentNode:
    """Parse and validate, the cheap checks first.

    Errors: NotPrepared.
    """
    try:
        check_text(text)
        document = parse(text, max_tokens=TOKENS_MAX)
        check_document(document)
        errors = validate(schema, document, max_errors=VALIDATION_ERRORS_MAX)
    except GraphQLSyntaxError as error:
        raise NotPrepared(FaultCode.GRAPHQL_PARSE_FAILED, [error]) from None
    except GraphQLError as error:
        errors = [error]
    if errors:
        raise NotPrepared(FaultCode.GRAPHQL_VALIDATION_FAILED, errors)
    return document


def walk(nodes: Iterable[Node]) -> Iterable[Node]:
    """Go through nodes and all that is below them, without recursion."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            below = getattr(node, key, None)
            if isinstance(below, Node):
                waiting.append(below)
            elif isinstance(below, list | tuple):
                waiting += [each for each in below if isinstance(each, Node)]


def _unresolved(message: str) -> Fault:
    return Fault(FaultCode.OPERATION_RESOLUTION_FAILURE, message)
