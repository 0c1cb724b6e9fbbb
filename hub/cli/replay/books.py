"""What the ledger knows after a replay, as the facts that its document is made from."""

from collections import Counter
from collections.abc import Iterable, Mapping

from hub.cli.replay.history import Replay
from hub.cli.replay.totals import ReplayFacts, RequestFacts, WindowFacts
from hub.kernel.tx import ReadTx
from hub.ledger.entries import EntryKind
from hub.ledger.store import (
    FlowRow,
    count_wallets_with_points,
    list_expired_points,
    list_flows,
    list_liabilities,
)
from partners.register import Register
from settlement.calendars import local_day, month_name


async def read_facts(
    tx: ReadTx,
    register: Register,
    replay: Replay,
    *,
    bonus_points: Mapping[str, int],
    requests: Mapping[str, RequestFacts],
) -> ReplayFacts:
    """Read flows, liabilities and expiries; what members asked for comes from the replay itself."""
    windows = {
        window.id: _window_facts(register, await list_flows(tx, window.open_at, window.cut_at))
        for window in replay.windows
    }
    outstanding: Counter[str] = Counter()
    for liability in await list_liabilities(tx):
        outstanding[_code(register, liability.issuer_id)] += liability.points
    expired: Counter[tuple[str, str]] = Counter()
    for issuer_id, expires_at, points in await list_expired_points(tx):
        month = month_name(local_day(expires_at, replay.coalition.zone))
        expired[_code(register, issuer_id), month] += points
    return ReplayFacts(
        windows=windows,
        bonus_points=bonus_points,
        requests=requests,
        outstanding_points=outstanding,
        expired_points=expired,
        members_with_balance_count=await count_wallets_with_points(tx),
    )


def _window_facts(register: Register, flows: Iterable[FlowRow]) -> WindowFacts:
    issued: Counter[str] = Counter()
    redeemed: Counter[tuple[str, str]] = Counter()
    for flow in flows:
        issuer = _code(register, flow.issuer_id)
        if flow.kind is EntryKind.ISSUE:
            issued[issuer] += flow.points
        elif flow.kind is EntryKind.REDEEM:
            redeemed[issuer, _code(register, flow.acceptor_id)] += flow.points
    return WindowFacts(issued, redeemed)


def _code(register: Register, partner_id: int) -> str:
    return register.get_partner_by_id(partner_id).code
