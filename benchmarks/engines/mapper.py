"""The unit of work of SQLAlchemy's ORM on the same tables, as most users of it would write it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from struct import pack
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    DateTime,
    MetaData,
    Sequence,
    SmallInteger,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.engines.pool import CONNECTION_COUNT
from benchmarks.load import REASON, Order
from hub.ledger.entries import EntryKind

ENTRY_SEQ = Sequence("entry_seq", schema="naive")
ISSUE = EntryKind.ISSUE.value
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts time from here."""
MINUS_INFINITY = -(2**63)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    """The tables of naive.sql; columns that are left to their defaults are left out."""

    metadata = MetaData(schema="naive")
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        datetime: DateTime(timezone=True),
    }


class Wallet(Base):
    """A wallet."""

    __tablename__ = "wallets"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    wallet_id: Mapped[int] = mapped_column(primary_key=True)
    balance_points: Mapped[int]
    last_seq: Mapped[int]
    is_open: Mapped[bool]


class Key(Base):
    """What a key was answered."""

    __tablename__ = "keys"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    key_hash: Mapped[UUID] = mapped_column(primary_key=True)
    request_hash: Mapped[UUID]
    code: Mapped[int] = mapped_column(SmallInteger)
    seq: Mapped[int]
    detail: Mapped[int]
    posted_at: Mapped[datetime]


class IssueReference(Base):
    """A reference that has issued."""

    __tablename__ = "issue_references"
    reference_hash: Mapped[UUID] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(SmallInteger)
    seq: Mapped[int]


class Entry(Base):
    """An entry of the journal."""

    __tablename__ = "entries"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    partner_id: Mapped[int]
    wallet_id: Mapped[int]
    points: Mapped[int]
    terms_id: Mapped[int]
    lot_id: Mapped[int]
    reason: Mapped[str]
    reference: Mapped[str]
    ends_at: Mapped[datetime]
    occurred_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    segment_id: Mapped[int]
    actor: Mapped[str]
    request_hash: Mapped[UUID]
    salt: Mapped[UUID]
    leaf_hash: Mapped[bytes]


class Lot(Base):
    """A lot."""

    __tablename__ = "lots"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    lot_id: Mapped[int] = mapped_column(primary_key=True)
    wallet_id: Mapped[int]
    issuer_id: Mapped[int]
    funder_id: Mapped[int]
    issue_terms_id: Mapped[int]
    points: Mapped[int]
    remaining_points: Mapped[int]
    issue_rank: Mapped[int]
    expires_at: Mapped[datetime]
    source_seq: Mapped[int]


class Flow(Base):
    """Points by what decides their price."""

    __tablename__ = "flows"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    segment_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    issuer_id: Mapped[int] = mapped_column(primary_key=True)
    acceptor_id: Mapped[int] = mapped_column(primary_key=True)
    issue_terms_id: Mapped[int] = mapped_column(primary_key=True)
    acceptor_terms_id: Mapped[int] = mapped_column(primary_key=True)
    is_reversal: Mapped[bool] = mapped_column(primary_key=True)
    points: Mapped[int]
    entry_count: Mapped[int]


class Liability(Base):
    """Outstanding points."""

    __tablename__ = "liabilities"
    lane: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    issuer_id: Mapped[int] = mapped_column(primary_key=True)
    issue_terms_id: Mapped[int] = mapped_column(primary_key=True)
    expires_month: Mapped[date] = mapped_column(primary_key=True)
    points: Mapped[int]


class TermsSpan(Base):
    """When terms are in force: the ledger's own table."""

    __tablename__ = "terms_spans"
    __table_args__ = {"schema": "ledger"}  # noqa: RUF012 (declared so by the base class)
    terms_id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int]
    effective_from: Mapped[datetime]
    effective_until: Mapped[datetime]


