"""The register: partners, terms, exchange offers and caps, in memory and fresh: postings ask."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.kernel.kept import KeptConnection
from hub.ledger.caps.book import CapBook
from hub.ledger.caps.store import fetch_caps
from partners.errors import CoalitionNotSetUp, PartnerNotFound
from partners.exchange_offers import ExchangeOffer
from partners.offering import offer_of
from partners.store import (
    Coalition,
    Partner,
    StoredOffer,
    StoredTerms,
    fetch_all,
    fetch_exchange_offers,
)
from partners.terms import Terms, make_terms

HUB_ID = 1
POOL_ID = 2
FIRST_PARTNER_ID = 100


@dataclass(frozen=True, slots=True)
class TermsInForce:
    """A version of terms and the id that the ledger knows it by."""

    terms_id: int
    terms: Terms


class Register:
    """All partners, terms and caps, as of the last time they were read.

    Stale terms do no harm: the ledger checks every posting's version against its own spans, and the
    verb reads again and repeats. NOTIFY keeps the moment short (`hub.kernel.listen`).
    """

    def __init__(self, kept: KeptConnection) -> None:
        self._kept = kept
        self._reading = asyncio.Lock()
        self.caps = CapBook(kept)
        self._coalition: Coalition | None = None
        self._by_code: dict[str, Partner] = {}
        self._by_id: dict[int, Partner] = {}
        self._terms: dict[int, TermsInForce] = {}
        self._versions: dict[int, list[TermsInForce]] = {}
        self._offers: dict[int, list[ExchangeOffer]] = {}

    async def refresh(self) -> None:
        """Read everything again.

        One reading after another: an older one that took longer must not undo a newer one.
        """
        async with self._reading:
            async with self._kept.use() as connection:
                coalition, parties, versions = await fetch_all(connection)
                offers = await fetch_exchange_offers(connection)
                caps = await fetch_caps(connection)
            self._fill(coalition, parties, versions)
            self._fill_offers(offers)
            self.caps.fill(caps)

    def _fill(
        self,
        coalition: Coalition | None,
        parties: Iterable[Partner],
        versions: Iterable[StoredTerms],
    ) -> None:
        self._coalition = coalition
        self._by_code = {partner.code: partner for partner in parties}
        self._by_id = {partner.partner_id: partner for partner in parties}
        self._terms = {stored.terms_id: _in_force(stored) for stored in versions}
        by_partner: dict[int, list[TermsInForce]] = {}
        for stored in versions:
            by_partner.setdefault(stored.partner_id, []).append(self._terms[stored.terms_id])
        self._versions = by_partner

    def _fill_offers(self, stored: Iterable[StoredOffer]) -> None:
        offers: dict[int, list[ExchangeOffer]] = {}
        for one in stored:
            offers.setdefault(one.partner_id, []).append(offer_of(one))
        self._offers = offers

    @property
    def coalition(self) -> Coalition:
        """The coalition.

        Errors: CoalitionNotSetUp.
        """
        if self._coalition is None:
            raise CoalitionNotSetUp
        return self._coalition

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the coalition's days and months."""
        return ZoneInfo(self.coalition.time_zone)

    @property
    def partners(self) -> list[Partner]:
        """All parties, the coalition's own ones first."""
        return list(self._by_id.values())

    def get_partner(self, code: str) -> Partner:
        """Find a party by its code.

        Errors: PartnerNotFound.
        """
        try:
            return self._by_code[code]
        except KeyError:
            raise PartnerNotFound(code[:64]) from None

    def get_partner_by_id(self, partner_id: int) -> Partner:
        """Find a party by its id.

        Errors: PartnerNotFound.
        """
        try:
            return self._by_id[partner_id]
        except KeyError:
            raise PartnerNotFound(str(partner_id)) from None

    def find_terms(self, partner_id: int, at: datetime) -> TermsInForce | None:
        """Find a partner's terms in force at an instant."""
        for version in self._versions.get(partner_id, ()):
            if version.terms.is_in_force(at):
                return version
        return None

    def get_terms(self, terms_id: int) -> TermsInForce:
        """Look up a version of terms by the id that the ledger keeps."""
        return self._terms[terms_id]

    def list_terms(self, partner_id: int) -> list[TermsInForce]:
        """List a partner's versions of terms, oldest first."""
        return list(self._versions.get(partner_id, ()))

    def find_offer(self, partner_id: int, currency: str, at: datetime) -> ExchangeOffer | None:
        """Find what a partner gives of one currency for points at an instant."""
        offers = self.list_offers_in_force(partner_id, at)
        return next((offer for offer in offers if offer.currency == currency), None)

    def list_offers_in_force(self, partner_id: int, at: datetime) -> list[ExchangeOffer]:
        """List what a partner gives for points at an instant, by currency; one of each."""
        offers = self._offers.get(partner_id, ())
        in_force = (offer for offer in offers if offer.is_in_force(at))
        return sorted(in_force, key=lambda offer: offer.currency)

    def list_offers_within(
        self, partner_id: int, currency: str, since: datetime, until: datetime
    ) -> list[ExchangeOffer]:
        """List the versions of one currency that are in force at some time of a half-open span."""
        return [
            offer
            for offer in self._offers.get(partner_id, ())
            if offer.currency == currency
            and offer.effective_from < until
            and (offer.effective_until is None or since < offer.effective_until)
        ]

    def find_offer_version(self, partner_id: int, version: str) -> ExchangeOffer | None:
        """Find a version of a partner's exchange offer, in force or not."""
        offers = self._offers.get(partner_id, ())
        return next((offer for offer in offers if offer.version == version), None)

    def list_offers(self) -> list[ExchangeOffer]:
        """List all versions of all exchange offers, by code of the partner, oldest first."""
        offers = (offer for own in self._offers.values() for offer in own)
        return sorted(
            offers, key=lambda offer: (offer.partner, offer.effective_from, offer.currency)
        )


def _in_force(stored: StoredTerms) -> TermsInForce:
    return TermsInForce(
        stored.terms_id,
        make_terms(
            stored.written,
            effective_from=stored.effective_from,
            effective_until=stored.effective_until,
        ),
    )
