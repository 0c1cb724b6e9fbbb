"""`GET /exports/entries`, `/exports/lots` and `/exports/statement-lines`: lists as JSON lines.

An answer names the list that it is of (`Content-Location`): asked for again, that has the same
lines, whatever was booked since. `after` goes on behind a line, so a break loses nothing. An answer
that is whole ends properly; one that was cut off does not, and every HTTP client can tell.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from auth.permissions import READ_POSITIONS, READ_SETTLEMENT, find_denial
from auth.policies import Policy
from hub.kernel.actor import Actor, ActorKind
from hub.kernel.errors import DomainError
from hub.ledger.journal.moves.store import list_lane_ends
from hub.ledger.journal.store import Ranges
from hub.ledger.store import list_ranges
from schema.context import Rooms
from schema.cost.gate import BucketGate
from schema.exports.lines import Export, Rows
from schema.exports.names import Ids, Positions, not_a_line
from schema.exports.packing import accepts_gzip, pack
from schema.exports.paying import Payer
from schema.exports.rows import Reader, read_entries, read_lots, read_statement_lines
from schema.faults import Fault, FaultCode, bad_input, forbidden, unauthenticated
from schema.guarding import fault_of
from schema.ids import Audience, Audiences
from schema.settings import ExportSettings
from schema.view.callers import Caller, Credentials, FindCaller
from schema.view.http import seconds_until_sign_in_ends
from schema.view.negotiation import MediaType
from schema.view.presence import Presence, TooManyConnections, key_of
from schema.view.replies import masked, send_json, status_of_masked, wait_until_gone, write_headers
from settlement.errors import WindowNotClosed, WindowNotFound
from settlement.store import find_window

EXPORTS: Final[Mapping[str, Policy]] = {
    "entries": READ_POSITIONS,
    "lots": READ_POSITIONS,
    "statement-lines": READ_SETTLEMENT,
}
"""Who may have a list: those of the whole journal, whoever may know how long it is."""
ARGUMENTS: Final = {
    "entries": ("upto", "after"),
    "lots": ("upto", "after"),
    "statement-lines": ("window", "partner", "after"),
}
PURPOSE: Final = "exports"
ARGUMENTS_BYTES_MAX: Final = 4096
RETRY_AFTER_SECONDS: Final = 1
"""So long does it take at most until a download that broke counts no more."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A list, from which line on, and what it is called."""

    export: Export
    after: str | None
    address: str


