"""A real browser signs in: pages, script, cookie and passkey as people meet them."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn

from auth.oauth.consent_page import show_consent
from auth.oauth.provider import PartnerName
from auth.oauth.scopes import SCOPES
from auth.policies import Role
from hub.app import build_app
from hub.kernel.actor import Order
from hub.kernel.clock import system_clock
from hub.settings import Settings
from hub.wiring import open_hub
from tests.auth.access.devtools import find_browser, open_tab
from tests.auth.access.people import invite_member, invite_person
from tests.auth.provider import wire

ASK = """fetch('/graphql', {method: 'POST', headers: {'content-type': 'application/json'},
  body: JSON.stringify({query: '{ viewer { kind } }'})}).then((answer) => answer.text())"""

ANA = "SELECT member_id FROM members"
PASSKEYS = "document.querySelectorAll('li').length"


@asynccontextmanager
async def serving(url):
    """Serve the hub on a port of this machine, under the name `localhost`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://localhost:{listener.getsockname()[1]}"
        async with open_hub(url, clock=system_clock) as hub:
            app = await build_app(hub, Settings(oauth={"issuer": origin}))
            config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield origin, hub.database
            finally:
                server.should_exit = True
                await task


@pytest.fixture
def browser():
    found = find_browser()
    if found is None:
        pytest.skip("!!! NOT TESTED in a browser: this system has no Chromium")
    return found


async def test_a_person_makes_a_passkey_signs_in_and_out_in_a_browser(database_url, browser):
    async with serving(database_url) as (origin, database), open_tab(browser) as tab:
        _, secret = await invite_person(database, Role.OPERATOR)
        await tab.go(f"{origin}/invitation#{secret}")
        await tab.run("document.querySelector('button').click()")
        await tab.until("location.pathname === '/session'")
        assert '"kind":"OPERATOR"' in await tab.run(ASK)
        assert await tab.run("document.cookie") == "", "no script reads the cookie"

        await tab.run("document.querySelector('form button').click()")
        await tab.until("document.body.innerText.includes('signed out')")
        assert "UNAUTHENTICATED" in await tab.run(ASK)

        await tab.go(f"{origin}/sign-in?next=/health")
        await tab.run("document.querySelector('button').click()")
        await tab.until("location.pathname === '/health'")
        assert '"kind":"OPERATOR"' in await tab.run(ASK)

        await tab.go(f"{origin}/sign-in?max_age=0")
        assert "通行密钥" in await tab.run("document.body.innerText")
        assert await tab.run("document.querySelector('main').dataset.does") == "sign-in"


LONG = "Donaudampfschifffahrtsgesellschaft" * 4
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
IS_STYLED = "getComputedStyle(document.querySelector('main')).borderTopWidth === '1px'"


async def test_the_pages_fit_a_narrow_phone_however_long_the_names(database_url, browser):
    async with serving(database_url) as (origin, _), open_tab(browser) as tab:
        size = {"width": 320, "height": 640, "deviceScaleFactor": 2, "mobile": True}
        await tab.send("Emulation.setDeviceMetricsOverride", **size)
        for path in ("/sign-in", "/invitation", "/oauth/authorize"):
            await tab.go(f"{origin}{path}")
            assert await tab.run(FITS), path
            assert await tab.run(IS_STYLED), path
        page = show_consent(
            partner=PartnerName(LONG, "长" * 80),
            client_name=LONG,
            scopes=tuple(SCOPES),
            order=Order(10**12, LONG),
            hidden={},
            redirect_uri=origin,
        )
        inner = bytes(page.body).decode().partition("<main>")[2].partition("</main>")[0]
        await tab.run(f"document.querySelector('main').innerHTML = {json.dumps(inner)}")
        assert await tab.run("document.querySelectorAll('button').length") == 2
        assert await tab.run(FITS)


