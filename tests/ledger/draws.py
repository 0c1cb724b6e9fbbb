"""Operations at random, aimed at the edges: ends of lots, exact balances, keys and references."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.coalition import DAY, STEP
from tests.ledger.beside import GAP_FROM, GAP_UNTIL, MEMBERS, PARTNERS, Both, renamed
from tests.reference.books import USES

Json = dict[str, Any]
HOUR = timedelta(hours=1)
PARTY = {"REDEEM": "acceptor", "CASH_OUT": "agent", "DONATE": "charity"}
KINDS = (
    *("ISSUE", "REDEEM", "ISSUE", "REDEEM", "TRANSFER", "REFUND", "ISSUE", "REDEEM"),
    *("CASH_OUT", "DONATE", "REVERSE_ISSUE", "EXPIRE", "REFUND", "TRANSFER"),
)


def draw_instant(draw: st.DrawFn, both: Both) -> Any:
    """The present as a rule; else a little or a lot before it, or at an end of something."""
    now = both.now
    ends = [lot.expires for lot in both.books.all_lots.values() if lot.expires]
    edges = [edge for end in {*ends, GAP_FROM, GAP_UNTIL} for edge in (end, end - STEP)]
    late = [edge for edge in sorted(edges) if edge <= now][-6:]
    return draw(st.sampled_from([now, now, now, now, now - STEP, now - HOUR, now - DAY, *late]))


def draw_points(draw: st.DrawFn, near: int) -> int:
    """Few points, or about as many as there are."""
    choices = {1, 2, 7, near - 1, near, near + 1, near // 2}
    return draw(st.sampled_from(sorted(max(1, points) for points in choices)))


def draw_operation(draw: st.DrawFn, both: Both, before: list[Json], lots: list[str]) -> Json:
    """One operation; it gives back only what was booked before this submission began."""
    if before and draw(st.integers(0, 9)) == 0:
        repeated = draw(st.sampled_from(before))
        if "key" in repeated:
            return renamed(repeated, both.name())
    kind, name = draw(st.sampled_from(KINDS)), both.name()
    op: Json = {"id": name, "type": kind, "at": draw_instant(draw, both)}
    op["is_plain"] = op["at"] == both.now and draw(st.booleans())
    member = draw(st.sampled_from(sorted(MEMBERS)))
    used = [
        event for event, _ in both.booked.items() if both.books.events[event].op["type"] in USES
    ]
    if kind == "REFUND" and used:
        source = draw(st.sampled_from(used[-8:]))
        op |= {"of": source, "points": draw_points(draw, both.books.refundable(source))}
        caller = both.books.events[source].op["caller"]
    elif kind == "REVERSE_ISSUE" and lots:
        lot = both.books.lot(draw(st.sampled_from(lots[-8:])))
        op |= {"lot": lot.name, "points": draw_points(draw, lot.remaining)}
        caller = lot.issuer
    elif kind == "EXPIRE":
        return op | {"member": member}
    elif kind == "TRANSFER":
        others = [name for name in MEMBERS if name != member and MEMBERS[name] == MEMBERS[member]]
        points = draw_points(draw, both.books.available(member, op["at"]))
        op |= {"from": member, "to": draw(st.sampled_from(others)), "points": points}
        caller = ""
    elif kind in PARTY:
        caller = draw(st.sampled_from(PARTNERS))
        points = draw_points(draw, both.books.available(member, op["at"]))
        op |= {PARTY[kind]: caller, "member": member, "points": points}
        if kind == "DONATE" and draw(st.booleans()):
            op["match_rate"] = "0.001"
    else:
        caller = draw(st.sampled_from(PARTNERS))
        op |= draw_issue(draw, both, name, member, caller)
    op["caller"] = caller
    # Few keys, so that they meet again under one partner and wallet.
    op["key"] = draw(st.sampled_from(["k1", "k2", "k3", name, name, name, name, name]))
    return op


def draw_issue(draw: st.DrawFn, both: Both, name: str, member: str, issuer: str) -> Json:
    """An issue whose points end soon, together with others, never, or have ended already."""
    lasts = draw(st.sampled_from([DAY, HOUR, STEP, 2 * DAY, None, timedelta(0), -HOUR]))
    ends = sorted({lot.expires for lot in both.books.all_lots.values() if lot.expires})
    expires = None if lasts is None else both.now + lasts
    if ends and draw(st.booleans()):
        expires = draw(st.sampled_from(ends[-4:]))
    op: Json = {
        "type": "ISSUE",
        "issuer": issuer,
        "member": member,
        "points": draw(st.sampled_from([10, 1, 3, 100, 10**12])),
        "lot": name,
        "expires": expires,
        "reason": draw(st.sampled_from(["base", "bonus"])),
    }
    if draw(st.integers(0, 2)) == 0:
        op["reference"] = draw(st.sampled_from(["r1", "r2", "r3"]))
    return op


@st.composite
def submissions(draw: st.DrawFn, both: Both, before: list[Json], size_max: int = 10) -> list[Json]:
    """Some operations that are submitted together."""
    size = draw(st.integers(1, size_max))
    lots = list(both.lot_ids)
    return [draw_operation(draw, both, before, lots) for _ in range(size)]


def groupings(size: int) -> st.SearchStrategy[list[int]]:
    """Sizes of groups that a submission is cut into."""
    return st.lists(st.integers(1, max(1, size)), max_size=size)
