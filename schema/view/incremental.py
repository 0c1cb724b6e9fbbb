"""Incremental answers as clients knew them before parts had ids; pure.

Today a part names what it belongs to by an id that was announced as pending. Clients that ask for
`deferSpec=20220824` expect every part to say its path instead.

Source: graphql-spec, pull request 742, as it was on 2022-08-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

OLD_SPECIFICATION: Final = "deferspec=20220824"

Body = dict[str, Any]


def wants_paths(accept: str | None) -> bool:
    """Whether a client expects parts that name their paths."""
    return accept is not None and OLD_SPECIFICATION in accept.lower().replace('"', "")


@dataclass(slots=True)
class Pending:
    """What was announced: where it goes, and of a stream how many items have come."""

    path: list[str | int]
    label: str | None
    item_count: int = 0


@dataclass(slots=True)
class PathWriter:
    """Rewrites the parts of one answer; it must see all of them in their order."""

    pending: dict[str, Pending] = field(default_factory=dict)

    def write(self, part: Mapping[str, Any]) -> Body:
        """Rewrite a part."""
        for announced in part.get("pending", ()):
            self.pending[announced["id"]] = Pending(list(announced["path"]), announced.get("label"))
        body: Body = {
            key: part[key] for key in ("data", "errors", "extensions", "hasNext") if key in part
        }
        incremental = [self._place(each) for each in part.get("incremental", ())]
        incremental += [
            self._fail(completed)
            for completed in part.get("completed", ())
            if "errors" in completed
        ]
        if incremental:
            body["incremental"] = incremental
        return body

    def _place(self, part: Mapping[str, Any]) -> Body:
        pending = self.pending[part["id"]]
        path = [*pending.path, *part.get("subPath", ())]
        body: Body = {key: part[key] for key in ("errors", "extensions") if key in part}
        if "items" in part:
            body["items"] = part["items"]
            path.append(pending.item_count)
            pending.item_count += len(part["items"])
        else:
            body["data"] = part["data"]
        return _labelled({**body, "path": path}, pending)

    def _fail(self, completed: Mapping[str, Any]) -> Body:
        pending = self.pending[completed["id"]]
        return _labelled(
            {"data": None, "path": pending.path, "errors": completed["errors"]}, pending
        )


def _labelled(body: Body, pending: Pending) -> Body:
    return body if pending.label is None else {**body, "label": pending.label}
