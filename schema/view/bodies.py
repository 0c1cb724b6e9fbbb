"""The bodies of answers: what was executed, in one piece or in parts, its errors presented."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult

from schema.faults import present
from schema.limits import ERRORS_MAX

Body = dict[str, Any]


def write_body(outcome: ExecutionResult, told: Mapping[str, Any]) -> Body:
    """Write the answer of an execution: it has `data`, be it null."""
    body: Body = {}
    if outcome.errors:
        body["errors"] = [present(error) for error in outcome.errors[:ERRORS_MAX]]
    body["data"] = outcome.data
    return {**body, **write_told(told)} if told else body


def write_part(part: Any) -> Body:  # noqa: ANN401 (graphql-core's parts share no type)
    """Write a part of an incremental answer, with its errors presented."""
    body: Body = dict(part.formatted)
    _present_within(body, part)
    for shown, of in zip(body.get("incremental", ()), part_list(part, "incremental"), strict=True):
        _present_within(shown, of)
    for shown, of in zip(body.get("completed", ()), part_list(part, "completed"), strict=True):
        _present_within(shown, of)
    return body


def part_list(part: object, name: str) -> Sequence[Any]:
    """Take the parts within a part."""
    return getattr(part, name, None) or ()


def _present_within(shown: Any, of: object) -> None:  # noqa: ANN401
    errors = getattr(of, "errors", None)
    if errors:
        shown["errors"] = [present(error) for error in errors[:ERRORS_MAX]]


def write_told(told: Mapping[str, Any]) -> Body:
    """Write what stands under `extensions`, if there is anything."""
    return {"extensions": dict(told)} if told else {}


def codes_of(errors: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Take the codes of errors as the client sees them."""
    return tuple(error["extensions"]["code"] for error in errors)
