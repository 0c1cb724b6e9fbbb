"""Limits of a document and its variables, checked before anything is validated or executed.

What a hostile document would cost is known from its size alone: so the checks are linear in it,
and come before the standard rules of validation, of which some are not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from schema.faults import Fault, FaultCode

LIST_MAX: Final = 100
"""Items of an ordinary list in an input or an answer; bulk operations say their own."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: its name, how much is allowed, and what is counted."""

    name: str
    allowed: int
    noun: str

    def check(self, asked: int, *, code: FaultCode = FaultCode.GRAPHQL_VALIDATION_FAILED) -> None:
        """Refuse what is above the limit.

        Errors: the fault with `extensions.limit`, which says what was asked and what is allowed.
        """
        if asked > self.allowed:
            self.refuse(f"{asked}", asked, code=code)

    def refuse(
        self, shown: str, asked: int, *, code: FaultCode = FaultCode.GRAPHQL_VALIDATION_FAILED
    ) -> NoReturn:
        """Refuse, saying what was asked in words.

        Errors: the fault, always.
        """
        raise Fault(
            code,
            f"The request has {shown} {self.noun}; {self.allowed} are allowed.",
            limit={"name": self.name, "allowed": self.allowed, "asked": asked},
        )


CHARACTERS: Final = Limit("characters", 50_000, "characters in its document")
NESTING: Final = Limit("nesting", 60, "brackets inside each other")
WORD: Final = Limit("word", 100, "characters in one name or number")
TOKENS_MAX: Final = 2_000
TOKENS: Final = Limit("tokens", TOKENS_MAX, "tokens in its document")
DEFINITIONS: Final = Limit("definitions", 60, "operations and fragments in its document")
DIRECTIVES: Final = Limit("directives", 50, "directives")
LITERALS: Final = Limit("literals", 500, "values written in its document")
VARIABLES: Final = Limit("variables", 60, "variables in one operation")
SELECTIONS: Final = Limit("selections", 600, "fields and fragments, counted wherever spread")
REPEATS: Final = Limit("repeats", 30, "mentions of one field in one place")
DEPTH: Final = Limit("depth", 12, "levels of fields")
INTROSPECTION_DEPTH: Final = Limit("introspectionDepth", 16, "levels of fields about the schema")
INTROSPECTION_LISTS: Final = Limit("introspectionLists", 1, "lists of fields inside each other")
INTROSPECTION_ROOTS: Final = Limit("introspectionRoots", 5, "questions about the schema")
ALIASES: Final = Limit("aliases", 30, "aliases")
ROOT_FIELDS: Final = Limit("rootFields", 20, "root fields in one operation")
VALUES: Final = Limit("values", 20_000, "values in its variables")
LIST_ITEMS: Final = Limit("listItems", 1_000, "items in one list of its variables")
TEXT: Final = Limit("text", 50_000, "characters in one text of its variables")
VALUE_NESTING: Final = Limit("valueNesting", 20, "levels in its variables")
REPRESENTATIONS: Final = Limit("representations", LIST_MAX, "representations of entities")

LIMITS: Final[tuple[Limit, ...]] = (
    CHARACTERS,
    TOKENS,
    NESTING,
    WORD,
    DEFINITIONS,
    DIRECTIVES,
    LITERALS,
    VARIABLES,
    DEPTH,
    SELECTIONS,
    REPEATS,
    ALIASES,
    ROOT_FIELDS,
    INTROSPECTION_ROOTS,
    INTROSPECTION_DEPTH,
    INTROSPECTION_LISTS,
    VALUES,
    LIST_ITEMS,
    TEXT,
    VALUE_NESTING,
    REPRESENTATIONS,
)
"""All limits of a request that do not depend on who asks."""

ERRORS_MAX: Final = 20
"""Errors that an answer lists."""

VALIDATION_ERRORS_MAX: Final = 10
"""Errors after which validation stops: each may look for names that were meant, which is dear."""

