"""Documents and variables that were written to do harm, and how each is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import process_time_ns
from typing import Any

import orjson
from graphql import get_introspection_query
from graphql.execution.values import get_variable_values

from schema.cost.pricing import compile_price
from schema.faults import Fault
from schema.limits import ERRORS_MAX, check_variables
from schema.roots import SCHEMA
from schema.view.documents import NotPrepared, PreparedDocument, prepare

CORE = SCHEMA._schema
REFERENCE = get_introspection_query()
"""An honest document of many fields, which every tool sends."""

VALIDATION = "GRAPHQL_VALIDATION_FAILED"
PARSING = "GRAPHQL_PARSE_FAILED"
INPUT = "BAD_USER_INPUT"
VIEWER = "fragment {} on Viewer {{ {} }}"


@dataclass(frozen=True, slots=True)
class Attack:
    """What is sent; `limit` is the one that is named in the refusal, `allowed` its value."""

    name: str
    code: str
    limit: str | None
    document: str = "{ viewer { kind } }"
    variables: Mapping[str, Any] = field(default_factory=dict)


def _times(count: int, text: str) -> str:
    """Write a text so many times, its number in place of `#`."""
    return " ".join(text.replace("#", str(number)) for number in range(count))


def _chain(count: int, *, twice: bool = False, closed: bool = False) -> str:
    """Fragments that spread the next one, or the next one twice, or the first in the end."""
    names = [f"f{number}" for number in range(count)]
    following = [*names[1:], names[0] if closed else ""]
    spread = "...{0} ...{0}" if twice else "...{0}"
    bodies = [spread.format(name) if name else "kind" for name in following]
    fragments = [VIEWER.format(*pair) for pair in zip(names, bodies, strict=True)]
    return "{ viewer { ...f0 } } " + " ".join(fragments)


def _through_fields(count: int) -> str:
    """Fragments that reach the next one by two fields: the answer doubles at each."""
    fragments = [
        f"fragment f{number} on Entry {{ givesBack {{ ...f{number + 1} }}"
        f" wallet {{ activity {{ nodes {{ ...f{number + 1} }} }} }} }}"
        for number in range(count)
    ]
    return (
        "{ wallet { activity { nodes { ...f0 } } } } "
        + " ".join(fragments)
        + f" fragment f{count} on Entry {{ id }}"
    )


ATTACKS = [
    # large
    Attack("a megabyte of blanks", VALIDATION, "characters", " " * 10**6 + "{ viewer { kind } }"),
    Attack("a megabyte of comments", VALIDATION, "characters", "#\n" * 500_000),
    Attack("a text of a megabyte", VALIDATION, "characters", '{ a(b: "' + "x" * 10**6 + '") }'),
    Attack("a block text of many lines", VALIDATION, "characters", '{ a(b: """' + "x\n" * 500_000),
    Attack("a number of a megabyte", VALIDATION, "characters", "{ a(b: " + "9" * 10**6 + ") }"),
    Attack("a number of many digits", VALIDATION, "word", "{ a(b: " + "9" * 4999 + ") }"),
    Attack("a name without end", VALIDATION, "word", "{ " + "a" * 40_000 + " }"),
    Attack(
        "more tokens than allowed", VALIDATION, "tokens", "{ viewer { " + "kind " * 2000 + "} }"
    ),
    Attack("comments between tokens", VALIDATION, "tokens", "#\n" * 2000 + "{ viewer { kind } }"),
    Attack("a quote that never closes", PARSING, None, '{ a(b: "' + "x " * 900),
    # deep
    Attack("brackets inside brackets", VALIDATION, "nesting", "{ a " * 600 + "}" * 600),
    Attack("lists inside lists", VALIDATION, "nesting", "{ a(b: " + "[" * 900 + "]" * 900),
    Attack("fragments inside fragments", VALIDATION, "nesting", "{ " + "... { " * 500),
    Attack(
        "a field that leads to itself",
        VALIDATION,
        "depth",
        "{ entry(id: 1) { " + "givesBack { " * 12 + "id " + "} " * 14,
    ),
    Attack(
        "depth behind fragments",
        VALIDATION,
        "depth",
        "{ entry(id: 1) { ...f0 } } "
        + " ".join(f"fragment f{n} on Entry {{ givesBack {{ ...f{n + 1} }} }}" for n in range(12))
        + " fragment f12 on Entry { id }",
    ),
    # wide
    Attack("aliases", VALIDATION, "aliases", "{ viewer { " + _times(450, "a#: kind") + " } }"),
    Attack(
        "aliases behind fragments",
        VALIDATION,
        "aliases",
        "{ viewer { ...a ...a ...a ...a } } " + VIEWER.format("a", _times(10, "a#: kind")),
    ),
    Attack("root fields", VALIDATION, "rootFields", "{ " + _times(21, "viewer { kind }") + " }"),
    Attack(
        "mutations by the dozen",
        VALIDATION,
        "rootFields",
        "mutation { "
        + _times(25, "a#: sweepExpiry(input: {idempotencyKey: #}) { entryCount }")
        + " }",
    ),
    Attack("operations", VALIDATION, "definitions", _times(240, "query q# { viewer { kind } }")),
    Attack("variables", VALIDATION, "variables", f"query({_times(400, '$v#: Int')}) {{ a }}"),
    Attack("values", VALIDATION, "literals", f"{{ nodes(ids: [{'1 ' * 1900}]) {{ id }} }}"),
    Attack(
        "directives that exist",
        VALIDATION,
        "directives",
        "{ viewer { kind " + "@skip(if: true) " * 240 + "} }",
    ),
    Attack(
        "directives that do not",
        VALIDATION,
        "directives",
        "{ viewer { kind " + "@a " * 900 + "} }",
    ),
    # fields that are merged, each with each
    Attack(
        "one field again and again", VALIDATION, "repeats", "{ viewer { " + "kind " * 590 + "} }"
    ),
    Attack(
        "one object again and again",
        VALIDATION,
        "repeats",
        "{ viewer { " + "member { id wallet { id } } " * 140 + "} }",
    ),
    Attack(
        "one object in many fragments",
        VALIDATION,
        "repeats",
        "{ viewer { " + "... on Viewer { member { id wallet { id } } } " * 100 + "} }",
    ),
    # fragments
    Attack("a fragment that contains itself", VALIDATION, None, _chain(1, closed=True)),
    Attack("a ring of fragments", VALIDATION, None, _chain(50, closed=True)),
    Attack("a chain of fragments", VALIDATION, "definitions", _chain(120)),
    Attack("a tree of fragments", VALIDATION, "selections", _chain(50, twice=True)),
    Attack("a tree of fragments through fields", VALIDATION, "selections", _through_fields(40)),
    Attack(
        "fragments that nobody uses",
        VALIDATION,
        None,
        "{ viewer { kind } } " + VIEWER.format("a", "member { id wallet { id } } " * 150),
    ),
    # the schema
    Attack(
        "types of fields of types",
        VALIDATION,
        "introspectionLists",
        "{ __schema { types { fields { type { fields { name } } } } } }",
    ),
    Attack(
        "types of fields behind fragments",
        VALIDATION,
        "introspectionLists",
        "{ __schema { types { ...a } } } fragment a on __Type { possibleTypes { ...b } }"
        " fragment b on __Type { interfaces { name } }",
    ),
    Attack(
        "the schema again and again",
        VALIDATION,
        "introspectionRoots",
        "{ " + _times(15, "a#: __schema { types { name } }") + " }",
    ),
    Attack(
        "a type without end",
        VALIDATION,
        "introspectionDepth",
        '{ __type(name: "Lot") { ' + "ofType { " * 16 + "name " + "} " * 18,
    ),
    # mistakes that make the server think
    Attack(
        "types that are nearly right",
        VALIDATION,
        None,
        "{ viewer { " + _times(25, "... on Walet# { id }") + " } }",
    ),
    Attack(
        "fields that are nearly right",
        VALIDATION,
        None,
        "{ viewer { " + _times(590, "kinds#") + " } }",
    ),
    Attack(
        "arguments that are nearly right",
        VALIDATION,
        None,
        "{ partner(" + _times(450, "codes#: 1") + ") { code } }",
    ),
    Attack("letters that look like others", PARSING, None, "{ v\u0456ewer { kind } }"),
    Attack("a text turned around", PARSING, None, "{ viewer { kind \u202e } }"),
    Attack("a zero byte", PARSING, None, "{ viewer { kind \x00 } }"),
    # variables
    Attack("a list without end", INPUT, "listItems", variables={"a": [1] * 120_000}),
    Attack("a text in a variable", INPUT, "text", variables={"a": "x" * 250_000}),
    Attack("many lists", INPUT, "values", variables={"a": [[1] * 900 for _ in range(100)]}),
    Attack(
        "an object of many fields",
        INPUT,
        "values",
        variables={str(number): number for number in range(30_000)},
    ),
    Attack(
        "objects inside objects",
        INPUT,
        "valueNesting",
        variables=orjson.loads('{"a":' * 900 + "1" + "}" * 900),
    ),
    Attack(
        "lists of wrong things",
        INPUT,
        None,
        document="query Of($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        variables={"ids": [{"a": 1}] * 1000},
    ),
    Attack(
        "many lists of wrong things",
        INPUT,
        None,
        document=f"query({_times(9, '$v#: [ID!]!')})"
        f" {{ {_times(9, 'a#: nodes(ids: $v#) { id }')} }}",
        variables={f"v{number}": [{"a": 1}] * 1000 for number in range(9)},
    ),
    Attack(
        "rows of wrong things",
        INPUT,
        None,
        document="mutation($i: BulkIssuePointsInput!)"
        " { bulkIssuePoints(input: $i) { __typename } }",
        variables={"i": {"rows": [{"a": 1, "b": 2}] * 1000}},
    ),
    Attack(
        "a number above all numbers",
        INPUT,
        None,
        document="query Of($first: Int) { partners(first: $first) { nodes { code } } }",
        variables={"first": 10**400},
    ),
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request was refused, and what CPU that took."""

    code: str
    message: str
    limit: Mapping[str, Any] | None
    nanoseconds: int


def refuse(attack: Attack) -> Refusal:
    """Do what the view does before anything is executed, and give how it ended."""
    began = process_time_ns()
    code, message, limit = "", "", None
    try:
        check_variables(attack.variables)
        document = prepare(CORE, attack.document, compile_price)
        code, message = _coerce(document, attack.variables)
    except Fault as fault:
        extensions = fault.extensions or {}
        code, message, limit = extensions["code"], fault.message, extensions.get("limit")
    except NotPrepared as refused:
        code, message = refused.code.value, refused.errors[0].message
        limit = (refused.errors[0].extensions or {}).get("limit")
    return Refusal(code, message, limit, process_time_ns() - began)


def _coerce(document: PreparedDocument, variables: Mapping[str, Any]) -> tuple[str, str]:
    defined = document.operations[0].node.variable_definitions or ()
    found = get_variable_values(CORE, defined, dict(variables), max_errors=ERRORS_MAX)
    return (INPUT, found[0].message) if isinstance(found, list) else ("", "")


def measure(attack: Attack, *, times: int = 3) -> int:
    """Give the least CPU of a few runs, in nanoseconds."""
    return min(refuse(attack).nanoseconds for _ in range(times))


def measure_reference(*, times: int = 3) -> int:
    """Give the CPU of making an honest document ready, in nanoseconds."""
    return measure(Attack("reference", "", None, REFERENCE), times=times)
