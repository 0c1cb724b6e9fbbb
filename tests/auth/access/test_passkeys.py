"""One's own passkeys: listed, a second one added, one removed, never the last; attack 41."""

import asyncio
import re
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from auth.people.sessions.ceremonies import PASSKEYS_MAX
from auth.policies import STEP_UP_SECONDS, Role
from hub.kernel.clock import CLOCKS_APART
from tests.auth.access.authenticator import cbor, to_bytes, to_text
from tests.auth.access.people import OWN, invite_person, open_visitor

FRESH = timedelta(seconds=STEP_UP_SECONDS)
VIEWER = "{ viewer { kind } }"
REFUSED = {
    "message": "That passkey was not accepted. Begin again.\n该通行密钥未被接受，请重新开始。"
}


async def registered(coalition, site, email="ada@hub.test", address="203.0.113.7"):
    """A person with a passkey, signed in."""
    visitor = open_visitor(site, address=address)
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR, email=email)
    assert (await visitor.register(secret)).status_code == 200
    return visitor


async def add(visitor):
    begun = await visitor.post("/passkeys/begin")
    if begun.status_code != 200:
        return begun
    return await visitor.post("/passkeys/finish", {"credential": visitor.key.create(begun.json())})


async def remove(visitor, chosen, **more):
    page = await visitor.http.get("/passkeys")
    found = re.search(r'name="token" value="(\w+)"', page.text)
    token = found[1] if found else ""
    form = {"token": token, "passkey": to_text(chosen.credential_id), **more}
    return await visitor.http.post("/passkeys/remove", data=form, headers=OWN)


async def kept(coalition):
    return (
        await coalition.query("SELECT * FROM passkeys ORDER BY credential_id"),
        await coalition.query("SELECT session_id FROM sessions ORDER BY session_id"),
        await coalition.value("SELECT count(*) FROM audit.log"),
    )


async def count(coalition):
    return await coalition.value("SELECT count(*) FROM passkeys")


async def events(coalition):
    rows = await coalition.query("SELECT event, subject FROM audit.log ORDER BY seq")
    return [tuple(row) for row in rows if row["event"].startswith("passkey.")]


async def test_a_second_passkey_lets_its_owner_in_and_ends_all_other_sessions(coalition, site):
    ada = await registered(coalition, site)
    other = open_visitor(site)
    other.key = ada.key
    await other.sign_in()
    assert (await add(ada)).json() == {"next": "/passkeys"}
    assert await count(coalition) == 2
    assert (await ada.http.get("/passkeys")).text.count("<li>") == 2
    assert (await other.http.get("/passkeys")).headers["location"].startswith("/sign-in")
    first, second = ada.key.passkeys
    assert first.user_handle == second.user_handle, "one owner, for the authenticator too"
    begun = await other.post("/sign-in/begin")
    credential = ada.key.get(begun.json(), second)
    done = await other.post("/sign-in/finish", {"credential": credential})
    assert done.status_code == 200
    subject = await coalition.value("SELECT 'person:' || person_id FROM people")
    assert await events(coalition) == [
        ("passkey.registered", subject),
        ("passkey.added", subject),
    ]


async def test_a_member_has_the_same_page(desk):
    await desk.api.member("ana")
    ana = await desk.member("ana")
    page = await ana.http.get("/passkeys")
    assert page.status_code == 200
    assert "Your passkeys" in page.text and "您的通行密钥" in page.text
    assert (await add(ana)).status_code == 200
    assert (await remove(ana, ana.key.passkeys[0])).status_code == 303
    assert (await ana.ask(VIEWER))["data"]["viewer"]["kind"] == "MEMBER"
    assert (await ana.sign_in()).status_code == 401, "what was removed lets nobody in"


async def test_removing_a_passkey_ends_the_sessions_elsewhere_and_its_use(coalition, site):
    ada = await registered(coalition, site)
    await add(ada)
    thief = open_visitor(site, address="198.51.100.9")
    thief.key = ada.key
    assert (await thief.sign_in()).status_code == 200
    removed = await remove(ada, ada.key.passkeys[0])
    assert (removed.status_code, removed.headers["location"]) == (303, "/passkeys")
    assert await count(coalition) == 1
    assert (await thief.http.get("/session")).status_code == 303
    assert (await thief.sign_in()).status_code == 401
    assert (await ada.http.get("/session")).status_code == 200
    assert (await events(coalition))[-1][0] == "passkey.removed"


