"""What a client accepts decides what it gets: the quality first, then its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.view.negotiation import (
    MediaType,
    choose_document,
    choose_stream,
    rank,
    read_accept,
)

JSON, STRICT = MediaType.JSON, MediaType.GRAPHQL_JSON
EVENTS, PARTS = MediaType.EVENT_STREAM, MediaType.MULTIPART


@pytest.mark.parametrize(
    ("accept", "ranked"),
    [
        (None, [JSON, STRICT, EVENTS, PARTS]),
        ("", [JSON, STRICT, EVENTS, PARTS]),
        ("*/*", [JSON, STRICT, EVENTS, PARTS]),
        ("application/json", [JSON]),
        ("application/graphql-response+json", [STRICT]),
        ("application/graphql-response+json, application/json", [STRICT, JSON]),
        ("application/graphql-response+json;q=0.5, application/json", [JSON, STRICT]),
        ("APPLICATION/JSON; charset=utf-8", [JSON]),
        ("application/*", [JSON, STRICT]),
        ("text/*;q=0.1, */*;q=0.2", [JSON, STRICT, PARTS, EVENTS]),
        ("application/json;q=0, */*", [STRICT, EVENTS, PARTS]),
        ("application/json;q=2", []),
        ("application/json;q=", []),
        ("text/html, image/png", []),
        ("nonsense", []),
        ("text/event-stream", [EVENTS]),
        ('multipart/mixed;boundary="a,b;c";deferSpec=20220824, application/json', [PARTS, JSON]),
        (
            "application/graphql-response+json, application/json, text/event-stream, a/b, */json",
            [STRICT, JSON, EVENTS],
        ),
    ],
)
def test_the_types_are_ranked_as_the_client_likes_them(accept, ranked):
    assert rank(read_accept(accept)) == ranked


def test_a_mistake_is_told_in_a_document_and_many_results_need_a_stream():
    accepted = rank(read_accept("text/event-stream, application/graphql-response+json"))
    assert (choose_document(accepted), choose_stream(accepted)) == (STRICT, EVENTS)
    assert (choose_document([EVENTS]), choose_stream([JSON])) == (JSON, None)


@given(st.text())
def test_any_header_can_be_read(header):
    ranked = rank(read_accept(header))
    assert len(set(ranked)) == len(ranked) <= 4


@given(st.lists(st.tuples(st.sampled_from(list(MediaType)), st.integers(0, 1000)), max_size=6))
def test_a_type_of_a_lower_quality_never_comes_first(offers):
    header = ", ".join(
        f"{each};q={quality // 1000}.{quality % 1000:03}" for each, quality in offers
    )
    best = {}
    for each, quality in offers:
        best.setdefault(each, quality)
    wanted = [best[each] for each in rank(read_accept(header or "text/html"))]
    assert wanted == sorted(wanted, reverse=True)
    assert 0 not in wanted
