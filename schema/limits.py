"""Limits of a document, checked before anything is executed.

The rule classes are made once: a class made per request would never hit the validation cache.
"""

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
)
from graphql.validation import ValidationContext
from strawberry.extensions import SchemaExtension

TOKENS_MAX: Final = 2000
DEPTH_MAX: Final = 12
ALIASES_MAX: Final = 30
ROOT_FIELDS_MAX: Final = 20
DOCUMENTS_CACHED_MAX: Final = 256
LIST_MAX: Final = 100
INTROSPECTION_DEPTH_MAX: Final = 16
"""What GraphiQL and code generators ask of the schema is deeper than any question about points."""


class DocumentLimits(ValidationRule):
    """Refuses documents that are deep, have many aliases or many root fields.

    Fragments are measured once each, so a document of fragments within fragments costs no more
    than its size; a cycle is left to the rule that forbids cycles.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        document = context.document
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, tuple[int, int, int]] = {}
        self._open: set[str] = set()
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._check(definition)

    def _check(self, operation: OperationDefinitionNode) -> None:
        depth, aliases, fields = self._measure(operation.selection_set)
        is_introspection = all(name.startswith("__") for name in self._root_names(operation))
        depth_max = INTROSPECTION_DEPTH_MAX if is_introspection else DEPTH_MAX
        for what, measured, limit in (
            ("levels deep", depth, depth_max),
            ("aliases", aliases, ALIASES_MAX),
            ("root fields", fields, ROOT_FIELDS_MAX),
        ):
            if measured > limit:
                message = f"The operation has {measured} {what}; {limit} are allowed."
                self.report_error(GraphQLError(message, operation))

    def _root_names(self, operation: OperationDefinitionNode) -> list[str]:
        return [
            node.name.value if isinstance(node, FieldNode) else ""
            for node in operation.selection_set.selections
        ]

    def _measure(self, selected: SelectionSetNode | None) -> tuple[int, int, int]:
        """Measure a selection: its depth, its aliases, and its own fields."""
        depth = aliases = fields = 0
        for node in selected.selections if selected else ():
            if isinstance(node, FragmentSpreadNode):
                inner = self._measure_fragment(node.name.value)
            elif isinstance(node, FieldNode):
                below = self._measure(node.selection_set)
                inner = (below[0] + 1, below[1] + (node.alias is not None), 1)
            else:
                inner = self._measure(getattr(node, "selection_set", None))
            depth = max(depth, inner[0])
            aliases += inner[1]
            fields += inner[2]
        return depth, aliases, fields

    def _measure_fragment(self, name: str) -> tuple[int, int, int]:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return 0, 0, 0
        if name not in self._measured:
            self._open.add(name)
            self._measured[name] = self._measure(fragment.selection_set)
            self._open.discard(name)
        return self._measured[name]


RULES: Final[list[type[ASTValidationRule]]] = [DocumentLimits]


class ExecutionStage(SchemaExtension):
    """Notes in the context when execution begins, and that an operation was chosen clearly."""

    def on_validate(self) -> Iterator[None]:
        """Refuse several operations without a name: the specification says so."""
        context = self.execution_context
        document = context.graphql_document
        operations = [
            node
            for node in (document.definitions if document else ())
            if isinstance(node, OperationDefinitionNode)
        ]
        if len(operations) > 1 and not _provided_name(context):
            message = "The document has several operations: say which one with operationName."
            context.pre_execution_errors = [GraphQLError(message)]
        yield

    def on_execute(self) -> Iterator[None]:
        """From here on, an error without a path is about the variables."""
        self.execution_context.context.was_executing = True
        yield


def _provided_name(context: Any) -> str | None:  # noqa: ANN401 (Strawberry keeps it to itself)
    name: str | None = context._provided_operation_name  # noqa: SLF001
    return name
