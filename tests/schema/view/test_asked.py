"""What a request asks for is checked before anything is done for it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.faults import Fault
from schema.view.asked import Asked, read_body, read_parameters, read_query_string

HASH = "a" * 64
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_everything_that_a_request_may_carry_is_read():
    body = {
        "query": "{ a }",
        "operationName": "A",
        "variables": {"x": 1},
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}},
    }
    assert read_body(orjson.dumps(body)) == Asked("{ a }", None, HASH, "A", {"x": 1})


def test_null_and_an_empty_name_are_like_nothing():
    body = {"query": "{ a }", "operationName": "", "variables": None, "extensions": None}
    assert read_parameters(body) == Asked("{ a }", None, None, None, {})


def test_a_document_id_is_the_hash_behind_its_prefix():
    asked = read_parameters({"documentId": f"sha256:{HASH}"})
    assert (asked.query, asked.document_hash) == (None, HASH)


@pytest.mark.parametrize("document_id", ["abc", f"md5:{HASH}", f"sha256:{HASH[:-1]}", HASH.upper()])
def test_a_document_id_of_another_making_is_of_nothing_that_is_there(document_id):
    assert read_parameters({"documentId": document_id}).document_hash == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'[{"query": "{ a }"}]',
        b'"x"',
        b"1",
        b"{}",
        b'{"query": 1}',
        b'{"query": null}',
        b'{"query": "{ a }", "documentId": "sha256:00"}',
        b'{"documentId": "a b"}',
        b'{"documentId": ""}',
        b'{"query": "{ a }", "variables": []}',
        b'{"query": "{ a }", "variables": "{}"}',
        b'{"query": "{ a }", "operationName": 1}',
        b'{"query": "{ a }", "extensions": 0}',
        b'{"query": "{ a }", "extensions": {"persistedQuery": 1}}',
        b'{"query": "{ a }", "extensions": {"persistedQuery": {"version": 2}}}',
        b'{"query": "{ a }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "A"}}}',
        b'{"query": "{ a }", "variables": {"x": NaN}}',
        b'{"query": "\\ud800"}',
        b'{"query": "\xff"}',
        b"[" * 100_000,
        b'{"variables": ' + b'{"a": ' * 5000 + b"1" + b"}" * 5001,
    ],
)
def test_a_body_that_is_no_request_is_refused(body):
    with pytest.raises(Fault) as refused:
        read_body(body)
    assert refused.value.extensions == {"code": "BAD_REQUEST"}
    assert refused.value.status == 400


def test_of_a_key_that_is_there_twice_the_last_counts():
    assert read_body(b'{"query": "{ a }", "query": "{ b }"}').query == "{ b }"


def test_a_query_string_is_read_like_a_body():
    found = read_query_string(
        b"query=%7B%20a%20%7D&operationName=A&variables=%7B%22x%22%3A1%7D&extensions="
    )
    assert found == Asked("{ a }", None, None, "A", {"x": 1})


@pytest.mark.parametrize(
    "query_string",
    [
        b"",
        b"query=a&query=b",
        b"query=a&variables=%7B",
        b"query=a&variables=%5B%5D",
        b"query=%FF",
        b"query=\xff",
        b"&".join(b"a%d=1" % number for number in range(21)),
    ],
)
def test_a_query_string_that_is_no_request_is_refused(query_string):
    with pytest.raises(Fault) as refused:
        read_query_string(query_string)
    assert refused.value.extensions == {"code": "BAD_REQUEST"}


@given(JSON_VALUES)
def test_any_json_is_read_or_refused_as_a_request(value):
    code = "read"
    try:
        read_body(orjson.dumps(value))
    except Fault as fault:
        code = fault.extensions["code"]
    has_query = isinstance(value, dict) and isinstance(value.get("query"), str)
    assert code == "BAD_REQUEST" or has_query
