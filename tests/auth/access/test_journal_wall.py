"""The second wall around the journal and the stored answers: attack 46, where nobody acts."""

import asyncpg
import pytest

from hub.kernel.tx import ACTOR_SETTING, connect
from tests.api import issue


async def test_attack_46_of_the_ledger_nobody_sees_anything_without_a_context(api):
    air, coalition = await api.partner("AIR"), api.coalition
    await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 50)
    names = await coalition.query(
        "SELECT c.oid::regclass::text AS name, c.relrowsecurity AS is_on FROM pg_class c"
        " WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
    )
    assert [row["name"] for row in names if not row["is_on"]] == []
    filled = {}
    connection = await connect(coalition.url)
    try:
        for row in names:
            table = f"TABLE {row['name']}"
            filled[row["name"]] = len(await connection.fetch(table))
            await connection.execute(f"SET {ACTOR_SETTING} = ''")
            assert await connection.fetch(table) == [], row["name"]
            await connection.execute(f"RESET {ACTOR_SETTING}")
    finally:
        await connection.close()
    assert filled["ledger.entries"] == filled["ledger.entries_first"] == 1
    assert {"ledger.allocations", "ledger.allocations_first"} <= set(filled)


async def test_attack_46_without_a_context_no_answer_is_read_and_none_is_written(coalition):
    key = bytes(32)
    statement = "INSERT INTO answers (key_hash, request_hash, answer, operation, asked_at)"
    connection = await connect(coalition.url)
    try:
        await connection.execute(f"{statement} VALUES ($1, $1, '{{}}', 'x', now())", key)
        await connection.execute(f"SET {ACTOR_SETTING} = ''")
        assert await connection.fetchval("SELECT count(*) FROM answers") == 0
        assert await connection.execute("UPDATE answers SET answer = NULL") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                f"{statement} VALUES ($1, $1, '{{}}', 'x', now())", bytes([1] * 32)
            )
    finally:
        await connection.close()
    (row,) = await coalition.query("SELECT key_hash, answer FROM answers")
    assert tuple(row) == (key, "{}")
