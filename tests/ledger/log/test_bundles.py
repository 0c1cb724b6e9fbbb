"""Bundles of real books: what they show to whom, and that one changed byte anywhere is named."""

import random
import re
import subprocess
import sys

import asyncpg
import pytest

from hub.ledger.entries import EntryKind
from hub.ledger.log.checkpoints import begin_key
from hub.ledger.log.errors import BundleNotValid, CheckpointNotFound, JournalDisagrees
from hub.ledger.log.standalone import MODULES, write_verifier
from hub.ledger.log.verifier.bundle import parse_json
from hub.ledger.log.verifier.checks import describe, verify_bundle
from hub.ledger.log.verifier.fields import KINDS
from hub.ledger.log.verifier.notes import PublicKey, read_keys
from hub.ledger.log.verifier.shapes import Wrong
from tests.coalition import LANE
from tests.ledger.log.dealing import change, open_secret_of, seal_and_owe


def shown_entries(content):
    return {
        (entry["lane"], entry["seq"]): (
            entry["maker"]["shown"] is not None,
            [line["shown"] is not None for line in entry["lines"]],
        )
        for entry in parse_json(content, "bundle")["entries"]
    }


def test_every_kind_of_entry_has_its_name_in_the_verifier():
    assert {kind.name: kind.value for kind in EntryKind}.items() <= KINDS.items()


@pytest.mark.parametrize("code", ["air", "shop", "bank", None])
async def test_a_bundle_verifies(dealing, code):
    report = verify_bundle(await dealing.bundle(code), dealing.keys.public)
    assert report.wrongs == ()
    assert report.entry_count == {"air": 5, "shop": 7, "bank": 2, None: 9}[code]
    assert report.signed_at == "2026-05-10T12:00:00.000000Z"
    assert describe(report).startswith(f"{report.entry_count} entries are in the log")


async def test_a_partner_is_shown_its_own_and_no_more(dealing):
    assert shown_entries(await dealing.bundle("shop")) == {
        (-1, 1): (False, [True]),
        (LANE, 2): (True, []),
        (LANE, 3): (False, [False, True]),
        (LANE, 4): (False, [True, False]),
        (LANE, 5): (True, [True]),
        (LANE, 7): (False, [True]),
        (LANE, 8): (False, [True]),
    }
    text = (await dealing.bundle("shop")).decode()
    coalition = dealing.story.coalition
    for name in ("wallet_id", "lot_id", "terms_id", "request_hash", "actor", "till-1"):
        assert name not in text
    for wallet in coalition.members.values():
        assert str(wallet.number) not in text


async def test_an_auditor_is_shown_everything(dealing):
    entries = parse_json(await dealing.bundle(), "bundle")["entries"]
    assert len(entries) == await dealing.story.coalition.value(
        "SELECT count(*) FROM ledger.entries"
    )
    for entry in entries:
        assert entry["whole"]["shown"] and entry["maker"]["shown"]
        assert all(line["shown"] for line in entry["lines"])


async def test_the_totals_of_a_partner_are_its_flows(dealing):
    shop = dealing.story.coalition.partners["shop"].partner_id
    told = {
        (row["kind"], row["is_reversal"], row["issuer_id"], row["acceptor_id"]): abs(row["points"])
        for row in parse_json(await dealing.bundle("shop"), "bundle")["totals"]["points"]
    }
    flows = await dealing.story.coalition.query(
        "SELECT kind, is_reversal, issuer_id, acceptor_id, sum(points) FROM ledger.flows"
        " WHERE issuer_id = $1 OR acceptor_id = $1 GROUP BY 1, 2, 3, 4",
        shop,
    )
    assert told == {(EntryKind(row[0]).name, *row[1:4]): row[4] for row in flows}


def first_shown(document):
    return next(
        number for number, entry in enumerate(document["entries"]) if entry["maker"]["shown"]
    )


