"""What is generated fits the schema, whole and up to date; and follows it when it grows."""

import ast
import inspect

import pytest
from graphql import build_schema, parse, validate

from hub.client.asynchronous import HubClient
from hub.client.generated import answers, documents, enums, refusals
from hub.client.synchronous import BlockingHubClient
from hub.client.writing import camel
from schema.roots import SCHEMA as HUB_SCHEMA
from tests.client.generator.client import write_client
from tests.client.generator.methods import list_unknown_scalars
from tests.client.generator.names import quote, snake
from tests.client.generator.operations import Operations
from tests.client.generator.shapes import Shapes, list_refusals

SDL = HUB_SCHEMA.as_str() + "\n"
SCHEMA = build_schema(SDL, assume_valid=True)
DOCUMENTS = {name: text for name, text in vars(documents).items() if name.isupper()}
SMALL = '''
interface Node { id: ID! }
interface UserError { message: String! code: ErrorCode! path: [String!] }
enum ErrorCode { NO }
scalar Points
scalar Odd
"""No."""
type No implements UserError { message: String! code: ErrorCode! path: [String!] left: Points! }
type Never implements UserError { message: String! code: ErrorCode! path: [String!] left: String! }
type Thing implements Node {
  id: ID!
  old: String @deprecated(reason: "gone")
  size(unit: String!): Points
  odd: Odd
  part: Part!
  other: Thing
  others(first: Int! = 20, after: String): ThingConnection!
}
type Part { names: [String!]! rows: [[Points]!] inner: Part }
type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! pageInfo: PageInfo! }
type ThingEdge { node: Thing! cursor: String! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
input MoveInput { idempotencyKey: String! names: [String!]! = [] }
input MovesInput { rows: [MoveInput!]! }
type MovePayload {
  "The thing; null when it was refused."
  thing: Thing
  "Id of it; null when it was refused."
  thingId: ID
  userErrors: [UserError!]!
}
type MovesPayload { rows: [MovePayload!]! userErrors: [UserError!]! }
type Query { thing(id: ID!): Thing count: Int! node(id: ID!): Node }
type Mutation {
  "Move it. Refused with: `No`."
  move(input: MoveInput!): MovePayload!
  "Move them. Refused with: `Never`, `No`."
  moves(input: MovesInput!): MovesPayload!
}
type Subscription { "Things that moved." moved(id: ID): Thing! }
'''


def test_the_generated_files_are_up_to_date():
    written = write_client(SDL)
    changed = [path.name for path in written if path.read_text(encoding="utf-8") != written[path]]
    assert changed == [], "run `make snapshots`"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_fits_the_schema(name):
    assert [error.message for error in validate(SCHEMA, parse(DOCUMENTS[name]))] == []


def test_every_scalar_of_the_schema_has_a_type_in_python():
    assert list_unknown_scalars(SCHEMA) == set()


def test_every_mutation_has_a_method_that_waits_and_one_that_is_awaited():
    names = {snake(name) for name in SCHEMA.mutation_type.fields}
    assert {name for name in names if not hasattr(HubClient, name)} == set()
    assert {name for name in names if not hasattr(BlockingHubClient, name)} == set()


def test_both_clients_have_the_same_methods_with_the_same_parameters():
    def methods(client):
        found = inspect.getmembers(client, inspect.isfunction)
        return {name: str(inspect.signature(each)).split("->")[0] for name, each in found}

    awaited, waiting = methods(HubClient), methods(BlockingHubClient)
    public = {name for name in awaited if not name.startswith("_")}
    assert len(public) > 20
    assert {name: awaited[name] for name in public} == {name: waiting[name] for name in public}


def test_every_refusal_of_the_schema_has_a_class_with_its_data():
    for kind in list_refusals(SCHEMA):
        made = getattr(refusals, kind.name)
        data = {snake(name) for name in kind.fields}
        assert data <= {*made.__dataclass_fields__}, kind.name


def test_every_name_of_the_schema_can_be_told_from_pythons():
    for name in ("entryId", "id", "priceGross", "acceptFeeBps", "from"):
        assert camel(snake(name)) == name
    assert snake("from") == "from_"


