"""A partner redeems only what a member agreed to: with a till code, or a token for that order."""

import asyncio
import json
import secrets
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Mount

from auth.consents.store import spend_order
from auth.consents.till import check_digit, hash_request
from auth.keys import ID_KEY, open_key
from auth.persons import Person
from hub.app import build_app, open_doors
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.ids import IdKind
from hub.members.store import LinkedAccount, link_accounts
from hub.settings import Settings
from tests.api import Api, issue, new_key
from tests.auth.provider.conftest import World
from tests.auth.provider.wire import ISSUER
from tests.coalition import photograph

REDEEM = (
    "mutation($input: RedeemPointsInput!) { redeemPoints(input: $input)"
    " { entryId userErrors { code message } } }"
)
VERIFIER = "v" * 43


@pytest.fixture
async def world(coalition):
    """A hub that asks members, with ana who has 1000 points of AIR."""
    settings = Settings(oauth={"issuer": ISSUER, "redemption_consent": "required"})
    made: list[World] = []

    async def find_signed_in(_: object) -> Person | None:
        return made[0].person

    doors = await open_doors(coalition.hub, settings, find_signed_in=find_signed_in)
    app = Starlette(routes=[*doors.routes, Mount("/", await build_app(coalition.hub, settings))])
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        world = World(coalition, http, doors)
        made.append(world)
        secret = await open_key(coalition.hub.database, ID_KEY)
        world.api = Api(coalition, app, http, secret)
        await world.sign_in("ana")
        air = await world.api.partner("AIR")
        number = await world.sign_in("ana")
        partner_id = coalition.partners["AIR"].partner_id
        async with coalition.hub.database.begin(HUB_ACTOR) as tx:
            await link_accounts(tx, [LinkedAccount(partner_id, "a-1", number, tx.now)])
        await issue(air, "a-1", 1000)
        yield world


@pytest.fixture
async def bio(world):
    """A shop that has never heard of ana."""
    return await world.client("BIO", scopes=("points.redeem", "points.read", "openid"))


async def redeem(client, token, *, key=None, points=100, **given):
    answer = await client.ask(
        token, REDEEM, input={"idempotencyKey": key or new_key(), "points": points, **given}
    )
    body = answer.json()
    if body.get("errors"):
        return body["errors"][0]["extensions"]["code"]
    payload = body["data"]["redeemPoints"]
    return payload["userErrors"][0]["code"] if payload["userErrors"] else payload["entryId"]


async def left(world):
    return await world.coalition.value("SELECT sum(balance_points) FROM ledger.wallets")


async def till_code(world, key=None):
    number = world.person.actor.number
    ana = await world.api.sign_in(Actor(ActorKind.MEMBER, number))
    made = await ana.do("createTillCode", "code endsAt", idempotencyKey=key or new_key())
    assert made["userErrors"] == []
    return made["code"]


async def member_token(client, *, points=100, reference="order-1"):
    details = json.dumps([{"type": "redemption", "points": points, "reference": reference}])
    code = await client.code(VERIFIER, scope="points.redeem", authorization_details=details)
    return (await client.redeem_code(code, VERIFIER)).json()["access_token"]


async def test_attack_40_a_client_alone_redeems_nothing(world, bio):
    before = await photograph(world.coalition)
    token = await bio.token()
    # Nobody told this shop about ana: her card of another shop means nothing here.
    assert await redeem(bio, token, account={"reference": "a-1"}) == "ACCOUNT_NOT_LINKED"
    wallet = world.coalition.members["ana"]
    shop = await world.api.sign_in(
        Actor(ActorKind.PARTNER, world.coalition.partners["BIO"].partner_id)
    )
    account = {"walletId": shop.id(IdKind.WALLET, wallet)}
    assert await redeem(bio, token, account=account) == "CONSENT_REQUIRED"
    assert await redeem(bio, token) == "CONSENT_REQUIRED"
    assert await photograph(world.coalition) == before


async def test_a_till_code_redeems_once(world, bio):
    token = await bio.token()
    code = await till_code(world)
    key = new_key()
    first = await redeem(bio, token, key=key, tillCode=code)
    assert len(first) == 22
    assert await redeem(bio, token, key=key, tillCode=code) == first
    assert await redeem(bio, token, tillCode=code) == "TILL_CODE_NOT_VALID"
    air = await world.client("AIR")
    assert await redeem(air, await air.token(), key=key, tillCode=code) == "TILL_CODE_NOT_VALID"
    assert await left(world) == 900


async def test_of_six_who_bring_one_till_code_at_once_one_wins(world, bio):
    token, code = await bio.token(), await till_code(world)
    answers = await asyncio.gather(*[redeem(bio, token, tillCode=code) for _ in range(6)])
    assert sorted(len(each) for each in answers).count(22) == 1
    assert answers.count("TILL_CODE_NOT_VALID") == 5
    assert await left(world) == 900