CHANGES = {
    "points of the maker": (
        ("entries", "#", "maker", "shown", "fields", "points"), 51, "entry 7:2 maker", "points",
    ),
    "a reference": (
        ("entries", "#", "maker", "shown", "fields", "reference"), "till-3", "entry 7:2 maker",
        "reference",
    ),
    "a salt": (
        ("entries", "#", "maker", "shown", "salt"), "00" * 16, "entry 7:2 maker", "salt",
    ),
    "an instant": (
        ("entries", "#", "posted_at"), "2026-03-01T12:00:00.000001Z", "entry 7:2", "posted_at",
    ),
    "a kind": (("entries", "#", "kind"), "REDEEM", "entry 7:2", "kind"),
    "points and their reversal": (
        ("entries", "#", "maker", "shown", "fields"),
        lambda fields: {**fields, "points": 77, "partner_id": 7}, "entry 7:2 maker", "fields",
    ),
    "a leaf": (("entries", "#", "leaf"), "A" * 43 + "=", "entry 7:2", "leaf"),
    "a hash of a part": (
        ("entries", "#", "whole", "hash"), "A" * 43 + "=", "entry 7:2", "fields",
    ),
    "a proof": (("entries", "#", "proof"), lambda proof: proof[:-1], "entry 7:2", "proof"),
    "a size": (("lanes", 1, "size"), 9, "lane 7", "proof"),
    "a root": (("lanes", 1, "root"), "A" * 43 + "=", "lane 7", "proof"),
    "a total": (("totals", "points", 0, "points"), 49, "totals", "points"),
    "an amount of money": (
        ("totals", "money", 0, "amount"), "12.500000000000", "totals", "money",
    ),
    "the name of a party": (("parties", "100"), "rail", "bundle", "seal"),
    "whom it is for": (("audience",), "air", "bundle", "seal"),
    "an instant that is signed": (
        ("checkpoint",), lambda note: note.replace("2026-05", "2026-04"), "checkpoint",
        "signature",
    ),
    "a signature": (
        ("checkpoint",), lambda note: note[:-20] + "AAAA" + note[-16:], "checkpoint", "signature",
    ),
    "an entry left out": (("entries",), lambda entries: entries[1:], "totals", "money"),
    "an entry twice": (
        ("entries",), lambda entries: [*entries, entries[-1]], "entry 7:8", "entry",
    ),
    "a lane left out": (("lanes",), lambda lanes: lanes[1:], "entry -1:1", "proof"),
    "a key that is not known": (("extra",), 1, "bundle", "shape"),
    "another format": (("format",), "coalition-hub bundle 2", "bundle.format", "shape"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
async def test_what_is_changed_is_named_first(dealing, what):
    path, to, place, part = CHANGES[what]
    content = await dealing.bundle("shop")
    number = first_shown(parse_json(content, "bundle"))
    changed = change(content, *[number if step == "#" else step for step in path], to=to)
    assert dealing.wrongs(changed)[0] == (place, part)


async def test_what_is_shown_to_auditors_only_is_named_too(dealing):
    content = await dealing.bundle()
    path = ("entries", 3, "whole", "shown")
    for name, to, part in (
        ("wallet_id", 1, "fields"),
        ("terms_id", 9, "terms_id"),
        ("request_hash", "00" * 16, "fields"),
        ("request_hash", lambda text: f"{int(text[0], 16) ^ 1:x}{text[1:]}", "request_hash"),
    ):
        changed = change(content, *path, "fields", name, to=to)
        assert dealing.wrongs(changed)[0] == ("entry 7:3 whole", part)
    changed = change(content, *path, "lines", 0, "lot_id", to=77)
    assert dealing.wrongs(changed)[0] == ("entry 7:3 whole", "fields")
    changed = change(content, *path, "fields", "points", to=1)
    assert dealing.wrongs(changed)[:2] == [
        ("entry 7:3 whole", "fields"),
        ("entry 7:3 whole", "points"),
    ]


async def test_a_field_with_one_wrong_character_is_named_with_what_was_booked(dealing):
    content = await dealing.bundle("shop")
    number = first_shown(parse_json(content, "bundle"))
    shown = parse_json(content, "bundle")["entries"][number]["maker"]["shown"]["fields"]
    assert (shown["points"], shown["reference"]) == (50, "till-2")
    for name, to, booked in (("points", 60, "50"), ("reference", "tilt-2", '"till-2"')):
        path = ("entries", number, "maker", "shown", "fields", name)
        report = verify_bundle(change(content, *path, to=to), dealing.keys.public)
        assert str(report.wrongs[0]) == f"entry 7:2 maker: {name}: was changed: {booked} was booked"
    report = verify_bundle(
        change(content, "entries", number, "posted_at", to="2026-03-01T12:00:00.000009Z"),
        dealing.keys.public,
    )
    assert report.wrongs[0].problem == "was changed: 2026-03-01T12:00:00.000000Z was booked"


async def test_only_so_many_places_of_a_file_are_tried(dealing, monkeypatch):
    monkeypatch.setattr("hub.ledger.log.verifier.naming.NAMED_MAX", 1)
    content = await dealing.bundle("shop")
    number = first_shown(parse_json(content, "bundle"))
    for step in (("kind",), ("maker", "shown", "fields", "points")):
        to = "REDEEM" if step == ("kind",) else 51
        content = change(content, "entries", number, *step, to=to)
    assert dealing.wrongs(content)[:2] == [("entry 7:2", "kind"), ("entry 7:2 maker", "fields")]


async def test_no_changed_byte_passes_and_none_makes_the_verifier_stumble(dealing):
    content = await dealing.bundle("bank")
    dice = random.Random(5)  # noqa: S311
    silent = []
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << dice.randrange(8)
        if not dealing.wrongs(bytes(changed)):
            silent.append((place, content[place : place + 1]))
    assert silent == []


async def test_no_missing_or_added_byte_passes(dealing):
    content = await dealing.bundle("bank")
    dice = random.Random(6)  # noqa: S311
    for _ in range(200):
        place = dice.randrange(len(content))
        assert dealing.wrongs(content[:place] + content[place + 1 :])
        assert dealing.wrongs(content[:place] + b"0" + content[place:])
        assert dealing.wrongs(content[:place])


BAD_FILES = {
    "nothing": (b"", "is not JSON"),
    "no JSON": (b"hello", "is not JSON"),
    "no UTF-8": (b"\xff\xfe", "is not UTF-8"),
    "a list": (b"[]", "expected the keys"),
    "nested deeply": (b"[" * 200_000, "is nested too deeply"),
    "nested deeply in a place": (
        b'{"format":' + b"[" * 500 + b"]" * 500 + b"}", "expected the keys",
    ),
    "a fraction": (b'{"format":1.5}', "no plain integer"),
    "no number": (b'{"format":NaN}', "no plain integer"),
    "an endless number": (b'{"format":' + b"1" * 100_000 + b"}", "no plain integer"),
    "another document": (b'{"format":"x"}', "expected the keys"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_file_that_is_no_bundle_is_refused_in_a_sentence(what):
    content, problem = BAD_FILES[what]
    (wrong,) = verify_bundle(content, [PublicKey("hub", bytes(32))]).wrongs
    assert problem in str(wrong)
    assert len(str(wrong)) < 400


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr("hub.ledger.log.verifier.bundle.BUNDLE_BYTES_MAX", 10)
    (wrong,) = verify_bundle(b" " * 11, []).wrongs
    assert str(wrong) == "bundle: file: is larger than 10 bytes"


def test_keys_that_are_none_are_refused():
    key = PublicKey("hub", bytes(range(32)))
    line = str(key)
    assert read_keys(line.encode() + b"\n") == [key]
    name, _, encoded = line.split("+", 2)
    for text in ("", "hub", line[:-1], f"{name}+00000000+{encoded}", f"x{line}", line + "="):
        with pytest.raises(Wrong):
            read_keys(text.encode())
    with pytest.raises(Wrong):
        read_keys("\u2014".encode())


async def test_a_bundle_of_another_log_is_not_of_any_key_that_was_given(dealing):
    keys = [PublicKey(dealing.keys.origin, bytes(32))]
    parts = [
        (wrong.place, wrong.part)
        for wrong in verify_bundle(await dealing.bundle("bank"), keys).wrongs
    ]
    assert parts == [("checkpoint", "signature"), ("seal", "signature")]


async def test_a_later_bundle_proves_that_the_books_only_grew(dealing):
    before = await dealing.bundle("shop")
    await dealing.story("issue ana shop 9\nissue cy shop 1")
    with pytest.raises(CheckpointNotFound):
        await dealing.bundle("shop")
    await dealing.seal()
    later = await dealing.bundle("shop", older=before)
    assert dealing.wrongs(later) == []
    assert dealing.wrongs(later, older=before) == []
    for path, to, expected in (
        (("older", "lanes", 1, "consistency", 0), "A" * 43 + "=", ("lane 7", "consistency")),
        (("older", "lanes", 1, "size"), 5, ("older lane 7", "proof")),
        (("older", "lanes"), lambda lanes: lanes[1:], ("lane -1", "consistency")),
    ):
        assert dealing.wrongs(change(later, *path, to=to))[0] == expected
    other = await dealing.bundle("shop")
    assert dealing.wrongs(other, older=before)[0] == ("older checkpoint", "signature")
    assert dealing.wrongs(later, older=other)[0] == ("older checkpoint", "signature")
    assert ("older bundle", "seal") in dealing.wrongs(
        later, older=change(before, "audience", to="x")
    )
    for text in (b"x", b"{}"):
        with pytest.raises(BundleNotValid):
            await dealing.bundle("shop", older=text)


async def test_a_bundle_after_a_new_key_verifies_by_either(dealing):
    old = dealing.keys.public
    before = await dealing.bundle("bank")
    database = dealing.story.coalition.hub.database
    dealing.keys = await begin_key(database, open_secret_of(dealing.story))
    await dealing.story("issue ben air 1")
    await dealing.seal()
    later = await dealing.bundle("bank", older=before)
    assert dealing.wrongs(later, older=before) == []
    assert [wrong.place for wrong in verify_bundle(later, old).wrongs] == ["seal"]


async def test_no_bundle_is_made_of_books_that_were_changed(dealing):
    connection = await asyncpg.connect(dealing.story.coalition.url)
    await connection.execute("UPDATE ledger.allocations SET points = points - 1 WHERE seq = 3")
    with pytest.raises(JournalDisagrees) as refused:
        await dealing.bundle("bank")
    assert refused.value.place == "entry 7:3"
    await connection.execute("UPDATE ledger.allocations SET points = points + 1 WHERE seq = 3")
    await connection.close()
    assert dealing.wrongs(await dealing.bundle("bank")) == []


def test_the_verifier_in_one_file_defines_every_name_once():
    text = write_verifier()
    names = re.findall(r"^(?:def|class) (\w+)|^(\w+)(?:: [^=]+)? = ", text, re.MULTILINE)
    found = sorted(one or other for one, other in names)
    assert len(found) == len(set(found)) > 60
    assert "hub" not in re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert len(MODULES) == 7


async def test_the_verifier_in_one_file_says_the_same_alone(dealing, tmp_path):
    place = tmp_path / "verify_statement.py"
    place.write_text(write_verifier())
    (tmp_path / "hub.pub").write_text("".join(f"{key}\n" for key in dealing.keys.public))
    content = await dealing.bundle("shop")
    (tmp_path / "good.json").write_bytes(content)
    number = first_shown(parse_json(content, "bundle"))
    path = ("entries", number, "maker", "shown", "fields", "points")
    (tmp_path / "bad.json").write_bytes(change(content, *path, to=7))

    def run(*arguments):
        command = [sys.executable, "-I", place, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    good = run("good.json", "--key", "hub.pub")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("7 entries are in the log")
    bad = run("bad.json", "--key", "hub.pub", "--older", "good.json")
    assert bad.returncode == 1
    assert bad.stderr.startswith("WRONG  entry 7:2 maker: fields: partner_id, points,")
    for arguments in (["nobody.json", "--key", "hub.pub"], ["good.json", "--key", "nobody.pub"]):
        missing = run(*arguments)
        assert missing.returncode == 2
        assert missing.stderr.endswith(": file: No such file or directory\n")


KINDS_OF_ALL = "SELECT kind FROM ledger.entries UNION SELECT kind FROM ledger.allocations"
EVERY_KIND = """
    issue     ana air  100 expires 30d ref till-1  -> A
    issue     ana rail 100 expires 60d available 5d -> P
    issue     ana shop 100 expires 60d only bank,charity category food -> C
    release   P
    hold      ana shop 50 for 7d                   -> H
    capture   H 30
    hold      ana shop 5 for 7d                    -> V
    void      V
    hold      ana shop 5 for 7d
    redeem    ana bank 20 category food            -> R
    refund    R 5
    cash-out  ana bank 3
    donate    ana charity 7 match 0.25
    transfer  ana ben 4
    extend    P 10 to 90d                          -> E
    issue     cy air 10 expires 30d                -> D
    redeem    cy bank 10
    reverse   D 10 mode unlimited
    issue     cy air 25
    tick      31d
    sweep
    reinstate A 1 to 90d
"""


async def test_every_kind_of_entry_hashes_to_what_was_booked(story):
    await story(EVERY_KIND)
    dealing = await seal_and_owe(story)
    kinds = {row[0] for row in await story.coalition.query(KINDS_OF_ALL)}
    assert {EntryKind(kind).name for kind in kinds} == {
        "ISSUE", "RELEASE", "HOLD", "CAPTURE", "VOID", "REDEEM", "REFUND", "CASH_OUT", "DONATE",
        "TRANSFER", "EXTEND", "REVERSE", "REPAY", "LAPSE", "EXPIRE", "REINSTATE", "ADJUST",
    }  # fmt: skip
    for code in (None, "air", "rail", "shop", "bank", "charity"):
        assert dealing.wrongs(await dealing.bundle(code)) == []
