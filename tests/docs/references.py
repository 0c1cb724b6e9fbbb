"""Write the pages of docs/reference that the code says by itself; `make snapshots` calls it."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel

from auth.permissions import POLICIES
from hub.cli.main import COMMANDS, build, load_command
from hub.kernel.errors import DomainError
from hub.settings import PREFIX, Settings
from schema.faults import FaultCode
from schema.fields import MUTATIONS
from schema.refusals import REFUSALS, code_of, sentence_of
from schema.roots import SCHEMA
from tests.docs.blocks import ROOT
from tests.docs.limits_page import write_limits
from tests.docs.permissions_page import write_permissions

FOLDER = ROOT / "docs" / "reference"
ROOMS = ("hub", "schema", "partners", "settlement", "auth")
NOT_IMPORTED = ("hub.migrations", "hub.__main__")
HELP_COLUMNS = 88
MADE = "*Written by `make snapshots` from the code; a test compares.*"


# --- errors ---


def write_errors() -> str:
    by_module: dict[str, list[type[DomainError]]] = {}
    for error in list_errors():
        by_module.setdefault(error.__module__, []).append(error)
    parts = [_ERRORS_HEAD]
    for module, errors in sorted(by_module.items()):
        parts += [f"## {module}", "", "| refusal | says | data |", "|---|---|---|"]
        parts += [_error_row(error) for error in errors]
        parts.append("")
    parts += ["## Which mutation may list which", "", "| mutation | codes |", "|---|---|"]
    for name, made in sorted(MUTATIONS.items()):
        codes = ", ".join(sorted(f"`{code_of(refusal)}`" for refusal in made.refusals))
        parts.append(f"| `{camel(name)}` | {codes} |")
    parts += ["", _FAULTS_HEAD, ", ".join(f"`{code.value}`" for code in FaultCode) + "."]
    return _page(parts)


_ERRORS_HEAD = f"""# Refusals

{MADE}

A refusal is a class with data. Its sentence is the first line of its docstring. Those that the
API can answer stand in the `userErrors` of a payload: the type has the name of the class, `code`
is the name in capitals, and the data are its fields. They are marked with the code. The others end
a command with one line and an exit status.
"""
_FAULTS_HEAD = """## Errors at the top level

Who are you, may you, limits and faults are no refusals. They are errors of GraphQL with
`extensions.code`, one of
"""


def list_errors() -> list[type[DomainError]]:
    """Every refusal of the rooms, by name."""
    for room in ROOMS:
        for found in walk_packages(import_module(room).__path__, f"{room}."):
            if not found.name.startswith(NOT_IMPORTED):
                import_module(found.name)
    own = [e for e in _subclasses(DomainError) if e.__module__.partition(".")[0] in ROOMS]
    return sorted(set(own), key=lambda error: error.__name__)


def _subclasses(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


def _error_row(error: type[DomainError]) -> str:
    code = f"<br>`{code_of(error)}`" if error in REFUSALS else ""
    data = ", ".join(f"`{field.name}`" for field in fields(error))  # type: ignore[arg-type]
    return f"| `{error.__name__}`{code} | {_cell(sentence_of(error))} | {data} |"


# --- settings ---


def write_settings() -> str:
    rows = [
        f"| `{name}` | {default} | {_cell(meaning)} |"
        for name, default, meaning in list_settings(Settings, PREFIX)
    ]
    head = ["| variable | default | meaning |", "|---|---|---|"]
    return _page([_SETTINGS_HEAD, *head, *rows, "", _SETTINGS_TAIL])


_SETTINGS_HEAD = f"""# Settings

{MADE}

Every setting is an environment variable. The hub reads them once, at the start. A value that is
not valid stops it with the name of the variable; the value itself is never shown, for it may be a
secret. Empty variables count as absent.
"""
_SETTINGS_TAIL = """## Read by the tests only

| variable | meaning |
|---|---|
| `HUB_TEST_POSTGRES_BIN` | Directory of the PostgreSQL that the tests run on. |
| `HUB_TEST_SOAK_SECONDS` | How long `make soak` runs; set by it from `SOAK_SECONDS`. |

## Read by docker-compose.yml only

