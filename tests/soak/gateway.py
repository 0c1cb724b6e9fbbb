"""How an order is asked of `hub serve`, in GraphQL over HTTP, and how its answer is read.

A partner asks for what only it may do, the operator for the rest; both show development tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from hub.kernel.actor import Actor, ActorKind
from hub.kernel.ids import IdKind
from hub.ledger.operations import Place
from schema.ids import Audience
from tests.soak.journal import Json
from tests.soak.orders import BOOKED, FAILED, REFUSED, UNKNOWN
from tests.soak.scene import Scene, wallet_of

PASSING: Final = {"OUTCOME_UNKNOWN", "OVERLOADED", "THROTTLED"}
"""Whoever is told so asks again, with the same key."""
RESTRICTIONS: Final = (
    {"acceptors": ["shop"], "isTransferable": False, "isExchangeable": False},
    {"categories": ["fuel"]},
)
"""As `tests.soak.stage` saves them."""
MODES: Final = ("REFUSE", "ONLY_PENDING", "WITHIN_BALANCE", "UNLIMITED")
ANSWER_SECONDS: Final = 60
OPERATOR: Final = Actor(ActorKind.OPERATOR)

Write = Callable[["Speaker", Json], Json]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody with a token, to whom ids mean something."""

    actor: Actor
    token: str
    audience: Audience
    restrictions: list[int]

    def account(self, wallet: list[int]) -> Json:
        return {"walletId": self.audience.write_place(IdKind.WALLET, wallet_of(wallet))}

    def entry(self, place: list[int]) -> str:
        return self.audience.write_place(IdKind.ENTRY, Place(*place))

    def lot(self, place: list[int]) -> str:
        return self.audience.write_place(IdKind.LOT, Place(*place))

    def read(self, text: str | None) -> list[int] | None:
        """Read an id of a thing that lies in a lane."""
        if text is None:
            return None
        found = self.audience.find_any(text)
        assert found is not None, f"{text} is no id of {self.actor}"
        return [found[1].lane, found[1].number]


@dataclass(frozen=True, slots=True)
class Mutation:
    """The mutation of a verb: who asks, what is given, which points its payload tells."""

    name: str
    asked_by: ActorKind
    write: Write
    shown: str = ""
    points: str | None = None

    @property
    def document(self) -> str:
        given = self.name[0].upper() + self.name[1:]
        return (
            f"mutation Soak($input: {given}Input!) {{ {self.name}(input: $input) {{"
            f" entryId postedAt {self.shown} {self.points or ''}"
            " userErrors { __typename message code path } } }"
        )


def _grant(speaker: Speaker, order: Json) -> Json:
    """What an issue and a portion of a purchase have in common."""
    given: Json = {"points": order["points"], "expiresAt": order.get("expires_at")}
    if order.get("available_at") == "released":
        given["releasedLater"] = True
    else:
        given["availableAt"] = order.get("available_at")
    if "restriction" in order:
        given["restriction"] = RESTRICTIONS[speaker.restrictions.index(order["restriction"])]
    return given


def _issue(speaker: Speaker, order: Json) -> Json:
    to = {"account": speaker.account(order["wallet"]), "reference": order.get("reference")}
    return to | _grant(speaker, order)


def _purchase(speaker: Speaker, order: Json) -> Json:
    portions = [_grant(speaker, each) | {"reason": each["reason"]} for each in order["portions"]]
    account = speaker.account(order["wallet"])
    return {"account": account, "reference": order["reference"], "portions": portions}


def _use(role: str, **more: str) -> Write:
    def write(speaker: Speaker, order: Json) -> Json:
        account = speaker.account(order["wallet"])
        return {"account": account, "points": order["points"], role: order["partner"], **more}

    return write


def _redeem(speaker: Speaker, order: Json) -> Json:
    return _use("acceptor")(speaker, order) | {"category": order.get("category")}


def _hold(speaker: Speaker, order: Json) -> Json:
    return _use("acceptor")(speaker, order) | {"endsAt": order["ends_at"]}


def _capture(speaker: Speaker, order: Json) -> Json:
    return {"holdId": speaker.entry(order["of"]), "points": order["points"]}


def _void(speaker: Speaker, order: Json) -> Json:
    return {"holdId": speaker.entry(order["of"])}


def _refund(speaker: Speaker, order: Json) -> Json:
    until = order.get("reinstated_until")
    redemption = speaker.entry(order["of"])
    return {"redemptionId": redemption, "points": order["points"], "reinstatedUntil": until}


def _reverse(speaker: Speaker, order: Json) -> Json:
    lot, mode = speaker.lot(order["lot"]), MODES[order["mode"]]
    return {"lotId": lot, "points": order["points"], "mode": mode}