async def test_a_member_reads_what_is_asked_and_allows_it_in_a_browser(
    coalition, browser, monkeypatch
):
    await coalition.partner("AIR")
    await coalition.member("ana")
    coalition.clock.now = system_clock()
    async with serving(coalition.url) as (origin, database), open_tab(browser) as tab:
        monkeypatch.setattr(wire, "ISSUER", origin)
        async with httpx.AsyncClient(base_url=origin) as http:
            back = f"{origin}/health"
            air = await wire.register(coalition, http, "AIR", redirect_uris=(back,))
            secret = await invite_member(database, await coalition.value(ANA))
            await tab.go(f"{origin}/invitation#{secret}")
            await tab.run("document.querySelector('button').click()")
            await tab.until("location.pathname === '/session'")
            for button, answer in ((1, "error=access_denied"), (0, "code=")):
                pushed = await air.push("v" * 43, redirect_uri=back, scope="points.read")
                query = {"client_id": air.client_id, "request_uri": pushed.json()["request_uri"]}
                await tab.go(f"{origin}/oauth/authorize?{urlencode(query)}")
                assert "AIR till" in await tab.run("document.body.innerText")
                await tab.run(f"document.querySelectorAll('button')[{button}].click()")
                await tab.until("location.pathname === '/health'")
                assert f"?{answer}" in await tab.run("location.href")
                assert await tab.run("document.referrer") == ""
            (code,) = parse_qs(urlsplit(await tab.run("location.href")).query)["code"]
            given = await air.redeem_code(code, "v" * 43, redirect_uri=back)
            assert given.status_code == 200, given.text


async def test_a_second_passkey_is_added_and_the_first_removed_in_a_browser(database_url, browser):
    async with serving(database_url) as (origin, database), open_tab(browser) as tab:
        _, secret = await invite_person(database, Role.OPERATOR)
        await tab.go(f"{origin}/invitation#{secret}")
        await tab.run("document.querySelector('button').click()")
        await tab.until("location.pathname === '/session'")
        await tab.go(f"{origin}/passkeys")
        assert await tab.run(PASSKEYS) == 1
        await tab.run("document.querySelector('form button').click()")
        await tab.until("document.body.innerText.includes('The last passkey stays')")

        await tab.take_new_authenticator()
        await tab.go(f"{origin}/passkeys")
        await tab.run("document.querySelector('button[type=button]').click()")
        await tab.until(f"{PASSKEYS} === 2")
        await tab.run("document.querySelector('form button').click()")
        await tab.until(f"location.pathname === '/passkeys' && {PASSKEYS} === 1")

        await tab.go(f"{origin}/sign-in?max_age=0")
        await tab.run("document.querySelector('button').click()")
        await tab.until("location.pathname === '/session'")


async def test_attack_53_and_56_another_origin_in_the_same_browser_gets_nothing(
    database_url, browser
):
    async with serving(database_url) as (origin, database), open_tab(browser) as tab:
        _, secret = await invite_person(database, Role.OPERATOR)
        await tab.go(f"{origin}/invitation#{secret}")
        await tab.run("document.querySelector('button').click()")
        await tab.until("location.pathname === '/session'")

        await tab.go(origin.replace("localhost", "127.0.0.1") + "/health")
        foreign = ASK.replace("'/graphql'", f"'{origin}/graphql'").replace(
            "method:", "credentials: 'include', method:"
        )
        caught = f"{foreign}.catch((error) => error.name)"
        assert await tab.run(caught) == "TypeError", "the preflight is not answered"
        plain = caught.replace("'application/json'", "'text/plain'").replace(
            "method:", "mode: 'no-cors', method:"
        )
        assert await tab.run(plain) == ""
        framed = (
            "new Promise((done) => { const frame = document.createElement('iframe');"
            f" frame.src = '{origin}/session'; frame.onload = () => {{"
            " try { done(frame.contentDocument?.body?.innerText ?? 'blocked') }"
            " catch (error) { done('blocked') } }; document.body.append(frame) })"
        )
        assert await tab.run(framed) in ("blocked", "")
