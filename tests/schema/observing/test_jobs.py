"""Jobs: how attempts ended, and a trace for each."""

from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from hub.kernel.actor import HUB_ACTOR
from hub.kernel.jobs.runner import Desk, run_waiting_jobs
from hub.kernel.jobs.settings import JobSettings
from hub.kernel.jobs.store import ask_for_job
from hub.ledger.audits.store import list_runs
from hub.tracing import make_provider


async def test_an_attempt_is_counted_and_is_a_trace_of_its_own(coalition, exporter):
    database = coalition.hub.database

    async def look(_):
        async with database.read(HUB_ACTOR) as tx:
            await list_runs(tx, limit=1)

    async def fail(_):
        raise LookupError("Zx9SecretMarker")

    tracer = make_provider(SimpleSpanProcessor(exporter), percent=100).get_tracer("test")
    desk = Desk(database, {"look": look, "fail": fail}, JobSettings(), tracer=tracer)
    async with database.begin(HUB_ACTOR) as tx:
        for kind in desk.functions:
            payload = {"who": "Zx9SecretMarker"}
            await ask_for_job(tx, kind=kind, key="Zx9SecretMarker", payload=payload, run_at=tx.now)
    assert await run_waiting_jobs(desk) == 2
    assert desk.figures.counts == {("look", "done"): 1, ("fail", "LookupError"): 1}
    spans = exporter.get_finished_spans()
    jobs = {span.name: span for span in spans if span.name.startswith("job ")}
    assert {name: span.attributes["hub.outcome"] for name, span in jobs.items()} == {
        "job look": "done",
        "job fail": "LookupError",
    }
    assert all(span.parent is None for span in jobs.values())
    assert {name: span.status.is_ok for name, span in jobs.items()} == {
        "job look": True,
        "job fail": False,
    }
    under = [
        span.name
        for span in spans
        if span.parent and span.parent.span_id == jobs["job look"].context.span_id
    ]
    assert under == ["SELECT", "SELECT", "SELECT", "UPDATE"]
    assert "Zx9SecretMarker" not in "".join(span.to_json() for span in spans)
