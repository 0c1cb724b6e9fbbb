"""What members allowed: seen and ended by them, or by the operator; it counts at the next call."""

import asyncio
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from hub.cli.client.command import app as client_app
from hub.kernel.actor import HUB_ACTOR, Actor, ActorKind
from hub.kernel.ids import IdKind
from tests.api import open_api
from tests.auth.provider.wire import ISSUER

VERIFIER = "v" * 43
GRANTS = (
    "{ grants { id partner { code } clientName scopes { name nameEn nameZh } orderPoints"
    " orderReference agreedAt endsAt endedAt } }"
)
ORDER = '[{"type":"redemption","points":100,"reference":"order-1"}]'


@pytest.fixture
async def air(world):
    await world.sign_in("ana")
    return await world.client("AIR")


@pytest.fixture
async def api(world):
    async with open_api(world.coalition, oauth={"issuer": ISSUER}) as api:
        yield api


async def signed_in(world, api, name):
    """A member in front of the API."""
    number = await world.coalition.value(
        "SELECT member_id FROM members WHERE wallet_id = $1", world.coalition.members[name].number
    )
    return await api.sign_in(Actor(ActorKind.MEMBER, number))


async def allow(client, **given):
    code = await client.code(VERIFIER, **given)
    return (await client.redeem_code(code, VERIFIER)).json()


async def list_of(member):
    return (await member.ask(GRANTS))["grants"]


async def kept(coalition):
    return (
        await coalition.query("TABLE oauth_grants"),
        await coalition.value("SELECT count(*) FROM audit.log"),
    )


async def ended(coalition):
    rows = await coalition.query(
        "SELECT event, actor, subject, detail FROM audit.log"
        " WHERE event IN ('consent.given', 'grant.ended', 'client.grants_ended') ORDER BY seq"
    )
    return [tuple(row) for row in rows]


async def test_a_member_sees_what_is_allowed_in_their_name_and_until_when(world, air, api):
    await allow(air)
    await allow(air, scope="openid points.redeem", authorization_details=ORDER)
    ana = await signed_in(world, api, "ana")
    once, kept_on = sorted(await list_of(ana), key=lambda each: each["orderPoints"] is None)
    assert once["partner"] == {"code": "AIR"} and once["clientName"] == "AIR till"
    assert (once["orderPoints"], once["orderReference"]) == (100, "order-1")
    assert [each["name"] for each in kept_on["scopes"]] == [
        "openid",
        "offline_access",
        "points.read",
    ]
    assert all(each["nameEn"] and each["nameZh"] for each in kept_on["scopes"])
    assert kept_on["endedAt"] is None
    world.coalition.clock.tick(timedelta(minutes=6))
    assert [each["id"] for each in await list_of(ana)] == [kept_on["id"]]
    world.coalition.clock.tick(timedelta(days=90))
    assert await list_of(ana) == []


async def test_what_a_member_ends_is_refused_by_the_next_call(world, air, api):
    given = await allow(air)
    own = await air.token()
    ana = await signed_in(world, api, "ana")
    (grant,) = await list_of(ana)
    assert await air.is_let_in(given["access_token"])
    done = await ana.do("endGrant", "grant { id endedAt }", grantId=grant["id"])
    assert done["userErrors"] == []
    assert done["grant"]["endedAt"] is not None
    await world.doors.callers.refresh()
    assert not await air.is_let_in(given["access_token"])
    assert (await air.refresh(given["refresh_token"])).json()["error"] == "invalid_grant"
    assert await air.is_let_in(own), "the client itself stays"
    assert await list_of(ana) == []
    before = await kept(world.coalition)
    again = await ana.do("endGrant", "grant { endedAt }", grantId=grant["id"])
    assert again["grant"]["endedAt"] == done["grant"]["endedAt"]
    assert await kept(world.coalition) == before
    number = await world.coalition.value("SELECT to_hex(grant_id) FROM oauth_grants")
    member = await world.coalition.value("SELECT 'member:' || member_id FROM oauth_grants")
    assert await ended(world.coalition) == [
        (
            "consent.given",
            member,
            air.client_id,
            f'{{"grant":"{number}","scopes":"openid offline_access points.read"}}',
        ),
        (
            "grant.ended",
            member,
            air.client_id,
            f'{{"grant":"{number}","reason":"by the member"}}',
        ),
    ]


async def test_a_mutation_of_another_process_is_refused_too_at_once(world, air, api):
    """Writes ask the database each time, so not even a message that is lost lets one through."""
    given = await allow(air, scope="openid offline_access points.read")
    assert await air.is_let_in(given["access_token"], method="POST")
    ana = await signed_in(world, api, "ana")
    (grant,) = await list_of(ana)
    await ana.do("endGrant", grantId=grant["id"])
    assert not await air.is_let_in(given["access_token"], method="POST")


