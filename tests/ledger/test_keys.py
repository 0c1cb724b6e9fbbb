"""A key is used once: the same request gets the same answer, another one is a conflict (1.9)."""

from datetime import timedelta

import pytest

from hub.ledger.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    LotSpent,
    RefundExceedsRedeemed,
    TermsNotInForce,
)
from hub.points.giving_back import refund_points, reverse_issue
from hub.points.issue import issue_points
from hub.points.redeem import cash_out_points, donate_points, redeem_points
from hub.points.transfer import transfer_points
from tests.coalition import photograph


class Verbs:
    """Every verb with the same partner and members, under a key, for so many points."""

    def __init__(self, coalition):
        self.coalition, self.hub = coalition, coalition.hub

    async def join(self):
        self.air = await self.coalition.partner("air")
        self.ana, self.bob = await self.coalition.member("ana"), await self.coalition.member("bob")

    def under_terms(self, key):
        coalition, now = self.coalition, self.coalition.clock.now
        request = coalition.request(key)
        hub = self.hub
        return {"poster": hub.poster, "register": hub.register, "request": request, "now": now}

    def plain(self, key):
        return {"poster": self.hub.poster, "request": self.coalition.request(key)}

    def books(self, key):
        return {**self.plain(key), "database": self.hub.database}

    def issue(self, key, points):
        given = {"issuer": self.air, "wallet": self.ana, "points": points, "reference": key}
        return issue_points(**self.under_terms(key), **given)

    def redeem(self, key, points):
        given = {"acceptor": self.air, "wallet": self.ana, "points": points}
        return redeem_points(**self.under_terms(key), **given)

    def cash_out(self, key, points):
        given = {"agent": self.air, "wallet": self.ana, "points": points}
        return cash_out_points(**self.under_terms(key), **given)

    def donate(self, key, points):
        given = {"charity": self.air, "wallet": self.ana, "points": points}
        return donate_points(**self.under_terms(key), **given)

    def transfer(self, key, points):
        return transfer_points(
            **self.under_terms(key),
            database=self.coalition.hub.database,
            wallet=self.ana,
            to_wallet=self.bob,
            points=points,
        )

    def refund(self, key, points, redeemed):
        given = {"acceptor": self.air, "wallet": self.ana, "redemption": redeemed.entry}
        return refund_points(**self.books(key), **given, points=points)

    def reverse(self, key, points, issued):
        given = {"issuer": self.air, "wallet": self.ana, "lot": issued.lot}
        return reverse_issue(**self.books(key), **given, points=points)


@pytest.fixture
async def verbs(coalition):
    verbs = Verbs(coalition)
    await verbs.join()
    return verbs


async def test_every_verb_repeats_its_answer_under_its_key(coalition, verbs):
    issued = await verbs.issue("k1", 100)
    redeemed = await verbs.redeem("k2", 30)
    first = [
        issued,
        redeemed,
        await verbs.cash_out("k3", 10),
        await verbs.donate("k4", 10),
        await verbs.transfer("k5", 5),
        await verbs.refund("k6", 30, redeemed),
        await verbs.reverse("k7", 7, issued),
    ]
    books = await photograph(coalition)
    coalition.clock.tick(timedelta(days=400))

    assert first == [
        await verbs.issue("k1", 100),
        await verbs.redeem("k2", 30),
        await verbs.cash_out("k3", 10),
        await verbs.donate("k4", 10),
        await verbs.transfer("k5", 5),
        await verbs.refund("k6", 30, redeemed),
        await verbs.reverse("k7", 7, issued),
    ]
    assert await photograph(coalition) == books


async def test_every_verb_refuses_its_key_for_another_request(coalition, verbs):
    issued = await verbs.issue("k1", 100)
    redeemed = await verbs.redeem("k2", 30)
    await verbs.cash_out("k3", 10)
    await verbs.donate("k4", 10)
    await verbs.transfer("k5", 5)
    await verbs.refund("k6", 10, redeemed)
    await verbs.reverse("k7", 7, issued)
    books = await photograph(coalition)

    for call in (
        verbs.issue("k1", 101),
        verbs.redeem("k1", 100),
        verbs.redeem("k2", 31),
        verbs.cash_out("k2", 30),
        verbs.cash_out("k3", 9),
        verbs.donate("k4", 9),
        verbs.transfer("k5", 6),
        verbs.refund("k6", 11, redeemed),
        verbs.reverse("k7", 8, issued),
    ):
        with pytest.raises(IdempotencyConflict):
            await call
    assert await photograph(coalition) == books


async def test_a_refusal_is_repeated_with_its_data_after_the_reason_is_gone(coalition, verbs):
    issued = await verbs.issue("k1", 100)
    redeemed = await verbs.redeem("k2", 90)
    calls = {
        "k3": (lambda: verbs.redeem("k3", 11), InsufficientPoints),
        "k4": (lambda: verbs.refund("k4", 91, redeemed), RefundExceedsRedeemed),
        "k5": (lambda: verbs.reverse("k5", 50, issued), LotSpent),
        "k6": (lambda: verbs.transfer("k6", 99), InsufficientPoints),
    }
    told = {}
    for key, (call, refusal) in calls.items():
        with pytest.raises(refusal) as first:
            await call()
        told[key] = vars(first.value)
    assert told == {
        "k3": {"available_points": 10, "required_points": 11},
        "k4": {"refundable_points": 90, "required_points": 91},
        "k5": {"unspent_points": 10, "required_points": 50},
        "k6": {"available_points": 10, "required_points": 99},
    }

    await verbs.issue("k7", 1000)
    await verbs.refund("k8", 90, redeemed)
    for key, (call, refusal) in calls.items():
        with pytest.raises(refusal) as again:
            await call()
        assert vars(again.value) == told[key]


async def test_a_refusal_for_want_of_terms_names_the_same_instant_when_it_is_repeated(coalition):
    await coalition.partner("new", since=None)
    ana, hub = await coalition.member("ana"), coalition.hub
    told = []
    for _ in range(2):
        with pytest.raises(TermsNotInForce) as refused:
            await issue_points(
                hub.poster,
                hub.register,
                coalition.request("k"),
                now=coalition.clock.now,
                issuer=coalition.partners["new"],
                wallet=ana,
                points=1,
                reference=None,
            )
        told.append(vars(refused.value))
        coalition.clock.tick(timedelta(hours=1))
        await coalition.terms("new", since=coalition.clock.now)
    assert told[1] == told[0]


async def test_a_key_belongs_to_the_partner_and_the_wallet(coalition, verbs):
    bio = await coalition.partner("bio")
    await verbs.issue("k", 100)
    hub, now = coalition.hub, coalition.clock.now
    for issuer, wallet in ((bio, verbs.ana), (verbs.air, verbs.bob)):
        await issue_points(
            hub.poster,
            hub.register,
            coalition.request("k"),
            now=now,
            issuer=issuer,
            wallet=wallet,
            points=5,
            reference=None,
        )
    assert await coalition.value("SELECT count(*) FROM ledger.entries") == 3