async def test_attack_41_the_last_passkey_stays(coalition, site):
    ada = await registered(coalition, site)
    before = await kept(coalition)
    refused = await remove(ada, ada.key.passkeys[0])
    assert refused.status_code == 409
    assert "The last passkey stays" in refused.text and "最后一个通行密钥" in refused.text
    assert await kept(coalition) == before


async def test_attack_41_of_two_removed_at_once_one_stays(coalition, site):
    ada = await registered(coalition, site)
    await add(ada)
    answers = await asyncio.gather(*[remove(ada, each) for each in ada.key.passkeys])
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert await count(coalition) == 1


async def test_attack_41_a_passkey_of_somebody_else_is_like_none(coalition, site):
    ada = await registered(coalition, site)
    eve = await registered(coalition, site, "eve@hub.test", "198.51.100.9")
    await add(eve)
    before = await kept(coalition)
    of_ada = await remove(eve, ada.key.passkeys[0])
    of_nobody = await remove(eve, ada.key.passkeys[0], passkey="AAAA")
    assert (of_ada.status_code, of_nobody.status_code) == (404, 404)
    assert of_ada.text == of_nobody.text
    assert await kept(coalition) == before


async def test_changing_passkeys_takes_one_that_was_shown_just_now(coalition, site):
    ada = await registered(coalition, site)
    await add(ada)
    begun = (await ada.post("/passkeys/begin")).json()
    token = re.search(r'value="(\w{64})"', (await ada.http.get("/passkeys")).text)[1]
    coalition.clock.tick(FRESH + timedelta(seconds=1))
    before = await kept(coalition)
    page = (await ada.http.get("/passkeys")).text
    assert "<form" not in page and "<button" not in page
    link = "/sign-in?next=%2Fpasskeys&amp;max_age=300"
    assert link in page
    refused = await ada.post("/passkeys/begin")
    assert (refused.status_code, "once more" in refused.json()["message"]) == (403, True)
    late = await ada.post("/passkeys/finish", {"credential": ada.key.create(begun)})
    assert late.status_code == 403
    sent = await remove(ada, ada.key.passkeys[0], token=token)
    assert sent.headers["location"] == link.replace("&amp;", "&")
    assert await kept(coalition) == before
    ada.key.passkeys.pop()
    await ada.sign_in()
    assert (await remove(ada, ada.key.passkeys[1])).status_code == 303


async def test_attack_41_a_challenge_of_another_session_adds_nothing(coalition, site):
    ada = await registered(coalition, site)
    eve = await registered(coalition, site, "eve@hub.test", "198.51.100.9")
    begun = (await eve.post("/passkeys/begin")).json()
    before = await kept(coalition)
    foreign = ada.key.create(begun)
    assert (await ada.post("/passkeys/finish", {"credential": foreign})).status_code == 401
    # An invitation's challenge is for its own page, and the other way round.
    mine = ada.key.create((await ada.post("/passkeys/begin")).json())
    _, secret = await invite_person(coalition.hub.database, Role.AUDITOR, email="bob@hub.test")
    swapped = {"invitation": secret, "credential": mine}
    assert (await ada.post("/invitation/finish", swapped)).status_code == 401
    assert (await kept(coalition))[:2] == before[:2]


