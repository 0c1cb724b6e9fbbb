"""Bundles: entries with as much of them as somebody may see, and the proofs that they are booked.

A partner is shown what it made, the points that it issued or accepted, and the money that it owes
or is owed. Of the rest of such an entry it gets hashes: no wallet, no lot, no line of another
partner. A member is shown the entries of the own wallet as the API shows them: what was done and
where, and the points of each lot. An auditor is shown everything. A bundle tells where in its lane
an entry stands and how long the lane is; that is why a person of the hub makes it, and nobody asks
for it through the API.

Source: rule book 1.10.4, 1.13; ADR-0015.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from hub.kernel.tx import ReadTx
from hub.ledger.log import store
from hub.ledger.log.checkpoints import PAGE, Keys, load_checkpoint, micros_of
from hub.ledger.log.errors import BundleNotValid, BundleTooLarge, CheckpointNotFound
from hub.ledger.log.leaves import MAKER, EntryLeaf, JournalEntry, leaf_of, part_salt
from hub.ledger.log.notes import write_note
from hub.ledger.log.proofs import prove_consistency, prove_inclusions, prove_lane
from hub.ledger.log.store import LaneTree, Ranges
from hub.ledger.log.verifier import fields as layout
from hub.ledger.log.verifier.bundle import (
    ENTRIES_MAX,
    FORMAT,
    parse_json,
    read_bundle,
    write_json,
    write_sealed,
)
from hub.ledger.log.verifier.checks import SALT_CHECK_OCTETS, sum_money, sum_points
from hub.ledger.log.verifier.notes import write_base64
from hub.ledger.log.verifier.shapes import Wrong, write_instant
from hub.ledger.log.verifier.trees import EMPTY_ROOT, Hash
from hub.ledger.operations import Place

AUDITOR: Final = "auditor"
"""The audience that sees everything."""


@dataclass(frozen=True, slots=True)
class Span:
    """The entries of a window: what it is called, its ends, and what it has of each lane."""

    name: str
    opens_at: datetime
    cut_at: datetime
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a bundle is for: a partner, the member of a wallet, or an auditor (both are None)."""

    name: str
    partner_id: int | None
    wallet: Place | None = None

    def sees_all(self) -> bool:
        """Whether everything is shown."""
        return self.partner_id is None and self.wallet is None

    def sees_maker(self, entry: JournalEntry) -> bool:
        """Whether what the maker of an entry sees is shown."""
        return self.partner_id in (None, entry.values["partner_id"])

    def sees_line(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is shown: to its two parties; points to the member whose they are."""
        if self.wallet is not None:
            return "issuer_id" in line
        names = ("issuer_id", "acceptor_id", "debtor_id", "creditor_id")
        return self.partner_id is None or self.partner_id in [line.get(name) for name in names]


async def make_bundle(
    tx: ReadTx,
    keys: Keys,
    *,
    audience: Audience,
    span: Span | None,
    parties: Mapping[int, str],
    older: bytes | None,
) -> bytes:
    """Make the bundle of a window for a partner or an auditor, under the last checkpoint.

    That of a member has no window: it has all entries of the wallet that are under it.
    `older` is a bundle that was given before: the new one then proves that the books only grew.

    Errors: CheckpointNotFound, BundleTooLarge, BundleNotValid, JournalDisagrees.
    """
    checkpoint = await load_checkpoint(tx, None)
    trees = await store.list_lane_trees(tx, checkpoint.checkpoint_id)
    places = await _list_places(tx, trees, audience, span)
    if len(places) > ENTRIES_MAX:
        raise BundleTooLarge(len(places), ENTRIES_MAX)
    entries: list[dict[str, Any]] = []
    shown_lanes = []
    for lane, own in groupby(places, key=lambda place: place[0]):
        seqs = [seq for _, seq in own]
        if lane not in trees or trees[lane].size < seqs[-1]:
            raise CheckpointNotFound
        shown_lanes.append(lane)
        entries += await _write_entries(tx, trees[lane], seqs, audience)
    document: dict[str, Any] = {
        "format": FORMAT,
        "made_at": write_instant(micros_of(tx.now)),
        "audience": audience.name,
        "window": None if span is None else _write_span(span),
        "parties": {str(number): name for number, name in parties.items()},
        "checkpoint": checkpoint.note,
        "lanes": [_write_tree(trees, trees[lane]) for lane in shown_lanes],
        "entries": entries,
        "totals": {"points": [], "money": []},
        "older": None if older is None else await _write_older(tx, trees, shown_lanes, older),
        "seal": "",
    }
    document["totals"] = _write_totals(document)
    digest = sha256(write_sealed(document)).hexdigest()
    document["seal"] = write_note(f"{keys.origin}\nbundle\n{digest}\n", keys.current)
    return write_json(document)


async def _list_places(
    tx: ReadTx, trees: Mapping[int, LaneTree], audience: Audience, span: Span | None
) -> list[tuple[int, int]]:
    if audience.wallet is None:
        assert span is not None, "partners and auditors get windows"
        return await store.list_places_of(
            tx, span.ranges, partner_id=audience.partner_id, limit=ENTRIES_MAX + 1
        )
    tree = trees.get(audience.wallet.lane)
    return await store.list_places_of_wallet(
        tx, audience.wallet, up_to=tree.size if tree else 0, limit=ENTRIES_MAX + 1
    )


def _write_span(span: Span) -> dict[str, str]:
    return {
        "name": span.name,
        "opens_at": write_instant(micros_of(span.opens_at)),
        "cut_at": write_instant(micros_of(span.cut_at)),
    }


async def _write_entries(
    tx: ReadTx, tree: LaneTree, seqs: Sequence[int], audience: Audience
) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for first in range(0, len(seqs), PAGE):
        page = seqs[first : first + PAGE]
        journal = await store.list_journal(tx, ((tree.lane, seq) for seq in page))
        leaves = {entry.values["seq"]: leaf_of(entry) for entry in journal}
        proofs = await prove_inclusions(tx, tree, {seq: leaves[seq].leaf for seq in leaves})
        for entry in journal:
            seq = entry.values["seq"]
            written.append(_write_entry(entry, leaves[seq], proofs[seq], audience))
    return written


def _write_entry(
    entry: JournalEntry, leaf: EntryLeaf, proof: Iterable[Hash], audience: Audience
) -> dict[str, Any]:
    maker = None
    if audience.sees_maker(entry):
        maker = _show(layout.MAKER, entry.values, part_salt(entry.salt, MAKER))
    whole = None
    if audience.sees_all():
        own = layout.WHOLE_MONEY if entry.values["lane"] < 0 else layout.WHOLE_POINTS
        lines = [_write_fields(own, line) for line in entry.whole_lines]
        lot = None if entry.lot is None else _write_fields(layout.WHOLE_LOT, entry.lot)
        whole = {**_show(layout.WHOLE, entry.values, entry.salt), "lot": lot, "lines": lines}
    return {
        **_write_fields(layout.OPEN, entry.values),
        "leaf": write_base64(leaf.leaf),
        "whole": {"hash": write_base64(leaf.whole), "shown": whole},
        "maker": {"hash": write_base64(leaf.maker), "shown": maker},
        "lines": [
            {
                "of": of,
                "hash": write_base64(leaf.lines[number - 1]),
                "shown": _show(layout.PARTS[of][1], line, part_salt(entry.salt, number))
                if audience.sees_line(line)
                else None,
            }
            for number, (of, line) in enumerate(entry.lines, MAKER + 1)
        ],
        "proof": [write_base64(step) for step in proof],
    }


def _show(fields: layout.Fields, values: Mapping[str, Any], salt: bytes) -> dict[str, Any]:
    check = sha256(salt).digest()[:SALT_CHECK_OCTETS]
    written = _write_fields(fields, values)
    return {"salt": salt.hex(), "salt_check": check.hex(), "fields": written}


def _write_fields(fields: layout.Fields, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _write_value(kind, values[name]) for name, kind in fields}


def _write_value(kind: str, value: Any) -> Any:  # noqa: ANN401 (of the type that the field has)
    match kind:
        case "kind":
            return layout.NAMES[value]
        case "hash16":
            return value.hex()
        case "instant" | "since" | "until":
            return None if value is None else write_instant(value)
    return value


def _write_tree(trees: Mapping[int, LaneTree], tree: LaneTree) -> dict[str, Any]:
    return {
        "lane": tree.lane,
        "size": tree.size,
        "root": write_base64(tree.root),
        "proof": [write_base64(step) for step in prove_lane(trees, tree.lane)],
    }


async def _write_older(
    tx: ReadTx, trees: Mapping[int, LaneTree], lanes: Iterable[int], older: bytes
) -> dict[str, Any]:
    try:
        note = read_bundle(parse_json(older, "older bundle"), "older bundle")["checkpoint"]
    except Wrong as wrong:
        raise BundleNotValid(str(wrong)) from wrong
    checkpoint_id = await store.find_checkpoint_of(tx, note)
    if checkpoint_id is None:
        raise BundleNotValid("its checkpoint is not one of this log")
    before = await store.list_lane_trees(tx, checkpoint_id)
    written = []
    for lane in lanes:
        old = before.get(lane, LaneTree(lane, 0, EMPTY_ROOT, ()))
        proof = await prove_consistency(tx, old, trees[lane])
        consistency = [write_base64(step) for step in proof]
        written.append({**_write_tree(before, old), "consistency": consistency})
    return {"checkpoint": note, "lanes": written}


def _write_totals(document: Mapping[str, Any]) -> dict[str, Any]:
    """Add up what is shown, by the very reader that will verify it."""
    entries = read_bundle({**document, "seal": ""}, "bundle")["entries"]
    points = [
        {
            "kind": layout.NAMES[kind],
            "is_reversal": is_reversal,
            "issuer_id": issuer_id,
            "acceptor_id": acceptor_id,
            "points": amount,
            "line_count": count,
        }
        for (kind, is_reversal, issuer_id, acceptor_id), (amount, count) in sorted(
            sum_points(entries).items()
        )
    ]
    money = [
        {
            "kind": kind,
            "is_reversal": is_reversal,
            "debtor_id": debtor_id,
            "creditor_id": creditor_id,
            "currency": currency,
            "amount": _write_units(units),
            "line_count": count,
        }
        for (kind, is_reversal, debtor_id, creditor_id, currency), (units, count) in sorted(
            sum_money(entries).items(), key=str
        )
    ]
    return {"points": points, "money": money}


def _write_units(units: int) -> str:
    """Write units of the twelfth place as an amount."""
    whole, places = divmod(abs(units), 10**12)
    return f"{'-' if units < 0 else ''}{whole}.{places:012}"
