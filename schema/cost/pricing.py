"""The price of an operation: a function of its variables, made once from its document.

The rules, which a client can follow with the schema alone: an object costs 1, anything else 0, or
what `@cost` says; a list costs its objects so many times as `@listSize` says; what is mentioned
twice at one place is counted once; of alternative types the dearest counts; `@skip` and `@include`
lower nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from schema.cost.weights import (
    INTROSPECTION_WEIGHTS,
    FieldWeight,
    ListRule,
    Weights,
    read_weights,
)

SIZE_MAX: Final = 1_000_000
"""Sizes above it are counted as this many: the resolver refuses them long before."""

Variables = Mapping[str, Any]
Sets = Sequence[SelectionSetNode | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A size that a variable says: its value, or its length where it is a list."""

    variable: str
    path: tuple[str, ...]

    def read(self, variables: Variables) -> int | None:
        """Read the size; None when it was left out."""
        value: Any = variables.get(self.variable)
        for name in self.path:
            value = _part_of(value, name)
        if isinstance(value, list | tuple):
            return len(value)
        return max(0, min(value, SIZE_MAX)) if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Size:
    """How many: the largest of what is asked for, else what is assumed."""

    asked: tuple[int | Asked, ...]
    assumed: int

    def read(self, variables: Variables) -> int:
        """Read the size."""
        largest = -1
        for each in self.asked:
            found = each if isinstance(each, int) else each.read(variables)
            if found is not None and found > largest:
                largest = found
        return self.assumed if largest < 0 else largest


@dataclass(frozen=True, slots=True)
class Sum:
    """A cost that depends on variables: a part that is fixed, and parts taken so many times."""

    fixed: int
    parts: tuple[tuple["int | Size", "Formula"], ...]

    def read(self, variables: Variables) -> int:
        """Read the cost."""
        total = self.fixed
        for times, cost in self.parts:
            total += _read(times, variables) * _read(cost, variables)
        return total


@dataclass(frozen=True, slots=True)
class Dearest:
    """The dearest of alternatives."""

    costs: tuple["Formula", ...]

    def read(self, variables: Variables) -> int:
        """Read the cost."""
        return max(_read(cost, variables) for cost in self.costs)


Formula = int | Sum | Dearest


@dataclass(frozen=True, slots=True, eq=False)
class OperationPrice:
    """What an operation costs, the scopes that its root fields take, and the fields it names.

    Compared by identity: a price is that of one operation of one prepared document.
    """

    formula: Formula
    scopes: frozenset[str]
    fields: frozenset[str]

    def cost(self, variables: Variables) -> int:
        """Give the cost with these variables, which were coerced."""
        return _read(self.formula, variables)