def _transfer(speaker: Speaker, order: Json) -> Json:
    account, to = speaker.account(order["wallet"]), speaker.account(order["to"])
    return {"account": account, "toAccount": to, "points": order["points"]}


def _release(speaker: Speaker, order: Json) -> Json:
    return {"lotId": speaker.lot(order["lot"]), "reason": "soak"}


def _change_end(speaker: Speaker, order: Json) -> Json:
    points, until = order["points"], order["expires_at"]
    return _release(speaker, order) | {"points": points, "expiresAt": until}


_PORTIONS: Final = "portions { entryId lotId grantedPoints }"
# A partner is told no more than so many times an hour that a member has too little (rule book
# 1.4.1), so the operator asks for what may fail for want of points.
MUTATIONS: Final[dict[str, Mutation]] = {
    "issue": Mutation("issuePoints", ActorKind.PARTNER, _issue, "lotId", "grantedPoints"),
    "purchase": Mutation("issuePurchase", ActorKind.PARTNER, _purchase, _PORTIONS),
    "redeem": Mutation("redeemPoints", ActorKind.OPERATOR, _redeem),
    "cash_out": Mutation("cashOutPoints", ActorKind.OPERATOR, _use("agent")),
    "donate": Mutation("donatePoints", ActorKind.OPERATOR, _use("charity", matchRate="0.001")),
    "hold": Mutation("holdPoints", ActorKind.OPERATOR, _hold),
    "capture": Mutation("captureHold", ActorKind.PARTNER, _capture, points="capturedPoints"),
    "void": Mutation("voidHold", ActorKind.PARTNER, _void, points="freedPoints"),
    "refund": Mutation("refundPoints", ActorKind.PARTNER, _refund),
    "reverse": Mutation("reverseIssue", ActorKind.PARTNER, _reverse, points="reversedPoints"),
    "transfer": Mutation("transferPoints", ActorKind.OPERATOR, _transfer),
    "extend": Mutation("extendLot", ActorKind.OPERATOR, _change_end, "lotId"),
    "reinstate": Mutation("reinstateLot", ActorKind.OPERATOR, _change_end, "lotId"),
    "release": Mutation("releaseLot", ActorKind.OPERATOR, _release, "lotId"),
}


class Gateway:
    """The way of one client to `hub serve`."""

    def __init__(self, scene: Scene) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{scene.port}", timeout=ANSWER_SECONDS
        )
        secret = bytes.fromhex(scene.secret)

        def speaker(actor: Actor) -> Speaker:
            audience = Audience(secret, actor)
            return Speaker(actor, scene.tokens[str(actor)], audience, scene.restrictions)

        self._operator = speaker(OPERATOR)
        self._partners = {
            code: speaker(Actor(ActorKind.PARTNER, number))
            for code, number in scene.partners.items()
        }

    def actor_of(self, order: Json) -> str:
        """Say in whose name the books will have it."""
        return str(self._speaker(order).actor)

    def _speaker(self, order: Json) -> Speaker:
        if MUTATIONS[order["verb"]].asked_by is ActorKind.OPERATOR:
            return self._operator
        return self._partners[order["partner"]]

    async def ask(self, order: Json) -> Json:
        """Ask once.

        Errors: httpx.HTTPError and ValueError, when there was no whole answer.
        """
        mutation, speaker = MUTATIONS[order["verb"]], self._speaker(order)
        given = mutation.write(speaker, order) | {"idempotencyKey": order["key"]}
        response = await self._http.post(
            "/graphql",
            content=orjson.dumps({"query": mutation.document, "variables": {"input": given}}),
            headers={
                "authorization": f"Bearer {speaker.token}",
                "content-type": "application/json",
            },
        )
        return read_answer(mutation, speaker, orjson.loads(response.content))


def read_answer(mutation: Mutation, speaker: Speaker, body: Json) -> Json:
    """Tell an outcome as `tests.soak.orders` does."""
    if "errors" in body:
        code = body["errors"][0]["extensions"]["code"]
        kind = UNKNOWN if code in PASSING else FAILED
        return {"is": code, "kind": kind, "told": orjson.dumps(body).decode()}
    payload = body["data"][mutation.name]
    told = orjson.dumps(payload).decode()
    if payload["userErrors"]:
        (refusal,) = payload["userErrors"]
        kind = UNKNOWN if refusal["code"] in PASSING else REFUSED
        return {"is": refusal["__typename"], "kind": kind, "told": told}
    booked: list[Any] = payload.get("portions") or [payload]
    return {
        "is": mutation.name,
        "kind": BOOKED,
        "told": told,
        "entries": [speaker.read(each["entryId"]) for each in booked],
        "lots": [speaker.read(each.get("lotId")) for each in booked],
        "points": [each.get(mutation.points or "grantedPoints") for each in booked],
    }