class Downloads:
    """Answers for one list."""

    def __init__(
        self,
        name: str,
        rooms: Rooms,
        *,
        audiences: Audiences,
        find_caller: FindCaller,
        gate: BucketGate,
        settings: ExportSettings,
        all_open: Presence,
        own: Presence,
    ) -> None:
        self._name = name
        self._rooms = rooms
        self._audiences = audiences
        self._find_caller = find_caller
        self._gate = gate
        self._settings = settings
        self._all_open = all_open
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except Fault as fault:
            body = {"errors": [fault.formatted]}
            status = fault.status or 400
            await send_json(
                send, body, media_type=MediaType.JSON, status=status, headers=fault.headers
            )
        except Exception as error:  # noqa: BLE001 (masked, and logged)
            body = masked(error)
            status = status_of_masked(body)
            await send_json(send, body, media_type=MediaType.JSON, status=status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            raise _refuse("Use GET.", status=405, headers={"allow": "GET"})
        caller = await self._find_caller(Credentials(HTTPConnection(scope)))
        actor = _check(caller, self._name)
        assert caller is not None, "checked"
        audience = self._audiences.of(actor)
        names = Ids(audience) if find_denial(actor, READ_POSITIONS) else Positions()
        partner_id = actor.number if actor.kind is ActorKind.PARTNER else None
        rooms, payer = self._rooms, Payer(self._gate, caller)
        reader = Reader(rooms.database, rooms.register, actor, names, partner_id, payer.pay)
        given = _read_arguments(self._name, scope["query_string"])
        await self._gate.charge_failed(caller, None)  # for looking up what is asked for
        begun = await _begin(reader, self._name, given, audience)
        try:
            with (
                self._all_open.room() as leaving,
                self._own.room(),
                self._own.seat(key_of(caller, None)),
            ):
                seconds = [float(self._settings.seconds_max)]
                await payer.pay_first()
                until = seconds_until_sign_in_ends(caller, self._rooms.clock)
                seconds += [] if until is None else [until]
                sending = _Sending(reader, begun, caller, send, self._settings.send_seconds)
                await sending.run(Headers(scope=scope), receive, leaving, min(seconds))
        except TooManyConnections:
            raise Fault(
                FaultCode.THROTTLED,
                "As many exports are under way as may be, or one of yours is: try again later.",
                status=429,
                headers={"retry-after": str(RETRY_AFTER_SECONDS)},
                retryAfter=RETRY_AFTER_SECONDS,
            ) from None


def export_routes(
    rooms: Rooms,
    *,
    audiences: Audiences,
    find_caller: FindCaller,
    gate: BucketGate,
    settings: ExportSettings,
    all_open: Presence,
) -> list[Route]:
    """Make the ways to the lists. `all_open` counts what is open, and says when the hub stops."""
    own = Presence(per_caller_max=1, all_max=settings.at_once_max)
    return [
        Route(
            f"/exports/{name}",
            Downloads(
                name,
                rooms,
                audiences=audiences,
                find_caller=find_caller,
                gate=gate,
                settings=settings,
                all_open=all_open,
                own=own,
            ),
        )
        for name in EXPORTS
    ]


@dataclass(frozen=True, slots=True)
class _Sending:
    """One answer under way."""

    reader: Reader
    begun: Begun
    caller: Caller
    send: Send
    send_seconds: int

    async def run(
        self, headers: Headers, receive: Receive, leaving: asyncio.Future[None], seconds: float
    ) -> None:
        """Send all of it; or stop without an end, so that the client knows."""
        is_gzip = accepts_gzip(headers.get("accept-encoding", ""))
        rows = await _skip_to(self.reader, self.begun)
        chunks = pack(self._head(), rows, is_gzip=is_gzip)
        await self.send(
            {"type": "http.response.start", "status": 200, "headers": self._headers(is_gzip)}
        )
        writing = asyncio.create_task(self._write_all(chunks))
        gone = asyncio.create_task(wait_until_gone(receive))
        try:
            await asyncio.wait(
                {writing, gone, leaving}, return_when=asyncio.FIRST_COMPLETED, timeout=seconds
            )
        finally:
            is_over = writing.done()
            writing.cancel()
            gone.cancel()
            await asyncio.gather(writing, gone, return_exceptions=True)
        error = writing.exception() if is_over else None
        if isinstance(error, Exception) and not isinstance(error, TimeoutError):
            masked(error)  # logged: there is no place left to tell it

    async def _write_all(self, chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            if not await self.caller.is_still_in():
                return
            async with asyncio.timeout(self.send_seconds):
                await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})

    def _head(self) -> dict[str, object] | None:
        if self.begun.after is not None:
            return None
        export = self.begun.export
        is_open = isinstance(self.reader.names, Positions)
        return dict(export.header() if is_open else export.public_header())

    def _headers(self, is_gzip: bool) -> list[tuple[bytes, bytes]]:  # noqa: FBT001 (one fact)
        file = f'attachment; filename="{self.begun.export.name}.jsonl"'
        more = [
            (b"content-disposition", file.encode()),
            (b"content-location", self.begun.address.encode()),
            (b"vary", b"accept-encoding"),
        ]
        if is_gzip:
            more.append((b"content-encoding", b"gzip"))
        if isinstance(self.reader.names, Positions):
            more.append((b"x-entry-count", str(self.begun.export.entry_count).encode()))
        return write_headers("application/jsonl", *more)


def _check(caller: Caller | None, name: str) -> Actor:
    """See that a caller may have a list.

    Errors: Fault.
    """
    if caller is None:
        fault = unauthenticated()
        raise Fault(FaultCode.UNAUTHENTICATED, fault.message, status=401)
    denial = find_denial(caller.actor, EXPORTS[name])
    if denial is not None:
        fault = fault_of(caller.actor, denial)
        if caller.actor.kind is ActorKind.PARTNER and EXPORTS[name] is READ_POSITIONS:
            fault = forbidden(
                f"A partner reads `{name}` through the API, in pages; `/exports/statement-lines`"
                " has what it owes and is owed."
            )
        raise Fault(
            FaultCode.FORBIDDEN,
            fault.message,
            status=403,
            **{key: value for key, value in (fault.extensions or {}).items() if key != "code"},
        )
    return caller.actor


