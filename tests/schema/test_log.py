"""The signed log through the API: checkpoints for everybody, positions for the hub's own people."""

import base64
from functools import partial

from auth.keys import open_key
from hub.kernel.ids import IdKind
from hub.ledger.log.checkpoints import seal_lanes
from hub.ledger.log.verifier.fields import hash_lane
from hub.ledger.log.verifier.notes import open_note, read_keys
from hub.ledger.log.verifier.trees import verify_consistency, verify_inclusion
from hub.ledger.operations import Place
from tests.api import issue
from tests.coalition import LANE

SIGNED = "{ checkpoints { nodes { note signedAt } } logKeys { key sinceAt } }"
INCLUSION = """
query($id: ID!) { inclusionProof(entryId: $id) {
  lane leafIndex treeSize leaf proof root laneProof checkpoint { note } } }
"""
CONSISTENCY = """
query($lane: Int!, $old: String!, $new: String!) {
  consistencyProof(lane: $lane, oldSize: $old, newSize: $new) { oldRoot newRoot proof } }
"""


async def seal(api):
    database = api.coalition.hub.database
    return await seal_lanes(database, partial(open_key, database))


def decode(hashes):
    return [base64.b64decode(text) for text in hashes]


async def test_everybody_is_told_what_was_signed_and_by_which_keys(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    assert await air.ask(SIGNED) == {"checkpoints": {"nodes": []}, "logKeys": []}
    for points in (10, 20):
        await issue(air, "a-1", points)
        await seal(api)
    told = [await caller.ask(SIGNED) for caller in (air, ana, await api.operator())]
    assert told[0] == told[1] == told[2]
    notes = [node["note"] for node in told[0]["checkpoints"]["nodes"]]
    keys = read_keys("\n".join(key["key"] for key in told[0]["logKeys"]).encode())
    assert len(notes) == 2 and len(keys) == 1
    for note in notes:
        # Always the number of lanes: a checkpoint shows no volume.
        assert open_note(note, keys, "checkpoint")[1] == "65"


async def test_an_entry_is_proven_up_to_the_signature(api):
    air, operator = await api.partner("AIR"), await api.operator()
    await api.member("ana", AIR="a-1")
    for points in (10, 20, 30):
        await issue(air, "a-1", points)
    await seal(api)
    await issue(air, "a-1", 40)
    entry = operator.id(IdKind.ENTRY, Place(LANE, 2))
    proven = (await operator.ask(INCLUSION, id=entry))["inclusionProof"]
    assert (proven["lane"], proven["leafIndex"], proven["treeSize"]) == (LANE, "1", "3")
    (leaf, root) = decode([proven["leaf"], proven["root"]])
    assert verify_inclusion(leaf, 1, 3, decode(proven["proof"]), root)
    upper = base64.b64decode(proven["checkpoint"]["note"].split("\n")[2])
    lane_leaf = hash_lane(LANE, 3, root)
    assert verify_inclusion(lane_leaf, LANE + 1, 65, decode(proven["laneProof"]), upper)
    for number in (4, 99):
        later = operator.id(IdKind.ENTRY, Place(LANE, number))
        assert await operator.ask(INCLUSION, id=later) == {"inclusionProof": None}
    assert await operator.ask(INCLUSION, id="nothing") == {"inclusionProof": None}


async def test_a_lane_is_proven_to_have_only_grown(api):
    air, operator = await api.partner("AIR"), await api.operator()
    await api.member("ana", AIR="a-1")
    for counts in (3, 2):
        for _ in range(counts):
            await issue(air, "a-1", 1)
        await seal(api)
    asked = {"lane": LANE, "old": "3", "new": "5"}
    proven = (await operator.ask(CONSISTENCY, **asked))["consistencyProof"]
    old, new = decode([proven["oldRoot"], proven["newRoot"]])
    assert verify_consistency(3, 5, decode(proven["proof"]), old, new)
    for other in ({"old": "4"}, {"new": "6"}, {"lane": 64}, {"lane": -1}, {"lane": 8}):
        assert await operator.ask(CONSISTENCY, **(asked | other)) == {"consistencyProof": None}
    for other in ({"old": "5", "new": "3"}, {"old": "-1"}, {"old": "x"}, {"new": "9" * 30}):
        assert await operator.fault(CONSISTENCY, **(asked | other)) == "BAD_USER_INPUT"


async def test_where_an_entry_lies_is_not_for_partners_and_members(api):
    air = await api.partner("AIR")
    ana = await api.member("ana", AIR="a-1")
    await issue(air, "a-1", 10)
    await seal(api)
    for caller in (air, ana):
        entry = caller.id(IdKind.ENTRY, Place(LANE, 1))
        assert await caller.fault(INCLUSION, id=entry) == "FORBIDDEN"
        asked = {"lane": LANE, "old": "1", "new": "1"}
        assert await caller.fault(CONSISTENCY, **asked) == "FORBIDDEN"