def make_mapper_engine(url: str) -> AsyncEngine:
    """Make the pool of connections that the ORM uses."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=CONNECTION_COUNT,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"server_settings": {"jit": "off", "timezone": "UTC"}},
    )


@dataclass(frozen=True, slots=True)
class Mapper:
    """A unit of work per order."""

    engine: AsyncEngine

    async def issue(self, order: Order) -> int:
        """Issue; 1 when it is refused."""
        sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        async with sessions() as session, session.begin():
            wallet = await session.get(Wallet, (0, order.wallet.number), with_for_update=True)
            answered = await session.get(Key, (0, UUID(bytes=order.key_hash)))
            if answered is not None:
                return int(answered.code != 0)
            if wallet is None or not wallet.is_open:
                return 1
            now, terms_id = await _find_terms(session, order)
            seq: int = (await session.scalars(select(ENTRY_SEQ.next_value()))).one()
            session.add_all(_rows(order, seq, terms_id, now))
            wallet.balance_points += order.points
            wallet.last_seq = seq
            await session.flush()
            await _add_up(session, order, terms_id)
        return 0


async def _find_terms(session: AsyncSession, order: Order) -> tuple[datetime, int]:
    now = func.now()
    found = await session.execute(
        select(now, TermsSpan.terms_id).where(
            TermsSpan.partner_id == order.party.partner_id,
            TermsSpan.effective_from <= now,
            now < TermsSpan.effective_until,
        )
    )
    at, terms_id = found.one()
    return at, terms_id


def _rows(order: Order, seq: int, terms_id: int, now: datetime) -> list[Base]:
    request_hash = UUID(bytes=order.request_hash)
    return [
        _entry(order, seq, terms_id, now),
        Lot(
            lane=0,
            lot_id=seq,
            wallet_id=order.wallet.number,
            issuer_id=order.party.partner_id,
            funder_id=order.party.partner_id,
            issue_terms_id=terms_id,
            points=order.points,
            remaining_points=order.points,
            issue_rank=_rank(now),
            expires_at=order.expires_at,
            source_seq=seq,
        ),
        IssueReference(reference_hash=UUID(bytes=order.reference_hash), lane=0, seq=seq),
        Key(
            lane=0,
            key_hash=UUID(bytes=order.key_hash),
            request_hash=request_hash,
            code=0,
            seq=seq,
            detail=seq,
            posted_at=now,
        ),
    ]


def _entry(order: Order, seq: int, terms_id: int, now: datetime) -> Entry:
    partner_id = order.party.partner_id
    request_hash = UUID(bytes=order.request_hash)
    salt = uuid4()
    return Entry(
        lane=0,
        seq=seq,
        kind=ISSUE,
        partner_id=partner_id,
        wallet_id=order.wallet.number,
        points=order.points,
        terms_id=terms_id,
        lot_id=seq,
        reason=REASON,
        reference=order.reference,
        ends_at=order.expires_at,
        occurred_at=now,
        decided_at=now,
        posted_at=now,
        segment_id=1,
        actor=order.actor,
        request_hash=request_hash,
        salt=salt,
        leaf_hash=_leaf_hash(order, seq, terms_id, now, salt),
    )


def _leaf_hash(order: Order, seq: int, terms_id: int, now: datetime, salt: UUID) -> bytes:
    """Hash the entry as `ledger.leaf_hash` does."""
    partner_id = order.party.partner_id
    at, ends_at = ((one - EPOCH) // timedelta(microseconds=1) for one in (now, order.expires_at))
    what = (partner_id, order.wallet.number, -1, 0, order.points, 0, 0, 0, terms_id, 0, seq)
    when = (at, at, at, MINUS_INFINITY, ends_at)
    head = pack(">hqhiqhqqqqhiqqqqqqq", 0, seq, ISSUE, *what, *when)
    texts = map(_text_body, (order.actor, REASON, order.reference, None, None, None))
    lot = pack(">iqiqhq", partner_id, _rank(now), 0, 0, -1, 0)
    leaf = b"\x00" + salt.bytes + head + order.request_hash + b"".join(texts) + lot
    return sha256(leaf).digest()


def _text_body(text: str | None) -> bytes:
    """Write a text as `ledger.text_body` does."""
    written = (text or "").encode()
    return pack(">i", -1 if text is None else len(written)) + written


def _rank(now: datetime) -> int:
    return (now - UNIX_EPOCH) // timedelta(microseconds=1)


async def _add_up(session: AsyncSession, order: Order, terms_id: int) -> None:
    """Keep flow and liability by upserts: reading and changing objects would race on new rows."""
    flow = insert(Flow).values(
        lane=0,
        segment_id=1,
        kind=ISSUE,
        issuer_id=order.party.partner_id,
        acceptor_id=0,
        issue_terms_id=terms_id,
        acceptor_terms_id=0,
        is_reversal=False,
        points=order.points,
        entry_count=1,
    )
    await session.execute(
        flow.on_conflict_do_update(
            index_elements=list(Flow.__table__.primary_key),
            set_={
                "points": Flow.points + flow.excluded.points,
                "entry_count": Flow.entry_count + flow.excluded.entry_count,
            },
        )
    )
    liability = insert(Liability).values(
        lane=0,
        issuer_id=order.party.partner_id,
        issue_terms_id=terms_id,
        expires_month=order.expires_at.date().replace(day=1),
        points=order.points,
    )
    await session.execute(
        liability.on_conflict_do_update(
            index_elements=list(Liability.__table__.primary_key),
            set_={"points": Liability.points + liability.excluded.points},
        )
    )
