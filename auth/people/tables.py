"""People, their roles, and the passkeys, invitations and sessions of people and of members."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from hub.kernel.metadata import metadata

people = Table(
    "people",
    metadata,
    Column("person_id", Integer, Identity(), primary_key=True),
    Column("email", Text, nullable=False, comment="Where the invitation went; no identity."),
    Column(
        "partner_id",
        Integer,
        ForeignKey("partners.partner_id"),
        index=True,
        comment="Whose people they are; empty: the hub's own.",
    ),
    Column("invited_at", DateTime(timezone=True), nullable=False),
    Column("left_at", DateTime(timezone=True), comment="From then on they may not sign in."),
    UniqueConstraint("email", name="uq_people_email"),
    comment="People who work at the hub or at a partner.",
)

person_roles = Table(
    "person_roles",
    metadata,
    Column("person_id", Integer, ForeignKey("people.person_id"), primary_key=True),
    Column("role", Text, primary_key=True, comment="auth.policies.Role."),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "role IN ('support', 'operator', 'finance_maker', 'finance_checker', 'auditor',"
        " 'security_admin', 'partner_finance', 'partner_admin')",
        name="role_known",
    ),
    comment="What people may do; read at every request, so that a role ends at once.",
)

_ONE_OWNER = "num_nonnulls(person_id, member_id) = 1"

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True, comment="Chosen by the authenticator."),
    Column("person_id", Integer, ForeignKey("people.person_id"), index=True),
    Column("member_id", BigInteger, ForeignKey("members.member_id"), index=True),
    Column("user_handle", LargeBinary, nullable=False, comment="Random, the same for one owner."),
    Column("public_key", LargeBinary, nullable=False, comment="COSE."),
    Column("sign_count", BigInteger, nullable=False, comment="Must grow, unless it is always 0."),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint(_ONE_OWNER, name="one_owner"),
    comment="Public halves of passkeys.",
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the link's secret."),
    Column("person_id", Integer, ForeignKey("people.person_id"), index=True),
    Column("member_id", BigInteger, ForeignKey("members.member_id"), index=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint(_ONE_OWNER, name="one_owner"),
    comment="One-time links by which a first passkey is registered.",
)

ceremonies = Table(
    "ceremonies",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True, comment="SHA-256 of the challenge."),
    Column("browser_hash", LargeBinary, nullable=False, comment="SHA-256 of the browser's cookie."),
    Column("invitation_hash", LargeBinary, comment="Registration by this invitation."),
    Column("ends_at", DateTime(timezone=True), nullable=False, index=True),
    comment="Challenges under way; a row is deleted when it is answered.",
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", BigInteger, Identity(), primary_key=True),
    Column(
        "secret_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the cookie."
    ),
    Column("person_id", Integer, ForeignKey("people.person_id"), index=True),
    Column("member_id", BigInteger, ForeignKey("members.member_id"), index=True),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("authenticated_at", DateTime(timezone=True), nullable=False, comment="By a passkey."),
    Column("seen_at", DateTime(timezone=True), nullable=False, comment="To the minute."),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="Whatever is done."),
    CheckConstraint(_ONE_OWNER, name="one_owner"),
    comment="Signed-in browsers. Signing out deletes the row.",
)
Index(None, sessions.c.ends_at)
