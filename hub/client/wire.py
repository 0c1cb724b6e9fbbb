"""Sends documents, and sends them again: one request to the hub from end to end."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import httpx

from hub.client.errors import AnswerNotUnderstood, Fault, NoAnswer, StreamLost
from hub.client.reading import Json
from hub.client.retries import RetryPolicy, find_waiting, is_passing, read_retry_after
from hub.client.streams import read_events
from hub.client.writing import write

ACCEPT: Final = "application/graphql-response+json, application/json;q=0.9"
EVENT_STREAM: Final = "text/event-stream"
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
TIMEOUT_SECONDS: Final = 20
CONNECT_SECONDS: Final = 5
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one try."""

    status: int
    retry_after: str | None
    body: bytes

    def read(self) -> tuple[Json | None, tuple[Json, ...]]:
        """Read data and errors.

        Errors: AnswerNotUnderstood.
        """
        try:
            found = json.loads(self.body, parse_float=Decimal)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not ("data" in found or "errors" in found):
            shown = self.body[:_SHOWN_CHARACTERS].decode(errors="replace")
            raise AnswerNotUnderstood(f"status {self.status}, {shown!r}")
        errors = found.get("errors") or []
        data = found.get("data")
        if not isinstance(errors, list) or not isinstance(data, dict | None):
            raise AnswerNotUnderstood(f"status {self.status}, `data` or `errors` of another kind")
        return data, tuple(error for error in errors if isinstance(error, dict))

    def is_whole(self) -> bool:
        """Tell whether it holds data and no error."""
        try:
            data, errors = self.read()
        except AnswerNotUnderstood:
            return False
        return data is not None and not errors


class Wire:
    """A connection to one hub."""

    def __init__(self, http: httpx.AsyncClient, url: str, policy: RetryPolicy) -> None:
        self._http = http
        self._url = url
        self._policy = policy

    async def ask(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None = None
    ) -> Json:
        """Send a document, again and again if need be, and give its data.

        Errors: Fault, NoAnswer, AnswerNotUnderstood.
        """
        body = write_body(document, variables, operation_name)
        tries_count = 0
        while True:
            tries_count += 1
            answer: Answer | None = None
            try:
                answer = await self._try(body)
            except httpx.TransportError as error:
                reason, retry_after = f"{type(error).__name__}: {error}".rstrip(": "), None
            else:
                passing, reason, retry_after = judge(answer)
                if not passing:
                    return settle(answer)
            if not await self.wait_for_another(tries_count, retry_after):
                if answer is not None and answer.is_whole():
                    return settle(answer)  # some rows still wait: they say so themselves
                raise NoAnswer(tries_count, reason)

    async def listen(
        self, document: str, variables: Mapping[str, Any]
    ) -> AsyncGenerator[Json, None]:
        """Subscribe, and give the data of each event until the hub completes the stream.

        Errors: Fault, StreamLost, AnswerNotUnderstood.
        """
        try:
            async with self._open(write_body(document, variables, None), EVENT_STREAM) as response:
                if not response.headers.get("content-type", "").startswith(EVENT_STREAM):
                    answer = await read_answer(response)
                    is_busy, reason, _ = judge(answer)
                    if is_busy:
                        raise StreamLost(reason)
                    yield settle(answer)
                    return
                async with aclosing(read_events(response.aiter_bytes())) as events:
                    async for event in events:
                        if event.name == "complete":
                            return
                        if event.name == "next":
                            yield settle(Answer(200, None, event.data.encode()))
        except httpx.TransportError as error:
            raise StreamLost(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        raise StreamLost("it ended before it was complete")

    def get(self, path: str) -> AbstractAsyncContextManager[httpx.Response]:
        """Ask for what lies beside the API, e.g. `exports/lots`."""
        beside, _, _ = self._url.rpartition("/")
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        return self._http.stream("GET", f"{beside}/{path}", timeout=timeout)

    async def _try(self, body: bytes) -> Answer:
        async with self._open(body, ACCEPT) as response:
            return await read_answer(response)

    def _open(self, body: bytes, accept: str) -> AbstractAsyncContextManager[httpx.Response]:
        headers = {"content-type": "application/json", "accept": accept}
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        if accept == EVENT_STREAM:
            # Nothing happens for a while in a quiet wallet; the hub's comments keep it alive.
            timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS, read=None)
        return self._http.stream("POST", self._url, content=body, headers=headers, timeout=timeout)

    async def wait_for_another(
        self, tries_count: int, retry_after_seconds: int | None = None
    ) -> bool:
        """Wait before the next try; False when there is to be none."""
        if not self._policy.is_worth_another(tries_count, retry_after_seconds):
            return False
        milliseconds = self._policy.pause_ms(
            tries_count, draw=secrets.randbelow(1001), retry_after_seconds=retry_after_seconds
        )
        await asyncio.sleep(milliseconds / 1000)
        return True


def write_body(document: str, variables: Mapping[str, Any], operation_name: str | None) -> bytes:
    """Write the body of a request."""
    given = {name: write(value) for name, value in variables.items() if value is not None}
    body: Json = {"query": document, "variables": given}
    if operation_name is not None:
        body["operationName"] = operation_name
    return json.dumps(body, ensure_ascii=False).encode()


async def read_answer(response: httpx.Response) -> Answer:
    """Read a whole answer.

    Errors: AnswerNotUnderstood when it is longer than 32 MiB.
    """
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise AnswerNotUnderstood(f"more than {ANSWER_BYTES_MAX} bytes")
    return Answer(response.status_code, response.headers.get("retry-after"), bytes(body))


def judge(answer: Answer) -> tuple[bool, str, int | None]:
    """Tell whether to try again, why, and after how many seconds at least."""
    try:
        data, errors = answer.read()
    except AnswerNotUnderstood:
        data, errors = None, ()  # a page of something between us and the hub: its status counts
    errors = (*errors, *find_waiting(data or {}))
    now_seconds = time.time_ns() // 1_000_000_000
    retry_after = read_retry_after(answer.retry_after, errors, now_seconds=now_seconds)
    said = "; ".join(str(error.get("message")) for error in errors)
    reason = f"status {answer.status}" + (f": {said}" if said else "")
    return is_passing(answer.status, errors), reason[:_SHOWN_CHARACTERS], retry_after


def settle(answer: Answer) -> Json:
    """Give the data of an answer, if nothing went wrong.

    Errors: Fault, AnswerNotUnderstood.
    """
    data, errors = answer.read()
    if errors:
        first = errors[0]
        extensions = first.get("extensions")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        raise Fault(
            str(code or "UNKNOWN"),
            str(first.get("message") or "An error without a message."),
            errors,
            data,
            answer.status,
        )
    if data is None:
        raise AnswerNotUnderstood("neither data nor errors")
    return data