def compile_price(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> OperationPrice:
    """Compile the price of an operation of a valid document.

    Its size is bounded by `schema.limits`: so is the work here, which is linear in it.
    """
    pricer = _Pricer(schema, document)
    root = schema.get_root_type(operation.operation)
    assert root is not None, "a valid operation has a root"
    weights = pricer.weights.get(root.name, {})
    roots = {node.name.value for node in pricer.fields([operation.selection_set], root)}
    scopes = [weights[name].scopes for name in roots if name in weights]
    formula = pricer.price([operation.selection_set], root, {})
    return OperationPrice(formula, frozenset().union(*scopes), frozenset(pricer.used))


@dataclass(slots=True)
class _Place:
    """One field of an answer: every mention of it at this place."""

    node: FieldNode
    sets: list[SelectionSetNode | None] = field(default_factory=list)


class _Pricer:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.weights: Weights = read_weights(schema)
        self.used: set[str] = set()
        self._schema = schema
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def price(
        self, sets: Sets, kind: GraphQLNamedType, sizes: Mapping[str, "int | Size"]
    ) -> Formula:
        """Price selections on a type; `sizes` are those that the field above gives to some."""
        alternatives = [kind, *sorted(self._mentioned(sets, kind), key=lambda each: each.name)]
        costs = [self._price_type(sets, each, sizes) for each in alternatives]
        return costs[0] if len(costs) == 1 else _dearest(costs)

    def fields(self, sets: Sets, kind: GraphQLNamedType) -> Iterator[FieldNode]:
        """List the fields that an object of the type is asked for, fragments written out."""
        for node, condition in self._walk(sets):
            if condition is None or self._applies(condition, kind):
                yield node

    def _price_type(
        self, sets: Sets, kind: GraphQLNamedType, sizes: Mapping[str, "int | Size"]
    ) -> Formula:
        places: dict[str, _Place] = {}
        for node in self.fields(sets, kind):
            name = node.alias.value if node.alias else node.name.value
            places.setdefault(name, _Place(node)).sets.append(node.selection_set)
        weights = self.weights.get(kind.name, {})
        return _sum(
            self._price_field(place, kind, weights.get(place.node.name.value), sizes)
            for place in places.values()
        )

    def _price_field(
        self,
        place: _Place,
        kind: GraphQLNamedType,
        weight: FieldWeight | None,
        sizes: Mapping[str, "int | Size"],
    ) -> tuple["int | Size", Formula]:
        name = place.node.name.value
        if weight is None:
            return 1, INTROSPECTION_WEIGHTS.get(name, 0)
        self._note_use(f"{kind.name}.{name}", place.node)
        below: Formula = 0
        times = sizes.get(name, 1)
        inner: Mapping[str, int | Size] = {}
        rule = weight.list_rule
        if rule is not None:
            size = _size_of(rule, place.node)
            inner = dict.fromkeys(rule.sized_fields, size)
            times = times if rule.sized_fields or name in sizes else size
        named = get_named_type(kind.fields[name].type)  # type: ignore[attr-defined]  # not a union
        if is_composite_type(named):
            below = self.price(place.sets, named, inner)
        own = [(_row_count(place.node, row.path), row.weight) for row in weight.rows]
        cost = _sum([(1, weight.weight), (1, below)])
        return (1, _sum([(times, cost), *own])) if own else (times, cost)

    def _note_use(self, name: str, node: FieldNode) -> None:
        self.used.add(name)
        self.used.update(f"{name}({argument.name.value}:)" for argument in node.arguments or ())

    def _mentioned(self, sets: Sets, kind: GraphQLNamedType) -> set[GraphQLNamedType]:
        """List the object types that fragments name, where the object may be of several types."""
        if not is_abstract_type(kind):
            return set()
        found: set[GraphQLNamedType] = set()
        possible = {each.name: each for each in self._schema.get_possible_types(kind)}
        for _, condition in self._walk(sets):
            for name in condition or ():
                named = self._schema.get_type(name)
                if named is None or named is kind:
                    continue
                inner = (
                    self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
                )
                found |= {each for each in inner if each.name in possible}
        return found

    def _walk(
        self, sets: Sets, condition: frozenset[str] | None = None
    ) -> Iterator[tuple[FieldNode, frozenset[str] | None]]:
        """List fields with the types that the fragments around them name."""
        for selected in sets:
            for node in selected.selections if selected else ():
                if isinstance(node, FieldNode):
                    yield node, condition
                    continue
                inner: SelectionNode | FragmentDefinitionNode = node
                if isinstance(node, FragmentSpreadNode):
                    inner = self._fragments[node.name.value]
                assert isinstance(inner, InlineFragmentNode | FragmentDefinitionNode)
                named = inner.type_condition
                narrowed = {named.name.value} if named else set()
                both = (condition or frozenset()) | narrowed
                yield from self._walk([inner.selection_set], both or None)

    def _applies(self, condition: frozenset[str], kind: GraphQLNamedType) -> bool:
        """Whether a fragment on these types applies to an object of the type."""
        for name in condition:
            named = self._schema.get_type(name)
            if named is kind:
                continue
            if not is_abstract_type(named) or not self._schema.is_sub_type(named, kind):
                return False
        return True


def _size_of(rule: ListRule, node: FieldNode) -> "int | Size":
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    asked = [_asked(given.get(name), rest) for name, *rest in rule.arguments]
    size = Size(tuple(each for each in asked if each is not None), rule.assumed_size)
    return size if any(isinstance(each, Asked) for each in size.asked) else size.read({})


def _row_count(node: FieldNode, path: tuple[str, ...]) -> "int | Size":
    """Count the items of a list in the arguments; what is no list counts once where it is given."""
    name, *rest = path
    for argument in node.arguments or ():
        if argument.name.value == name:
            asked = _asked(argument.value, rest)
            return Size((asked,), 0) if isinstance(asked, Asked) else asked or 0
    return 0


def _asked(value: ValueNode | None, path: Sequence[str]) -> "int | Asked | None":
    """Say what a value asks for: a number now, or what a variable says later."""
    if isinstance(value, VariableNode):
        return Asked(value.name.value, tuple(path))
    if path and isinstance(value, ObjectValueNode):
        name, *rest = path
        parts = {part.name.value: part.value for part in value.fields}
        return _asked(parts.get(name), rest)
    if isinstance(value, ListValueNode) and not path:
        return len(value.values)
    if isinstance(value, IntValueNode) and not path:
        return max(0, min(int(value.value), SIZE_MAX))
    return None


def _part_of(value: Any, name: str) -> Any:  # noqa: ANN401 (a coerced input)
    """Take a field out of a coerced input, which has Python's names or the schema's."""
    if isinstance(value, Mapping):
        return value.get(name)
    return None


def _read(cost: "Formula | Size", variables: Variables) -> int:
    return cost if isinstance(cost, int) else cost.read(variables)


def _sum(
    parts: Iterator[tuple["int | Size", Formula]] | Sequence[tuple["int | Size", Formula]],
) -> Formula:
    """Add up, and keep apart only what depends on variables."""
    fixed = 0
    kept: list[tuple[int | Size, Formula]] = []
    for times, cost in parts:
        if isinstance(times, int) and isinstance(cost, int):
            fixed += times * cost
        elif times == 1 and isinstance(cost, Sum):
            fixed += cost.fixed
            kept += cost.parts
        elif cost != 0:
            kept.append((times, cost))
    return Sum(fixed, tuple(kept)) if kept else fixed


def _dearest(costs: Sequence[Formula]) -> Formula:
    fixed = max((cost for cost in costs if isinstance(cost, int)), default=0)
    kept = [cost for cost in costs if not isinstance(cost, int)]
    return Dearest((fixed, *kept)) if kept else fixed