| variable | meaning |
|---|---|
| `HUB_POSTGRES_PASSWORD` | Password of the database in the composition; letters and digits. |
| `HUB_PORT` | Port of this machine on which the API is published, 8000 without it. |
"""


def list_settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    """List variables with their defaults and meanings, rooms after their own."""
    nested = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            nested.append((f"{prefix}{name.upper()}__", kind))
            continue
        is_optional = NoneType in get_args(kind)
        default = "none" if field.default is None and is_optional else _written(field.default)
        yield f"{prefix}{name.upper()}", default, field.description or ""
    for inner_prefix, inner in nested:
        yield from list_settings(inner, inner_prefix)


def _written(value: object) -> str:
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


# --- commands ---


def write_cli() -> str:
    parts = [_CLI_HEAD, "## hub", "", *_help(build(), "hub")]
    for name in COMMANDS:
        for path, command in _walk(load_command(name), f"hub {name}"):
            parts += [f"## {path}", "", *_help(command, path)]
    return _page(parts)


_CLI_HEAD = f"""# Commands

{MADE}

`python -m hub` is the same as `hub`. Results go to standard output, progress and remarks to
standard error. Where a command has `--format`, `json` has sorted keys and amounts as texts, and
`csv` follows RFC 4180.
"""


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(inner, f"{path} {name}")


def _help(command: Any, path: str) -> list[str]:
    command.rich_markup_mode = None
    context = command.make_context(
        path, [], resilient_parsing=True, terminal_width=HELP_COLUMNS, color=False
    )
    lines = [line.rstrip() for line in command.get_help(context).splitlines()]
    return ["```text", *lines, "```", ""]


# --- schema ---


def write_schema_page() -> str:
    types = SCHEMA._schema  # where Strawberry keeps graphql-core's schema
    parts = [_SCHEMA_HEAD]
    for title, root in (("Queries", types.query_type), ("Mutations", types.mutation_type)):
        parts += [f"## {title}", "", "| field | who may | does |", "|---|---|---|"]
        for name, field in root.fields.items():
            who = ", ".join(list_kinds(name))
            does = field.description.partition(" Refused with: ")[0]
            parts.append(f"| `{name}` | {who} | {_cell(does)} |")
        parts.append("")
    return _page(parts)


def list_kinds(name: str) -> list[str]:
    """Which kinds of actor may use a root field at all."""
    policy = POLICIES[FEDERATION.get(name) or snake(name)]
    kinds = {"member": policy.member, "operator": policy.staff, "partner": policy.partner}
    return [kind for kind, grant in kinds.items() if grant]


FEDERATION = {"_service": "subgraph", "_entities": "entities"}
"""Names that the specification of federation gives."""
_SCHEMA_HEAD = f"""# The API

{MADE}

The API is GraphQL, at `POST /graphql`, with JSON. [schema.graphql](../../schema/schema.graphql) is
the whole of it: every type, field and argument has a description with its unit and limit. A test
compares the file with the code, and a change that breaks clients needs a line in the changelog.

- Every mutation takes one `input` with an `idempotencyKey`. It answers with what it made, or with
  `userErrors`; see [the refusals](errors.md).
- Points are whole numbers. Money is a text with its currency. There is no `Float`.
- Ids are opaque and differ from audience to audience; see
  [what an id tells](../explanation/identity-of-ids.md).
- Lists are connections: `first` at most 100, `after` a cursor.
- What is not for the caller to see reads like what is not there.
- `GET /health` says that the process runs, `GET /ready` that it can serve.

Who may use a field says only that much; scopes and roles are in [the permissions](permissions.md).
What one sees of it is decided by the data: a partner sees its own members, the lots it issued, the
redemptions it accepted, its own row and column of a settlement.
"""


def camel(name: str) -> str:
    """Write a Python name as GraphQL does."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def snake(name: str) -> str:
    """Write a GraphQL name as Python does."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _page(parts: list[str]) -> str:
    return "\n".join(parts).rstrip() + "\n"


REFERENCES: dict[Path, Callable[[], str]] = {
    FOLDER / "errors.md": write_errors,
    FOLDER / "settings.md": write_settings,
    FOLDER / "cli.md": write_cli,
    FOLDER / "schema.md": write_schema_page,
    FOLDER / "permissions.md": write_permissions,
    FOLDER / "limits.md": write_limits,
}
"""Every generated page, and what writes it."""
