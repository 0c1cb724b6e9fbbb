"""Signing in with passkeys: attacks 41, 50, 56, 57 and 67, and what must work."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from auth.people.sessions.browsers import MEMBERS, STAFF
from auth.people.sessions.pages import read_next
from auth.people.staff.roster import end_person, take_roles
from auth.policies import Role
from hub.kernel.actor import HUB_ACTOR
from tests.auth.access.authenticator import USER_PRESENT, Authenticator
from tests.auth.access.people import (
    ORIGIN,
    OWN,
    invite_member,
    invite_person,
    open_visitor,
)

REFUSED = {
    "message": "That passkey was not accepted. Begin again.\n该通行密钥未被接受，请重新开始。"
}
VIEWER = "{ viewer { kind } }"


async def registered(coalition, site, *roles):
    """A visitor with a passkey, signed in."""
    visitor = open_visitor(site)
    _, secret = await invite_person(coalition.hub.database, *(roles or (Role.OPERATOR,)))
    assert (await visitor.register(secret)).json() == {"next": "/session"}
    return visitor


async def count_sessions(coalition) -> int:
    return await coalition.value("SELECT count(*) FROM sessions")


async def test_an_invited_person_makes_a_passkey_and_signs_in_with_it(coalition, site):
    visitor = await registered(coalition, site)
    page = await visitor.http.get("/session")
    assert (page.status_code, "You are signed in" in page.text) == (200, True)
    again = open_visitor(site)
    again.key = visitor.key
    assert (await again.sign_in(next="/oauth/authorize?x=1")).json() == {
        "next": "/oauth/authorize?x=1"
    }
    assert await count_sessions(coalition) == 2


async def test_an_invitation_is_good_once_and_for_a_day(coalition, site):
    database = coalition.hub.database
    _, secret = await invite_person(database, Role.OPERATOR)
    first, second = open_visitor(site), open_visitor(site)
    assert (await first.register(secret)).status_code == 200
    assert (await second.register(secret)).status_code == 400
    _, late = await invite_person(database, Role.OPERATOR, email="b@hub.test")
    coalition.clock.tick(timedelta(hours=24))
    assert (await second.register(late)).status_code == 400
    assert await coalition.value("SELECT count(*) FROM passkeys") == 1


async def test_a_link_that_was_cut_off_is_no_invitation_and_says_so(site):
    visitor = open_visitor(site)
    for cut in ("", "x" * 65):
        answer = await visitor.post("/invitation/begin", {"invitation": cut})
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("The invitation was used, is too old, or never")


async def test_six_uses_of_one_invitation_at_once_make_one_passkey(coalition, site):
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR)
    visitors = [open_visitor(site, address=f"203.0.113.{n}") for n in range(6)]
    answers = await asyncio.gather(*[visitor.register(secret) for visitor in visitors])
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert await coalition.value("SELECT count(*) FROM passkeys") == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.test"},
        {"origin": "https://hub.test.evil.test"},
        {"rp_id": "evil.test"},
        {"flags": USER_PRESENT},
        {"step": -1},
    ],
    ids=["origin", "longer origin", "site", "not verified", "counter going back"],
)
async def test_attack_41_a_passkey_that_lies_is_refused(coalition, site, lie):
    visitor = await registered(coalition, site)
    visitor.key.passkeys[0].count = 5
    assert (await visitor.sign_in()).status_code == 200
    before = await coalition.query("SELECT * FROM sessions")
    for name, value in lie.items():
        setattr(visitor.key, name, value)
    answer = await visitor.sign_in()
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert await coalition.query("SELECT * FROM sessions") == before


async def test_attack_41_a_challenge_is_answered_once_and_by_its_own_browser(coalition, site):
    visitor = await registered(coalition, site)
    options = (await visitor.post("/sign-in/begin")).json()
    credential = visitor.key.get(options)
    stranger = open_visitor(site)
    await stranger.post("/sign-in/begin")
    stolen = await stranger.post("/sign-in/finish", {"credential": credential})
    assert stolen.status_code == 401
    assert (await visitor.post("/sign-in/finish", {"credential": credential})).status_code == 200
    replayed = await visitor.post("/sign-in/finish", {"credential": credential})
    assert (replayed.status_code, replayed.json()) == (401, REFUSED)
    assert await count_sessions(coalition) == 1


async def test_attack_41_a_challenge_is_used_up_by_a_wrong_answer_and_by_time(coalition, site):
    visitor = await registered(coalition, site)
    options = (await visitor.post("/sign-in/begin")).json()
    wrong = visitor.key.get(options)
    wrong["response"]["signature"] = visitor.key.get({"challenge": "AAAA"})["response"]["signature"]
    assert (await visitor.post("/sign-in/finish", {"credential": wrong})).status_code == 401
    right = visitor.key.get(options)
    assert (await visitor.post("/sign-in/finish", {"credential": right})).status_code == 401
    options = (await visitor.post("/sign-in/begin")).json()
    coalition.clock.tick(timedelta(minutes=5))
    late = visitor.key.get(options)
    assert (await visitor.post("/sign-in/finish", {"credential": late})).status_code == 401
    assert (await visitor.sign_in()).status_code == 200


async def test_attack_41_six_answers_to_one_challenge_at_once_sign_in_once(coalition, site):
    visitor = await registered(coalition, site)
    options = (await visitor.post("/sign-in/begin")).json()
    credential = visitor.key.get(options)
    answers = await asyncio.gather(
        *[visitor.post("/sign-in/finish", {"credential": credential}) for _ in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + 5 * [401]


async def test_attack_41_a_passkey_of_somebody_else_under_ones_own_name_is_refused(coalition, site):
    ada = await registered(coalition, site)
    ben = open_visitor(site)
    _, secret = await invite_person(coalition.hub.database, Role.AUDITOR, email="ben@hub.test")
    await ben.register(secret)
    ben.key.passkeys[0].user_handle = ada.key.passkeys[0].user_handle
    assert (await ben.sign_in()).status_code == 401


async def test_attack_67_an_unknown_passkey_and_a_wrong_signature_read_the_same(coalition, site):
    visitor = await registered(coalition, site)
    stranger = open_visitor(site)
    stranger.key.create({"user": {"id": "AAAA"}, "challenge": "AAAA"})
    unknown = await stranger.sign_in()
    visitor.key.passkeys[0].key = stranger.key.passkeys[0].key
    wrong = await visitor.sign_in()
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)
    options = [(await each.post("/sign-in/begin")).json() for each in (visitor, stranger)]
    for each in options:
        del each["challenge"]
    assert options[0] == options[1]


async def test_attack_56_the_cookie_is_new_after_every_sign_in_and_the_old_one_is_dead(
    coalition, site
):
    visitor = await registered(coalition, site)
    old = visitor.cookie
    answer = await visitor.sign_in()
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-hub=")]
    assert cookie.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=strict", "Secure"]
    assert visitor.cookie != old
    thief = open_visitor(site)
    thief.http.cookies.set("__Host-hub", old)
    assert (await thief.http.get("/session")).headers["location"] == "/sign-in"
    assert await count_sessions(coalition) == 1


async def test_attack_56_a_cookie_that_was_planted_is_not_taken_over(coalition, site):
    visitor = await registered(coalition, site)
    planted = open_visitor(site)
    planted.key = visitor.key
    planted.http.cookies.set("__Host-hub", "planted-by-somebody-else")
    assert (await planted.sign_in()).status_code == 200
    values = [cookie.value for cookie in planted.http.cookies.jar if cookie.name == "__Host-hub"]
    assert [value for value in values if value != "planted-by-somebody-else"] != []
    thief = open_visitor(site)
    thief.http.cookies.set("__Host-hub", "planted-by-somebody-else")
    assert (await thief.http.get("/session")).status_code == 303


async def test_attack_56_other_names_of_the_cookie_are_not_read(coalition, site):
    visitor = await registered(coalition, site)
    for name in ("hub", "__Secure-hub", "__host-hub", "Host-hub"):
        stranger = open_visitor(site)
        stranger.http.cookies.set(name, visitor.cookie)
        assert (await stranger.http.get("/session")).status_code == 303


@pytest.mark.parametrize(
    "planted",
    [
        "{name}={secret}; {name}=planted",
        "{name}=planted; {name}={secret}",
        "\x85{name}={secret}",
        "\xa0{name}={secret}",
        "\x0b{name}={secret}",
        "{name}\xa0={secret}",
        "{name} ={secret}",
        '{name}="{secret}"',
        "__host-hub={secret}",
        "{name}%3D{secret}",
    ],
)
async def test_attack_56_a_cookie_that_a_neighbouring_host_could_plant_is_not_read(
    coalition, site, planted
):
    visitor = await registered(coalition, site)
    right = f"__Host-hub={visitor.cookie}"
    wrong = planted.format(name="__Host-hub", secret=visitor.cookie)
    before = await coalition.query("SELECT * FROM sessions")
    statuses = []
    for cookie in (f"a=b; {right};c", wrong):
        visitor.http.cookies.clear()
        sent = [(b"cookie", cookie.encode("latin-1"))]
        statuses.append((await visitor.http.get("/session", headers=sent)).status_code)
    assert statuses == [200, 303]
    assert await coalition.query("SELECT * FROM sessions") == before


async def test_attack_56_signing_out_ends_the_session_and_needs_the_form_of_our_page(
    coalition, site
):
    visitor = await registered(coalition, site)
    for headers, form in (
        (OWN, {}),
        (OWN, {"token": "0" * 64}),
        ({"origin": "https://evil.test"}, {"token": await form_token(visitor)}),
        ({}, {"token": await form_token(visitor)}),
    ):
        refused = await visitor.http.post("/session", data=form, headers=headers)
        assert refused.status_code == 403
    assert await count_sessions(coalition) == 1
    old = visitor.cookie
    token = await form_token(visitor)
    assert (
        await visitor.http.post("/session", data={"token": token}, headers=OWN)
    ).status_code == 200
    assert await count_sessions(coalition) == 0
    visitor.http.cookies.set("__Host-hub", old)
    assert (await visitor.http.get("/session")).status_code == 303


async def form_token(visitor) -> str:
    page = (await visitor.http.get("/session")).text
    return page.partition('name="token" value="')[2].partition('"')[0]


async def test_attack_56_pages_cannot_be_framed_and_load_nothing_from_outside(coalition, site):
    visitor = await registered(coalition, site)
    for path in ("/sign-in?max_age=0", "/invitation", "/session"):
        page = await visitor.http.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["cache-control"] == "no-store"
        assert "<script>" not in page.text and " style=" not in page.text
        assert 'src="http' not in page.text and 'href="http' not in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "https://hub.test.evil.test", "sec-fetch-site": "same-origin"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_attack_53_a_page_of_another_site_gets_nothing_done(coalition, site, headers):
    visitor = await registered(coalition, site)
    for path in ("/sign-in/begin", "/sign-in/finish", "/invitation/begin", "/invitation/finish"):
        answer = await visitor.http.post(path, json={}, headers=headers)
        assert answer.status_code == 403, path
    assert await coalition.value("SELECT count(*) FROM ceremonies") == 0
    assert await count_sessions(coalition) == 1


async def test_attack_53_only_small_json_is_read(site):
    visitor = open_visitor(site)
    for kind, content in (
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"a=b"),
        ("application/json", b"[]"),
        ("application/json", b"{"),
        ("application/json", b'{"a": "' + b"x" * 40_000 + b'"}'),
    ):
        headers = {**OWN, "content-type": kind}
        answer = await visitor.http.post("/sign-in/finish", content=content, headers=headers)
        assert answer.status_code == 400
    for body in (
        {"credential": {}},
        {"credential": {"response": {}}},
        {"credential": {"response": {"clientDataJSON": 7}}},
        {"credential": {"response": {"clientDataJSON": "e30"}}},
        {"credential": {"rawId": None, "response": {"clientDataJSON": "W10"}}},
    ):
        answer = await visitor.post("/sign-in/finish", body)
        assert answer.status_code in (400, 401, 429), body


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "/\\evil.test",
        "\\evil.test",
        "https:evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "evil.test",
        "/a\n/b",
        "///evil.test",
        "/" + "x" * 5_000,
        "",
        None,
        7,
    ],
)
async def test_attack_57_where_to_go_after_signing_in_is_a_path_of_ours(target):
    assert read_next(target) == "/session"


def test_a_path_of_ours_is_kept_as_it_is():
    for path in ("/", "/oauth/authorize?client_id=a&request_uri=urn:x", "/graphql#a"):
        assert read_next(path) == path


async def test_attack_57_the_page_itself_goes_nowhere_else(coalition, site):
    visitor = await registered(coalition, site)
    answer = await visitor.http.get("/sign-in", params={"next": "//evil.test"})
    assert answer.headers["location"] == "/session"
    page = await visitor.http.get("/sign-in", params={"next": '/"><script>', "max_age": "0"})
    assert "<script>" not in page.text


async def test_a_session_ends_when_it_is_not_used_and_in_any_case_after_hours(coalition, site):
    visitor = await registered(coalition, site)
    for _ in range(3):
        coalition.clock.tick(STAFF.idle - timedelta(seconds=1))
        assert (await visitor.http.get("/session")).status_code == 200
    coalition.clock.tick(STAFF.idle + timedelta(seconds=1))
    assert (await visitor.http.get("/session")).status_code == 303
    await visitor.sign_in()
    began_at = coalition.clock()
    while coalition.clock() + STAFF.idle < began_at + STAFF.absolute:
        coalition.clock.tick(STAFF.idle)
        assert (await visitor.sign_in()).status_code == 200
    coalition.clock.tick(STAFF.idle)
    assert (await visitor.http.get("/session")).status_code == 303, "a new passkey adds no time"


async def test_a_member_signs_in_and_stays_for_longer(coalition, site):
    place = await coalition.member("ana")
    visitor = open_visitor(site)
    answer = await visitor.register(await invite_member(coalition.hub.database, place.number))
    assert "SameSite=lax" in "".join(answer.headers.get_list("set-cookie"))
    coalition.clock.tick(MEMBERS.idle - timedelta(seconds=1))
    assert (await visitor.http.get("/session")).status_code == 200
    assert STAFF.idle < MEMBERS.idle and STAFF.absolute < MEMBERS.absolute


async def test_a_fresh_sign_in_can_be_asked_for(coalition, site):
    visitor = await registered(coalition, site)
    at_once = await visitor.http.get("/sign-in", params={"next": "/a", "max_age": "60"})
    assert (at_once.status_code, at_once.headers["location"]) == (303, "/a")
    coalition.clock.tick(timedelta(seconds=61))
    for age in ("60", "0", "-1", "x", "9" * 20):
        assert (await visitor.http.get("/sign-in", params={"max_age": age})).status_code == 200
    await visitor.sign_in()
    assert (await visitor.http.get("/sign-in", params={"max_age": "60"})).status_code == 303


async def test_a_new_invitation_ends_what_was_signed_in_before(coalition, site):
    visitor = await registered(coalition, site)
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR)
    assert (await visitor.http.get("/session")).status_code == 200
    other = open_visitor(site)
    assert (await other.register(secret)).status_code == 200
    assert (await visitor.http.get("/session")).status_code == 303
    assert (await visitor.sign_in()).status_code == 200, "the old passkey is still one of theirs"


async def test_secrets_are_kept_as_hashes_only(coalition, site):
    visitor = await registered(coalition, site)
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR, email="b@hub.test")
    kept = ""
    for table in ("sessions", "invitations", "ceremonies", "audit.log"):
        kept += str([tuple(row) for row in await coalition.query(f"TABLE {table}")])
    assert visitor.cookie not in kept and secret not in kept


async def test_attack_50_a_role_that_is_taken_away_is_gone_at_the_next_request(desk):
    support = await desk.person(Role.SUPPORT, Role.OPERATOR)
    assert (await support.do("sweepExpiry"))["userErrors"] == []
    database = desk.api.coalition.hub.database
    async with database.begin(HUB_ACTOR) as tx:
        await take_roles(tx, support.person_id, [Role.OPERATOR])
    document = 'mutation { sweepExpiry(input: {idempotencyKey: "k"}) { userErrors { code } } }'
    assert await support.fault(document) == "FORBIDDEN"
    async with database.begin(HUB_ACTOR) as tx:
        await end_person(tx, support.person_id)
    assert await support.fault(VIEWER) == "UNAUTHENTICATED"
    assert (await support.sign_in()).status_code in (200, 401)
    assert await support.fault(VIEWER) == "UNAUTHENTICATED"


async def test_attack_53_the_api_takes_no_cookie_from_a_page_of_another_site(desk):
    ada = await desk.person(Role.OPERATOR)
    assert (await ada.ask(VIEWER))["data"] == {"viewer": {"kind": "OPERATOR"}}
    for headers in ({}, {"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}):
        answer = await ada.http.post("/graphql", json={"query": VIEWER}, headers=headers)
        if answer.status_code == httpx.codes.OK:
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
        else:
            assert answer.status_code in (401, 403)


def test_the_authenticator_of_the_tests_knows_no_other_answer_than_its_own():
    key = Authenticator(ORIGIN, "hub.test")
    first = key.create({"user": {"id": "AAAA"}, "challenge": "AAAA"})
    second = key.create({"user": {"id": "AAAA"}, "challenge": "AAAA"})
    assert first["rawId"] != second["rawId"]
