"""What a story sees: of a member, a lot, an entry, a hold, a partner and the whole journal."""

from typing import TYPE_CHECKING, Any

from hub.kernel.actor import HUB_ACTOR
from hub.ledger.caps.kinds import kind_of
from hub.ledger.entries import EntryKind
from hub.ledger.views.store import sum_points

if TYPE_CHECKING:
    from tests.claims import Done
    from tests.story import Story

LOTS = "SELECT lot_id, remaining_points FROM ledger.lots WHERE lane = $1 AND wallet_id = $2"
KINDS = "SELECT kind FROM ledger.entries WHERE lane = $1 AND wallet_id = $2 ORDER BY seq"
ENTRY = "SELECT * FROM ledger.entries WHERE lane = $1 AND seq = $2"
LINES = "SELECT * FROM ledger.allocations WHERE lane = $1 AND seq = $2 ORDER BY line"
HOLD = "SELECT * FROM ledger.holds WHERE lane = $1 AND hold_seq = $2"
FUNDER = "SELECT funder_id FROM ledger.lots WHERE lane = $1 AND source_seq = $2 ORDER BY lot_id"
OUTSTANDING = "SELECT coalesce(sum(points), 0) FROM ledger.liabilities WHERE issuer_id = $1"


async def facts_of_member(story: "Story", name: str) -> dict[str, Any]:
    """What the hub tells of a wallet, each of its lots by name, and the kinds of its entries."""
    wallet = await story.member(name)
    place = (wallet.lane, wallet.number)
    async with story.coalition.hub.database.read(HUB_ACTOR) as tx:
        points = (await sum_points(tx, [wallet], issuer_id=None))[wallet]
    facts: dict[str, Any] = {
        "available": points.available_points,
        "balance": points.balance_points,
        "pending": points.pending_points,
        "held": points.held_points,
        "restricted": points.restricted_points,
        "owed": points.owed_points,
    }
    names = _names(story, wallet.lane)
    for row in await story.coalition.query(LOTS, *place):
        facts[names.get(row["lot_id"], "?")] = row["remaining_points"]
    kinds = await story.coalition.query(KINDS, *place)
    facts["entries"] = ",".join(EntryKind(row["kind"]).name.lower() for row in kinds)
    return facts


async def facts_of_entry(story: "Story", done: "Done") -> dict[str, Any]:
    """What an entry did, lot by lot; of a hold also how it stands."""
    place = (done.entry.lane, done.entry.number)
    query = story.coalition.query
    names = _names(story, place[0])
    codes = {partner.partner_id: code for code, partner in story.coalition.partners.items()}
    (entry,) = await query(ENTRY, *place)
    lines = await query(LINES, *place)
    funders = await query(FUNDER, *place)
    told = [(names.get(row["lot_id"], "?"), row) for row in lines]
    facts = {
        "points": entry["points"],
        "asked": entry["asked_points"],
        "capped": entry["cap_id"] and kind_of(entry["cap_id"]).name,
        "reason": entry["reason"],
        "expired": -sum(row["points"] for row in lines if row["kind"] == EntryKind.EXPIRE),
        "allocations": _joined((lot, row["points"]) for lot, row in told if row["points"]),
        "aside": _joined((lot, row["held_points"]) for lot, row in told if row["held_points"]),
        "repaid": ",".join(
            f"{lot}:{-row['points']}>{codes[row['acceptor_id']]}"
            for lot, row in told
            if row["kind"] == EntryKind.REPAY
        ),
        "segment": entry["segment_id"],
        "funder": ",".join(codes[row["funder_id"]] for row in funders),
    }
    for hold in await query(HOLD, *place):
        facts |= {
            "open": "yes" if hold["is_open"] else "no",
            "captured": hold["captured_points"],
        }
    return facts


async def facts_of_partner(story: "Story", code: str) -> dict[str, Any]:
    """What is outstanding of a partner's points."""
    partner_id = story.coalition.partners[code].partner_id
    return {"outstanding": await story.coalition.value(OUTSTANDING, partner_id)}


async def facts_of_journal(story: "Story") -> dict[str, Any]:
    """How many entries there are."""
    return {"entries": await story.coalition.value("SELECT count(*) FROM ledger.entries")}


def _names(story: "Story", lane: int) -> dict[int, str]:
    return {place.number: name for name, place in story.lots.items() if place.lane == lane}


def _joined(pairs: Any) -> str:
    return ",".join(f"{lot}:{points}" for lot, points in pairs)
