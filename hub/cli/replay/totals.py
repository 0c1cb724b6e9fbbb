"""The document of a replay: what was issued, redeemed and expired, by partner and by window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.cli.strict_json import Json

MONTH_PREFIX: Final = "M"
WEEK_PREFIX: Final = "W"
MICROSECONDS_PER_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What the ledger booked in one window.

    Units: whole points; `issued` by issuer, `redeemed` by issuer and acceptor.
    """

    issued: Mapping[str, int]
    redeemed: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What members asked to redeem at one acceptor, and what came of it.

    Units: counts of requests, and whole points.
    """

    requests_count: int
    requested_points: int
    accepted_count: int
    accepted_points: int


NO_REQUESTS: Final = RequestFacts(0, 0, 0, 0)
NO_FACTS: Final = WindowFacts({}, {})


@dataclass(frozen=True, slots=True)
class ReplayFacts:
    """All that the ledger knows after a replay; what is missing in a mapping is 0.

    `windows` by window id, `requests` by acceptor, `bonus_points` and `outstanding_points` by
    issuer, `expired_points` by issuer and the local month of the lots' end (2017-05).

    Units: whole points.
    """

    windows: Mapping[str, WindowFacts]
    bonus_points: Mapping[str, int]
    requests: Mapping[str, RequestFacts]
    outstanding_points: Mapping[str, int]
    expired_points: Mapping[tuple[str, str], int]
    members_with_balance_count: int


def write_totals(
    facts: ReplayFacts, *, partners: Iterable[str], window_ids: Iterable[str]
) -> dict[str, Json]:
    """Make the document; the months of the coalition together are the whole time."""
    codes, ids = tuple(partners), tuple(window_ids)
    months = [facts.windows.get(i, NO_FACTS) for i in ids if i.startswith(MONTH_PREFIX)]
    whole = add_facts(months)
    weeks = [facts.windows.get(i, NO_FACTS) for i in ids if i.startswith(WEEK_PREFIX)]
    assert add_facts(weeks) == whole, "both calendars hold the same points"
    requests = {code: facts.requests.get(code, NO_REQUESTS) for code in codes}
    matrix = _matrix(whole, codes)
    expired = _expired_by_issuer(facts, codes)
    requested_count = sum(asked.requests_count for asked in requests.values())
    accepted_count = sum(asked.accepted_count for asked in requests.values())
    accepted_points = sum(asked.accepted_points for asked in requests.values())
    assert accepted_points == sum(whole.redeemed.values()), "what was accepted was redeemed"
    return {
        "totals": {
            "issued": sum(whole.issued.values()),
            "redeemed": accepted_points,
            "expired": sum(expired.values()),
            "outstanding": sum(facts.outstanding_points.values()),
        },
        "members_with_balance": facts.members_with_balance_count,
        "issued_by_partner": _by_partner(whole.issued, codes),
        "of_which_campaign_bonus": _by_partner(facts.bonus_points, codes),
        "redemption_requests": requested_count,
        "requested_points": sum(asked.requested_points for asked in requests.values()),
        "accepted": accepted_count,
        "declined_insufficient": requested_count - accepted_count,
        "accepted_points": accepted_points,
        "by_acceptor": {code: _write_requests(asked) for code, asked in requests.items()},
        "outstanding_by_issuer": _by_partner(facts.outstanding_points, codes),
        "expired_by_issuer": _by_partner(expired, codes),
        "expired_by_issuer_month": {
            f"{issuer}|{month}": points
            for (issuer, month), points in facts.expired_points.items()
            if points
        },
        "matrix_issuer_to_acceptor_points": matrix,
        "net_position_points": _nets(whole, codes),
        "cross_partner_points": _cross_points(whole),
        "windows": {i: _write_window(facts.windows.get(i, NO_FACTS), codes) for i in ids},
    }


def add_facts(windows: Iterable[WindowFacts]) -> WindowFacts:
    """Add up windows that do not overlap; what comes to 0 is left out."""
    issued: dict[str, int] = {}
    redeemed: dict[tuple[str, str], int] = {}
    for window in windows:
        for issuer, points in window.issued.items():
            issued[issuer] = issued.get(issuer, 0) + points
        for pair, points in window.redeemed.items():
            redeemed[pair] = redeemed.get(pair, 0) + points
    return WindowFacts(
        {issuer: points for issuer, points in issued.items() if points},
        {pair: points for pair, points in redeemed.items() if points},
    )


def _write_window(facts: WindowFacts, codes: tuple[str, ...]) -> Json:
    return {
        "issued": _by_partner(facts.issued, codes),
        "matrix": _matrix(facts, codes),
        "net": _nets(facts, codes),
        "gross_cross": _cross_points(facts),
    }


def _write_requests(asked: RequestFacts) -> Json:
    return {
        "requests": asked.requests_count,
        "requested_points": asked.requested_points,
        "accepted": asked.accepted_count,
        "accepted_points": asked.accepted_points,
    }


def _by_partner(points: Mapping[str, int], codes: tuple[str, ...]) -> dict[str, Json]:
    return {code: points.get(code, 0) for code in codes}


def _matrix(facts: WindowFacts, codes: tuple[str, ...]) -> Json:
    return {
        issuer: {acceptor: facts.redeemed.get((issuer, acceptor), 0) for acceptor in codes}
        for issuer in codes
    }


def _nets(facts: WindowFacts, codes: tuple[str, ...]) -> Json:
    """Points accepted for others less own points that others accepted."""
    nets = dict.fromkeys(codes, 0)
    for (issuer, acceptor), points in facts.redeemed.items():
        nets[issuer] -= points
        nets[acceptor] += points
    return dict(nets)


def _cross_points(facts: WindowFacts) -> int:
    pairs = facts.redeemed.items()
    return sum(points for (issuer, acceptor), points in pairs if issuer != acceptor)


def _expired_by_issuer(facts: ReplayFacts, codes: tuple[str, ...]) -> dict[str, int]:
    expired = dict.fromkeys(codes, 0)
    for (issuer, _), points in facts.expired_points.items():
        expired[issuer] += points
    return expired


def write_speed(*, operations_count: int, elapsed_microseconds: int) -> dict[str, Json]:
    """Make the two figures of speed, whole numbers: seconds up, operations a second down."""
    elapsed = max(1, elapsed_microseconds)
    return {
        "seconds": -(-elapsed // MICROSECONDS_PER_SECOND),
        "operations_per_second": operations_count * MICROSECONDS_PER_SECOND // elapsed,
    }