async def test_a_till_code_ends_after_a_minute_and_with_the_next_one(world, bio):
    token = await bio.token()
    first, second = await till_code(world), await till_code(world)
    assert await redeem(bio, token, tillCode=first) == "TILL_CODE_NOT_VALID"
    world.coalition.clock.tick(timedelta(seconds=60))
    assert await redeem(bio, token, tillCode=second) == "TILL_CODE_NOT_VALID"
    assert await left(world) == 1000


async def test_who_repeats_a_request_after_a_newer_code_is_told_what_helps(world, bio):
    token, key = await bio.token(), new_key()
    code = await till_code(world)
    first = await redeem(bio, token, key=key, tillCode=code)
    newer = await till_code(world)
    before = await photograph(world.coalition)
    given = {"idempotencyKey": key, "points": 100, "tillCode": code}
    answer = await bio.ask(token, REDEEM, input=given)
    (refusal,) = answer.json()["data"]["redeemPoints"]["userErrors"]
    assert refusal["code"] == "TILL_CODE_NOT_VALID"
    assert refusal["message"].endswith("to repeat, send a new one or `account`.")
    shop = await world.api.sign_in(
        Actor(ActorKind.PARTNER, world.coalition.partners["BIO"].partner_id)
    )
    account = {"walletId": shop.id(IdKind.WALLET, world.coalition.members["ana"])}
    assert await redeem(bio, token, key=key, tillCode=code, account=account) == first
    assert await redeem(bio, token, key=key, tillCode=newer) == first
    assert await photograph(world.coalition) == before


async def test_the_same_key_gives_the_same_till_code_and_no_second_use(world, bio):
    token = await bio.token()
    code = await till_code(world, key="k-1")
    assert await till_code(world, key="k-1") == code
    assert len(await redeem(bio, token, tillCode=code)) == 22
    assert await till_code(world, key="k-1") == code
    assert await redeem(bio, token, tillCode=code) == "TILL_CODE_NOT_VALID"


async def test_a_till_code_may_have_spaces_and_knows_typing_errors(world, bio):
    token, code = await bio.token(), await till_code(world)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    for bad in (wrong, code[:-1], code + "0", "", "x" * 10, "\uff11" * 10):
        assert await redeem(bio, token, tillCode=bad) == "TILL_CODE_NOT_VALID"
    assert await world.coalition.value("SELECT count(*) FROM till_misses") == 0
    spaced = f"{code[:5]} {code[5:]}"
    assert len(await redeem(bio, token, tillCode=spaced)) == 22


async def test_guessing_till_codes_comes_to_an_end(world, bio):
    token = await bio.token()
    code = await till_code(world)
    for number in range(30):
        payload = f"{number:09}"
        guess = payload + check_digit(payload)
        assert await redeem(bio, token, tillCode=guess) == "TILL_CODE_NOT_VALID"
    assert await redeem(bio, token, tillCode=code) == "TOO_MANY_TILL_CODES"
    world.coalition.clock.tick(timedelta(seconds=30))
    code = await till_code(world)
    assert await redeem(bio, await bio.token(), tillCode=code) == "TOO_MANY_TILL_CODES"
    world.coalition.clock.tick(timedelta(seconds=30))
    code = await till_code(world)
    assert len(await redeem(bio, await bio.token(), tillCode=code)) == 22


async def test_a_token_for_one_order_redeems_that_order_once(world, bio):
    token = await member_token(bio)
    key = new_key()
    first = await redeem(bio, token, key=key, reference="order-1")
    assert len(first) == 22
    assert await redeem(bio, token, key=key, reference="order-1") == first
    assert await redeem(bio, token, reference="order-1") == "CONSENT_SPENT"
    assert await left(world) == 900


async def test_whoever_lost_the_answer_learns_it_after_the_token_has_ended(world, bio):
    token, key = await member_token(bio), new_key()
    first = await redeem(bio, token, key=key, reference="order-1")
    world.coalition.clock.tick(timedelta(hours=3))
    answer = await bio.ask(token, REDEEM, input={"idempotencyKey": key, "points": 100})
    assert answer.status_code == 401, "the member's token has ended"
    own, before = await bio.token(), await photograph(world.coalition)
    assert await redeem(bio, own, key=key, reference="order-1") == first
    assert await redeem(bio, own, key=key, reference="order-1", points=99) == (
        "IDEMPOTENCY_CONFLICT"
    )
    assert await redeem(bio, own, reference="order-1") == "CONSENT_REQUIRED"
    air = await world.client("AIR")
    assert await redeem(air, await air.token(), key=key, reference="order-1") == "CONSENT_REQUIRED"
    assert await photograph(world.coalition) == before


async def test_a_fresh_token_for_the_same_order_learns_the_answer_too(world, bio):
    key = new_key()
    first = await redeem(bio, await member_token(bio), key=key, reference="order-1")
    world.coalition.clock.tick(timedelta(hours=1))
    await world.sign_in("ana")
    again = await member_token(bio)
    assert await redeem(bio, again, key=key, reference="order-1") == first
    assert await redeem(bio, again, reference="order-1") == "CONSENT_SPENT", "and buys nothing more"
    assert await left(world) == 900


