"""The books after a run: an audit that finds anything makes the whole run void."""

from collections.abc import Iterable

from benchmarks.stage import administering

_FOUND_MAX = 20


async def list_violations(urls: Iterable[str]) -> list[str]:
    """Audit the ledger of every database, and the naive books where there are any."""
    found = []
    for url in urls:
        async with administering(url) as connection:
            await connection.execute("ANALYZE")
            rows = await connection.fetch("SELECT * FROM ledger.audit() LIMIT $1", _FOUND_MAX)
            found += [
                f"{row['rule']}: {row['place']}, {row['found']}, expected {row['expected']}"
                for row in rows
            ]
            if await connection.fetchval("SELECT to_regnamespace('naive') IS NOT NULL"):
                rules = await connection.fetch("SELECT rule FROM naive.audit()")
                found += [f"naive: {row['rule']}" for row in rules]
    return found
