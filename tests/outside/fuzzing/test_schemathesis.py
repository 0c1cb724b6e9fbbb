"""Schemathesis against a hub that serves as it always does: no request makes it fail."""

import asyncio
import contextlib
import os
import re
import sys
from pathlib import Path

import pytest

from auth.permissions import may
from hub.kernel.actor import Actor, ActorKind, Credential, Proof
from schema.roots import CORE
from tests.api import open_api
from tests.journeys.serving import read_greeting, running
from tests.outside.runners import call

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
SECONDS_MAX = 540
NOT_CHECKED = "positive_data_acceptance"
"""It takes every value of a type for one that is accepted. Ours have limits, as the descriptions
say (`first` is 1 to 100): what lies beyond is refused as BAD_USER_INPUT, and rightly so."""
EXAMPLES = int(os.environ.get("HUB_TEST_FUZZ_EXAMPLES", "4"))
"""Requests that are made up for each root field; most of the time goes into making them up."""
FORBIDDEN = {
    ActorKind.MEMBER: ("member", "wallet", "transferPoints", "cashOutPoints", "donatePoints"),
    ActorKind.OPERATOR: ("decideApproval",),
}
"""Where a member that names another is forbidden to, and where only a person in session decides:
schemathesis takes that code for a failure of the hub, and it makes up whom it names."""
ROOM = {
    "HUB_API__COST__BUCKET_SIZE": "1000000000",
    "HUB_API__COST__RESTORE_RATE": "1000000000",
}
"""A client that is let in whatever it asks: to be refused would test nothing else."""


@pytest.fixture
async def served(coalition, database_url):
    """A hub that serves, with a partner and a member; its address."""
    async with open_api(coalition) as api:
        air = await api.partner("AIR")
        operator = await api.operator()
        ana = await api.member("ana", AIR="a-1")
    tokens = {"partner": air.headers, "operator": operator.headers, "member": ana.headers}
    with running(database_url, "serve", "--port", "0", **ROOM) as process:
        address, _ = await asyncio.to_thread(read_greeting, process)
        drained = asyncio.create_task(asyncio.to_thread(process.stderr.read))
        yield address, {kind: each["authorization"] for kind, each in tokens.items()}
        process.terminate()
        with contextlib.suppress(ValueError):
            await drained


def list_allowed(kind: ActorKind) -> list[str]:
    """The root fields that an actor of a kind may use: that it may not use others is no failure."""
    forbidden = FORBIDDEN.get(kind, ())
    actor = Actor(kind, 1, Credential(Proof.DEVELOPMENT_TOKEN))
    return [
        f"{root.name}.{name}"
        for root in (CORE.query_type, CORE.mutation_type)
        for name, field in root.fields.items()
        if name not in forbidden
        and may(actor, field.extensions["strawberry-definition"].python_name)
    ]


@pytest.mark.parametrize(
    ("kind", "seed"),
    [(ActorKind.PARTNER, 7), (ActorKind.OPERATOR, 11), (ActorKind.MEMBER, 13)],
)
async def test_no_generated_request_makes_the_hub_fail(served, tmp_path, kind, seed):
    address, tokens = served
    named = [part for name in list_allowed(kind) for part in ("--include-name", name)]
    done = await asyncio.to_thread(
        call,
        tmp_path,
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        address,
        *named,
        "--header",
        f"Authorization: {tokens[kind]}",
        "--seed",
        str(seed),
        "--max-examples",
        str(EXAMPLES),
        "--phases",
        "coverage,fuzzing",
        "--no-shrink",
        "--exclude-checks",
        NOT_CHECKED,
        "--generation-database",
        "none",
        "--suppress-health-check",
        "all",
        "--no-color",
        seconds=SECONDS_MAX,
        SCHEMATHESIS_HOOKS="tests.outside.fuzzing.scalars",
        PYTHONPATH=str(ROOT),
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    counted = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert counted is not None, done.stdout
    assert counted[1] == counted[2]
    assert int(counted[1]) >= EXAMPLES * len(list_allowed(kind)) // 2
