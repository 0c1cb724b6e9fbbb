"""The dashboard and the alerts ask for nothing that the hub does not tell."""

import json
import re
from functools import partial

import pytest
import yaml

from hub.kernel.jobs.figures import JobFigures
from hub.metrics.books import BOOKS
from hub.metrics.counted import Counted, tell_jobs
from tests.api import open_api
from tests.docs.blocks import ROOT

FOLDER = ROOT / "docs" / "dashboards"
TYPES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}
ASKED = re.compile(r"\b((?:hub|process)_[a-z_]+)(?:\{([^}]*)\})?")
BY = re.compile(r"\bby \(([^)]*)\)")
OUTER_LABELS = {"instance", "le"}
"""Given by Prometheus, or by a histogram."""


@pytest.fixture
async def told(coalition):
    """The names that a served hub and a worker tell, with the labels of each."""
    async with open_api(coalition) as api:
        metrics = list(api.app.state.metrics._registry.collect())
    metrics += [*BOOKS.collect(), *Counted(partial(tell_jobs, JobFigures())).collect()]
    labels = {metric.name: set(getattr(metric, "_labelnames", ())) for metric in metrics}
    labels |= {gauge._name: set(gauge._labelnames) for gauge in BOOKS._collector_to_names}
    return {
        metric.name + suffix: labels[metric.name]
        for metric in metrics
        for suffix in TYPES[metric.type]
    }


def board():
    return json.loads((FOLDER / "hub.json").read_text())


def questions():
    return [target["expr"] for panel in board()["panels"] for target in panel.get("targets", ())]


def rules():
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return group["rules"]


def test_every_question_is_whole():
    asked = questions() + [rule["expr"] for rule in rules()]
    assert len(asked) == len(questions()) + 14
    for question in asked:
        for opening, closing in ("()", "{}", "[]"):
            assert question.count(opening) == question.count(closing), question
        assert ASKED.search(question), question


async def test_every_metric_that_is_asked_for_is_told_with_its_labels(told):
    for question in questions() + [rule["expr"] for rule in rules()]:
        known = set(OUTER_LABELS)
        for name, chosen in ASKED.findall(question):
            assert name in told, name
            known |= told[name]
            used = {part.partition("=")[0].rstrip("!~ ").strip() for part in chosen.split(",")}
            assert used - {""} <= told[name] | OUTER_LABELS, question
        grouped = {each.strip() for part in BY.findall(question) for each in part.split(",")}
        assert grouped <= known, question


async def test_every_metric_of_ours_is_on_the_dashboard(told):
    shown = {name for question in questions() for name, _ in ASKED.findall(question)}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    ours = {re.sub("_(bucket|sum|count)$", "", name) for name in told if name.startswith("hub_")}
    assert ours - families == set()


def test_the_dashboard_can_be_laid_out():
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        squares = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not squares & places
        places |= squares


def test_every_alert_says_what_to_do_and_the_page_names_it():
    page = (ROOT / "docs" / "how-to" / "watch-the-hub.md").read_text()
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["action"].endswith(".")
        assert f"`{rule['alert']}`" in page
