"""All SQL about the coalition, its partners and their terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, bindparam, insert, select, text, update

from hub.kernel.clock import as_utc
from hub.kernel.tx import RawConnection, ReadTx, Tx
from partners.tables import coalition, exchange_offers, partners, terms

TERMS_CHANNEL = "terms_changed"
_ONE_AT_A_TIME = 4_701_802_002
"""Only has to be the agreements' alone among advisory locks."""
COALITION_FIELDS = ("name", "point_name", "clearing_currency", "time_zone")


@dataclass(frozen=True, slots=True)
class Coalition:
    """All partners under one rule book: its name, currency and calendar."""

    name: str
    point_name: str
    clearing_currency: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Partner:
    """A company of the coalition, or one of the coalition's own parties."""

    partner_id: int
    code: str
    name_en: str
    name_zh: str
    settlement_currency: str | None = None


@dataclass(frozen=True, slots=True)
class StoredTerms:
    """A version of terms as it was written; `partners.terms` makes a value of it."""

    terms_id: int
    partner_id: int
    version: str
    effective_from: datetime
    effective_until: datetime | None
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredOffer:
    """A version of an exchange offer; `partners.exchange_offers` makes a value of it."""

    offer_id: int
    partner_id: int
    version: str
    effective_from: datetime
    effective_until: datetime | None
    written: Mapping[str, Any]


async def find_coalition(tx: ReadTx) -> Coalition | None:
    """Find the coalition; None before it was set up."""
    row = (await tx.connection.execute(select(coalition))).one_or_none()
    return None if row is None else _coalition(row)


async def put_coalition(tx: Tx, value: Coalition) -> None:
    """Set the coalition up, or change it."""
    await tx.connection.execute(coalition.delete())
    await tx.connection.execute(
        insert(coalition).values(
            coalition_id=1,
            name=value.name,
            point_name=value.point_name,
            clearing_currency=value.clearing_currency,
            time_zone=value.time_zone,
        )
    )


async def list_partners(tx: ReadTx) -> list[Partner]:
    """List all parties, the coalition's own ones first."""
    rows = await tx.connection.execute(select(partners).order_by(partners.c.partner_id))
    return [_partner(row) for row in rows]


async def insert_partner(
    tx: Tx, *, code: str, name_en: str, name_zh: str, settlement_currency: str | None
) -> Partner:
    """Store a new partner."""
    row = (
        await tx.connection.execute(
            insert(partners)
            .values(
                code=code,
                name_en=name_en,
                name_zh=name_zh,
                settlement_currency=settlement_currency,
            )
            .returning(partners)
        )
    ).one()
    return _partner(row)


async def rename_partner(tx: Tx, partner: Partner) -> None:
    """Store changed names and payment currency."""
    await tx.connection.execute(
        update(partners)
        .where(partners.c.partner_id == partner.partner_id)
        .values(
            name_en=partner.name_en,
            name_zh=partner.name_zh,
            settlement_currency=partner.settlement_currency,
        )
    )


async def list_terms(tx: ReadTx) -> list[StoredTerms]:
    """List all versions of all terms, by partner and beginning."""
    rows = await tx.connection.execute(
        select(terms).order_by(terms.c.partner_id, terms.c.effective_from)
    )
    return [_terms(row) for row in rows]


async def insert_terms(
    tx: Tx,
    *,
    partner_id: int,
    version: str,
    effective_from: datetime,
    effective_until: datetime | None,
    written: Mapping[str, Any],
) -> int:
    """Store a version of terms and tell the ledger its span. Gives its id."""
    terms_id: int = (
        await tx.connection.execute(
            insert(terms)
            .values(
                partner_id=partner_id,
                version=version,
                effective_from=effective_from,
                effective_until=effective_until,
                written=dict(written),
            )
            .returning(terms.c.terms_id)
        )
    ).scalar_one()
    await _tell_ledger(tx, terms_id, partner_id, effective_from, effective_until)
    return terms_id


async def end_terms(tx: Tx, stored: StoredTerms, *, effective_until: datetime) -> None:
    """Let a version without an end stop where the next one begins."""
    await tx.connection.execute(
        update(terms)
        .where(terms.c.terms_id == stored.terms_id)
        .values(effective_until=effective_until)
    )
    await _tell_ledger(
        tx, stored.terms_id, stored.partner_id, stored.effective_from, effective_until
    )


