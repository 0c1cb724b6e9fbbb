"""Agreements are applied as a whole; what has happened keeps the terms it happened under."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub.kernel.actor import HUB_ACTOR
from hub.points.issue import issue_points
from partners.agreements import Agreements, PartnerDetails, Sign, apply_agreements
from partners.errors import TermsBackdated, TermsOverlap
from partners.store import Coalition as Home
from partners.terms import Terms
from tests.coalition import LONG_AGO, START, STEP, Coalition, make_terms

HOME = Home("Test", "points", "EUR", "UTC")
AIR = PartnerDetails("air", "Air", "航空", None)


def agreements(*terms: Terms) -> Agreements:
    return Agreements(HOME, (AIR,), terms)


async def apply(coalition: Coalition, *terms: Terms) -> list[Sign]:
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        changes = await apply_agreements(tx, agreements(*terms))
    await coalition.hub.register.refresh()
    return [change.sign for change in changes]


async def issue(coalition: Coalition) -> None:
    wallet = await coalition.member("ana")
    await issue_points(
        coalition.hub.poster, coalition.hub.register, coalition.request(), now=START,
        issuer=coalition.hub.register.get_partner("air"), wallet=wallet, points=10,
        reference=None,
    )  # fmt: skip


async def test_terms_may_change_from_the_instant_after_the_last_entry(coalition: Coalition) -> None:
    first = make_terms("air", "air-1", LONG_AGO)
    await apply(coalition, first)
    await issue(coalition)

    with pytest.raises(TermsBackdated) as caught:
        await apply(coalition, make_terms("air", "air-2", START))
    assert (caught.value.version, caught.value.version_before) == ("air-2", "air-1")
    assert await coalition.value("SELECT count(*) FROM terms") == 1

    signs = await apply(coalition, make_terms("air", "air-2", START + STEP))
    assert signs == [Sign.SAME, Sign.SAME, Sign.CHANGED, Sign.ADDED]
    assert await coalition.value("SELECT max(effective_until) FROM terms") == START + STEP
    assert await coalition.value(
        "SELECT effective_until FROM ledger.terms_spans WHERE terms_id ="
        " (SELECT terms_id FROM terms WHERE version = 'air-1')"
    ) == START + STEP  # fmt: skip


async def test_an_end_that_was_agreed_is_kept(coalition: Coalition) -> None:
    later = START + timedelta(days=10)
    await apply(coalition, make_terms("air", "air-1", LONG_AGO), make_terms("air", "air-2", later))

    with pytest.raises(TermsOverlap):
        await apply(coalition, make_terms("air", "air-1b", START + timedelta(days=5)))


async def test_versions_may_be_given_from_before_the_first(coalition: Coalition) -> None:
    await apply(coalition, make_terms("air", "air-1", START))
    before = datetime(2026, 1, 1, tzinfo=UTC)

    assert await apply(coalition, make_terms("air", "air-0", before)) == [
        Sign.SAME, Sign.SAME, Sign.ADDED,
    ]  # fmt: skip


async def test_two_who_apply_the_same_at_once_take_turns(coalition: Coalition) -> None:
    first = make_terms("air", "air-1", LONG_AGO)

    signs = await asyncio.gather(*(apply(coalition, first) for _ in range(4)))

    assert sorted(sign[1] for sign in signs) == [Sign.ADDED, Sign.SAME, Sign.SAME, Sign.SAME]
    assert await coalition.value("SELECT count(*) FROM terms") == 1
