"""Tells schemathesis how our scalars look; it loads this file by itself."""

import string

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

schemathesis.graphql.scalar("Points", st.integers(-(10**13), 10**13).map(nodes.Int))
schemathesis.graphql.scalar(
    "Decimal",
    st.from_regex(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?", fullmatch=True).map(nodes.String),
)
schemathesis.graphql.scalar(
    "DateTime",
    st.datetimes().map(lambda instant: nodes.String(instant.isoformat() + "Z"))
    | st.text(string.printable).map(nodes.String),
)
schemathesis.graphql.scalar("JSON", st.just(nodes.Object(fields=())))
schemathesis.graphql.scalar("_Any", st.just(nodes.Object(fields=())))
