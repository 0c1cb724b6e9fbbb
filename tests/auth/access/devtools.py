"""A headless Chromium, driven over its DevTools socket; with an authenticator that it simulates."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--no-first-run",
)
START_SECONDS = 30
WAIT_SECONDS = 20


def find_browser() -> str | None:
    """Where the browser is; None: this system has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """One tab."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session
        self._numbers = count(1)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and its answer; events on the way are let go by."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        await self._socket.send(json.dumps(command))
        while True:
            answer = json.loads(await asyncio.wait_for(self._socket.recv(), WAIT_SECONDS))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    async def run(self, script: str) -> Any:
        """Run a script in the page, and give what it comes to."""
        result = await self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def go(self, address: str) -> None:
        """Load a page."""
        await self.send("Page.navigate", url="about:blank")
        await self.send("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def until(self, condition: str) -> None:
        """Wait until a script is true."""
        for _ in range(WAIT_SECONDS * 20):
            with suppress(AssertionError):  # the page may change under it
                if await self.run(condition):
                    return
            await asyncio.sleep(0.05)
        seen = await self.run("location.href + ' ' + document.body.innerText")
        raise AssertionError(f"never true: {condition}; the page says: {seen}")

    async def take_new_authenticator(self) -> None:
        """Take a device that holds no passkey yet; the one before is lost."""
        await self.send("WebAuthn.disable")
        await self.send("WebAuthn.enable")
        await self.send(
            "WebAuthn.addVirtualAuthenticator",
            options={
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            },
        )


@asynccontextmanager
async def open_tab(browser: str) -> AsyncIterator[Tab]:
    """Start the browser with an empty profile, and give a tab with an authenticator in it."""
    # Its children still write into the profile for a moment after it has ended.
    with tempfile.TemporaryDirectory(prefix="hub-browser-", ignore_cleanup_errors=True) as profile:
        running = await asyncio.create_subprocess_exec(
            browser,
            *FLAGS,
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with connect(await _address(Path(profile)), max_size=None) as socket:
                tab = await _attach(socket)
                yield tab
        finally:
            running.terminate()
            await running.wait()


async def _address(profile: Path) -> str:
    port = profile / "DevToolsActivePort"
    for _ in range(START_SECONDS * 10):
        lines = port.read_text().split("\n") if port.exists() else []
        if len(lines) > 1:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        await asyncio.sleep(0.1)
    raise AssertionError("the browser did not start")


async def _attach(socket: ClientConnection) -> Tab:
    whole = Tab(socket, "")
    target = await whole.send("Target.createTarget", url="about:blank")
    attached = await whole.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    tab = Tab(socket, attached["sessionId"])
    await tab.send("Page.enable")
    await tab.take_new_authenticator()
    return tab
