"""What must be so of a bundle, and what is wrong with it; the command."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hub.ledger.log.verifier.bundle import (
    BUNDLE_BYTES_MAX,
    Bundle,
    parse_json,
    read_bundle,
    write_json,
    write_sealed,
)
from hub.ledger.log.verifier.fields import (
    FIRST_LANE,
    MAKER,
    MONEY,
    NAMES,
    OPEN,
    POINTS,
    WHOLE,
    Fields,
    hash_entry,
    hash_lane,
    hash_part,
    hash_whole,
)
from hub.ledger.log.verifier.naming import Tries, name_changed, start_tries
from hub.ledger.log.verifier.notes import PublicKey, open_note, read_base64, read_keys
from hub.ledger.log.verifier.shapes import SHOWN_MAX, Wrong, read_instant
from hub.ledger.log.verifier.trees import Hash, verify_consistency, verify_inclusion

ISSUE = 1
SALT_CHECK_OCTETS = 4
CHECKPOINT_LINES = 4
BAD_FILE_STATUS = 2

Trees = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signature stands for: the root over the trees of all lanes, at an instant."""

    size: int
    root: Hash
    signed_at: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified, and all that is wrong: nothing, if all is well."""

    wrongs: tuple[Wrong, ...]
    entry_count: int = 0
    signed_at: str = ""


def verify_bundle(
    content: bytes, keys: Sequence[PublicKey], *, older: bytes | None = None
) -> Report:
    """Verify a bundle by what it says, by public keys, and by a bundle that was given before."""
    try:
        document = parse_json(content, "bundle")
        bundle = read_bundle(document, "bundle")
        wrongs = [*_check_file(content, document), *_check_bundle(bundle, keys)]
        wrongs += _check_against(bundle, older, keys)
        # Last: whatever is changed breaks the seal, and is named better by the rest.
        wrongs += _check_seal(document, bundle["seal"], keys)
    except Wrong as wrong:
        return Report((wrong,))
    lines = bundle["checkpoint"].split("\n")
    signed_at = lines[3].removeprefix("signed_at ") if len(lines) > CHECKPOINT_LINES else ""
    return Report(tuple(wrongs), len(bundle["entries"]), signed_at)


def _check_file(content: bytes, document: Mapping[str, Any]) -> Iterator[Wrong]:
    try:
        is_as_written = write_json(document) == content
    except UnicodeEncodeError:
        raise Wrong("bundle", "file", "holds a text that is not Unicode") from None
    if not is_as_written:
        problem = "is not written as the hub writes it: other spaces, another order, a key twice"
        yield Wrong("bundle", "file", problem)


def _check_seal(
    document: Mapping[str, Any], seal: str, keys: Sequence[PublicKey]
) -> Iterator[Wrong]:
    try:
        lines = open_note(seal, keys, "seal")
    except Wrong as wrong:
        yield wrong
        return
    digest = sha256(write_sealed(document)).hexdigest()
    if lines[1:] != ["bundle", digest]:
        yield Wrong("bundle", "seal", "what the file says is not what was sealed")


def _check_bundle(bundle: Bundle, keys: Sequence[PublicKey]) -> Iterator[Wrong]:
    wrongs: list[Wrong] = []
    checkpoint = _open_checkpoint(bundle["checkpoint"], keys, "checkpoint", wrongs.append)
    yield from wrongs
    trees: dict[int, Mapping[str, Any]] = {}
    for tree in bundle["lanes"]:
        yield from _check_tree(tree, checkpoint, trees, "")
    seen: set[tuple[int, int]] = set()
    tries = start_tries()
    for entry in bundle["entries"]:
        place = (entry["lane"], entry["seq"])
        if place in seen:
            yield Wrong(_name(entry), "entry", "stands in the bundle twice")
        seen.add(place)
        yield from _check_entry(entry, trees, tries)
    yield from _check_totals(bundle["totals"], bundle["entries"])
    if bundle["older"] is not None:
        yield from _check_growth(bundle["older"], trees, keys)


def _open_checkpoint(
    note: str, keys: Sequence[PublicKey], place: str, report: Callable[[Wrong], object]
) -> Checkpoint:
    """Read a checkpoint; one whose signature is wrong is reported, and read all the same."""
    try:
        lines = open_note(note, keys, place)
    except Wrong as wrong:
        report(wrong)
        lines = note.partition("\n\n")[0].split("\n")
    if len(lines) != CHECKPOINT_LINES or not lines[1].isascii() or not lines[1].isdecimal():
        raise Wrong(place, "shape", "expected origin, size, root and instant, a line each")
    return Checkpoint(
        size=int(lines[1][:5]),
        root=read_base64(lines[2], place, "shape"),
        signed_at=read_instant(lines[3].removeprefix("signed_at "), place),
    )


def _check_tree(
    tree: Mapping[str, Any],
    checkpoint: Checkpoint,
    trees: dict[int, Mapping[str, Any]],
    prefix: str,
) -> Iterator[Wrong]:
    lane = tree["lane"]
    place = f"{prefix}lane {lane}"
    if lane in trees:
        yield Wrong(place, "lane", "stands in the bundle twice")
    trees[lane] = tree
    leaf = hash_lane(lane, tree["size"], tree["root"])
    index, size = lane - FIRST_LANE, checkpoint.size
    if not verify_inclusion(leaf, index, size, tree["proof"], checkpoint.root):
        problem = "size, root and proof of this tree do not lead to the checkpoint"
        yield Wrong(place, "proof", problem)


def _name(entry: Mapping[str, Any]) -> str:
    return f"entry {entry['lane']}:{entry['seq']}"


def _check_entry(entry: Mapping[str, Any], trees: Trees, tries: Tries) -> Iterator[Wrong]:
    place, tree = _name(entry), trees.get(entry["lane"])
    if tree is None:
        yield Wrong(place, "proof", "the tree of its lane is not told")
        return

    def is_in_tree(leaf: Hash) -> bool:
        index = entry["seq"] - 1
        return verify_inclusion(leaf, index, tree["size"], entry["proof"], tree["root"])

    parts = [entry["whole"], entry["maker"], *entry["lines"]]
    whole, maker, *lines = [part["hash"] for part in parts]
    leaf = hash_entry(entry, whole, maker, lines)
    if leaf != entry["leaf"]:
        if is_in_tree(leaf):
            yield Wrong(place, "leaf", "is told wrongly: the fields are in the tree")
        else:
            names = ", ".join(name for name, _ in OPEN)
            yield _name_wrong(
                place,
                OPEN,
                entry,
                is_booked=lambda values: hash_entry(values, whole, maker, lines) == entry["leaf"],
                tries=tries,
                problem=f"{names} and the hashes of the parts do not hash to the leaf",
            )
    elif not is_in_tree(leaf):
        yield Wrong(place, "proof", "does not lead from the leaf to the root of the lane")
    yield from _check_part(f"{place} maker", entry["maker"], "maker", tries)
    for number, line in enumerate(entry["lines"], 1):
        yield from _check_part(f"{place} line {number}", line, line["of"], tries)
    yield from _check_whole(f"{place} whole", entry, tries)


def _name_wrong(
    place: str,
    fields: Fields,
    values: Mapping[str, Any],
    *,
    is_booked: Callable[[Mapping[str, Any]], bool],
    tries: Tries,
    problem: str,
) -> Wrong:
    """Name the field that was changed, or where that cannot be known say that one was."""
    named = name_changed(fields, values, is_booked, tries)
    return Wrong(place, *named) if named else Wrong(place, "fields", problem)


def _check_part(place: str, part: Mapping[str, Any], name: str, tries: Tries) -> Iterator[Wrong]:
    shown = part["shown"]
    if shown is None:
        return
    if _is_salt_wrong(shown):
        yield Wrong(place, "salt", "is not the salt that was used")
    elif hash_part(name, shown["salt"], shown["fields"]) != part["hash"]:
        fields = {"maker": MAKER, "points": POINTS, "money": MONEY}[name]
        names = ", ".join(name for name, _ in fields)
        yield _name_wrong(
            place,
            fields,
            shown["fields"],
            is_booked=lambda values: hash_part(name, shown["salt"], values) == part["hash"],
            tries=tries,
            problem=f"{names} do not hash to what was booked",
        )


def _is_salt_wrong(shown: Mapping[str, Any]) -> bool:
    check: bytes = shown["salt_check"]
    return sha256(shown["salt"]).digest()[:SALT_CHECK_OCTETS] != check


def _check_whole(place: str, entry: Mapping[str, Any], tries: Tries) -> Iterator[Wrong]:
    shown = entry["whole"]["shown"]
    if shown is None:
        return
    if _is_salt_wrong(shown):
        yield Wrong(place, "salt", "is not the salt that was used")
    elif _hash_shown(shown, shown["fields"]) != entry["whole"]["hash"]:
        yield _name_wrong(
            place,
            WHOLE,
            shown["fields"],
            is_booked=lambda values: _hash_shown(shown, values) == entry["whole"]["hash"],
            tries=tries,
            problem="do not hash to what was booked",
        )
    # What is shown to others must be what was booked: only who sees both can tell.
    maker, fields = entry["maker"]["shown"], shown["fields"]
    told = [entry] if maker is None else [entry, maker["fields"]]
    for values in told:
        for name in values.keys() & fields.keys():
            if values[name] != fields[name]:
                yield Wrong(place, name, "is not what is shown to others")
    own = [line for line in entry["lines"] if line["of"] == "points" or entry["lane"] < 0]
    if len(own) != len(shown["lines"]):
        yield Wrong(place, "lines", "are not as many as are shown to others")
    for number, (line, booked) in enumerate(zip(own, shown["lines"], strict=False), 1):
        values = {} if line["shown"] is None else line["shown"]["fields"]
        if any(values[name] != booked[name] for name in values.keys() & booked.keys()):
            yield Wrong(place, f"line {number}", "is not what is shown to others")


def _hash_shown(shown: Mapping[str, Any], fields: Mapping[str, Any]) -> Hash:
    return hash_whole(shown["salt"], fields, shown["lot"], shown["lines"])


def sum_points(entries: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Add up the points that are shown: by kind, reversal, issuer and acceptor, with a count."""
    sums: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for entry in entries:
        maker = entry["maker"]["shown"]
        if entry["kind"] == ISSUE and maker is not None:
            own = {"kind": ISSUE, "is_reversal": False, "acceptor_id": 0}
            _add_points(
                sums, {**own, **maker["fields"], "issuer_id": maker["fields"]["partner_id"]}
            )
        for line in entry["lines"]:
            if line["of"] == "points" and line["shown"] and line["shown"]["fields"]["points"]:
                _add_points(sums, line["shown"]["fields"])
    return dict(sums)