# One pass over the text: tokens, and comments, which the parser counts too. The alternatives
# exclude each other, so the time is linear whatever the text is.
_MARKS: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|#[^\n]*"
    r"|(?P<open>[{(\[])"
    r"|(?P<close>[})\]])"
    r"|(?P<word>[0-9A-Za-z_]+)"
    r"|\.\.\.|[!$&:=@|]",
    re.DOTALL,
)
_TYPE_LISTS: Final = frozenset({"fields", "inputFields", "interfaces", "possibleTypes"})
_ABOUT_SCHEMA: Final = frozenset({"__schema", "__type"})


def check_text(text: str) -> None:
    """Check a document before it is parsed.

    Errors: the fault GRAPHQL_VALIDATION_FAILED.
    """
    CHARACTERS.check(len(text))
    tokens = depth = deepest = longest = 0
    for mark in _MARKS.finditer(text):
        tokens += 1
        match mark.lastgroup:
            case "open":
                depth += 1
                deepest = max(deepest, depth)
            case "close":
                depth -= 1
            case "word":
                longest = max(longest, mark.end() - mark.start())
    TOKENS.check(tokens)
    NESTING.check(deepest)
    WORD.check(longest)


def check_document(document: DocumentNode) -> None:
    """Check a parsed document before it is validated.

    Errors: the fault GRAPHQL_VALIDATION_FAILED.
    """
    _Measure(document).check()


def measure_operation(document: DocumentNode, operation: OperationDefinitionNode) -> dict[str, int]:
    """Measure one operation of a valid document, by the names of the limits."""
    size = _Measure(document).measure(operation.selection_set)
    return {
        SELECTIONS.name: size.selections,
        DEPTH.name: size.depth,
        ALIASES.name: size.aliases,
        ROOT_FIELDS.name: size.fields,
        VARIABLES.name: len(operation.variable_definitions or ()),
        DEFINITIONS.name: len(document.definitions),
    }


