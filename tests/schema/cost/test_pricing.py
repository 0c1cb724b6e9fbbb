"""What an operation costs: exact numbers, from the schema and the variables alone."""

import pytest
from graphql import OperationDefinitionNode, parse, validate

from schema.cost.pricing import compile_price
from schema.roots import SCHEMA

CORE = SCHEMA._schema


def price(text, **variables):
    """The cost of the first operation of a valid document."""
    return compiled(text).cost(variables)


def compiled(text):
    document = parse(text)
    assert validate(CORE, document) == []
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return compile_price(CORE, document, operation)


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        # an object costs 1, a scalar nothing
        ("{ viewer { kind } }", 1),
        ("{ __typename }", 0),
        ("{ viewer { kind member { id wallet { availablePoints heldPoints } } } }", 3),
        # a page is as large as it was asked to be, and 20 when nobody said
        ("{ wallet { lots { nodes { points } } } }", 1 + 1 + 20),
        ("{ wallet { lots(first: 3) { nodes { points } } } }", 1 + 1 + 3),
        ("{ wallet { lots(last: 7) { nodes { points } } } }", 1 + 1 + 7),
        # edges and page information are part of the page
        (
            "{ wallet { lots(first: 3) { edges { cursor node { id } } pageInfo { endCursor } } } }",
            5,
        ),
        # what is asked for twice in two ways is loaded once, but shown twice
        ("{ wallet { lots(first: 3) { nodes { id } edges { node { id } } } } }", 1 + 1 + 3 + 3),
        # lists inside lists are multiplied
        (
            "{ wallet { lots(first: 5) { nodes { allocations(first: 4) { nodes { points } }} } } }",
            1 + 1 + 5 * (1 + 1 + 4),
        ),
        # a list without arguments is assumed to have so many objects
        ('{ partner(code: "AIR") { terms { version } } }', 1 + 5),
        ('{ partner(code: "AIR") { terms { redemptionRates { rate } } } }', 1 + 5 * (1 + 5)),
        # a list that is asked for by a list is as long as that
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        # two names are two objects
        ("{ a: viewer { kind } b: viewer { kind } }", 2),
        # one name mentioned twice is one object
        ("{ viewer { kind } viewer { partner { code } } }", 2),
        (
            "{ viewer { ...a ... { member { id } } } } fragment a on Viewer { member { id } }",
            2,
        ),
        # of the types that a thing may have, the dearest counts
        (
            """{ node(id: "x") { id ... on Wallet { lots(first: 9) { nodes { id } } }
                                 ... on Member { wallet { id } } } }""",
            1 + 1 + 9,
        ),
        (
            '{ node(id: "x") { ... on Member { wallet { id } linkedAccounts { reference } } } }',
            1 + 1 + 3,
        ),
        ('{ node(id: "x") { ... on Node { ... on Lot { issuer { code } } } } }', 2),
        # what is skipped is paid for: it depends on the data of the request
        ("{ viewer @skip(if: true) { kind } }", 1),
        # the schema itself
        ("{ __schema { types { name } } }", 500),
        ('{ __type(name: "Lot") { fields { name } } }', 20),
        # asking what it costs
        ('{ operationCost(document: "{ viewer { kind } }") { cost limits { name } } }', 0),
        # what is no size of a page is refused later, and counted as none
        ("{ wallet { lots(first: -5) { nodes { id } } } }", 2),
    ],
)
def test_an_operation_costs_what_the_schema_says(text, cost):
    assert price(text) == cost


MUTATION = """mutation Issue($input: IssuePointsInput!) {
  issuePoints(input: $input) { postedAt lot { points issuer { code } } userErrors { message } }
}"""


def test_a_mutation_costs_ten_and_what_it_shows():
    assert price(MUTATION, input={}) == 10 + 1 + 1
    assert price('mutation { sweepExpiry(input: {idempotencyKey: "k"}) { entryCount } }') == 500


BULK = """mutation Bulk($input: BulkIssuePointsInput!) {
  bulkIssuePoints(input: $input) { rows { postedAt lot { points } } userErrors { message } }
}"""


@pytest.mark.parametrize("count", [0, 1, 250, 1000])
def test_every_row_of_a_bulk_mutation_costs_five_and_what_it_shows(count):
    assert price(BULK, input={"rows": [{}] * count}) == 10 + count * (5 + 2)


def test_rows_cost_the_same_wherever_they_stand():
    row = '{idempotencyKey: "k", account: {reference: "r"}, points: 1}'
    written = BULK.replace("($input: BulkIssuePointsInput!)", "").replace(
        "(input: $input)", f"(input: {{rows: [{row}, {row}]}})"
    )
    rows = BULK.replace("$input: BulkIssuePointsInput!", "$rows: [IssuePointsInput!]!").replace(
        "(input: $input)", "(input: {rows: $rows})"
    )
    assert price(written) == price(rows, rows=[{}, {}]) == price(BULK, input={"rows": [{}, {}]})


PAGE = """query Page($first: Int, $inner: Int = 2) {
  wallet { lots(first: $first) { nodes { allocations(first: $inner) { nodes { points } } } } }
}"""


@pytest.mark.parametrize(
    ("variables", "cost"),
    [
        ({"first": 3, "inner": 4}, 2 + 3 * (2 + 4)),
        ({"first": 100, "inner": 100}, 2 + 100 * (2 + 100)),
        ({"first": 0, "inner": 4}, 2),
        ({"inner": 4}, 2 + 20 * (2 + 4)),
        ({"first": None, "inner": 4}, 2 + 20 * (2 + 4)),
        ({"first": -7, "inner": 4}, 2),
        ({"first": 10**9, "inner": 0}, 2 + 10**6 * 2),
    ],
)
def test_the_cost_follows_the_variables(variables, cost):
    assert price(PAGE, **variables) == cost


def test_what_does_not_depend_on_variables_is_a_number_already():
    assert compiled("{ wallet { lots { nodes { points } } } }").formula == 22
    assert not isinstance(compiled(PAGE).formula, int)


def test_the_dearest_of_alternatives_may_change_with_the_variables():
    text = """query Of($a: Int, $b: Int) { node(id: "x") {
      ... on Wallet { lots(first: $a) { nodes { id } } }
      ... on Lot { allocations(first: $b) { nodes { points } } } } }"""
    made = compiled(text)
    assert made.cost({"a": 5, "b": 1}) == made.cost({"a": 1, "b": 5}) == 1 + 1 + 5


def test_the_price_names_scopes_and_fields():
    made = compiled('{ wallet(account: {reference: "r"}) { lots(first: 1) { nodes { id } } } }')
    assert made.scopes == {"points.read"}
    assert made.fields == {
        "Query.wallet",
        "Query.wallet(account:)",
        "Wallet.lots",
        "Wallet.lots(first:)",
        "LotConnection.nodes",
        "Lot.id",
    }
