"""`hub documents`: publish trusted documents, and list them."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from hub.cli.database import hub_database
from hub.cli.output import (
    Column,
    Format,
    Sheet,
    print_csv,
    print_json,
    print_sheets,
    result_console,
    sheet_objects,
)
from hub.kernel.actor import HUB_ACTOR
from hub.settings import read_settings
from hub.wiring import open_hub
from schema.cost.pricing import compile_price
from schema.documents.manifests import read_manifest
from schema.documents.publishing import check_documents, publish_documents
from schema.documents.store import Document, list_documents, list_releases
from schema.roots import CORE

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Files = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="relay's persisted.json, Apollo's manifest, or .graphql files.",
    ),
]
Client = Annotated[str, typer.Option(help="What the client's makers call it.")]
Version = Annotated[str, typer.Option(help="Which version of the client asks for these.")]
OneClient = Annotated[str | None, typer.Option(help="Only this client.")]
OneVersion = Annotated[str | None, typer.Option(help="With --client: its documents by name.")]
As = Annotated[Format, typer.Option("--format", help="How to print it.")]


@app.command()
def publish(files: Files, client: Client, version: Version) -> None:
    """Publish documents, so that clients can ask for them by their hash.

    All of them are checked against the schema first: one that is not valid, and none is published.
    Publishing the same again changes nothing.

    Example: hub documents publish persisted.json --client member-app --version 4.2.0
    """
    texts = [text for file in files for text in read_manifest(file.name, file.read_bytes())]
    documents = check_documents(CORE, compile_price, texts)
    with hub_database(read_settings()) as url:
        count = uvloop.run(_publish(url, documents, client, version))
    print(f"{len(documents):,} documents of {client} {version}: {count:,} are new to it.")


@app.command("list")
def list_published(
    client: OneClient = None, version: OneVersion = None, form: As = Format.TABLE
) -> None:
    """List which versions of which clients published documents, or the documents of one.

    Example: hub documents list --client member-app --version 4.2.0
    """
    with hub_database(read_settings()) as url:
        sheet = uvloop.run(_read(url, client, version))
    match form:
        case Format.TABLE:
            print_sheets(result_console(), [sheet])
        case Format.CSV:
            print_csv(sheet)
        case Format.JSON:
            print_json(sheet_objects(sheet))


async def _publish(url: str, documents: list[Document], client: str, version: str) -> int:
    async with open_hub(url) as hub, hub.database.begin(HUB_ACTOR) as tx:
        return await publish_documents(tx, documents, client=client, version=version)


async def _read(url: str, client: str | None, version: str | None) -> Sheet:
    async with open_hub(url) as hub, hub.database.read(HUB_ACTOR) as tx:
        if client is not None and version is not None:
            documents = await list_documents(tx, client=client, version=version)
            return Sheet(
                f"Documents of {client} {version}",
                (Column("operations", is_number=False), Column("sha256", is_number=False)),
                tuple((document.names, document.sha256) for document in documents),
            )
        releases = await list_releases(tx, client)
    columns = (
        Column("client", is_number=False),
        Column("version", is_number=False),
        Column("documents", is_number=True),
        Column("published_at", is_number=False),
    )
    return Sheet(
        "Published documents",
        columns,
        tuple(
            (each.client, each.version, str(each.document_count), each.published_at.isoformat())
            for each in releases
        ),
    )
