"""Which orders a client thinks of: of every kind, aimed at what it knows to be there."""

import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from tests.soak.orders import POISONS
from tests.soak.scene import Scene, read_instant, write_instant

Json = dict[str, Any]

KNOWN_MAX: Final = 150
"""What a client remembers of each sort: the newest, so that most of it still lives."""
WEIGHTS: Final = {
    "issue": 20,
    "purchase": 5,
    "redeem": 14,
    "cash_out": 3,
    "donate": 3,
    "hold": 9,
    "capture": 7,
    "void": 3,
    "refund": 7,
    "reverse": 7,
    "transfer": 9,
    "extend": 3,
    "reinstate": 3,
    "release": 3,
    "adjust": 1,
    "poison": 1,
}
ISSUERS: Final = ("air", "bio", "gap")
ACCEPTORS: Final = ("shop", "air", "gap")
HOUR: Final = timedelta(hours=1)


class Draws:
    """The dice of one client, and what it was told that it can use."""

    def __init__(self, scene: Scene, dice: random.Random, clock: Callable[[], datetime]) -> None:
        self._scene = scene
        self._dice = dice
        self._clock = clock
        self._lots: deque[Json] = deque(maxlen=KNOWN_MAX)
        self._pending: deque[Json] = deque(maxlen=KNOWN_MAX)
        self._redemptions: deque[Json] = deque(maxlen=KNOWN_MAX)
        self._holds: deque[Json] = deque(maxlen=KNOWN_MAX)

    def learn(self, order: Json, answer: Json) -> None:
        """Remember what an order made."""
        if answer["kind"] != "booked":
            return
        made = {
            "wallet": order.get("wallet"),
            "partner": order.get("partner"),
            "points": order.get("points"),
        }
        match order["verb"]:
            case "issue" if answer["lots"][0] is not None:
                lot = made | {"lot": answer["lots"][0], "expires_at": order.get("expires_at")}
                self._lots.append(lot)
                if order.get("available_at") == "released":
                    self._pending.append(lot)
            case "purchase":
                for portion, lot in zip(order["portions"], answer["lots"], strict=True):
                    if lot is not None:  # a cap may leave nothing of it
                        self._lots.append(made | portion | {"lot": lot})
            case "redeem" | "cash_out" | "donate" | "capture":
                self._redemptions.append(made | {"of": answer["entries"][0]})
            case "hold":
                self._holds.append(made | {"of": answer["entries"][0]})

    def draw(self) -> Json:
        """Think of an order that can be made with what is known; without a key."""
        dice = self._dice
        while True:
            (verb,) = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
            order = getattr(self, f"_draw_{verb}", self._draw_debit)(verb)
            if order is not None:
                return {"verb": verb} | order

    def _wallet(self) -> list[int]:
        return self._dice.choice(self._scene.wallets)

    def _points(self, near: int = 60) -> int:
        return self._dice.choice([1, 2, 7, max(1, near // 2), max(1, near - 1), near, near + 1])

    def _soon(self, hours_max: int) -> str:
        """An instant in the next hours; the clock may jump over it."""
        seconds = self._dice.randrange(20, hours_max * 3600)
        return write_instant(self._clock() + timedelta(seconds=seconds))

    def _draw_issue(self, _: str) -> Json:
        dice = self._dice
        order: Json = {
            "wallet": self._wallet(),
            "partner": dice.choice(ISSUERS),
            "points": dice.choice([5, 10, 40, 100]),
            "expires_at": self._soon(dice.choice([2, 12, 240])),
        }
        if dice.random() < 0.2:
            order["reference"] = f"r{dice.randrange(400)}"
        match dice.randrange(8):
            case 0:
                order["available_at"] = self._soon(3)
            case 1:
                order["available_at"] = "released"
            case 2 | 3:
                order["restriction"] = dice.choice(self._scene.restrictions)
        return order

    def _draw_purchase(self, _: str) -> Json:
        dice = self._dice
        reasons = dice.sample(["base", "bonus", "welcome", "weekend"], dice.randrange(2, 4))
        return {
            "wallet": self._wallet(),
            "partner": dice.choice(ISSUERS),
            "reference": f"r{dice.randrange(400)}",
            "portions": [
                {
                    "points": dice.randrange(1, 50),
                    "reason": reason,
                    "expires_at": self._soon(100),
                    "available_at": self._soon(2) if dice.random() < 0.2 else None,
                }
                for reason in reasons
            ],
        }

    def _draw_debit(self, verb: str) -> Json:
        order = {
            "wallet": self._wallet(),
            "partner": self._dice.choice(ACCEPTORS),
            "points": self._points(),
        }
        if verb == "redeem" and self._dice.random() < 0.3:
            order["category"] = "fuel"
        return order

    def _draw_hold(self, verb: str) -> Json:
        return self._draw_debit(verb) | {"ends_at": self._soon(self._dice.choice([3, 9, 48]))}

    def _draw_capture(self, _: str) -> Json | None:
        if not self._holds:
            return None
        hold = self._dice.choice(self._holds)
        return hold | {"points": self._points(hold["points"])}

    def _draw_void(self, _: str) -> Json | None:
        return dict(self._dice.choice(self._holds)) if self._holds else None

    def _draw_refund(self, _: str) -> Json | None:
        if not self._redemptions:
            return None
        used = self._dice.choice(self._redemptions)
        order = used | {"points": self._points(used["points"])}
        if self._dice.random() < 0.4:
            order["reinstated_until"] = self._soon(200)
        return order

    def _draw_reverse(self, _: str) -> Json | None:
        if not self._lots:
            return None
        lot = self._dice.choice(self._lots)
        given = {key: lot[key] for key in ("wallet", "partner", "lot")}
        return given | {"points": self._points(lot["points"]), "mode": self._dice.randrange(4)}

    def _draw_transfer(self, _: str) -> Json:
        wallet, to = self._dice.sample(self._scene.wallets, 2)
        if self._dice.random() < 0.4:
            others = [each for each in self._scene.wallets if each[0] == wallet[0] != each]
            to = self._dice.choice([each for each in others if each != wallet] or [to])
        return {"wallet": wallet, "to": to, "points": self._points()}

    def _draw_extend(self, _: str) -> Json | None:
        return self._lot_until(lambda ends_at: ends_at > self._clock())

    def _draw_reinstate(self, _: str) -> Json | None:
        return self._lot_until(lambda ends_at: ends_at <= self._clock())

    def _lot_until(self, fits: Callable[[datetime], bool]) -> Json | None:
        fitting = [
            lot
            for lot in self._lots
            if (ends_at := read_instant(lot["expires_at"])) is not None and fits(ends_at)
        ]
        if not fitting:
            return None
        lot = self._dice.choice(fitting)
        return {
            "wallet": lot["wallet"],
            "lot": lot["lot"],
            "points": self._points(lot["points"]),
            "expires_at": self._soon(400),
        }

    def _draw_release(self, _: str) -> Json | None:
        if not self._pending:
            return None
        lot = self._dice.choice(self._pending)
        return {"wallet": lot["wallet"], "lot": lot["lot"]}

    def _draw_adjust(self, _: str) -> Json:
        return {"points": self._dice.randrange(1, 1000)}

    def _draw_poison(self, _: str) -> Json:
        return {"wallet": self._wallet(), "poison": self._dice.choice(list(POISONS))}
