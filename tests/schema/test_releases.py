"""What may leave the schema: what was announced, when its day is over, with a line for clients."""

from datetime import UTC, date, datetime

import pytest
from graphql import build_schema

from schema.releases import find_sudden, judge, read_unreleased
from schema.roots import CORE
from tests.released import RELEASED, read_changelog

BEFORE = """
interface Named { name: String }
type Query {
  old: Int @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")
  now(kind: Kind, past: Int @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")): Int!
  ask(given: Given): Int
  thing: Thing @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")
  named: Named
}
enum Kind { A B @deprecated(reason: "Works until 2027-06-30, use `Query.now`.") }
input Given { a: Int, b: Int @deprecated(reason: "Works until 2027-06-30, use `Given.a`.") }
type Thing implements Named {
  name: String @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")
}
"""
OVER = date(2027, 7, 1)
LINE = "`Query.old` `Query.now(past:)` `Kind.B` `Given.b` `Query.thing` `Thing`: use `Query.now`."


def told(after, *, on=OVER, unreleased=LINE):
    verdict = judge(build_schema(BEFORE), build_schema(after), on=on, unreleased=unreleased)
    return verdict.left, verdict.problems


def without(*parts):
    after = BEFORE
    for part in parts:
        assert part in after
        after = after.replace(part, "")
    return after


OLD = '  old: Int @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")\n'
PAST = ', past: Int @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")'
VALUE = ' B @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")'
INPUT = ', b: Int @deprecated(reason: "Works until 2027-06-30, use `Given.a`.")'
THING = '  thing: Thing @deprecated(reason: "Works until 2027-06-30, use `Query.now`.")\n'
THING_TYPE = BEFORE[BEFORE.index("type Thing") :]


def test_adding_passes():
    assert told(BEFORE + "type More { a: Int }") == ((), ())
    after = BEFORE.replace("ask(given: Given)", "ask(given: Given, more: Int): Int more")
    assert told(after, unreleased="") == ((), ())


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (OLD, "Query.old"),
        (PAST, "Query.now(past:)"),
        (VALUE, "Kind.B"),
        (INPUT, "Given.b"),
    ],
)
def test_what_was_announced_leaves_after_its_day_with_a_line_in_the_changelog(part, name):
    after = without(part)
    assert told(after) == ((name,), ())
    (early,) = told(after, on=date(2027, 6, 30))[1]
    assert early.endswith("It works until 2027-06-30.")
    (silent,) = told(after, unreleased="")[1]
    assert silent.endswith(f"Say in CHANGELOG.md what to use instead of `{name}`.")


def test_a_type_leaves_with_all_that_names_it_or_with_all_its_fields():
    """`Thing` is a member of `Named`, which stays: it is its only field that was announced."""
    assert told(without(THING, THING_TYPE)) == (("Thing", "Query.thing"), ())


def test_a_type_that_something_names_stays():
    before = build_schema("type Query { a: Int thing: Thing } type Thing { name: String }")
    after = build_schema("type Query { a: Int }")
    assert judge(before, after, on=OVER, unreleased=LINE).problems == (
        "Thing was removed. It is named by Query.thing, which was not announced to leave.",
        "Field Query.thing was removed. No release said until when it works.",
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "  named: Named\n",
            "",
            "Field Query.named was removed. No release said until when it works.",
        ),
        (
            "): Int!",
            "): Int",
            (
                "Field Query.now changed type from Int! to Int."
                " Clients rely on it: add something new beside it."
            ),
        ),
        (
            "kind: Kind,",
            "kind: Kind!,",
            (
                "Argument Query.now(kind:) has changed type from Kind to Kind!."
                " Clients rely on it: add something new beside it."
            ),
        ),
        (
            "input Given { a: Int,",
            "input Given { a: Int, c: Int!,",
            "A required field Given.c was added. Clients rely on it: add something new beside it.",
        ),
        (
            "implements Named {",
            "{",
            (
                "Thing no longer implements interface Named."
                " Clients rely on it: add something new beside it."
            ),
        ),
    ],
)
def test_what_breaks_clients_otherwise_is_refused(old, new, problem):
    assert old in BEFORE
    assert told(BEFORE.replace(old, new)) == ((), (problem,))


def test_a_day_that_was_promised_is_not_moved_nearer():
    after = BEFORE.replace(
        'old: Int @deprecated(reason: "Works until 2027-06-30',
        'old: Int @deprecated(reason: "Works until 2027-05-01',
    )
    assert told(after)[1] == ("Query.old was to work until 2027-06-30, not only until 2027-05-01.",)


def test_a_release_announces_half_a_year_ahead():
    before = build_schema("type Query { a: Int b: Int }")
    after = build_schema(
        'type Query { b: Int a: Int @deprecated(reason: "Works until 2027-06-30, use `Query.b`.") }'
    )
    assert find_sudden(before, after, on=date(2027, 1, 1)) == ()
    assert find_sudden(before, after, on=date(2027, 1, 2)) == (
        (
            "Query.a works until 2027-06-30: a release of 2027-01-02 announces 2027-07-01 at the"
            " earliest."
        ),
    )
    assert find_sudden(after, after, on=date(2027, 6, 1)) == ()


def test_only_the_unreleased_part_of_the_changelog_counts():
    text = "# Changelog\n\n## [Unreleased]\n\nnew\n\n## [0.1.0]\n\nold\n"
    assert read_unreleased(text) == "\n\nnew\n"


def test_the_schema_keeps_what_the_last_release_promised():
    """What to do when it fails: docs/how-to/change-the-schema.md."""
    released = build_schema(RELEASED.read_text())
    today = datetime.now(UTC).date()
    assert judge(released, CORE, on=today, unreleased=read_changelog()).problems == ()