def test_a_value_newer_than_the_client_is_kept_as_it_came():
    kind = enums.EntryKind("SOMETHING_NEW")
    assert (kind, kind.name) == ("SOMETHING_NEW", "SOMETHING_NEW")
    assert kind not in set(enums.EntryKind)


def test_a_refusal_newer_than_the_client_is_a_plain_one():
    given = {"__typename": "Tired", "message": "Not today.", "code": "TIRED", "path": None}
    refusal = refusals.read_refusal(given)
    assert type(refusal).__name__ == "Refusal"
    assert (refusal.message, refusal.code, refusal.path) == ("Not today.", "TIRED", None)


# --- what the rules make of a small schema ---


@pytest.fixture(scope="module")
def small():
    schema = build_schema(SMALL, assume_valid=True)
    return {each.name: each for each in Operations(Shapes(schema)).make()}


def parts_of(operation):
    return {part.name: part.shape and part.shape.name for part in operation.shape.parts}


def test_each_field_and_each_list_of_something_with_an_id_is_a_method(small):
    assert list(small) == ["move", "moves", "thing", "thing_others", "count", "moved"]
    assert small["thing_others"].kind == "list"
    assert list(small["thing_others"].arguments) == ["id"]


def test_what_needs_an_argument_or_is_deprecated_is_not_asked_for(small):
    expected = {"id": None, "odd": None, "part": "Part", "other": "ThingRef"}
    assert parts_of(small["thing"]) == expected
    assert parts_of(small["moved"]) == expected


def test_a_payload_leaves_out_what_its_id_stands_for_and_lists_the_refusals_it_may(small):
    assert parts_of(small["move"]) == {"thingId": None}
    assert str(small["move"].shape.parts[0].type) == "ID!"
    assert "... on No { left_No: left }" in small["move"].document
    assert "Never" not in small["move"].document


def test_rows_of_a_bulk_keep_their_refusals_as_values(small):
    assert parts_of(small["moves"]) == {"rows": "MoveRow"}
    parts = small["moves"].shape.parts[0].shape.parts
    assert [(part.name, part.is_refusals) for part in parts] == [
        ("thingId", False),
        ("userErrors", True),
    ]
    assert str(parts[0].type) == "ID"


def test_what_takes_another_scope_than_the_thing_itself_is_not_asked_for():
    guarded = """
    directive @requiresScope(scopes: [String!]!) on FIELD_DEFINITION | OBJECT
    type Wallet @requiresScope(scopes: ["read"]) {
      id: ID!
      secret: Int @requiresScope(scopes: ["x"])
    }
    type Card { wallet: Wallet name: String! }
    type PayPayload { entryId: ID wallet: Wallet userErrors: [String!]! }
    type LookPayload { wallet: Wallet userErrors: [String!]! }
    type Query { card: Card wallet: Wallet }
    type Mutation {
      pay: PayPayload! @requiresScope(scopes: ["pay"])
      look: LookPayload! @requiresScope(scopes: ["pay"])
    }
    """
    schema = build_schema(guarded)
    made = {each.name: parts_of(each) for each in Operations(Shapes(schema)).make()}
    assert made == {
        "pay": {"entryId": None},
        "look": {"wallet": "Wallet"},  # there is nothing else that it could answer
        "card": {"name": None},
        "wallet": {"id": None},
    }


def test_code_for_a_small_schema_can_be_compiled_and_its_documents_fit():
    schema = build_schema(SMALL, assume_valid=True)
    for path, text in write_client(SMALL).items():
        tree = ast.parse(text, str(path))
        if path.stem == "documents":
            constants = [node.value.value for node in tree.body if isinstance(node, ast.AnnAssign)]
            errors = [validate(schema, parse(each)) for each in constants]
            assert errors == [[]] * 6


def test_a_description_begins_with_its_first_sentence():
    said = "Its name, e.g. `AIR`; inputs name partners by it. " + "Very long words. " * 8
    first = quote(said).split("\n")[0]
    assert first == '"""Its name, e.g. `AIR`; inputs name partners by it.'


def test_answers_are_values():
    money = answers.Money.read({"amount": "12.50", "currency": "EUR"})
    with pytest.raises(AttributeError):
        money.currency = "USD"
    assert str(money.amount) == "12.50"