async def test_attack_41_forms_and_scripts_of_other_sites_change_nothing(coalition, site):
    ada = await registered(coalition, site)
    await add(ada)
    before = await kept(coalition)
    foreign = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    assert (await ada.http.post("/passkeys/begin", json={}, headers=foreign)).status_code == 403
    page = await ada.http.get("/passkeys")
    token = re.search(r'name="token" value="(\w+)"', page.text)[1]
    form = {"token": token, "passkey": to_text(ada.key.passkeys[0].credential_id)}
    for data, headers in (
        (form, foreign),
        ({**form, "token": "0" * 64}, OWN),
        ({"passkey": form["passkey"]}, OWN),
        ({**form, "more": "x", "and": "y"}, OWN),
    ):
        answer = await ada.http.post("/passkeys/remove", data=data, headers=headers)
        assert answer.status_code in (400, 403)
    stranger = open_visitor(site)
    assert (await stranger.post("/passkeys/begin")).status_code == 401
    assert (await stranger.http.post("/passkeys/remove", data=form)).status_code == 403
    assert await kept(coalition) == before


async def test_there_are_only_so_many(coalition, site):
    ada = await registered(coalition, site)
    for _ in range(PASSKEYS_MAX - 1):
        assert (await add(ada)).status_code == 200
    refused = await add(ada)
    assert (refused.status_code, await count(coalition)) == (400, PASSKEYS_MAX)
    assert "Remove one first" in refused.json()["message"]


@pytest.mark.parametrize("path", ["/passkeys", "/session"])
async def test_the_pages_cannot_be_framed_kept_or_filled_from_elsewhere(coalition, site, path):
    ada = await registered(coalition, site)
    headers: httpx.Headers = (await ada.http.get(path)).headers
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


NESTED = b"[" * 20_000
KEYS = {
    "not on its curve": {1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32},
    "of small order": {1: 1, 3: -8, -1: 6, -2: b"\1" + bytes(31)},
    "of another kind": {1: 2, 3: -257, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32},
    "no map": b"key",
    "half": {1: 2, 3: -7},
}


def attest(key, client_data):
    """What an authenticator makes of a key."""
    made = bytes(16) + b"\0\1x" + cbor(key)
    data = sha256(b"hub.test").digest() + bytes([69]) + bytes(4) + made
    attestation = cbor({"fmt": "none", "attStmt": {}, "authData": data})
    response = {"clientDataJSON": client_data, "attestationObject": to_text(attestation)}
    return {"id": "eA", "rawId": "eA", "type": "public-key", "response": response}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_attack_41_a_passkey_that_is_no_key_uses_no_invitation_up(coalition, site, key):
    _, secret = await invite_person(coalition.hub.database, Role.OPERATOR)
    visitor = open_visitor(site)
    options = (await visitor.post("/invitation/begin", {"invitation": secret})).json()
    right = visitor.key.create(options)["response"]["clientDataJSON"]
    body = {"invitation": secret, "credential": attest(key, right)}
    answer = await visitor.post("/invitation/finish", body)
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert await coalition.value("SELECT count(*) FROM passkeys") == 0
    assert await coalition.value("SELECT count(*) FROM sessions") == 0
    visitor.key.passkeys.clear()
    assert (await visitor.register(secret)).status_code == 200


async def test_attack_41_lists_in_lists_are_refused_like_any_nonsense(coalition, site):
    visitor = await registered(coalition, site)
    before = await coalition.query("SELECT * FROM sessions")
    nested = {"rawId": "eA", "response": {"clientDataJSON": to_text(NESTED)}}
    answer = await visitor.post("/sign-in/finish", {"credential": nested})
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    options = (await visitor.post("/sign-in/begin")).json()
    credential = visitor.key.get(options)
    data = to_bytes(credential["response"]["authenticatorData"])
    with_extensions = data[:32] + bytes([data[32] | 128]) + data[33:] + b"\x81" * 20_000
    credential["response"]["authenticatorData"] = to_text(with_extensions)
    answer = await visitor.post("/sign-in/finish", {"credential": credential})
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    assert await coalition.query("SELECT * FROM sessions") == before


async def test_after_the_clock_was_set_back_nobody_is_fresh_and_nobody_is_signed_in(
    coalition, site
):
    visitor = await registered(coalition, site)
    coalition.clock.now -= CLOCKS_APART
    assert (await visitor.post("/passkeys/begin")).status_code == 200
    coalition.clock.now -= timedelta(microseconds=1)
    before = await kept(coalition)
    assert (await add(visitor)).status_code == 401
    assert (await visitor.http.get("/session")).status_code == 303
    assert await kept(coalition) == before
