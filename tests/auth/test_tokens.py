"""Development tokens: only in that profile, only for this machine, kept as hashes."""

import httpx
import pytest

from auth.loopback import is_local
from auth.tokens import TokenBook, hash_token, mint_token
from hub.kernel.actor import HUB_ACTOR
from tests.api import OPERATOR, open_api

VIEWER = {"query": "{ viewer { kind } }"}
YES = {"data": {"viewer": {"kind": "OPERATOR"}}}


async def code_of(api, *, client="127.0.0.1", host="localhost", headers=None):
    caller = await api.operator()
    transport = httpx.ASGITransport(app=api.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        response = await http.post(
            "/graphql", json=VIEWER, headers={**caller.headers, **(headers or {})}
        )
    body = response.json()
    return YES if body.get("data") == YES["data"] else body["errors"][0]["extensions"]["code"]


async def test_a_token_works_from_this_machine_under_its_own_names(api):
    for host in ("localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"):
        assert await code_of(api, host=host) == YES
    assert await code_of(api, client="::1") == YES


async def test_a_token_does_not_work_from_elsewhere_or_under_another_name(api):
    for client in ("10.0.0.5", "192.168.1.1", "::2", "localhost", "x"):
        assert await code_of(api, client=client) == "UNAUTHENTICATED"
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::]"):
        assert await code_of(api, host=host) == "UNAUTHENTICATED"
    forwarded = {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"}
    assert await code_of(api, client="10.0.0.5", headers=forwarded) == "UNAUTHENTICATED"


async def test_what_is_no_token_is_nobody(api):
    await api.operator()
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer dev_",
        "Bearer x",
        "Basic dev_x",
        "Bearer dev_ä",
    ):
        encoded = {"authorization": header.encode("latin-1")}
        response = await api.http.post("/graphql", json=VIEWER, headers=encoded)
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_no_token_works_in_production(coalition):
    where = {"profile": "production", "database_url": coalition.url}
    async with open_api(coalition, **where) as api:
        assert await code_of(api) == "UNAUTHENTICATED"
        response = await api.http.get("/graphql", headers={"accept": "text/html"})
        assert response.status_code == 406  # no page there: nothing that a browser could show
        assert (await api.http.get("/graphiql/start.js")).status_code == 404


async def test_only_the_hash_of_a_token_is_kept(coalition):
    database = coalition.hub.database
    async with database.begin(HUB_ACTOR) as tx:
        token = await mint_token(tx, OPERATOR)
    kept = await coalition.value("SELECT token_hash FROM development_tokens")
    assert kept == hash_token(token)
    assert len(token) == len("dev_") + 43
    book = TokenBook(database)
    assert await book.find_actor(token) == OPERATOR
    assert await book.find_actor(token[:-1]) is None
    assert await book.find_actor("dev_" + "x" * 1000) is None


@pytest.mark.parametrize(
    ("client", "host", "answer"),
    [
        ("127.0.0.1", "localhost", True),
        ("127.8.9.1", "127.0.0.1:80", True),
        ("::1", "[::1]", True),
        ("::1", "[::1]:443", True),
        ("::1", "[::1]evil", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", None, False),
        (None, "localhost", False),
        ("8.8.8.8", "localhost", False),
        ("127.0.0.1", "attacker.example:8000", False),
    ],
)
def test_local_is_the_client_and_the_name(client, host, answer):
    assert is_local(client, host) is answer
