"""How a run went: as JSON for programs, and as a table for people."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

import orjson

from tests.soak.journal import Asked
from tests.soak.orders import BOOKED, FAILED, REFUSED
from tests.soak.verdict import Fault, Wrong

FAULTS_SHOWN_MAX: Final = 50


@dataclass
class Report:
    """What was done, what became of it, and what was wrong: nothing, if all is well."""

    seed: int
    seconds: int = 0
    checkpoint_count: int = 0
    kills: "Counter[str]" = field(default_factory=Counter)
    harms: "Counter[str]" = field(default_factory=Counter)
    orders: dict[str, "Counter[str]"] = field(default_factory=dict)
    refusals: "Counter[str]" = field(default_factory=Counter)
    unknown_outcomes: "Counter[str]" = field(default_factory=Counter)
    asked_again_count: int = 0
    entry_count: int = 0
    entries: "Counter[str]" = field(default_factory=Counter)
    effect_count: int = 0
    outside_repeat_count: int = 0
    closed_window_count: int = 0
    signed_checkpoint_count: int = 0
    audit_count: int = 0
    clock_moved_seconds: int = 0
    ways: "Counter[str]" = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    @property
    def kill_count(self) -> int:
        return self.kills.total()

    @property
    def wrong(self) -> dict[str, int]:
        """How many faults there are of each sort."""
        counts = Counter(fault.sort for fault in self.faults)
        return {sort.value: counts[sort] for sort in Wrong}

    def count_orders(self, journals: Mapping[str, Mapping[int, Asked]]) -> None:
        """Count what clients asked, and what they were told."""
        for asked in journals.values():
            for each in asked.values():
                kind = each.answer["kind"] if each.answer else "unanswered"
                self.ways[each.order["way"]] += 1
                verb = "misuse of a key" if "misuse_of" in each.order else each.order["verb"]
                self.orders.setdefault(verb, Counter())[kind] += 1
                if kind == REFUSED and each.answer:
                    self.refusals[each.answer["is"]] += 1
                self.asked_again_count += len(each.again)

    def write(self, path: Path) -> None:
        """Write the counts as JSON, and the table beside it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text(self.table())
        counts = {each.name: getattr(self, each.name) for each in fields(self)}
        counts["faults"] = [fault.told for fault in self.faults]
        counts |= {"kill_count": self.kill_count, "wrong": self.wrong}
        path.write_bytes(orjson.dumps(counts, option=orjson.OPT_INDENT_2))

    def table(self) -> str:
        """The counts in columns, and the faults below."""
        lines = [f"soak  seed {self.seed}  {self.seconds} s  {self.checkpoint_count} checkpoints"]
        lines += ["", f"{'kills':<28}{self.kill_count:>8}"]
        lines += [f"  {name:<26}{count:>8}" for name, count in sorted(self.kills.items())]
        lines += ["", f"{'other harm':<28}"]
        others = {name: n for name, n in self.harms.items() if not name.startswith("kill_")}
        lines += [f"  {name:<26}{count:>8}" for name, count in sorted(others.items())]
        lines += ["", f"{'orders':<28}{'booked':>8}{'refused':>9}{'failed':>8}"]
        lines += [
            f"  {verb:<26}{kinds[BOOKED]:>8}{kinds[REFUSED]:>9}{kinds[FAILED]:>8}"
            for verb, kinds in sorted(self.orders.items())
        ]
        lines += ["", f"{'unknown outcomes':<28}{self.unknown_outcomes.total():>8}"]
        lines += [f"  {name:<26}{n:>8}" for name, n in sorted(self.unknown_outcomes.items())]
        figures = {
            "orders over HTTP": self.ways["http"],
            "orders at the poster": self.ways["door"],
            "asked again, same answer": self.asked_again_count,
            "entries": self.entry_count,
            "effects in the database": self.effect_count,
            "effects repeated outside": self.outside_repeat_count,
            "windows closed": self.closed_window_count,
            "checkpoints signed": self.signed_checkpoint_count,
            "audits during the run": self.audit_count,
            "clock moved, seconds": self.clock_moved_seconds,
        }
        lines += ["", *(f"{name:<28}{count:>8}" for name, count in figures.items())]
        lines += ["", f"{'faults':<28}{len(self.faults):>8}"]
        lines += [f"  {sort:<26}{count:>8}" for sort, count in self.wrong.items()]
        lines += [f"  {fault.told}" for fault in self.faults[:FAULTS_SHOWN_MAX]]
        return "\n".join(lines) + "\n"
