"""The whole ledger: holds, arrears, pending and restricted lots, moves between lanes.

A new database has all of it from the first revision, which loads the same files. Here a database of
the first revision gets there: every step leaves alone what is there already. Leaves are computed
anew, since they cover more than before; no checkpoint was signed over the old ones.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LEDGER = Path(__file__).parents[2] / "ledger"
FILES = (
    "claims",
    "caps",
    "postings",
    "operations",
    "drafts",
    "giving_back",
    "holds",
    "booking",
    "charging",
    "carrying",
    "post_batch",
    "post_money",
    "cuts",
    "audit",
    "audit_news",
    "grants",
)

NEW_COLUMNS = """
ALTER TABLE ledger.lots ADD COLUMN source_lane smallint,
    ADD COLUMN contributor_wallet_id bigint;
ALTER TABLE ledger.entries ADD COLUMN counter_lane smallint, ADD COLUMN asked_points bigint,
    ADD COLUMN cap_id bigint, ADD COLUMN mode smallint, ADD COLUMN category text,
    ADD COLUMN available_at timestamptz, ADD COLUMN ends_at timestamptz;
ALTER TABLE ledger.allocations ADD COLUMN held_points bigint NOT NULL DEFAULT 0,
    ADD COLUMN arrears_seq bigint, DROP CONSTRAINT allocations_points_check,
    ADD CHECK (points <> 0 OR held_points <> 0);
ALTER TABLE ledger.keys ADD COLUMN points bigint, ADD COLUMN cap_id bigint;
"""

FORGET_FUNCTIONS = """
DO $$
DECLARE
    thing record;
BEGIN
    DROP VIEW ledger.postings;
    FOR thing IN SELECT p.oid::regprocedure AS name FROM pg_proc p
                 WHERE p.pronamespace = 'ledger'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', thing.name);
    END LOOP;
    DROP TYPE ledger.operation, ledger.draft;
END $$;
"""

NEW_LEAVES = """
UPDATE ledger.entries e SET ends_at = l.expires_at FROM ledger.lots l
WHERE e.kind = 1 AND l.lane = e.lane AND l.lot_id = e.lot_id AND l.expires_at < 'infinity';
UPDATE ledger.entries e SET leaf_hash = ledger.leaf_of(e);
"""


COMMENT = re.compile(r"COMMENT ON [^']*'(?:[^']|'')*';")
IS_NEW = """
SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'ledger'
               AND table_name = 'entries' AND column_name = 'ends_at')
"""


def upgrade() -> None:
    context = op.get_context()
    if context.as_sql or op.get_bind().scalar(sa.text(IS_NEW)):
        return
    comments = "\n".join(COMMENT.findall((LEDGER / "tables.sql").read_text()))
    files = [(LEDGER / f"{name}.sql").read_text() for name in FILES]
    raw = op.get_bind().connection.dbapi_connection
    for step in (FORGET_FUNCTIONS, NEW_COLUMNS, comments, *files, NEW_LEAVES):
        raw.run_async(lambda driver, text=step: driver.execute(text))


def downgrade() -> None:
    """What the first revision loads stays: it is taken down with it."""
