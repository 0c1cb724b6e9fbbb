"""The document of a replay as tables for a person."""

from collections.abc import Iterator, Mapping

from hub.cli.output import Column, Sheet
from hub.cli.replay.totals import ReplayFacts, add_facts
from hub.cli.strict_json import Json


def replay_sheets(document: Mapping[str, Json]) -> Iterator[Sheet]:
    """Show the totals, who redeemed whose points, and the nets."""
    yield totals_sheet(document)
    yield _matrix_sheet(document)
    yield _partners_sheet(document)


def totals_sheet(document: Mapping[str, Json]) -> Sheet:
    """Show the totals and the speed."""
    totals = _object(document["totals"])
    rows = [(name, str(totals[name])) for name in ("issued", "redeemed", "expired", "outstanding")]
    names = ("accepted", "declined_insufficient", "seconds", "operations_per_second")
    rows += [(name, str(document[name])) for name in names if name in document]
    return Sheet(
        "Totals", (Column("points", is_number=False), Column("", is_number=True)), tuple(rows)
    )


def _matrix_sheet(document: Mapping[str, Json]) -> Sheet:
    matrix = _object(document["matrix_issuer_to_acceptor_points"])
    rows = tuple(
        (issuer, *(str(points) for points in _object(row).values()))
        for issuer, row in matrix.items()
    )
    columns = [Column("issued by \\ accepted by", is_number=False)]
    columns += [Column(acceptor, is_number=True) for acceptor in matrix]
    return Sheet("Points, by issuer and acceptor", tuple(columns), rows)


def _partners_sheet(document: Mapping[str, Json]) -> Sheet:
    keys = ("issued_by_partner", "outstanding_by_issuer", "expired_by_issuer")
    nets = _object(document["net_position_points"])
    rows = tuple(
        (code, *(str(_object(document[key])[code]) for key in keys), str(net))
        for code, net in nets.items()
    )
    columns = [Column("partner", is_number=False)]
    columns += [
        Column(name, is_number=True) for name in ("issued", "outstanding", "expired", "net")
    ]
    return Sheet("Points, by partner", tuple(columns), rows)


def flows_sheet(facts: ReplayFacts) -> Sheet:
    """List what was redeemed in every window, by issuer and acceptor: for a program."""
    rows = tuple(
        (window_id, issuer, acceptor, str(points))
        for window_id, window in sorted(facts.windows.items())
        for (issuer, acceptor), points in sorted(add_facts([window]).redeemed.items())
    )
    texts = tuple(Column(name, is_number=False) for name in ("window", "issuer", "acceptor"))
    return Sheet("Redeemed points", (*texts, Column("points", is_number=True)), rows)


def _object(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, dict), value
    return value