def _add_points(sums: dict[tuple[Any, ...], tuple[int, int]], line: Mapping[str, Any]) -> None:
    key = (line["kind"], line["is_reversal"], line["issuer_id"], line["acceptor_id"])
    points, count = sums[key]
    sums[key] = (points + line["points"], count + 1)


def sum_money(entries: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Add up the money that is shown, in units of the twelfth place, with a count."""
    sums: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for entry in entries:
        for line in entry["lines"]:
            if line["of"] == "money" and line["shown"]:
                names = ("kind", "is_reversal", "debtor_id", "creditor_id", "currency")
                key = tuple(line["shown"]["fields"][name] for name in names)
                units, count = sums[key]
                amount = int(line["shown"]["fields"]["amount"].replace(".", ""))
                sums[key] = (units + amount, count + 1)
    return dict(sums)


def _check_totals(
    totals: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> Iterator[Wrong]:
    for part, sums in (("points", sum_points(entries)), ("money", sum_money(entries))):
        told: dict[tuple[Any, ...], tuple[int, int]] = {}
        for row in totals[part]:
            *key, amount, count = row.values()
            amount = amount if part == "points" else int(amount.replace(".", ""))
            told[tuple(key)] = (amount, count)
        if len(told) != len(totals[part]):
            yield Wrong("totals", part, "tell a sum twice")
        for key in sorted(told.keys() | sums.keys(), key=str):
            if told.get(key) != sums.get(key):
                kind = NAMES.get(key[0], key[0])
                problem = f"{kind} between parties {key[2]} and {key[3]} is not the sum"
                yield Wrong("totals", part, f"{problem} of the entries")


def _check_growth(
    older: Mapping[str, Any], trees: Trees, keys: Sequence[PublicKey]
) -> Iterator[Wrong]:
    wrongs: list[Wrong] = []
    checkpoint = _open_checkpoint(older["checkpoint"], keys, "older checkpoint", wrongs.append)
    yield from wrongs
    before: dict[int, Mapping[str, Any]] = {}
    for tree in older["lanes"]:
        yield from _check_tree(tree, checkpoint, before, "older ")
    for lane in sorted(trees.keys() | before.keys()):
        if lane not in trees or lane not in before:
            yield Wrong(f"lane {lane}", "consistency", "is told once only, then or now")
            continue
        old, new = before[lane], trees[lane]
        is_grown = verify_consistency(
            old["size"], new["size"], old["consistency"], old["root"], new["root"]
        )
        if not is_grown:
            problem = "the tree is not the older one that only grew"
            yield Wrong(f"lane {lane}", "consistency", problem)


def _check_against(
    bundle: Bundle, older: bytes | None, keys: Sequence[PublicKey]
) -> Iterator[Wrong]:
    """See that the bundle builds on one that was given before."""
    if older is None:
        return
    document = parse_json(older, "older bundle")
    before = read_bundle(document, "older bundle")
    for wrong in _check_seal(document, before["seal"], keys):
        yield Wrong("older bundle", wrong.part, wrong.problem)
    if bundle["older"] is None or bundle["older"]["checkpoint"] != before["checkpoint"]:
        yield Wrong("older checkpoint", "signature", "is not that of the older bundle")


def read_file(path: Path, name: str) -> bytes:
    """Read a file that is not too large."""
    try:
        with path.open("rb") as file:
            content = file.read(BUNDLE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise Wrong(name, "file", getattr(error, "strerror", None) or "cannot be read") from None
    if len(content) > BUNDLE_BYTES_MAX:
        raise Wrong(name, "file", f"is larger than {BUNDLE_BYTES_MAX} bytes")
    return content


def describe(report: Report) -> str:
    """Say what was verified, or what is wrong: a line each, the first ones."""
    if not report.wrongs:
        return (
            f"{report.entry_count} entries are in the log as signed at {report.signed_at},"
            " and all that the bundle says of them is so.\n"
        )
    lines = [f"WRONG  {wrong}\n" for wrong in report.wrongs[:SHOWN_MAX]]
    more_count = len(report.wrongs) - len(lines)
    return "".join(lines) + (f"and {more_count} more\n" if more_count else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify a bundle from the command line; gives the exit status."""
    parser = argparse.ArgumentParser(description="Verify a bundle of entries of a hub.")
    parser.add_argument("bundle", type=Path, help="the bundle that the hub gave")
    parser.add_argument("--key", type=Path, required=True, help="public keys of the hub")
    parser.add_argument("--older", type=Path, help="a bundle that the hub gave before")
    given = parser.parse_args(arguments)
    try:
        keys = read_keys(read_file(given.key, "key"))
        content = read_file(given.bundle, "bundle")
        older = None if given.older is None else read_file(given.older, "older bundle")
    except Wrong as wrong:
        sys.stderr.write(f"{wrong}\n")
        return BAD_FILE_STATUS
    report = verify_bundle(content, keys, older=older)
    (sys.stderr if report.wrongs else sys.stdout).write(describe(report))
    return 1 if report.wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