async def test_a_sign_in_that_became_too_old_meanwhile_does_not_hide_the_answer(world, bio):
    world.coalition.clock.tick(timedelta(minutes=4))
    token, key = await member_token(bio), new_key()
    first = await redeem(bio, token, key=key, reference="order-1")
    world.coalition.clock.tick(timedelta(minutes=2))
    assert await redeem(bio, token, key=key, reference="order-1") == first
    assert await left(world) == 900


async def test_what_was_agreed_and_never_booked_is_not_booked_without_the_member(world, bio):
    token, key = await member_token(bio, points=5_000), new_key()
    refused = await redeem(bio, token, key=key, points=5_000, reference="order-1")
    assert refused == "INSUFFICIENT_POINTS"
    world.coalition.clock.tick(timedelta(minutes=6))
    own = await bio.token()
    assert await redeem(bio, own, key=key, points=5_000, reference="order-1") == refused
    # A process that died between the agreement and the booking: used up, and nothing booked.
    await world.sign_in("ana")
    await member_token(bio, reference="order-2")
    request_hash = hash_request(world.coalition.partners["BIO"].partner_id, "k-lost")
    async with world.coalition.hub.database.begin(HUB_ACTOR) as tx:
        newest = text("SELECT grant_id FROM oauth_grants WHERE order_reference = 'order-2'")
        grant_id = (await tx.connection.execute(newest)).scalar_one()
        assert await spend_order(tx, grant_id, request_hash)
    world.coalition.clock.tick(timedelta(minutes=6))
    assert await redeem(bio, await bio.token(), key="k-lost", reference="order-2") == (
        "CONSENT_REQUIRED"
    )
    assert await left(world) == 1000


@pytest.mark.parametrize(
    "wrong", [{"points": 101}, {"points": 99}, {"reference": "order-2"}, {"reference": None}]
)
async def test_attack_40_a_token_for_another_order(world, bio, wrong):
    token = await member_token(bio)
    given = {"points": 100, "reference": "order-1", **wrong}
    assert await redeem(bio, token, **given) == "CONSENT_NOT_FOR_THIS"
    assert await left(world) == 1000
    assert len(await redeem(bio, token, points=100, reference="order-1")) == 22


async def test_attack_40_a_sign_in_that_is_too_old(world, bio):
    world.coalition.clock.tick(timedelta(minutes=2))
    token = await member_token(bio)
    world.coalition.clock.tick(timedelta(minutes=3, seconds=1))
    answer = await redeem(bio, token, reference="order-1")
    assert answer == "INSUFFICIENT_USER_AUTHENTICATION"
    assert await left(world) == 1000


async def test_attack_40_the_wallet_of_somebody_else(world, bio):
    await world.coalition.member("ben")
    shop = await world.api.sign_in(
        Actor(ActorKind.PARTNER, world.coalition.partners["BIO"].partner_id)
    )
    ben = {"walletId": shop.id(IdKind.WALLET, world.coalition.members["ben"])}
    code = await till_code(world)
    assert await redeem(bio, await bio.token(), account=ben, tillCode=code) == (
        "CONSENT_NOT_FOR_THIS"
    )
    token = await member_token(bio)
    assert await redeem(bio, token, account=ben, reference="order-1") == "CONSENT_NOT_FOR_THIS"
    ana = {"walletId": shop.id(IdKind.WALLET, world.coalition.members["ana"])}
    assert len(await redeem(bio, token, account=ana, reference="order-1")) == 22


async def test_development_tokens_and_issuing_are_not_asked(world):
    partner = Actor(ActorKind.PARTNER, world.coalition.partners["AIR"].partner_id)
    developer = await world.api.sign_in(partner)
    done = await developer.do("redeemPoints", "entryId", account={"reference": "a-1"}, points=10)
    assert done["userErrors"] == []
    air = await world.client("AIR", scopes=("points.issue",))
    answer = await air.ask(
        await air.token(),
        "mutation($input: IssuePointsInput!) { issuePoints(input: $input) { entryId } }",
        input={"idempotencyKey": new_key(), "account": {"reference": "a-1"}, "points": 5},
    )
    assert len(answer.json()["data"]["issuePoints"]["entryId"]) == 22


async def test_only_the_hash_of_a_till_code_is_kept(world):
    code = await till_code(world)
    assert code not in str(await world.coalition.query("TABLE till_codes"))


def test_the_check_digit_finds_every_wrong_digit_and_every_swap():
    for _ in range(50):
        payload = f"{secrets.randbelow(10**9):09}"
        code = payload + check_digit(payload)
        assert check_digit(code) == "0"
        for at in range(10):
            for digit in "0123456789":
                wrong = code[:at] + digit + code[at + 1 :]
                assert (check_digit(wrong) == "0") == (wrong == code)
        for at in range(9):
            swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
            assert (check_digit(swapped) == "0") == (swapped == code)
