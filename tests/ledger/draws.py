"""Operations at random, aimed at the edges: ends of lots, exact balances, keys and references."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from hub.points.requests import NEVER
from tests.coalition import DAY, STEP
from tests.ledger.beside import GAP_FROM, GAP_UNTIL, MEMBERS, PARTNERS, RULES, Both, renamed
from tests.reference.books import USES
from tests.reference.choices import Drawn, Source

Json = dict[str, Any]
HOUR = timedelta(hours=1)
PARTY = {
    "REDEEM": "acceptor",
    "CASH_OUT": "agent",
    "DONATE": "charity",
    "EXCHANGE": "partner",
}
KINDS = (
    *("ISSUE", "REDEEM", "ISSUE", "REDEEM", "TRANSFER", "REFUND", "ISSUE", "REDEEM"),
    *(
        "CASH_OUT",
        "DONATE",
        "EXCHANGE",
        "EXCHANGE",
        "REVERSE_ISSUE",
        "EXPIRE",
        "REFUND",
        "TRANSFER",
    ),
    *("HOLD", "HOLD", "CAPTURE", "CAPTURE", "VOID", "REVERSE_ISSUE", "ISSUE", "ISSUE"),
    *("RELEASE", "EXTEND", "REINSTATE", "OWE", "FORGIVE", "HOLD"),
)
OF_A_LOT = ("RELEASE", "EXTEND", "REINSTATE")
CATEGORIES = (None, None, "tea", "fuel", "oil")


def draw_instant(source: Source, both: Both) -> Any:
    """The present as a rule; else a little or a lot before it, or at an end of something."""
    now = both.now
    ends = [lot.expires for lot in both.books.all_lots.values() if lot.expires]
    edges = [edge for end in {*ends, GAP_FROM, GAP_UNTIL} for edge in (end, end - STEP)]
    late = [edge for edge in sorted(edges) if edge <= now][-6:]
    return source.pick([now, now, now, now, now - STEP, now - HOUR, now - DAY, *late])


def draw_member(source: Source, both: Both, *, rich_only: bool) -> str:
    """Somebody; as a rule somebody with points, where points are wanted."""
    rich = [name for name in sorted(MEMBERS) if both.books.available(name, both.now)]
    if rich_only and rich and source.number(0, 4):
        return source.pick(rich)
    return source.pick(sorted(MEMBERS))


def draw_lot(source: Source, both: Both, kind: str, lots: list[str]) -> str:
    """A lot; as a rule one for which the kind is made."""
    now, books = both.now, both.books
    fitting = {
        "RELEASE": lambda lot: lot.free and lot.available and lot.available > now,
        "REINSTATE": lambda lot: lot.expires and lot.expires <= now,
        "EXTEND": lambda lot: lot.free and lot.expires and lot.expires > now,
        "REVERSE_ISSUE": lambda lot: not lot.expires or lot.expires > now,
    }[kind]
    good = [name for name in lots if fitting(books.lot(name))]
    return source.pick((good if good and source.number(0, 4) else lots)[-8:])


def draw_points(source: Source, near: int) -> int:
    """Few points, or about as many as there are."""
    choices = {1, 2, 7, near - 1, near, near + 1, near // 2}
    return source.pick(sorted(max(1, points) for points in choices))


def draw_operation(source: Source, both: Both, before: list[Json], lots: list[str]) -> Json:
    """One operation; it gives back only what was booked before this submission began."""
    if before and source.number(0, 9) == 0:
        repeated = source.pick(before)
        if "key" in repeated:
            return renamed(repeated, both.name())
    kind, name = source.pick(KINDS), both.name()
    op: Json = {"id": name, "type": kind, "at": draw_instant(source, both)}
    op["is_plain"] = op["at"] == both.now and source.pick((False, True))
    member = draw_member(source, both, rich_only=kind in (*PARTY, "HOLD", "TRANSFER"))
    drawn = draw_giving_back(source, both, op, lots) or draw_plain(source, both, op, member)
    if kind == "EXPIRE":
        return drawn
    # Few keys, so that they meet again under one partner and wallet.
    drawn["key"] = source.pick(["k1", "k2", "k3", name, name, name, name, name])
    return drawn


def draw_giving_back(source: Source, both: Both, op: Json, lots: list[str]) -> Json | None:
    """What names an entry or a lot that there is; None: there is none, or it is another kind."""
    kind, books = op["type"], both.books
    sources = {
        "REFUND": [e for e in both.booked if books.events[e].kind in USES],
        "CAPTURE": [e for e in both.booked if books.events[e].kind == "HOLD"],
        "FORGIVE": [e for e in both.booked if books.events[e].kind == "OWE"],
    }
    sources["VOID"] = sources["CAPTURE"]
    if sources.get(kind):
        event = source.pick(sources[kind][-6:])
        first = books.events[event].op
        near = books.refundable(event) if kind == "REFUND" else first["points"]
        more: Json = {"of": event, "caller": first["caller"]}
        if kind != "VOID":
            more["points"] = draw_points(source, near)
        if kind == "REFUND" and source.pick((False, True)):
            more["reinstated"] = both.now + source.pick([DAY, HOUR])
        if kind in ("CAPTURE", "VOID"):
            more["acceptor"] = first["acceptor"]
        return op | more
    if kind not in ("REVERSE_ISSUE", *OF_A_LOT) or not lots:
        return None
    lot = books.lot(draw_lot(source, both, kind, lots))
    if kind == "REVERSE_ISSUE":
        points, mode = draw_points(source, lot.remaining), source.pick([0, 1, 2, 3, 3])
        points = source.pick([points, lot.points])
        return op | {"lot": lot.name, "points": points, "mode": mode, "caller": lot.issuer}
    more = {"lot": lot.name, "caller": ""}
    if kind != "RELEASE":
        more["points"] = draw_points(source, lot.remaining)
        more["expires"] = both.now + source.pick([DAY, HOUR, 3 * DAY, -HOUR])
    return op | more


def draw_plain(source: Source, both: Both, op: Json, member: str) -> Json:
    """What needs nothing but a wallet; an issue where nothing else fits."""
    kind, books, partner = op["type"], both.books, source.pick(PARTNERS)
    near = books.seen(member, op["at"])[0]
    if kind == "EXPIRE":
        return op | {"member": member}
    if kind == "TRANSFER":
        others = [name for name in MEMBERS if name != member and MEMBERS[name] == MEMBERS[member]]
        to = source.pick(others)
        return op | {"from": member, "to": to, "points": draw_points(source, near), "caller": ""}
    if kind == "OWE":
        points = source.pick([1, 5, 50])
        return op | {"member": member, "issuer": partner, "points": points, "caller": partner}
    if kind == "HOLD" or kind in PARTY:
        more: Json = {"member": member, "points": draw_points(source, near), "caller": partner}
        more[PARTY.get(kind, "acceptor")] = partner
        if kind == "HOLD":
            more["ends"] = max(both.now + source.pick([DAY, HOUR, STEP]), op["at"])
            if op["at"] < both.now and source.pick((False, True)):
                more["ends"] = op["at"] + STEP
        if kind in ("HOLD", "REDEEM"):
            more["category"] = source.pick(CATEGORIES)
        if kind == "EXCHANGE":
            more["is_final"] = source.pick((False, False, True))
        if kind == "DONATE" and source.pick((False, True)):
            more["match_rate"] = "0.001"
        return op | more
    return op | draw_issue(source, both, op["id"], member, partner) | {"caller": partner}


def draw_issue(source: Source, both: Both, name: str, member: str, issuer: str) -> Json:
    """An issue whose points end soon, together with others, never, or have ended already."""
    lasts = source.pick([DAY, HOUR, STEP, 2 * DAY, None, timedelta(0), -HOUR])
    ends = sorted({lot.expires for lot in both.books.all_lots.values() if lot.expires})
    expires = None if lasts is None else both.now + lasts
    if ends and source.pick((False, True)):
        expires = source.pick(ends[-4:])
    op: Json = {
        "type": "ISSUE",
        "issuer": issuer,
        "member": member,
        "points": source.pick([10, 1, 3, 100, 10**12]),
        "lot": name,
        "expires": expires,
        "reason": source.pick(["base", "bonus"]),
        "available": source.pick([None] * 6 + [both.now + HOUR, NEVER, both.now]),
        "rule": source.pick([None] * 6 + [*RULES]),
    }
    if source.number(0, 2) == 0:
        op["reference"] = source.pick(["r1", "r2", "r3"])
    return op


def draw_estate(both: Both) -> list[Json]:
    """What everybody begins with: points that end soon, late and never, pending and restricted."""
    kinds: list[Json] = [
        {"expires": both.now + HOUR},
        {"expires": both.now + 2 * DAY},
        {"expires": None},
        {"expires": None, "available": both.now + HOUR},
        {"expires": both.now + DAY, "rule": RULES[0]},
    ]
    return [
        {
            "type": "ISSUE",
            "id": (name := both.name()),
            "lot": name,
            "at": both.now,
            "issuer": PARTNERS[number % 2],
            "caller": PARTNERS[number % 2],
            "member": member,
            "points": 10,
            "reason": "base",
            "available": None,
            "rule": None,
            "key": name,
        }
        | given
        for member in MEMBERS
        for number, given in enumerate(kinds)
    ]


def draw_submission(source: Source, both: Both, before: list[Json], size_max: int) -> list[Json]:
    """Some operations that are submitted together."""
    lots = list(both.lot_ids)
    return [draw_operation(source, both, before, lots) for _ in range(source.number(1, size_max))]


@st.composite
def submissions(draw: st.DrawFn, both: Both, before: list[Json], size_max: int = 10) -> list[Json]:
    """Some operations that are submitted together."""
    return draw_submission(Drawn(draw), both, before, size_max)


def groupings(size: int) -> st.SearchStrategy[list[int]]:
    """Sizes of groups that a submission is cut into."""
    return st.lists(st.integers(1, max(1, size)), max_size=size)