async def test_attack_42_the_grant_of_another_member_is_like_none(world, air, api):
    given = await allow(air)
    await world.coalition.member("ben")
    ben = await signed_in(world, api, "ben")
    assert await list_of(ben) == []
    number = await world.coalition.value("SELECT grant_id FROM oauth_grants")
    before = await kept(world.coalition)
    ana = await signed_in(world, api, "ana")
    (of_ana,) = await list_of(ana)
    tries = [of_ana["id"], ben.id(IdKind.GRANT, number), ben.id(IdKind.GRANT, 5), "x"]
    refusals = [await ben.refusal("endGrant", grantId=each) for each in tries]
    assert refusals == [refusals[0]] * 4
    assert refusals[0]["code"] == "GRANT_NOT_FOUND"
    assert await kept(world.coalition) == before
    assert await air.is_let_in(given["access_token"], method="POST")


async def test_attack_47_partners_and_staff_do_not_speak_for_members(world, air, api):
    given = await allow(air, scope="openid points.read")
    before = await kept(world.coalition)
    answer = await air.ask(given["access_token"], "{ grants { id } }")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    ana = await signed_in(world, api, "ana")
    (grant,) = await list_of(ana)
    for caller in (await api.partner("AIR"), await api.operator()):
        assert await caller.fault("{ grants { id } }") == "FORBIDDEN"
        document = "mutation($i: EndGrantInput!) { endGrant(input: $i) { userErrors { code } } }"
        given = {"idempotencyKey": "k", "grantId": grant["id"]}
        assert await caller.fault(document, i=given) == "FORBIDDEN"
    assert (await kept(world.coalition))[0] == before[0]


async def test_the_operator_ends_all_grants_of_a_client(world, air, api):
    await world.sign_in("ben")
    bens = await allow(air)
    await world.sign_in("ana")
    anas = await allow(air)
    bio = await world.client("BIO")
    others = await allow(bio)
    url = world.coalition.url

    def invoke(*arguments):
        return CliRunner().invoke(client_app, arguments, env={"HUB_DATABASE_URL": url})

    done = await asyncio.to_thread(invoke, "end-grants", air.client_id)
    assert (done.exit_code, done.stdout) == (0, "2 grants of members have ended\n")
    await world.doors.callers.refresh()
    for given in (anas, bens):
        assert not await air.is_let_in(given["access_token"])
    assert await bio.is_let_in(others["access_token"])
    assert len(await air.token()) > 100, "the client stays"
    assert (await ended(world.coalition))[-1] == (
        "client.grants_ended",
        "hub",
        air.client_id,
        '{"count":2}',
    )
    unknown = await asyncio.to_thread(invoke, "end-grants", "cl_x")
    assert unknown.exit_code != 0


async def test_what_a_client_gives_back_is_recorded(world, air):
    given = await allow(air)
    await air.post("/oauth/revoke", token=given["access_token"])
    await air.post("/oauth/revoke", token=given["refresh_token"])
    rows = await world.coalition.query(
        "SELECT event, subject, detail FROM audit.log ORDER BY seq DESC LIMIT 2"
    )
    number = await world.coalition.value("SELECT to_hex(grant_id) FROM oauth_grants")
    assert [tuple(row) for row in rows] == [
        ("grant.ended", air.client_id, f'{{"grant":"{number}","reason":"by the client"}}'),
        ("token.revoked", air.client_id, "{}"),
    ]


async def test_assertions_and_proofs_that_come_again_are_recorded_once_a_minute(world, air):
    own = {"grant_type": "client_credentials"}
    assertion, proof = air.assertion(), air.proof("/oauth/token")
    await air.post("/oauth/token", assertion=assertion, proof=proof, **own)
    for _ in range(3):
        assert (await air.post("/oauth/token", assertion=assertion, **own)).status_code == 401
        assert (await air.post("/oauth/token", proof=proof, **own)).status_code == 400
    rows = await world.coalition.query(
        "SELECT actor, client_id, subject, detail FROM audit.log"
        " WHERE event = 'access.refused' ORDER BY seq"
    )
    actor = f"partner:{world.coalition.partners['AIR'].partner_id}"
    assert [tuple(row) for row in rows] == [
        (actor, air.client_id, what, '{"lack":"used before"}')
        for what in ("client_assertion", "dpop_proof")
    ]


@pytest.mark.parametrize("what", ["code", "refresh_token"])
async def test_what_is_used_twice_is_recorded_with_the_end_of_its_family(world, air, what):
    code = await air.code(VERIFIER)
    given = (await air.redeem_code(code, VERIFIER)).json()
    if what == "code":
        await air.redeem_code(code, VERIFIER)
    else:
        await air.refresh(given["refresh_token"])
        await air.refresh(given["refresh_token"])
    event, actor, subject, detail = (await ended(world.coalition))[-1]
    assert (event, actor, subject) == ("grant.ended", str(HUB_ACTOR), air.client_id)
    assert f'"reason":"{what} used twice"' in detail
