"""`hub client` and `hub keys`: from nothing to points that a client with its own key issued."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys

import httpx
import pytest

from tests.journeys.serving import read_greeting, running


def hub(database_url, folder, *arguments, **environment):
    """Run a command to its end in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "hub", *arguments],
        cwd=folder,
        env={**os.environ, "HUB_DATABASE_URL": database_url, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def send(command):
    """Send what a printed `curl` command would."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    headers = {}
    for at, word in enumerate(words):
        if word == "-H":
            name, _, value = words[at + 1].partition(": ")
            headers[name] = value
    body = words[words.index("--data") + 1]
    return httpx.post(words[4], content=body, headers=headers).json()


async def in_thread(*arguments, **environment):
    return await asyncio.to_thread(hub, *arguments, **environment)


@pytest.fixture
async def served(coalition, database_url):
    """A hub that serves, and where."""
    await coalition.partner("AIR")
    with running(database_url, "serve", "--port", "0") as process:
        address, _ = await asyncio.to_thread(read_greeting, process)
        yield re.sub(r"\D", "", address.rpartition(":")[2])
        process.terminate()


async def test_from_nothing_to_the_first_points(served, database_url, tmp_path):
    port = {"HUB_SERVE__PORT": served}
    made = await in_thread(database_url, tmp_path, "client", "create", "AIR", **port)
    assert made.returncode == 0, made.stderr
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    client_id = json.loads(file.read_text())["client_id"]
    assert f"client {client_id} of AIR" in made.stdout
    assert '"d"' not in made.stdout
    printed = await in_thread(database_url, tmp_path, "client", "curl", file.name)
    answer = await asyncio.to_thread(send, printed.stdout)
    assert answer["data"]["issuePoints"]["userErrors"] == []
    again = await asyncio.to_thread(send, printed.stdout)
    assert again["errors"][0]["extensions"]["error"] == "invalid_dpop_proof"

    turned = await in_thread(database_url, tmp_path, "client", "rotate", client_id, **port)
    second = tmp_path / f"{client_id}.2.json"
    assert second.name in turned.stdout
    for name in (file.name, second.name):
        got = await in_thread(database_url, tmp_path, "client", "token", name)
        assert got.stdout.count(".") == 2, got.stderr
    await in_thread(database_url, tmp_path, "client", "rotate", client_id, "--end-old")
    old = await in_thread(database_url, tmp_path, "client", "token", file.name)
    assert (old.returncode, "invalid_client" in old.stderr) == (1, True)
    await in_thread(database_url, tmp_path, "client", "revoke", client_id)
    ended = await in_thread(database_url, tmp_path, "client", "token", second.name)
    assert ended.returncode == 1


async def test_a_private_key_is_never_overwritten(coalition, database_url, tmp_path):
    await coalition.partner("AIR")
    (tmp_path / "key.json").write_text("mine")
    done = await in_thread(database_url, tmp_path, "client", "create", "AIR", "--out", "key.json")
    assert done.returncode != 0
    assert (tmp_path / "key.json").read_text() == "mine"
    assert await coalition.value("SELECT count(*) FROM oauth_clients") == 0


async def test_what_cannot_be_registered(coalition, database_url, tmp_path):
    await coalition.partner("AIR")
    for arguments in (
        ("NOBODY",),
        ("HUB",),
        ("AIR", "--scope", "everything"),
        ("AIR", "--jwks-uri", "https://127.0.0.1/keys"),
        ("AIR", "--redirect-uri", "http://air.example"),
        ("AIR", "--jwks", "none.json"),
    ):
        done = await in_thread(database_url, tmp_path, "client", "create", *arguments)
        assert done.returncode in (1, 2), done.stdout
        assert done.stderr.count("\n") == 1
    assert await coalition.value("SELECT count(*) FROM oauth_clients") == 0
    assert list(tmp_path.iterdir()) == []


async def test_keys_are_listed_and_rotated(coalition, database_url, tmp_path):
    done = await in_thread(database_url, tmp_path, "keys", "rotate", "--kind", "access_token")
    assert "signs from" in done.stdout
    listed = await in_thread(database_url, tmp_path, "keys", "list", "--format", "json")
    kinds = [key["kind"] for key in json.loads(listed.stdout)]
    assert kinds == ["access_token", "access_token", "id_token"]
    urgent = await in_thread(database_url, tmp_path, "keys", "rotate", "--now")
    assert urgent.stdout.count("signs from") == 2
    assert (
        await coalition.value(
            "SELECT count(*) FROM signing_keys WHERE ends_at IS NULL OR ends_at > now()"
        )
        == 2
    )


async def test_production_is_not_served_without_its_own_keys(database_url, tmp_path):
    production = {"HUB_PROFILE": "production"}
    done = await in_thread(database_url, tmp_path, "serve", "--port", "0", **production)
    assert done.returncode == 1
    for name in ("HUB_OAUTH__ISSUER", "HUB_OAUTH__WRAPPING_KEY"):
        assert name in done.stderr


async def test_production_is_not_served_with_development_tokens(database_url, tmp_path):
    production = {
        "HUB_PROFILE": "production",
        "HUB_OAUTH__ISSUER": "https://hub.example",
        "HUB_OAUTH__WRAPPING_KEY": "ab" * 32,
    }
    assert (await in_thread(database_url, tmp_path, "token", "operator")).returncode == 0
    done = await in_thread(database_url, tmp_path, "serve", "--port", "0", **production)
    assert done.returncode == 1
    assert "hub token --remove-all" in done.stderr
    gone = await in_thread(database_url, tmp_path, "token", "--remove-all", **production)
    assert gone.stdout == "1 development tokens taken away\n"