def check_variables(variables: Mapping[str, Any] | None) -> None:
    """Check what was given for the variables, before it is coerced to their types.

    Errors: the fault BAD_USER_INPUT.
    """
    if not variables:
        return
    code = FaultCode.BAD_USER_INPUT
    count = 0
    levels: list[Iterator[Any]] = [iter((variables,))]
    while levels:
        value = next(levels[-1], levels)
        if value is levels:  # the iterator is at its end
            levels.pop()
            continue
        count += 1
        if isinstance(value, str):
            TEXT.check(len(value), code=code)
        elif isinstance(value, dict | list):
            if isinstance(value, list):
                LIST_ITEMS.check(len(value), code=code)
            VALUE_NESTING.check(len(levels), code=code)
            VALUES.check(count + len(value), code=code)
            levels.append(iter(value.values() if isinstance(value, dict) else value))
    VALUES.check(count, code=code)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a selection is, with its fragments written out."""

    selections: int = 0
    depth: int = 0
    aliases: int = 0
    fields: int = 0


class _Measure:
    """Measures the operations of one document; every fragment is measured once."""

    def __init__(self, document: DocumentNode) -> None:
        self._operations = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._definition_count = len(document.definitions)
        self._directive_count = 0
        self._literal_count = 0
        self._measured: dict[str, Size] = {}
        self._open: set[str] = set()

    def check(self) -> None:
        """Check everything, cheapest first.

        Errors: the fault GRAPHQL_VALIDATION_FAILED.
        """
        DEFINITIONS.check(self._definition_count)
        selections = 0
        for operation in self._operations:
            VARIABLES.check(len(operation.variable_definitions or ()))
            self._directive_count += len(operation.directives or ())
            for variable in operation.variable_definitions or ():
                self._count_literals(variable.default_value)
            size = self.measure(operation.selection_set)
            selections += size.selections
            SELECTIONS.check(selections)
            is_about_schema = self._check_introspection(operation)
            (INTROSPECTION_DEPTH if is_about_schema else DEPTH).check(size.depth)
            ALIASES.check(size.aliases)
            ROOT_FIELDS.check(size.fields)
        DIRECTIVES.check(self._directive_count)
        LITERALS.check(self._literal_count)
        for name in self._fragments:
            if name not in self._measured:
                raise Fault(
                    FaultCode.GRAPHQL_VALIDATION_FAILED, f"Fragment '{name}' is never used."
                )
        for operation in self._operations:
            self._check_repeats([operation.selection_set])

    def measure(self, selected: SelectionSetNode | None) -> Size:
        """Measure a selection, with its fragments written out.

        Errors: the fault GRAPHQL_VALIDATION_FAILED, for a fragment that contains itself.
        """
        selections = depth = aliases = fields = 0
        for node in selected.selections if selected else ():
            self._directive_count += len(node.directives or ())
            if isinstance(node, FieldNode):
                for argument in node.arguments or ():
                    self._count_literals(argument.value)
                below = self.measure(node.selection_set)
                depth = max(depth, below.depth + 1)
                aliases += below.aliases + (node.alias is not None)
                fields += 1
            else:
                below = self._measure_fragment(node)
                depth = max(depth, below.depth)
                aliases += below.aliases
                fields += below.fields
            selections += below.selections + 1
        return Size(selections, depth, aliases, fields)

    def _measure_fragment(self, node: SelectionNode) -> Size:
        if not isinstance(node, FragmentSpreadNode):
            return self.measure(getattr(node, "selection_set", None))
        name = node.name.value
        if name in self._open:
            raise Fault(FaultCode.GRAPHQL_VALIDATION_FAILED, f"Fragment '{name}' contains itself.")
        fragment = self._fragments.get(name)
        if fragment is None:
            return Size()  # the standard rules say which fragment is missing
        if name not in self._measured:
            self._directive_count += len(fragment.directives or ())
            self._open.add(name)
            self._measured[name] = self.measure(fragment.selection_set)
            self._open.discard(name)
        return self._measured[name]

    def _count_literals(self, value: ValueNode | None) -> None:
        self._literal_count += value is not None
        for item in getattr(value, "values", None) or ():
            self._count_literals(item)
        for field in getattr(value, "fields", None) or ():
            self._count_literals(field.value)

    def _check_introspection(self, operation: OperationDefinitionNode) -> bool:
        """Check questions about the schema; say whether the operation asks nothing else."""
        roots = list(self._fields([operation.selection_set]))
        about = [node for node in roots if node.name.value in _ABOUT_SCHEMA]
        INTROSPECTION_ROOTS.check(len(about))
        for node in about:
            self._check_type_lists([node.selection_set], 0)
        return all(node.name.value.startswith("__") for node in roots)

    def _check_type_lists(self, sets: Sequence[SelectionSetNode | None], inside: int) -> None:
        for node in self._fields(sets):
            lists = inside + (node.name.value in _TYPE_LISTS)
            INTROSPECTION_LISTS.check(lists)
            self._check_type_lists([node.selection_set], lists)

    def _check_repeats(self, sets: Sequence[SelectionSetNode | None]) -> None:
        """Check how often each field is mentioned at its place: merging them costs its square."""
        places: dict[str, list[SelectionSetNode | None]] = {}
        for node in self._fields(sets):
            name = node.alias.value if node.alias else node.name.value
            places.setdefault(name, []).append(node.selection_set)
        REPEATS.check(max(map(len, places.values()), default=0))
        for place in places.values():
            self._check_repeats(place)

    def _fields(self, sets: Sequence[SelectionSetNode | None]) -> Iterator[FieldNode]:
        """List the fields of selections, through fragments; cycles were refused before."""
        for selected in sets:
            for node in selected.selections if selected else ():
                if isinstance(node, FieldNode):
                    yield node
                elif isinstance(node, InlineFragmentNode):
                    yield from self._fields([node.selection_set])
                elif isinstance(node, FragmentSpreadNode):
                    fragment = self._fragments.get(node.name.value)
                    yield from self._fields([fragment.selection_set] if fragment else [])
