"""Every page of the cookbook does what it says, against the real API."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.client.asynchronous import HubClient
from hub.client.bearer import BearerToken
from hub.client.generated.inputs import AccountInput, IssuePointsInput, RedeemPointsInput
from settlement.windows import PlannedWindow, plan_windows
from tests.api import OPERATOR, Api, open_api
from tests.client.cutter import serve
from tests.docs.blocks import ROOT, name_of, read_blocks
from tests.docs.runner import Reader

FOLDER = ROOT / "docs" / "cookbook"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PROGRAMS = [ROOT / "docs" / "how-to" / "use-the-python-client.md"]
MARCH = PlannedWindow(
    "M2026-03", datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
)


async def trade_in_march(api: Api, address: str, tokens: dict[str, str]) -> None:
    """AIR issues 1,000 points, BIO accepts 600 of them, and March ends."""
    database = api.coalition.hub.database
    await plan_windows(database, OPERATOR, calendar="monthly", planned=[MARCH])
    async with HubClient(address, auth=BearerToken(tokens["AIR_TOKEN"])) as air:
        card = AccountInput(reference="card-1")
        await air.issue_points(IssuePointsInput(account=card, points=1000, reference="ticket-1"))
    async with HubClient(address, auth=BearerToken(tokens["BIO_TOKEN"])) as bio:
        card = AccountInput(reference="bio-77")
        await bio.redeem_points(RedeemPointsInput(account=card, points=600, reference="receipt-9"))
    api.coalition.clock.tick(timedelta(days=31))


STAGES: dict[str, Callable[[Api, str, dict[str, str]], Awaitable[None]]] = {
    "close-and-read-a-window.md": trade_in_march,
}
TERMS = {
    "issue_price": "0.0100",
    "accept_rate": "0.0080",
    "accept_fee_bps": "100",
    "expiry_months": 24,
}


async def sign_in_everybody(api: Api) -> dict[str, str]:
    """The airline AIR and the grocer BIO, a member Ana with a card of each, and the operator."""
    callers = {
        "AIR_TOKEN": await api.partner("AIR", version="AIR-1", **TERMS),
        "BIO_TOKEN": await api.partner("BIO", version="BIO-1", **TERMS),
        "ANA_TOKEN": await api.member("ana", AIR="card-1", BIO="bio-77"),
        "OPERATOR_TOKEN": await api.operator(),
    }
    return {
        name: caller.headers["authorization"].removeprefix("Bearer ")
        for name, caller in callers.items()
    }


@pytest.mark.parametrize("page", [*PAGES, *PROGRAMS], ids=name_of)
async def test_a_page_gives_what_it_shows(page, coalition, tmp_path):
    async with open_api(coalition) as api, serve(api.app) as port:
        tokens = await sign_in_everybody(api)
        address = f"http://127.0.0.1:{port}/graphql"
        if page.name in STAGES:
            await STAGES[page.name](api, address, tokens)
        environment = {**tokens, "HUB_URL": address, "HOME": str(tmp_path)}
        environment["PYTHONPATH"] = str(ROOT)
        reader = Reader(tmp_path, environment)
        reader.address = address
        blocks = read_blocks(page)
        compared = await asyncio.to_thread(reader.follow, blocks)
    shown = [block for block in blocks if block.language in ("text", "json") and not block.words]
    assert compared == len(shown)
    assert compared > 0


def test_every_page_is_in_the_list():
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"({page.name})" not in listed] == []


def test_every_refusal_of_the_schema_is_on_the_page_about_refusals():
    from hub.client.errors import Refusal
    from hub.client.generated import refusals

    page = (FOLDER / "handle-refusals.md").read_text(encoding="utf-8")
    names = [
        name
        for name, kind in vars(refusals).items()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind is not Refusal
    ]
    assert len(names) > 30
    assert [name for name in names if f"`{name}`" not in page] == []
