"""Staff, passkeys, sessions, approvals, rates, the audit log, and row-level security."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AUTH = Path(__file__).parents[3] / "auth"
FILES = (AUTH / "wall.sql", AUTH / "audit" / "log.sql")
TABLES = (
    "people",
    "person_roles",
    "passkeys",
    "invitations",
    "ceremonies",
    "sessions",
    "approvals",
    "rate_marks",
)
TEAR_DOWN = """
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN SELECT polrelid::regclass AS name, polname AS policy FROM pg_policy
                 WHERE polname IN ('own_rows', 'somebody_acts') LOOP
        EXECUTE format('DROP POLICY %I ON %s', thing.policy, thing.name);
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', thing.name);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', thing.name);
    END LOOP;
END $$
"""
ONE_OWNER = "num_nonnulls(person_id, member_id) = 1"
ROLES = (
    "role IN ('support', 'operator', 'finance_maker', 'finance_checker', 'auditor',"
    " 'security_admin', 'partner_finance', 'partner_admin')"
)


def run_file(path: Path) -> None:
    """Run a file of many statements: only the plain query protocol takes them together."""
    text = path.read_text()
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(text)
        return
    op.get_bind().connection.dbapi_connection.run_async(lambda raw: raw.execute(text))


def upgrade() -> None:
    create_people()
    create_passkeys()
    create_sessions()
    create_approvals()
    op.create_table(
        "rate_marks",
        sa.Column(
            "key_hash", sa.LargeBinary(), nullable=False, comment="SHA-256(limit, whom it counts)."
        ),
        sa.Column(
            "free_at_us",
            sa.BigInteger(),
            nullable=False,
            comment="When the limit is unused again, microseconds since 1970.",
        ),
        sa.Column(
            "failure_count",
            sa.BigInteger(),
            nullable=False,
            comment="In a row; 0 where none count.",
        ),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_rate_marks")),
        comment="How far each limit is used up. Lost in a crash, which does no harm.",
        prefixes=["UNLOGGED"],
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(TABLES)} TO hub_app")
    op.execute("REVOKE DELETE ON people, approvals FROM hub_app")
    for path in FILES:
        run_file(path)


def create_people() -> None:
    op.create_table(
        "people",
        sa.Column("person_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "email",
            sa.Text(),
            nullable=False,
            comment="Where the invitation went; no identity.",
        ),
        sa.Column(
            "partner_id",
            sa.Integer(),
            nullable=True,
            comment="Whose people they are; empty: the hub's own.",
        ),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "left_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="From then on they may not sign in.",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner_id"], name=op.f("fk_people_partner_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        comment="People who work at the hub or at a partner.",
    )
    op.create_index(op.f("ix_people_partner_id"), "people", ["partner_id"], unique=False)
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="auth.policies.Role."),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(ROLES, name=op.f("ck_person_roles_role_known")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.person_id"], name=op.f("fk_person_roles_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
        comment="What people may do; read at every request, so that a role ends at once.",
    )


def owner_of(table: str) -> list[sa.schema.SchemaItem]:
    """Columns and constraints of a row that belongs to one person or one member."""
    return [
        sa.CheckConstraint(ONE_OWNER, name=op.f(f"ck_{table}_one_owner")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.person_id"], name=op.f(f"fk_{table}_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.member_id"], name=op.f(f"fk_{table}_member_id")
        ),
    ]


def index_owner_of(table: str) -> None:
    for column in ("person_id", "member_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column(
            "credential_id",
            sa.LargeBinary(),
            nullable=False,
            comment="Chosen by the authenticator.",
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "user_handle",
            sa.LargeBinary(),
            nullable=False,
            comment="Random, the same for one owner.",
        ),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE."),
        sa.Column(
            "sign_count",
            sa.BigInteger(),
            nullable=False,
            comment="Must grow, unless it is always 0.",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *owner_of("passkeys"),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_passkeys")),
        comment="Public halves of passkeys.",
    )
    index_owner_of("passkeys")
    op.create_table(
        "invitations",
        sa.Column(
            "token_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the link's secret.",
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *owner_of("invitations"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_invitations")),
        comment="One-time links by which a first passkey is registered.",
    )
    index_owner_of("invitations")


def create_sessions() -> None:
    op.create_table(
        "ceremonies",
        sa.Column(
            "challenge_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the challenge.",
        ),
        sa.Column(
            "browser_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the browser's cookie.",
        ),
        sa.Column(
            "invitation_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="Registration by this invitation.",
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_ceremonies")),
        comment="Challenges under way; a row is deleted when it is answered.",
    )
    op.create_index(op.f("ix_ceremonies_ends_at"), "ceremonies", ["ends_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "secret_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie."
        ),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "authenticated_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="By a passkey.",
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, comment="To the minute."),
        sa.Column(
            "ends_at", sa.DateTime(timezone=True), nullable=False, comment="Whatever is done."
        ),
        *owner_of("sessions"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sessions_secret_hash")),
        comment="Signed-in browsers. Signing out deletes the row.",
    )
    index_owner_of("sessions")
    op.create_index(op.f("ix_sessions_ends_at"), "sessions", ["ends_at"], unique=False)


def create_approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column(
            "approval_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="Random."
        ),
        sa.Column("operation", sa.Text(), nullable=False, comment="A line of auth.permissions."),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of operation and payload.",
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="What the second person reads.",
        ),
        sa.Column("maker_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Not to be used after.",
        ),
        sa.Column("checker_id", sa.Integer(), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True, comment="Empty: not decided."),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checker_id <> maker_id", name=op.f("ck_approvals_four_eyes")),
        sa.CheckConstraint(
            "num_nonnulls(checker_id, is_approved, decided_at) IN (0, 3)",
            name=op.f("ck_approvals_decided_at_once"),
        ),
        sa.CheckConstraint(
            "used_at IS NULL OR is_approved IS TRUE", name=op.f("ck_approvals_used_when_approved")
        ),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["people.person_id"], name=op.f("fk_approvals_checker_id")
        ),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["people.person_id"], name=op.f("fk_approvals_maker_id")
        ),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("maker_id", "digest", name=op.f("uq_approvals_maker_id_digest")),
        comment="What one person asked to do and another one must approve.",
    )
    op.create_index(op.f("ix_approvals_checker_id"), "approvals", ["checker_id"], unique=False)
    op.create_index(op.f("ix_approvals_maker_id"), "approvals", ["maker_id"], unique=False)


def downgrade() -> None:
    op.execute("DROP SCHEMA audit CASCADE")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute(TEAR_DOWN)
    op.execute("DROP SCHEMA wall CASCADE")