def _read_arguments(name: str, query_string: bytes) -> dict[str, str]:
    """Read what is asked for.

    Errors: Fault.
    """
    known = ARGUMENTS[name]
    if len(query_string) > ARGUMENTS_BYTES_MAX:
        raise _refuse(f"The arguments are longer than {ARGUMENTS_BYTES_MAX} bytes.")
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), strict_parsing=bool(query_string), errors="strict"
        )
    except ValueError:
        raise _refuse(
            "The arguments cannot be read: write them as name=value, & between."
        ) from None
    given = dict(pairs)
    if len(given) != len(pairs) or not given.keys() <= set(known):
        raise _refuse(f"Give each of {', '.join(known)} once at most, and nothing else.")
    if not all(value.isprintable() for value in given.values()):
        raise _refuse("An argument holds a character that no name has.")
    return given


async def _begin(reader: Reader, name: str, given: Mapping[str, str], audience: Audience) -> Begun:
    """Find the list that is asked for.

    Errors: Fault.
    """
    after = given.get("after")
    if name == "statement-lines":
        export = await _begin_statement(reader, given)
        return Begun(export, after, f"/exports/{name}?{urlencode(export.asked)}")
    upto = given.get("upto")
    if upto is None and after is not None:
        raise _refuse("`after` goes with `upto`: take the address of Content-Location as it is.")
    if upto is None:
        async with reader.database.read(reader.actor) as tx:
            ranges = await list_lane_ends(tx)
        flat = [number for lane, _, last in ranges for number in (lane, last)]
        upto = audience.write_cursor(PURPOSE, tuple(flat))
    else:
        flat = list(audience.read_cursor(PURPOSE, upto, argument="upto"))
        ranges = [(lane, 0, last) for lane, last in zip(flat[::2], flat[1::2], strict=True)]
    return Begun(Export(name, {}, ranges), after, f"/exports/{name}?upto={upto}")


async def _begin_statement(reader: Reader, given: Mapping[str, str]) -> Export:
    """Find the window, and whose statement it is.

    Errors: Fault.
    """
    calendar, slash, code = given.get("window", "").partition("/")
    own = (
        None if reader.partner_id is None else reader.register.get_partner_by_id(reader.partner_id)
    )
    party = given.get("partner") or (own.code if own else "")
    if not (slash and party):
        raise _refuse("Name a window as window=CALENDAR/CODE, and a partner by its code.")
    if own is not None and party != own.code:
        raise Fault(FaultCode.FORBIDDEN, "A partner has its own statement only.", status=403)
    try:
        party = reader.register.get_partner(party).code
        window, ranges = await _find_closed(reader, calendar, code)
    except DomainError as error:
        raise bad_input(str(error)) from None
    return Export("statement-lines", {"window": window, "partner": party}, ranges)


async def _find_closed(reader: Reader, calendar: str, code: str) -> tuple[str, Ranges]:
    async with reader.database.read(reader.actor) as tx:
        found = await find_window(tx, calendar, code)
        if found is None:
            raise WindowNotFound(calendar, code)
        if found.status != "CLOSED":
            raise WindowNotClosed(found.calendar, found.code, found.cut_at)
        ranges = await list_ranges(tx, found.opens_at, found.cut_at)
    return f"{found.calendar}/{found.code}", ranges


def _rows_of(reader: Reader, begun: Begun) -> Rows:
    export, after = begun.export, begun.after
    match export.name:
        case "entries":
            return read_entries(reader, export.ranges, after)
        case "lots":
            return read_lots(reader, export.ranges, after)
    party = export.asked["partner"]
    assert party is not None, "a statement is somebody's"
    return read_statement_lines(reader, export.ranges, party, after)


async def _skip_to(reader: Reader, begun: Begun) -> Rows:
    """Give the rows behind the line that is named, which must be there.

    Errors: Fault.
    """
    rows = _rows_of(reader, begun)
    if begun.after is not None:
        first = await anext(rows, None)
        if first is None or begun.after != next(iter(first.values())):
            raise not_a_line()
    return rows


def _refuse(message: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(FaultCode.BAD_REQUEST, message, status=status, headers=headers or {})
