"""What this process counted, put into Prometheus' words when somebody asks for it.

Where things happen, whole numbers are added to and nothing else: a count must cost no one anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from hub.access import RequestFigures
from hub.kernel.jobs.figures import JobFigures
from hub.kernel.spread import Spread
from hub.ledger.entries import EntryKind
from hub.ledger.figures import CourierFigures
from hub.ledger.operations import Code
from hub.wiring import Hub
from schema.observing.figures import OperationFigures
from schema.observing.slow import SlowLog
from schema.view.shelf import DocumentShelf
from schema.view.watching import Traffic

NANOSECONDS: Final = 1_000_000_000
CODES: Final = {
    value: name for name, value in vars(Code).items() if isinstance(value, int) and name.isupper()
}
KINDS: Final = {kind.value: kind.name for kind in EntryKind}

Tell = Callable[[], Iterable[Metric]]
Labels = TypeVar("Labels", bound=tuple[str, ...])


class Counted(Collector):
    """Asks whoever counts."""

    def __init__(self, *tells: Tell) -> None:
        self._tells = tells

    def describe(self) -> Iterable[Metric]:
        """Say nothing: what there is is known when it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Ask all of them."""
        for tell in self._tells:
            yield from tell()


def counter(name: str, says: str, counts: Mapping[Labels, int], *labels: str) -> Metric:
    """Make a counter; the counts are by the values of the labels."""
    family = CounterMetricFamily(name, says, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def gauge(name: str, says: str, value: int) -> Metric:
    """Make a gauge without labels."""
    return GaugeMetricFamily(name, says, value=value)


def spread(
    name: str, says: str, spreads: Mapping[Labels, Spread], *labels: str, unit: int = 1
) -> Metric:
    """Make a histogram; `unit` is how many of what was counted make one of what is told."""
    family = HistogramMetricFamily(name, says, labels=labels)
    for values, each in spreads.items():
        bounds = [f"{bound / unit:g}" for bound in each.bounds] + ["+Inf"]
        buckets = list(zip(bounds, each.cumulated(), strict=True))
        family.add_metric(values, buckets=buckets, sum_value=each.total / unit)
    return family


def once(says: int) -> Mapping[tuple[str, ...], int]:
    """Give the counts of a counter without labels."""
    return {(): says}


def tell_hub(hub: Hub) -> Iterator[Metric]:
    """Tell of the poster and of the pool of connections."""
    yield from tell_poster(hub.poster.sum_up(), hub.poster.waiting_count)
    database = hub.database
    yield gauge("hub_pool_connections", "Connections that the pool may open.", database.pool_size)
    yield gauge(
        "hub_pool_connections_in_use", "Connections of the pool in use.", database.in_use_count
    )
    yield counter(
        "hub_pool_busy", "Waits for a connection that were in vain.", once(database.busy_count)
    )


def tell_poster(figures: CourierFigures, waiting_count: int) -> Iterator[Metric]:
    """Tell of the batches, and of what became of the operations in them."""
    yield gauge("hub_poster_queue_length", "Operations that wait for a batch.", waiting_count)
    yield spread("hub_poster_batch_size", "Operations per batch.", {(): figures.batch_sizes})
    yield spread(
        "hub_poster_batch_duration_seconds",
        "How long the database took for a batch.",
        {(): figures.batch_durations},
        unit=NANOSECONDS,
    )
    yield counter(
        "hub_poster_operations",
        "Operations by kind and outcome; BOOKED, or why not.",
        {
            (KINDS[kind], CODES.get(code, str(code))): count
            for kind, counts in enumerate(figures.outcome_counts)
            for code, count in enumerate(counts)
            if count
        },
        "kind",
        "outcome",
    )
    yield counter(
        "hub_poster_replays",
        "Operations that were answered as the first use of their key was.",
        once(figures.replay_count),
    )
    yield counter(
        "hub_poster_upkeep",
        "Operations sent again because something else was to be booked before.",
        once(figures.upkeep_count),
    )
    yield counter(
        "hub_poster_connections_lost",
        "How often a courier's connection went away while it was used.",
        once(figures.connection_lost_count),
    )


def tell_operations(figures: OperationFigures, slow: SlowLog) -> Iterator[Metric]:
    """Tell of GraphQL operations."""
    yield counter(
        "hub_graphql_operations",
        "Operations that were answered, and events of subscriptions, by the first error's code.",
        figures.counts,
        *("kind", "operation", "transport", "code"),
    )
    yield spread(
        "hub_graphql_duration_seconds",
        "How long operations took, and events of subscriptions.",
        figures.durations,
        *("kind", "operation"),
        unit=NANOSECONDS,
    )
    yield spread(
        "hub_graphql_cost",
        "What operations cost, in points.",
        {(kind,): each for kind, each in figures.costs.items()},
        "kind",
    )
    yield counter("hub_graphql_slow_operations", "Operations that were slow.", once(slow.count))


def tell_view(shelf: DocumentShelf, traffic: Traffic) -> Iterator[Metric]:
    """Tell of documents, sockets and subscriptions."""
    yield gauge("hub_graphql_documents", "Documents that lie ready.", len(shelf))
    yield gauge("hub_graphql_documents_bytes", "Memory that they take.", shelf.size_bytes)
    yield counter(
        "hub_graphql_document_hits", "Requests whose document lay ready.", once(shelf.hit_count)
    )
    yield counter(
        "hub_graphql_documents_prepared",
        "Documents that were parsed and validated.",
        once(shelf.prepared_count),
    )
    yield gauge("hub_graphql_sockets", "Sockets that are open.", traffic.socket_count)
    yield gauge("hub_graphql_subscriptions", "Subscriptions under way.", traffic.subscription_count)
    yield counter(
        "hub_graphql_events", "Events of subscriptions so far.", once(traffic.event_count)
    )
    yield counter(
        "hub_graphql_subscribers_cut_off",
        "Subscribers that read too slowly and were cut off.",
        once(traffic.cut_off_count),
    )


def tell_requests(figures: RequestFigures) -> Iterator[Metric]:
    """Tell of HTTP requests."""
    yield counter(
        "hub_http_requests",
        "HTTP requests by route and status.",
        {
            (method, path, str(status)): count
            for (method, path, status), count in figures.counts.items()
        },
        *("method", "path", "status"),
    )
    yield spread(
        "hub_http_duration_seconds",
        "How long HTTP requests took, streams to their end.",
        {(path,): each for path, each in figures.durations.items()},
        "path",
        unit=NANOSECONDS,
    )
    yield counter(
        "hub_callers_refused",
        "Calls with a token, a proof or a session that is not good.",
        {(error,): count for error, count in figures.refused.items()},
        "error",
    )


def tell_jobs(figures: JobFigures) -> Iterator[Metric]:
    """Tell of the jobs of this worker."""
    yield counter(
        "hub_job_attempts",
        "Attempts at jobs; `outcome` is done, lost, given_back, or the kind of error.",
        figures.counts,
        *("job", "outcome"),
    )
    yield spread(
        "hub_job_duration_seconds",
        "How long attempts took.",
        {(kind,): each for kind, each in figures.durations.items()},
        "job",
        unit=NANOSECONDS,
    )
