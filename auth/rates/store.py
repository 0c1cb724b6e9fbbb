"""All SQL about limits: one statement takes or refuses, whatever other processes do meanwhile."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from hub.kernel.clock import CLOCKS_APART
from hub.kernel.tx import Tx

# A limit of `burst` in a row, one more each `step`: `free_at` moves on by a step with each that is
# taken, and may lie at most `burst` steps ahead (GCRA): further (CLOCKS_APART), and it counts as
# now. Whole microseconds only.
_APART_US: Final = CLOCKS_APART // timedelta(microseconds=1)
_BEGIN: Final = f"""
CASE WHEN m.free_at_us > CAST(:now AS bigint) + CAST(:room AS bigint) + {_APART_US}
     THEN CAST(:now AS bigint) ELSE greatest(m.free_at_us, :now) END
"""
_TAKE: Final = """
INSERT INTO rate_marks AS m (key_hash, free_at_us, failure_count)
SELECT u.key_hash, CAST(:now AS bigint) + u.step, 0
FROM unnest(CAST(:keys AS bytea[]), CAST(:steps AS bigint[])) WITH ORDINALITY
     AS u (key_hash, step, place)
WHERE u.place = {place}{condition}
ON CONFLICT (key_hash) DO UPDATE
SET free_at_us = {begin} + excluded.free_at_us - :now
WHERE {begin} + excluded.free_at_us - :now
      <= CAST(:now AS bigint) + CAST(:room AS bigint)
RETURNING key_hash
""".replace("{begin}", _BEGIN)
# The second is taken only when the first was: who is refused by one limit uses up no other.
_TAKE_BOTH: Final = text(
    f"WITH first AS ({_TAKE.format(place=1, condition='')}),"  # noqa: S608 (fixed texts)
    f" second AS ({_TAKE.format(place=2, condition=' AND EXISTS (SELECT FROM first)')})"
    " SELECT key_hash FROM first UNION ALL SELECT key_hash FROM second"
)
_FREE_AT: Final = text("SELECT free_at_us FROM rate_marks WHERE key_hash = :key")

# Each failure in a row doubles how long the next try must wait, up to a longest time. Failures are
# forgotten after `forget` without one.
_FAIL: Final = text("""
INSERT INTO rate_marks AS m (key_hash, free_at_us, failure_count)
VALUES (:key, CAST(:now AS bigint), 1)
ON CONFLICT (key_hash) DO UPDATE SET
    failure_count = CASE WHEN m.free_at_us + :forget < :now THEN 1 ELSE m.failure_count + 1 END,
    free_at_us = CASE
        WHEN m.free_at_us + :forget < :now OR m.failure_count < :free THEN CAST(:now AS bigint)
        ELSE :now + least(CAST(:longest AS bigint),
                          CAST(:first AS bigint)
                          << CAST(least(m.failure_count - :free, 30) AS integer)) END
RETURNING free_at_us, failure_count
""")
_FORGET: Final = text("DELETE FROM rate_marks WHERE key_hash = :key")
_PRUNE: Final = text("DELETE FROM rate_marks WHERE free_at_us < :before")


async def take(tx: Tx, steps: Mapping[bytes, int], *, now_us: int, room_us: int) -> int:
    """Take one of each, of two at most; give in how many microseconds that can be, 0 when it was.

    What comes second is taken only when the first was.

    Locks: the marks, in the order that is given.
    """
    given = {"keys": list(steps), "steps": list(steps.values()), "now": now_us, "room": room_us}
    taken = {row.key_hash for row in await tx.connection.execute(_TAKE_BOTH, given)}
    for key, step in steps.items():
        if key not in taken:
            free_at: int = (await tx.connection.execute(_FREE_AT, {"key": key})).scalar_one()
            return free_at + step - room_us - now_us
    return 0


async def find_wait(tx: Tx, key: bytes, *, now_us: int, longest_us: int) -> int:
    """Say how many microseconds the next try must still wait.

    One that is longer than `longest_us` (`CLOCKS_APART`) counts as over.
    """
    free_at: int | None = (await tx.connection.execute(_FREE_AT, {"key": key})).scalar()
    wait = 0 if free_at is None else max(0, free_at - now_us)
    return wait if wait <= longest_us + _APART_US else 0


async def add_failure(
    tx: Tx,
    key: bytes,
    *,
    now_us: int,
    free_count: int,
    first_us: int,
    longest_us: int,
    forget_us: int,
) -> tuple[int, int]:
    """Count a failure; give from when on the next try is let in, and how many failed in a row."""
    row = (
        await tx.connection.execute(
            _FAIL,
            {
                "key": key,
                "now": now_us,
                "free": free_count,
                "first": first_us,
                "longest": longest_us,
                "forget": forget_us,
            },
        )
    ).one()
    return row.free_at_us, row.failure_count


async def forget(tx: Tx, key: bytes) -> None:
    """Forget the failures of a key."""
    await tx.connection.execute(_FORGET, {"key": key})


async def prune(tx: Tx, *, before_us: int) -> None:
    """Remove the marks of limits that have long been unused again."""
    await tx.connection.execute(_PRUNE, {"before": before_us})
