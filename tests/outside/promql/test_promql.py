"""The questions of the dashboard and of the alerts, read with Prometheus' own grammar."""

import json
from pathlib import Path

import pytest

from tests.docs.test_dashboards import ASKED, questions, rules
from tests.outside.runners import call, install

VARIABLES = {"$__rate_interval": "5m", "$__range": "1h"}
"""What Grafana puts in before it asks."""


@pytest.fixture(scope="module")
def folder():
    return install(Path(__file__).parent, "the questions of the dashboard (PromQL)")


def parse(folder, asked):
    (folder / "asked.json").write_text(json.dumps(asked))
    done = call(folder, "node", "parse.mjs", "asked.json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_question_is_promql_and_asks_for_the_metrics_that_are_checked(folder):
    """`tests/docs/test_dashboards.py` checks that each of these metrics is told."""
    asked = questions() + [rule["expr"] for rule in rules()]
    for variable, value in VARIABLES.items():
        asked = [question.replace(variable, value) for question in asked]
    for question, found in zip(asked, parse(folder, asked), strict=True):
        assert found["errors"] == [], question
        checked = [name for name, _ in ASKED.findall(question)]
        assert sorted(found["metrics"]) == sorted(checked), question
        assert checked != [], question


def test_what_is_not_promql_is_found(folder):
    (whole, cut, doubled) = parse(folder, ["sum(a{b='c'})", "sum(rate(a[5m])", "a{b=}"])
    assert whole == {"errors": [], "metrics": ["a"]}
    assert len(cut["errors"]) > 0
    assert len(doubled["errors"]) > 0
