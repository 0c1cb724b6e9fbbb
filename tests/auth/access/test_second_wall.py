"""Row-level security, asked in SQL as the running hub: attacks 42, 44 to 46, and the ten traps.

The first wall is the code; here it is taken away, and statements without any condition are run.
"""

import asyncio
import contextlib
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import ProgrammingError

from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.tx import ACTOR_SETTING, Database, connect
from hub.members.store import LinkedAccount, link_accounts
from tests.coalition import Clock

WALLED = {
    "approvals",
    "audit_runs",
    "authorization_codes",
    "ceremonies",
    "cost_buckets",
    "development_tokens",
    "exchange_offers",
    "feed_cursors",
    "feed_skips",
    "field_uses",
    "household_codes",
    "household_members",
    "households",
    "invitations",
    "job_schedules",
    "jobs",
    "linked_accounts",
    "member_merges",
    "members",
    "merged_links",
    "oauth_clients",
    "oauth_grants",
    "passkeys",
    "people",
    "person_roles",
    "pushed_requests",
    "rate_marks",
    "refresh_tokens",
    "revoked_tokens",
    "secret_keys",
    "seen_proofs",
    "sessions",
    "signing_keys",
    "spent_orders",
    "terms",
    "till_codes",
    "till_misses",
    "trusted_documents",
    "trusted_releases",
    "windows",
}
READ_BY_ALL = {
    "cells": "payments of a window are computed from all of its cells, then filtered",
    "cell_lines": "as cells",
    "coalition": "what all know",
    "partners": "what all know: codes and names",
}
OPEN = {"alembic_version": "the number of the schema; the running hub reads it only"}
FOR_ANYBODY = {"answers": "found by a hash of the actor and the key only; written in every name"}
POLICIES = """
SELECT c.relname AS name, c.relrowsecurity AS is_on, c.relforcerowsecurity AS is_forced,
       pg_get_userbyid(c.relowner) AS owner
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""


@pytest.fixture
async def two(coalition):
    """Two partners with a member each and one of both, and terms."""
    for code in ("AIR", "SHOP"):
        await coalition.partner(code)
    ids = {code: partner.partner_id for code, partner in coalition.partners.items()}
    for name, references in (("ana", "AIR SHOP"), ("ben", "AIR"), ("cy", "SHOP")):
        place = await coalition.member(name)
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await link_accounts(
                tx,
                [
                    LinkedAccount(ids[code], f"{name}-{code}", place.number, tx.now)
                    for code in references.split()
                ],
            )
    return coalition


def partner(coalition, code) -> Actor:
    return Actor(ActorKind.PARTNER, coalition.partners[code].partner_id)


async def look(coalition, actor, statement):
    async with coalition.hub.database.read(actor) as tx:
        return [tuple(row) for row in await tx.connection.execute(text(statement))]


async def test_every_table_has_been_decided_about(coalition):
    rows = await coalition.query(POLICIES)
    known = {row["name"]: (row["is_on"], row["is_forced"]) for row in rows}
    walled = WALLED | set(READ_BY_ALL) | set(FOR_ANYBODY)
    assert walled & set(OPEN) == set()
    assert {name for name, state in known.items() if state == (True, True)} >= walled
    undecided = set(known) - walled - set(OPEN)
    assert undecided == set(), "decide in auth/wall.sql, and say so here"


async def test_the_role_of_the_running_hub_owns_nothing_and_passes_no_wall(coalition):
    owned = await coalition.value(
        "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'hub_app'"
    )
    assert owned == 0
    row = (
        await coalition.query(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = 'hub_app'"
        )
    )[0]
    assert tuple(row) == (False, False, False)
    assert await coalition.value("SELECT current_user") == "hub_app"


async def test_attack_46_without_a_context_nothing_is_there(two):
    connection = await connect(two.url)
    try:
        await connection.execute(f"SET {ACTOR_SETTING} = ''")
        for table in sorted(WALLED):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        for table in ("audit.log", "ledger.wallets", "ledger.lots", "ledger.keys"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    finally:
        await connection.close()


async def test_attack_42_a_partner_sees_its_own_whatever_the_statement_says(two):
    air, shop = partner(two, "AIR"), partner(two, "SHOP")
    references = "SELECT reference FROM linked_accounts ORDER BY 1"
    assert await look(two, air, references) == [("ana-AIR",), ("ben-AIR",)]
    assert await look(two, shop, references) == [("ana-SHOP",), ("cy-SHOP",)]
    assert len(await look(two, HUB_ACTOR, references)) == 4
    for actor, names in ((air, {"ana", "ben"}), (shop, {"ana", "cy"})):
        seen = await look(two, actor, "SELECT member_id FROM members")
        assert {number for (number,) in seen} == {two.members[name].number for name in names}
        (owners,) = await look(two, actor, "SELECT array_agg(DISTINCT partner_id) FROM terms")
        assert owners == ([actor.number],)
        for table in ("secret_keys", "development_tokens", "signing_keys", "sessions", "audit.log"):
            assert await look(two, actor, f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_attack_42_a_member_sees_the_own_rows(two):
    ana = Actor(ActorKind.MEMBER, two.members["ana"].number)
    assert await look(two, ana, "SELECT reference FROM linked_accounts ORDER BY 1") == [
        ("ana-AIR",),
        ("ana-SHOP",),
    ]
    assert await look(two, ana, "SELECT member_id FROM members") == [(ana.number,)]
    for table in ("terms", "windows", "people", "approvals"):
        assert await look(two, ana, f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_attack_42_counts_and_aggregates_tell_nothing_of_others(two):
    air = partner(two, "AIR")
    statement = (
        "SELECT count(*), min(reference), max(reference), count(DISTINCT partner_id)"
        " FROM linked_accounts"
    )
    assert await look(two, air, statement) == [(2, "ana-AIR", "ben-AIR", 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO linked_accounts VALUES ({shop}, 'x', {ana}, now())",
        "UPDATE linked_accounts SET partner_id = {shop}",
        "INSERT INTO terms VALUES (9, {air}, 'x', now(), NULL, '{{}}')",
        "INSERT INTO windows VALUES (9, 'x', 'x', now(), now(), 'OPEN')",
        "INSERT INTO secret_keys VALUES ('x', 'x')",
        "UPDATE alembic_version SET version_num = 'x'",
        "INSERT INTO partners (code, name_en, name_zh) VALUES ('X', 'x', 'x')",
        "INSERT INTO ledger.entries SELECT * FROM ledger.entries LIMIT 1",
        "INSERT INTO development_tokens VALUES ('x', 'operator', 0, now())",
        "INSERT INTO people (email, invited_at) VALUES ('x', now())",
        "INSERT INTO person_roles VALUES (1, 'operator', now())",
        "INSERT INTO audit.log VALUES (1, now(), 'a.b', 'x', 1, 'x', 'x', 'x', 'x', 'x')",
        "TRUNCATE linked_accounts",
        "ALTER TABLE linked_accounts DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_rows ON linked_accounts",
        "SET ROLE hub_poster; TRUNCATE ledger.lots",
    ],
)
async def test_attack_46_a_partner_writes_nothing_that_is_not_its_own(two, statement):
    air = partner(two, "AIR")
    filled = statement.format(
        air=air.number,
        shop=partner(two, "SHOP").number,
        ana=two.members["ana"].number,
    )
    before = [await two.query(f"TABLE {table}") for table in ("linked_accounts", "terms", "people")]
    with pytest.raises(
        Exception, match=r"row-level security|permission denied|must be owner|multi"
    ):
        async with two.hub.database.begin(air) as tx:
            await tx.connection.execute(text(filled))
    assert before == [
        await two.query(f"TABLE {table}") for table in ("linked_accounts", "terms", "people")
    ]


async def test_attack_46_updates_and_deletes_do_not_reach_rows_of_others(two):
    air = partner(two, "AIR")
    keys = await two.value("SELECT count(*) FROM secret_keys")
    async with two.hub.database.begin(air) as tx:
        for statement in (
            f"UPDATE linked_accounts SET reference = reference WHERE partner_id <> {air.number}",
            f"DELETE FROM linked_accounts WHERE partner_id <> {air.number}",
            "DELETE FROM secret_keys",
            "UPDATE development_tokens SET actor_kind = 'partner'",
            "UPDATE partners SET name_en = 'x'",
            "UPDATE coalition SET clearing_currency = 'USD'",
            "DELETE FROM cell_lines",
        ):
            with contextlib.suppress(ProgrammingError):  # some are denied outright
                async with tx.connection.begin_nested():
                    assert (await tx.connection.execute(text(statement))).rowcount == 0
    assert await two.value("SELECT count(*) FROM linked_accounts") == 4
    assert await two.value("SELECT count(*) FROM secret_keys") == keys
    assert await two.value("SELECT count(*) FROM partners WHERE name_en = 'x'") == 0
    assert await two.value("SELECT clearing_currency FROM coalition") == "EUR"


async def test_what_all_know_is_read_in_every_name(two):
    codes = [("AIR",), ("SHOP",)]
    listed = "SELECT code FROM partners WHERE code IN ('AIR', 'SHOP') ORDER BY 1"
    for actor in (partner(two, "AIR"), Actor(ActorKind.MEMBER, two.members["ana"].number)):
        assert await look(two, actor, listed) == codes


# The journal has no wall for each row (ADR-0019): what stands behind the code is that it can be
# read and not written, and that its functions are the only way to add to it.
async def test_attack_46_the_running_hub_reads_the_ledger_and_writes_none_of_it(coalition):
    rows = await coalition.query(
        "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'hub_app' AND table_schema = 'ledger'"
    )
    assert [row[0] for row in rows] == ["SELECT"]
    columns = await coalition.query(
        "SELECT DISTINCT privilege_type FROM information_schema.column_privileges"
        " WHERE grantee = 'hub_app' AND table_schema = 'ledger'"
    )
    assert [row[0] for row in columns] == ["SELECT"]


# --- the ten traps of research, one by one ---


async def test_trap_1_after_a_transaction_the_setting_is_empty_and_no_number_is_made_of_it(two):
    database = Database(two.url, clock=Clock(), pool_size=1)
    try:
        for _ in range(2):
            async with database.read(partner(two, "AIR")) as tx:
                assert await count_links(tx) == 2
        async with database._engine.connect() as connection:
            left = await connection.execute(text(f"SELECT current_setting('{ACTOR_SETTING}')"))
            assert left.scalar_one() == ""
            seen = await connection.execute(text("SELECT count(*) FROM linked_accounts"))
            assert seen.scalar_one() == 0
    finally:
        await database.close()


async def count_links(tx) -> int:
    return (await tx.connection.execute(text("SELECT count(*) FROM linked_accounts"))).scalar_one()


async def test_trap_2_an_actor_is_a_parameter_and_never_part_of_a_statement(two):
    statements = []
    engine = two.hub.database._engine.sync_engine

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        async with two.hub.database.read(partner(two, "AIR")):
            pass
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert statements == [("SELECT set_config('hub.actor', $1, true)", (str(partner(two, "AIR")),))]


async def test_trap_3_the_context_is_set_inside_the_transaction(two):
    async with two.hub.database.begin(partner(two, "AIR")) as tx:
        assert tx.connection.in_transaction()
        assert await count_links(tx) == 2


async def test_trap_4_the_next_user_of_a_pooled_connection_finds_nobody(two):
    database = Database(two.url, clock=Clock(), pool_size=1)
    try:
        for actor, expected in (
            (partner(two, "AIR"), 2),
            (HUB_ACTOR, 4),
            (Actor(ActorKind.MEMBER, two.members["ben"].number), 1),
            (partner(two, "SHOP"), 2),
        ):
            async with database.read(actor) as tx:
                assert await count_links(tx) == expected
            with pytest.raises(ZeroDivisionError):
                async with database.begin(actor) as tx:
                    raise ZeroDivisionError
            async with database._engine.connect() as connection:
                left = await connection.execute(text("SELECT count(*) FROM linked_accounts"))
                assert left.scalar_one() == 0
    finally:
        await database.close()


async def test_trap_5_after_a_commit_in_the_middle_nobody_acts_any_more(two):
    database = Database(two.url, clock=Clock(), pool_size=1)
    try:
        async with database._engine.connect() as connection:
            await connection.execute(
                text(f"SELECT set_config('{ACTOR_SETTING}', 'partner:100', true)")
            )
            await connection.commit()
            seen = await connection.execute(text("SELECT count(*) FROM linked_accounts"))
            assert seen.scalar_one() == 0
    finally:
        await database.close()


def test_trap_6_only_one_place_says_who_acts():
    root = Path(__file__).parents[3]
    places = [
        str(path.relative_to(root))
        for room in ("hub", "auth", "schema", "partners", "settlement")
        for path in sorted((root / room).rglob("*.py"))
        if "set_config(" in path.read_text()
    ]
    assert places == ["hub/kernel/tx.py"], "a transaction is in one name, from begin to end"


async def test_trap_7_no_view_and_no_function_looks_over_the_wall(coalition):
    views = await coalition.query(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('v', 'm')"
        " AND c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)"
    )
    assert [tuple(row) for row in views] == []
    definers = await coalition.query(
        "SELECT p.oid::regproc::text AS name FROM pg_proc p WHERE p.prosecdef"
        " AND p.pronamespace IN ('public'::regnamespace, 'audit'::regnamespace,"
        " 'wall'::regnamespace) ORDER BY 1"
    )
    assert [row["name"] for row in definers] == ["audit.append", "audit.sign_head"]


async def test_trap_8_a_foreign_key_takes_no_row_of_another_partner(two):
    """A link names a member, and members belong to nobody; no other key crosses partners."""
    crossing = await two.query(
        "SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent"
        " FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace"
        " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid"
        "             AND a.attname = 'partner_id' AND NOT a.attisdropped)"
        " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.confrelid"
        "             AND a.attname = 'partner_id' AND NOT a.attisdropped)"
        " AND k.confrelid <> 'partners'::regclass"
    )
    assert [tuple(row) for row in crossing] == []


async def test_trap_9_a_taken_reference_tells_nothing_of_another_partner(two):
    air, shop = partner(two, "AIR"), partner(two, "SHOP")
    async with two.hub.database.begin(shop) as tx:
        number = two.members["ana"].number
        made = await link_accounts(tx, [LinkedAccount(shop.number, "ben-AIR", number, tx.now)])
    assert made == 1, "references are unique per partner"
    assert await look(two, air, "SELECT count(*) FROM linked_accounts") == [(2,)]


async def test_trap_10_nobody_may_truncate(coalition):
    may = await coalition.query(
        "SELECT table_schema, table_name FROM information_schema.role_table_grants"
        " WHERE grantee = 'hub_app' AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')"
    )
    assert [tuple(row) for row in may] == []


# --- a small pool, many calls ---


async def test_attack_45_forty_calls_of_two_partners_on_two_connections_never_mix(two):
    database = Database(two.url, clock=Clock(), pool_size=2, pool_seconds=60)
    own = {
        "AIR": {"ana-AIR", "ben-AIR"},
        "SHOP": {"ana-SHOP", "cy-SHOP"},
    }
    seen: list[tuple[str, set[str]]] = []

    async def call(number: int) -> None:
        code = ("AIR", "SHOP")[number % 2]
        opened = database.begin if number % 3 else database.read
        async with opened(partner(two, code)) as tx:
            await tx.connection.execute(text("SELECT pg_sleep(0.002)"))
            rows = await tx.connection.execute(text("SELECT reference FROM linked_accounts"))
            seen.append((code, {row.reference for row in rows}))
            match number % 5:
                case 1:
                    raise ZeroDivisionError
                case 2:
                    await tx.connection.execute(text("SELECT 1 / 0"))
                case 3:
                    await tx.connection.execute(text("SELECT pg_sleep(5)"))

    try:
        tasks = [asyncio.create_task(call(number)) for number in range(40)]
        stuck = [task for number, task in enumerate(tasks) if number % 5 == 3]

        async def cancel(task: asyncio.Task[None], number: int) -> None:
            while not task.done():
                await asyncio.sleep(0.05 + number / 1000)
                task.cancel()

        await asyncio.gather(*[cancel(task, number) for number, task in enumerate(stuck)])
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(seen) >= 32
        assert [(code, names) for code, names in seen if names != own[code]] == []
        for _ in range(4):
            async with database._engine.connect() as connection:
                left = await connection.execute(
                    text(f"SELECT coalesce(current_setting('{ACTOR_SETTING}', true), '')")
                )
                assert left.scalar_one() == ""
    finally:
        await database.close()


async def test_attack_44_who_acts_comes_from_the_credential_alone(api):
    air = await api.partner("AIR")
    shop = await api.partner("SHOP")
    headers = {
        **air.headers,
        "x-tenant": "SHOP",
        "x-tenant-id": str(api.coalition.partners["SHOP"].partner_id),
        "hub-actor": str(partner(api.coalition, "SHOP")),
        "tenant": "SHOP",
    }
    query = {"query": "{ viewer { partner { code } } }"}
    for address in ("/graphql", "/graphql?tenantId=SHOP&actor=operator"):
        answer = await api.http.post(address, json=query, headers=headers)
        assert answer.json()["data"] == {"viewer": {"partner": {"code": "AIR"}}}
    assert (await shop.ask(query["query"]))["viewer"]["partner"]["code"] == "SHOP"


async def test_the_hub_reaches_its_tables_as_another_role_only_through_functions(database_url):
    connection = await connect(database_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO ledger.lanes VALUES (5)")
    finally:
        await connection.close()
