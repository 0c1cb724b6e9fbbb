"""Exchange offers are applied with the agreements: versions that never change, ends to come."""

from dataclasses import replace

import pytest

from hub.kernel.actor import HUB_ACTOR
from partners.agreements import Agreements, PartnerDetails, Sign, apply_agreements
from partners.errors import (
    OfferBackdated,
    OffersOverlap,
    OfferVersionFixed,
    PartnerNotFound,
    PartyReserved,
)
from partners.store import Coalition as Home
from tests.coalition import DAY, START, STEP
from tests.coalition import make_offer as offer_of

HOME = Home("Test", "points", "EUR", "UTC")
AIR = PartnerDetails("air", "Air", "航空", None)
SAVED = "SELECT version, effective_until FROM exchange_offers ORDER BY effective_from"


async def apply(coalition, *offers):
    wanted = Agreements(HOME, (AIR,), (), offers)
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        changes = await apply_agreements(tx, wanted)
    await coalition.hub.register.refresh()
    return [(change.sign, change.detail) for change in changes if "offer" in change.subject]


async def saved(coalition):
    return [tuple(row) for row in await coalition.query(SAVED)]


async def test_a_new_version_ends_the_one_before_and_applying_again_changes_nothing(coalition):
    first = offer_of("air", "1", give_points=3, step_points=3)
    assert await apply(coalition, first) == [
        (Sign.ADDED, "3 points : 1 MILES, from 2020-01-01T00:00:00Z")
    ]
    following = offer_of("air", "2", effective_from=START + DAY)
    until = "from 2020-01-01T00:00:00Z until 2026-03-02T12:00:00Z"
    assert await apply(coalition, first, following) == [
        (Sign.CHANGED, until),
        (Sign.ADDED, "1 points : 1 MILES, from 2026-03-02T12:00:00Z"),
    ]
    assert await apply(coalition, first, following) == [
        (Sign.SAME, until),
        (Sign.SAME, "from 2026-03-02T12:00:00Z"),
    ]
    assert await saved(coalition) == [("1", START + DAY), ("2", None)]
    register = coalition.hub.register
    partner_id = register.get_partner("air").partner_id
    assert register.find_offer(partner_id, "MILES", START + DAY - STEP).version == "1"
    assert register.find_offer(partner_id, "MILES", START + DAY) == following


async def test_an_offer_may_end_without_another(coalition):
    first = offer_of("air", "1")
    await apply(coalition, first)
    await apply(coalition, replace(first, effective_until=START + DAY))
    assert await saved(coalition) == [("1", START + DAY)]
    assert coalition.hub.register.find_offer(100, "MILES", START + DAY) is None


@pytest.mark.parametrize(
    ("refusal", "offers"),
    [
        (OfferBackdated, [offer_of("air", "2", effective_from=START - STEP)]),
        (OfferBackdated, [offer_of("air", "1", effective_until=START - STEP)]),
        (OfferVersionFixed, [offer_of("air", "1", get_units=2)]),
        (OffersOverlap, [offer_of("air", "2")]),
        (PartnerNotFound, [offer_of("rail", "1")]),
        (PartyReserved, [offer_of("POOL", "1")]),
    ],
)
async def test_what_would_undo_what_was_offered_is_refused(coalition, refusal, offers):
    await apply(coalition, offer_of("air", "1"))
    with pytest.raises(refusal):
        await apply(coalition, *offers)
    assert await saved(coalition) == [("1", None)]
