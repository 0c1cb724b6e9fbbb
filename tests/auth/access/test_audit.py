"""The audit log: attack 63, and what is in it and what is not."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from auth.audit.chain import BEFORE_THE_FIRST, Record, find_breaks, hash_record
from auth.audit.log import record, record_apart, sign_newest, verify_log
from auth.oauth.clients.registering import (
    add_key,
    keep_newest_key,
    register_client,
    revoke_client,
)
from auth.oauth.signing.rotation import KeyKind, replace_keys, rotate_keys
from auth.policies import Role
from hub.cli import audit_log, staff
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.jobs.job import Job
from hub.settings import Settings
from hub.worker import jobs_of, schedules_of
from tests.api import new_key
from tests.auth.access.people import open_desk


async def write(coalition, count):
    for number in range(count):
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await record(tx, "client.registered", subject=f"client:{number}", zeta=1, alpha="é")


async def verify(coalition, **noted):
    noted = {"public_key": None, **noted}
    async with coalition.hub.database.read(HUB_ACTOR) as tx:
        return await verify_log(tx, **noted)


async def as_owner(coalition, statement):
    """Change rows as somebody who may do everything on the server."""
    connection = await asyncpg.connect(coalition.url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_records_are_dense_chained_and_the_same_in_sql_and_here(coalition):
    await write(coalition, 5)
    await record_apart(coalition.hub.database, "access.refused", actor=Actor(ActorKind.PARTNER, 7))
    rows = [Record(*row) for row in await coalition.query("SELECT * FROM audit.log ORDER BY seq")]
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0].previous_hash == BEFORE_THE_FIRST
    assert rows[0].detail == '{"alpha":"é","zeta":1}'
    assert rows[5].actor == "partner:7"
    assert [row.hash for row in rows] == [hash_record(row) for row in rows]
    verdict = await verify(coalition)
    assert (verdict.record_count, verdict.breaks) == (6, ())


@pytest.mark.parametrize("field", ["at", "event", "actor", "person_id", "subject", "detail"])
async def test_no_field_of_a_record_can_change_and_keep_its_hash(coalition, field):
    await write(coalition, 1)
    (row,) = [Record(*row) for row in await coalition.query("SELECT * FROM audit.log")]
    other = {"at": row.at.replace(microsecond=1), "person_id": 5}.get(field, "x.y")
    assert hash_record(replace(row, **{field: other})) != row.hash
    assert hash_record(replace(row, event="client.registere", actor="dhub")) != row.hash


async def test_attack_63_a_change_in_the_middle_is_found_at_its_place(coalition):
    await write(coalition, 9)
    await sign_newest(coalition.hub.database)
    await as_owner(coalition, "UPDATE audit.log SET actor = 'operator' WHERE seq = 4")
    (broken,) = (await verify(coalition)).breaks
    assert (broken.seq, broken.what) == (4, "the record is not what was written")


async def test_attack_63_a_record_taken_out_is_found(coalition):
    await write(coalition, 9)
    await as_owner(coalition, "DELETE FROM audit.log WHERE seq = 4")
    broken = (await verify(coalition)).breaks[0]
    assert (broken.seq, broken.what) == (4, "the record is missing; the next one is 5")


async def test_attack_63_a_chain_that_was_written_anew_breaks_its_signed_head(coalition):
    await write(coalition, 6)
    await sign_newest(coalition.hub.database)
    await as_owner(
        coalition,
        "CREATE TEMP TABLE kept AS TABLE audit.heads; DELETE FROM audit.heads;"
        " DELETE FROM audit.log WHERE seq > 3;"
        " SELECT audit.append(now(), 'client.registered', 'hub', NULL, NULL, '', '{}')"
        " FROM generate_series(1, 3); INSERT INTO audit.heads TABLE kept",
    )
    (broken,) = (await verify(coalition)).breaks
    assert (broken.seq, broken.what) == (6, "the signed head is not what the log has here")


async def test_attack_63_an_end_that_was_cut_off_is_found_by_what_was_noted(coalition):
    await write(coalition, 6)
    head = await sign_newest(coalition.hub.database)
    await as_owner(coalition, "DELETE FROM audit.heads; DELETE FROM audit.log WHERE seq > 4")
    assert (await verify(coalition)).breaks == ()
    (broken,) = (await verify(coalition, at_least=head.seq)).breaks
    assert (broken.seq, broken.what) == (6, "the log ends at 4")


async def test_a_head_signed_by_another_key_is_found(coalition):
    await write(coalition, 2)
    head = await sign_newest(coalition.hub.database)
    assert (await verify(coalition, public_key=head.public_key)).breaks == ()
    (broken,) = (await verify(coalition, public_key=bytes(32))).breaks
    assert broken.what == "the head is signed by another key"


def test_the_chain_is_checked_from_its_beginning():
    assert list(find_breaks([])) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.log SET actor = 'x'",
        "DELETE FROM audit.log",
        "TRUNCATE audit.log",
        "INSERT INTO audit.log SELECT * FROM audit.log",
        "UPDATE audit.heads SET seq = 2",
        "DELETE FROM audit.heads",
        "ALTER TABLE audit.log DISABLE ROW LEVEL SECURITY",
        "DROP TABLE audit.heads",
    ],
)
async def test_attack_63_the_running_hub_can_append_and_nothing_else(coalition, statement):
    await write(coalition, 2)
    await sign_newest(coalition.hub.database)
    before = await coalition.query("SELECT * FROM audit.log")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await coalition.query(statement)
    assert await coalition.query("SELECT * FROM audit.log") == before


async def test_twenty_records_at_once_make_one_chain(coalition):
    await asyncio.gather(
        *[
            record_apart(coalition.hub.database, "access.refused", actor=HUB_ACTOR, number=n)
            for n in range(20)
        ]
    )
    verdict = await verify(coalition)
    assert (verdict.record_count, verdict.breaks) == (20, ())


async def test_what_is_rolled_back_was_not_done_and_is_not_recorded(coalition):
    async def undo() -> None:
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await record(tx, "client.registered")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undo()
    await write(coalition, 1)
    verdict = await verify(coalition)
    assert (verdict.record_count, verdict.breaks) == (1, ())


async def test_what_people_do_and_are_refused_is_recorded_once_a_minute(coalition):
    async with open_desk(coalition) as desk:
        ada = await desk.person(Role.SUPPORT)
        sweep = 'mutation { sweepExpiry(input: {idempotencyKey: "%s"}) { userErrors { code } } }'
        for _ in range(3):
            assert await ada.fault(sweep % new_key()) == "FORBIDDEN"
        air = await desk.api.partner("AIR")
        assert await air.fault(sweep % new_key()) == "FORBIDDEN"
        ben = await desk.person(Role.OPERATOR)
        assert (await ben.do("sweepExpiry"))["userErrors"] == []
    rows = await coalition.query(
        "SELECT event, actor, person_id, subject, detail FROM audit.log"
        " WHERE event IN ('access.refused', 'person.acted') ORDER BY seq"
    )
    number = coalition.partners["AIR"].partner_id
    assert [tuple(row) for row in rows] == [
        ("access.refused", "operator", ada.person_id, "sweep_expiry", '{"lack":"role"}'),
        ("access.refused", f"partner:{number}", None, "sweep_expiry", '{"lack":"kind"}'),
        ("person.acted", "operator", ben.person_id, "sweep_expiry", "{}"),
    ]


async def test_attack_65_the_log_has_no_address_and_no_secret(coalition):
    async with open_desk(coalition) as desk:
        ada = await desk.person(Role.OPERATOR, email="ada.lovelace@hub.test")
        await ada.sign_in()
    kept = str([tuple(row) for row in await coalition.query("SELECT * FROM audit.log")])
    assert "ada" not in kept and "@" not in kept
    assert ada.cookie not in kept and "203.0.113" not in kept


async def test_what_becomes_of_clients_and_keys_is_recorded(coalition):
    await coalition.partner("AIR")
    partner_id = coalition.partners["AIR"].partner_id
    first, second = (ECKey.generate_key("P-256").as_dict(private=False) for _ in range(2))
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        client = await register_client(
            tx,
            partner_id=partner_id,
            name="till",
            keys={"keys": [first]},
            jwks_uri=None,
            scopes=("points.issue",),
            redirect_uris=(),
        )
        await add_key(tx, client.client_id, second)
        await keep_newest_key(tx, client.client_id)
        await revoke_client(tx, client.client_id)
        (rotated,) = await rotate_keys(tx, bytes(32), [KeyKind.ID_TOKEN])
        (replaced,) = await replace_keys(tx, bytes(32), [KeyKind.ACCESS_TOKEN])
    key_id = await coalition.value("SELECT keys->'keys'->0->>'kid' FROM oauth_clients")
    rows = await coalition.query("SELECT event, actor, subject, detail FROM audit.log ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        ("client.registered", "hub", client.client_id, f'{{"partner_id":{partner_id}}}'),
        ("client.key_added", "hub", client.client_id, f'{{"key_id":"{key_id}"}}'),
        ("client.old_keys_ended", "hub", client.client_id, "{}"),
        ("client.revoked", "hub", client.client_id, "{}"),
        ("keys.rotated", "hub", rotated.key_id, '{"kind":"id_token"}'),
        ("keys.replaced", "hub", replaced.key_id, '{"kind":"access_token"}'),
    ]


async def test_the_worker_signs_the_newest_record_again_and_again(coalition):
    settings = Settings()
    schedules = {each.kind: each.every_seconds for each in schedules_of(settings.work)}
    assert schedules["sign-audit-log"] == settings.work.seal_interval_seconds
    sign = jobs_of(coalition.hub, settings)["sign-audit-log"]
    job = Job(1, "sign-audit-log", {}, 1, is_recurring=True, lease="x")
    await sign(job)
    assert await coalition.value("SELECT count(*) FROM audit.heads") == 0, "nothing to sign"
    for count in (2, 1):
        await write(coalition, count)
        await sign(job)
        await sign(job)
    assert [row["seq"] for row in await coalition.query("SELECT seq FROM audit.heads")] == [2, 3]
    assert (await verify(coalition)).breaks == ()


def invoke(app, url, *arguments):
    return CliRunner().invoke(app, list(arguments), env={"HUB_DATABASE_URL": url})


async def test_the_commands_invite_verify_and_show(coalition):
    async def run(app, *arguments):
        return await asyncio.to_thread(invoke, app, coalition.url, *arguments)

    invited = await run(staff.app, "invite", "ada@hub.test", "--role", "security_admin")
    assert invited.exit_code == 0, invited.output
    address, _, secret = invited.stdout.strip().partition("#")
    assert address == "http://localhost:8000/invitation" and len(secret) == 43
    listed = await run(staff.app, "list")
    assert "ada@hub.test  security_admin  may sign in" in listed.stdout
    shown = await run(audit_log.app, "show")
    assert "person.invited" in shown.stdout and secret not in shown.stdout
    whole = await run(audit_log.app, "verify")
    assert (whole.exit_code, whole.stdout.splitlines()[0]) == (0, "2 records")
    await run(staff.app, "revoke", "ada@hub.test", "--role", "security_admin")
    await run(staff.app, "end", "ada@hub.test")
    assert "ada@hub.test    left" in (await run(staff.app, "list")).stdout
    await as_owner(coalition, "UPDATE audit.log SET subject = 'x' WHERE seq = 1")
    broken = await run(audit_log.app, "verify")
    assert broken.exit_code == 1
    assert "record 1: the record is not what was written" in broken.stdout


async def test_a_role_of_another_house_is_refused(coalition):
    await coalition.partner("AIR")
    for arguments in (
        ("a@b.test", "--role", "operator", "--partner", "AIR"),
        ("a@b.test", "--role", "partner_admin"),
        ("no address", "--role", "operator"),
    ):
        refused = await asyncio.to_thread(invoke, staff.app, coalition.url, "invite", *arguments)
        assert refused.exit_code != 0
    assert await coalition.value("SELECT count(*) FROM people") == 0
