"""Which methods there are: one per mutation, question, list and subscription; with its document."""

import re
from dataclasses import dataclass, replace
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
    print_ast,
)

from tests.client.generator.names import snake
from tests.client.generator.shapes import (
    REFUSED,
    Shape,
    Shapes,
    is_connection,
    is_listed,
    is_node,
    is_payload,
    list_refusals,
)

PAGING: Final = {"first", "after", "last", "before"}
BACKWARDS: Final = {"last", "before"}
DEPTH_MAX: Final = 2
"""How many fields deep something may lie whose lists have methods."""


@dataclass(frozen=True)
class Operation:
    """One method."""

    name: str
    kind: str
    """change, ask, list (with pages) or listen."""
    arguments: dict[str, GraphQLArgument]
    path: tuple[str, ...]
    """The fields from the root down."""
    type: GraphQLOutputType
    shape: Shape | None
    items: str
    """For lists: `nodes` or `edges`."""
    description: str
    document: str
    is_maybe_missing: bool = False
    """Whether something above the last field may be null."""

    @property
    def constant(self) -> str:
        """The name of the document."""
        return self.name.upper()


class Operations:
    """Makes every operation of a schema."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.schema = shapes.schema
        self.refusals = list_refusals(self.schema)

    def make(self) -> list[Operation]:
        """Make them all, in the order of the schema."""
        made: list[Operation] = []
        roots = (self.schema.mutation_type, self.schema.query_type, self.schema.subscription_type)
        makers = (self._changes, self._questions, self._streams)
        for root, maker in zip(roots, makers, strict=True):
            for name, each in (root.fields if root else {}).items():
                if not name.startswith("_") and each.deprecation_reason is None:
                    made += maker(name, each)
        taken: dict[str, Operation] = {}
        for each in made:
            # A subscription may be called like the list that it continues.
            name = f"{each.name}_live" if each.name in taken else each.name
            taken.setdefault(name, replace(each, name=name))
        return list(taken.values())

    def _changes(self, name: str, each: GraphQLField) -> list[Operation]:
        target = get_named_type(each.type)
        if not isinstance(target, GraphQLObjectType) or not is_payload(target, self.schema):
            return []
        shape = self.shapes.full(target)
        lines = self._select(shape)
        listed = set(re.findall(r"`([A-Z]\w+)`", (each.description or "").partition("Refused")[2]))
        if REFUSED in target.fields:
            lines += [f"{REFUSED} {{", *_indent(self._select_refusals(listed)), "}"]
        document = self._document("mutation", (name,), [each], each.args, lines)
        return [self._operation("change", (name,), each, each.args, document=document, shape=shape)]

    def _questions(self, name: str, each: GraphQLField) -> list[Operation]:
        target = get_named_type(each.type)
        if is_leaf_type(target):
            document = self._document("query", (name,), [each], each.args, [])
            return [self._operation("ask", (name,), each, each.args, document=document, shape=None)]
        if not isinstance(target, GraphQLObjectType):
            return []
        if is_connection(target):
            return [self._list((name,), [each], each.args)]
        shape = self.shapes.full(target)
        document = self._document("query", (name,), [each], each.args, self._select(shape))
        made = [self._operation("ask", (name,), each, each.args, document=document, shape=shape)]
        return made if is_listed(each.type) else made + self._inner((name,), [each], target)

    def _inner(
        self, path: tuple[str, ...], fields: list[GraphQLField], target: GraphQLObjectType
    ) -> list[Operation]:
        """Make a method for each list that something has, and for what it tells when asked."""
        made: list[Operation] = []
        above = {name: each for field in fields for name, each in field.args.items()}
        for name, inner in target.fields.items():
            kind = get_named_type(inner.type)
            is_clear = above.keys().isdisjoint(inner.args) and inner.deprecation_reason is None
            if not is_clear or not isinstance(kind, GraphQLObjectType):
                continue
            arguments = {**above, **inner.args}
            below, chain = (*path, name), [*fields, inner]
            if is_connection(kind):
                made.append(self._list(below, chain, arguments))
            elif inner.args or (is_node(kind) and is_listed(inner.type)):
                shape = self.shapes.full(kind)
                document = self._document("query", below, chain, arguments, self._select(shape))
                made.append(
                    self._operation("ask", below, inner, arguments, document=document, shape=shape)
                )
                if not is_listed(inner.type) and len(below) < DEPTH_MAX:
                    made += self._inner(below, chain, kind)
        return made

    def _list(
        self, path: tuple[str, ...], fields: list[GraphQLField], arguments: dict
    ) -> Operation:
        arguments = {name: each for name, each in arguments.items() if name not in BACKWARDS}
        connection = get_named_type(fields[-1].type)
        edge = get_named_type(connection.fields["edges"].type)
        node = get_named_type(edge.fields["node"].type)
        has_more = set(edge.fields) - {"cursor", "node"}
        items, shape = "nodes", self.shapes.full(node)
        lines = self._select(shape)
        if has_more or "nodes" not in connection.fields:
            items, shape = "edges", self.shapes.around(edge, without="cursor")
            lines = self._select(shape)
        page = ["pageInfo {", "  hasNextPage", "  endCursor", "}"]
        lines = [f"{items} {{", *_indent(lines), "}", *page]
        document = self._document("query", path, fields, arguments, lines)
        return self._operation(
            "list", path, fields[-1], arguments, document=document, shape=shape, items=items
        )

    def _streams(self, name: str, each: GraphQLField) -> list[Operation]:
        target = get_named_type(each.type)
        if not isinstance(target, GraphQLObjectType):
            return []
        shape = self.shapes.full(target) if is_node(target) else self.shapes.around(target)
        document = self._document("subscription", (name,), [each], each.args, self._select(shape))
        return [self._operation("listen", (name,), each, each.args, document=document, shape=shape)]

    def _operation(
        self,
        kind: str,
        path: tuple[str, ...],
        last: GraphQLField,
        arguments: dict[str, GraphQLArgument],
        *,
        document: str,
        shape: Shape | None,
        items: str = "",
    ) -> Operation:
        kept = {n: a for n, a in arguments.items() if not (kind == "list" and n in PAGING)}
        return Operation(
            snake(_name(path)),
            kind,
            kept,
            path,
            last.type,
            shape,
            items,
            last.description or "",
            document,
        )

    def _document(
        self,
        kind: str,
        path: tuple[str, ...],
        fields: list[GraphQLField],
        arguments: dict[str, GraphQLArgument],
        lines: list[str],
    ) -> str:
        for name, each in reversed(list(zip(path, fields, strict=True))):
            given = ", ".join(f"{other}: ${other}" for other in each.args if other in arguments)
            head = f"{name}({given})" if given else name
            lines = [f"{head} {{", *_indent(lines), "}"] if lines else [head]
        declared = ", ".join(_declare(name, each) for name, each in arguments.items())
        title = _name(path)
        head = f"{kind} {title[0].upper()}{title[1:]}" + (f"({declared})" if declared else "")
        if len(head) > 90:
            inner = [f"  {_declare(name, each)}" for name, each in arguments.items()]
            head = "\n".join([head.partition("(")[0] + "(", *inner, ")"])
        return "\n".join([f"{head} {{", *_indent(lines), "}"])

    def _select(self, shape: Shape) -> list[str]:
        lines = []
        for part in shape.parts:
            if part.is_refusals:
                lines += [f"{part.name} {{", *_indent(self._select_refusals(set())), "}"]
            elif part.shape is None:
                lines.append(part.name)
            else:
                lines += [f"{part.name} {{", *_indent(self._select(part.shape)), "}"]
        return lines

    def _select_refusals(self, listed: set[str]) -> list[str]:
        """Ask for the data of the refusals that may come; of all, where it is not said which."""
        kinds = [kind for kind in self.refusals if not listed or kind.name in listed]
        lines = ["__typename", "message", "code", "path"]
        for kind in kinds:
            keys = {name: key_of(kind, name, self.refusals) for name in own_fields(kind)}
            own = [name if key == name else f"{key}: {name}" for name, key in keys.items()]
            if own:
                lines.append(f"... on {kind.name} {{ {' '.join(own)} }}")
        return lines


def own_fields(kind: GraphQLObjectType) -> list[str]:
    """The data of a refusal, without what every refusal has."""
    return [
        name
        for name, each in kind.fields.items()
        if name not in {"message", "code", "path"} and is_leaf_type(get_named_type(each.type))
    ]


def key_of(kind: GraphQLObjectType, name: str, refusals: list[GraphQLObjectType]) -> str:
    """The key under which a datum comes: two refusals may use one name for different types."""
    types = {str(other.fields[name].type) for other in refusals if name in other.fields}
    return name if len(types) == 1 else f"{name}_{kind.name}"


def _name(path: tuple[str, ...]) -> str:
    return path[0] + "".join(part[0].upper() + part[1:] for part in path[1:])


def _declare(name: str, argument: GraphQLArgument) -> str:
    declared = f"${name}: {argument.type}"
    default = argument.ast_node.default_value if argument.ast_node else None
    return f"{declared} = {print_ast(default)}" if default else declared


def _indent(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