async def list_exchange_offers(tx: ReadTx) -> list[StoredOffer]:
    """List all versions of all exchange offers, by partner and beginning."""
    rows = await tx.connection.execute(
        select(exchange_offers).order_by(
            exchange_offers.c.partner_id, exchange_offers.c.effective_from
        )
    )
    return [_offer(row, row["written"]) for row in rows.mappings()]


async def insert_exchange_offer(
    tx: Tx,
    *,
    partner_id: int,
    version: str,
    currency: str,
    effective_from: datetime,
    effective_until: datetime | None,
    written: Mapping[str, Any],
) -> None:
    """Store a version of an exchange offer."""
    await tx.connection.execute(
        insert(exchange_offers).values(
            partner_id=partner_id,
            version=version,
            currency=currency,
            effective_from=effective_from,
            effective_until=effective_until,
            written=dict(written),
        )
    )


async def end_exchange_offer(tx: Tx, offer_id: int, *, effective_until: datetime) -> None:
    """Let a version without an end stop."""
    await tx.connection.execute(
        update(exchange_offers)
        .where(exchange_offers.c.offer_id == offer_id)
        .values(effective_until=effective_until)
    )


async def lock_agreements(tx: Tx) -> None:
    """Let nobody else change agreements until this transaction ends."""
    await tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})


async def notify_terms_changed(tx: Tx) -> None:
    """Tell every process, once the transaction commits, to read the terms again."""
    await tx.connection.execute(text(f"NOTIFY {TERMS_CHANNEL}"))


async def fetch_all(
    connection: RawConnection,
) -> tuple[Coalition | None, list[Partner], list[StoredTerms]]:
    """Read everything that the terms book keeps in memory, in one snapshot."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        home = await connection.fetchrow("SELECT * FROM coalition")
        parties = await connection.fetch("SELECT * FROM partners ORDER BY partner_id")
        versions = await connection.fetch(
            "SELECT *, written::text AS written_text FROM terms ORDER BY partner_id, effective_from"
        )
    return (
        None if home is None else Coalition(**{name: home[name] for name in COALITION_FIELDS}),
        [
            Partner(
                r["partner_id"], r["code"], r["name_en"], r["name_zh"], r["settlement_currency"]
            )
            for r in parties
        ],
        [
            StoredTerms(
                r["terms_id"],
                r["partner_id"],
                r["version"],
                as_utc(r["effective_from"]),
                r["effective_until"] and as_utc(r["effective_until"]),
                orjson.loads(r["written_text"]),
            )
            for r in versions
        ],
    )


async def fetch_exchange_offers(connection: RawConnection) -> list[StoredOffer]:
    """Read all versions of all exchange offers, to be kept in memory."""
    rows = await connection.fetch(
        "SELECT *, written::text AS written_text FROM exchange_offers"
        " ORDER BY partner_id, effective_from"
    )
    return [_offer(row, orjson.loads(row["written_text"])) for row in rows]


def _offer(row: Any, written: Mapping[str, Any]) -> StoredOffer:  # noqa: ANN401 (of either driver)
    return StoredOffer(
        row["offer_id"],
        row["partner_id"],
        row["version"],
        as_utc(row["effective_from"]),
        row["effective_until"] and as_utc(row["effective_until"]),
        written,
    )


async def _tell_ledger(
    tx: Tx, terms_id: int, partner_id: int, since: datetime, until: datetime | None
) -> None:
    await tx.connection.execute(
        text(
            "SELECT ledger.set_terms_span(:terms_id, :partner_id, :since,"
            " coalesce(:until, 'infinity'::timestamptz))"
        ).bindparams(bindparam("until", until, DateTime(timezone=True))),
        {"terms_id": terms_id, "partner_id": partner_id, "since": since},
    )


def _coalition(row: Any) -> Coalition:  # noqa: ANN401 (a row of `coalition`)
    return Coalition(row.name, row.point_name, row.clearing_currency, row.time_zone)


def _partner(row: Any) -> Partner:  # noqa: ANN401 (a row of `partners`)
    return Partner(row.partner_id, row.code, row.name_en, row.name_zh, row.settlement_currency)


def _terms(row: Any) -> StoredTerms:  # noqa: ANN401 (a row of `terms`)
    return StoredTerms(
        row.terms_id,
        row.partner_id,
        row.version,
        as_utc(row.effective_from),
        row.effective_until and as_utc(row.effective_until),
        row.written,
    )
