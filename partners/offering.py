"""Offering: which versions of exchange offers there are, and how they change.

As with terms, a version never changes but for its end, and what has begun is not undone: an end
lies in the future, so that no exchange finds itself under another offer than it was booked under.

Source: rule book 1.8.4; ADR-0025.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hub.kernel.tx import ReadTx, Tx
from partners import store
from partners.errors import OfferBackdated, OfferVersionFixed
from partners.exchange_offers import ExchangeOffer, chain_offers, make_offer, write_offer
from partners.store import Partner, StoredOffer

Name = tuple[str, str]
"""Code of the partner, and version."""


@dataclass(frozen=True, slots=True)
class OfferPlan:
    """Which versions are new, which end, and what is to be of each that was named."""

    new: tuple[ExchangeOffer, ...]
    ended: tuple[tuple[StoredOffer, datetime], ...]
    saved: Mapping[Name, ExchangeOffer]
    chained: Mapping[Name, ExchangeOffer]


async def plan_offers(
    tx: ReadTx, codes: Mapping[int, str], wanted: Iterable[ExchangeOffer]
) -> OfferPlan:
    """Put the versions that are wanted beside those that are saved; `codes` are those of partners.

    Errors: OfferVersionFixed, OffersOverlap, OfferBackdated.
    """
    stored = {
        (codes[one.partner_id], one.version): one for one in await store.list_exchange_offers(tx)
    }
    saved = {name: offer_of(one) for name, one in stored.items()}
    current, new = dict(saved), dict[Name, ExchangeOffer]()
    for offer in wanted:
        name = (offer.partner, offer.version)
        if name in saved:
            _check_unchanged(saved[name], offer)
            until = saved[name].effective_until or offer.effective_until
            current[name] = replace(saved[name], effective_until=until)
        else:
            new[name] = offer
    chained = {
        (offer.partner, offer.version): offer
        for offer in chain_offers([*current.values(), *new.values()])
    }
    ended = []
    for name, one in stored.items():
        until = chained[name].effective_until
        if until is not None and until != one.effective_until:
            if until < tx.now:
                raise OfferBackdated(*name, tx.now)
            ended.append((one, until))
    return OfferPlan(tuple(chained[name] for name in new), tuple(ended), saved, chained)


async def save_offers(tx: Tx, partners: Mapping[str, Partner], plan: OfferPlan) -> None:
    """Write what a plan says; whoever calls tells every process."""
    for one, until in plan.ended:
        await store.end_exchange_offer(tx, one.offer_id, effective_until=until)
    for offer in plan.new:
        await store.insert_exchange_offer(
            tx,
            partner_id=partners[offer.partner].partner_id,
            version=offer.version,
            currency=offer.currency,
            effective_from=offer.effective_from,
            effective_until=offer.effective_until,
            written=write_offer(offer),
        )


def offer_of(stored: StoredOffer) -> ExchangeOffer:
    """Make the value of a stored version."""
    return make_offer(
        stored.written,
        effective_from=stored.effective_from,
        effective_until=stored.effective_until,
    )


def _check_unchanged(saved: ExchangeOffer, wanted: ExchangeOffer) -> None:
    for field in ExchangeOffer.__dataclass_fields__:
        before, after = getattr(saved, field), getattr(wanted, field)
        may_differ = field == "effective_until" and None in (before, after)
        if before != after and not may_differ:
            raise OfferVersionFixed(saved.partner, saved.version, field, str(before), str(after))
