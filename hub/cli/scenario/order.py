"""What ties the events of a scenario together: order, windows, names given once."""

from collections.abc import Sequence

from hub.cli.errors import FileInvalid
from hub.cli.instants import format_instant
from hub.cli.scenario.events import Issue, ScenarioEvent, Transfer
from hub.cli.scenario.windows import ScenarioWindow
from hub.cli.strict_json import quote


class EventOrder:
    """Sees the events of one file one after the other."""

    def __init__(self, file: str, place: str, windows: Sequence[ScenarioWindow]) -> None:
        self._file = file
        self._place = place
        self._first_open_at = windows[0].open_at if windows else None
        self._last_cut_at = windows[-1].cut_at if windows else None
        self._event_ids: set[str] = set()
        self._transfer_ids: set[str] = set()
        self._lots: dict[str, int] = {}

    def check(self, index: int, event: ScenarioEvent, previous: ScenarioEvent | None) -> None:
        """Check one event against all before it.

        Errors: FileInvalid.
        """
        self._check_order(index, event, previous)
        self._check_window(index, event)
        if event.id in self._event_ids:
            raise self._refusal(index, "id", f"{quote(event.id)} stands twice", "an id of its own")
        self._event_ids.add(event.id)
        match event.action:
            case Issue(lot=lot):
                if lot in self._lots:
                    raise self._refusal(index, "lot", f"{quote(lot)} stands twice", "a new name")
                self._lots[lot] = index
            case Transfer():
                self._check_transfer_id(index, event.id)
            case _:
                pass

    def check_lot_names(self) -> None:
        """See that no lot has the name that a transfer of the file may give.

        Errors: FileInvalid.
        """
        for lot, index in self._lots.items():
            _, slash, last = lot.rpartition("/")
            if slash and last in self._transfer_ids:
                raise self._refusal(
                    index,
                    "lot",
                    f"{quote(lot)} may be the name of a lot that {quote(last)} moves",
                    "a name that does not end in / and the id of a TRANSFER",
                )

    def _check_order(
        self, index: int, event: ScenarioEvent, previous: ScenarioEvent | None
    ) -> None:
        if previous is None:
            return
        if event.seq == previous.seq:
            raise self._refusal(index, "seq", f"{event.seq} stands twice", "a seq of its own")
        if event.seq < previous.seq:
            raise self._refusal(
                index, "seq", f"{event.seq} after {previous.seq}", "events in the order of seq"
            )
        if event.posted_at < previous.posted_at:
            raise self._refusal(
                index,
                "posted_at",
                f"{format_instant(event.posted_at)} is before that of the event before",
                f"{format_instant(previous.posted_at)} or later: it never falls as seq rises",
            )

    def _check_window(self, index: int, event: ScenarioEvent) -> None:
        first, last = self._first_open_at, self._last_cut_at
        if first is None or last is None:
            raise self._refusal(
                index, "posted_at", "there is no window for the event", "a window in windows"
            )
        if not first <= event.posted_at < last:
            raise self._refusal(
                index,
                "posted_at",
                f"{format_instant(event.posted_at)} is outside every window",
                f"from {format_instant(first)} and before {format_instant(last)}",
            )

    def _check_transfer_id(self, index: int, event_id: str) -> None:
        if "/" in event_id:
            # Else two transfers could make one name: L1 moved by A/B, and L1/A moved by B.
            raise self._refusal(
                index,
                "id",
                f"{quote(event_id)} becomes part of lot names",
                "an id without / for a TRANSFER",
            )
        self._transfer_ids.add(event_id)

    def _refusal(self, index: int, key: str, problem: str, expected: str) -> FileInvalid:
        return FileInvalid(
            file=self._file,
            place=f"{self._place}[{index}].{key}",
            problem=problem,
            expected=expected,
        )
