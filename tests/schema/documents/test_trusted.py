"""Trusted documents: published from what tools write, found by hash, and nothing else if so set."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.documents import app
from hub.kernel.actor import HUB_ACTOR
from schema.cost.pricing import compile_price
from schema.documents.errors import ClientNameNotValid, DocumentsNotValid, ManifestNotValid
from schema.documents.manifests import read_manifest
from schema.documents.publishing import check_documents, publish_documents
from schema.documents.store import list_documents, list_releases
from schema.roots import CORE
from schema.view.documents import hash_text
from tests.api import open_api
from tests.cli.running import run, run_json

KIND = "query Kind { viewer { kind } }"
NAME = "query Name { coalition { name } }"


def relay(*texts):
    return json.dumps({hash_text(text): text for text in texts}).encode()


def apollo(*texts):
    operations = [
        {"id": hash_text(text), "name": "N", "type": "query", "body": text} for text in texts
    ]
    return json.dumps(
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    ).encode()


def test_lists_of_relay_and_apollo_and_plain_files_are_read():
    assert read_manifest("persisted.json", relay(KIND, NAME)) == [KIND, NAME]
    assert read_manifest("manifest.json", apollo(KIND, NAME)) == [KIND, NAME]
    assert read_manifest("kind.graphql", KIND.encode()) == [KIND]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b"[]"),
        ("a.json", b"{}"),
        ("a.json", json.dumps({"0" * 64: KIND}).encode()),
        ("a.json", json.dumps({"d41d8cd98f00b204e9800998ecf8427e": KIND}).encode()),
        ("a.json", json.dumps({hash_text(KIND): 1}).encode()),
        ("a.json", json.dumps({"format": "other"}).encode()),
        ("a.json", apollo(KIND).replace(b'"version": 1', b'"version": 2')),
        ("a.json", apollo()),
        ("a.json", apollo(KIND).replace(b'"body"', b'"text"')),
        ("a.graphql", b"\xff"),
    ],
)
def test_a_file_that_is_no_list_of_documents_is_refused_by_its_name(name, content):
    with pytest.raises(ManifestNotValid, match=name):
        read_manifest(name, content)


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(content):
    with pytest.raises(ManifestNotValid):
        read_manifest("a.json", content + b"\0")


async def publish(coalition, *texts, client="app", version="1"):
    documents = check_documents(CORE, compile_price, texts)
    async with coalition.hub.database.begin(HUB_ACTOR) as tx:
        return await publish_documents(tx, documents, client=client, version=version)


async def test_publishing_again_changes_nothing_and_versions_share_documents(coalition):
    assert await publish(coalition, KIND, NAME, KIND) == 2
    assert await publish(coalition, KIND, NAME) == 0
    assert await publish(coalition, KIND, version="2") == 1
    async with coalition.hub.database.read(HUB_ACTOR) as tx:
        releases = [(r.client, r.version, r.document_count) for r in await list_releases(tx, None)]
        documents = await list_documents(tx, client="app", version="1")
    assert releases == [("app", "1", 2), ("app", "2", 1)]
    assert [(d.names, d.text) for d in documents] == [("Kind", KIND), ("Name", NAME)]
    assert await coalition.value("SELECT count(*) FROM trusted_documents") == 2


async def test_one_document_that_is_not_valid_and_none_is_published(coalition):
    with pytest.raises(DocumentsNotValid, match="nope"):
        await publish(coalition, KIND, "query Bad { nope }")
    assert await coalition.value("SELECT count(*) FROM trusted_documents") == 0


async def test_clients_and_versions_have_plain_names(coalition):
    for given_name in ("", "a b", "x" * 101, "ä"):
        with pytest.raises(ClientNameNotValid):
            await publish(coalition, KIND, client=given_name)
    assert await coalition.value("SELECT count(*) FROM trusted_documents") == 0


async def ask(api, caller, **body):
    return await api.http.post("/graphql", json=body, headers=caller.headers)


async def test_a_published_document_is_asked_for_by_its_hash(api):
    air = await api.partner("AIR")
    document_id = f"sha256:{hash_text(KIND)}"
    response = await ask(api, air, documentId=document_id)
    assert response.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    await publish(api.coalition, KIND)
    for _ in range(2):
        response = await ask(api, air, documentId=document_id)
        assert response.json()["data"] == {"viewer": {"kind": "PARTNER"}}


async def test_apollo_registers_a_document_where_any_is_executed(api):
    air = await api.partner("AIR")
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": hash_text(KIND)}}
    response = await ask(api, air, extensions=hashed)
    (error,) = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (
        "PersistedQueryNotFound",
        "PERSISTED_QUERY_NOT_FOUND",
    )
    wrong = await ask(api, air, query=NAME, extensions=hashed)
    assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "BAD_REQUEST",
    )
    for body in ({"query": KIND, "extensions": hashed}, {"extensions": hashed}):
        assert (await ask(api, air, **body)).json()["data"] == {"viewer": {"kind": "PARTNER"}}


async def test_a_hub_for_trusted_documents_executes_nothing_else(coalition):
    async with open_api(coalition, api={"trusted_documents_only": True}) as api:
        air = await api.partner("AIR")
        await publish(coalition, KIND)
        hashed = {"persistedQuery": {"version": 1, "sha256Hash": hash_text(NAME)}}
        for body, code in (
            ({"query": NAME}, "TRUSTED_DOCUMENTS_ONLY"),
            ({"query": "{ __schema { types { name } } }"}, "TRUSTED_DOCUMENTS_ONLY"),
            ({"query": "{"}, "TRUSTED_DOCUMENTS_ONLY"),
            ({"query": NAME, "extensions": hashed}, "PERSISTED_QUERY_NOT_SUPPORTED"),
            ({"extensions": hashed}, "PERSISTED_QUERY_NOT_FOUND"),
            ({"documentId": f"sha256:{hash_text(NAME)}"}, "PERSISTED_QUERY_NOT_FOUND"),
        ):
            response = await ask(api, air, **body)
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == code
        response = await ask(api, air, documentId=f"sha256:{hash_text(KIND)}")
        assert response.json()["data"] == {"viewer": {"kind": "PARTNER"}}


def test_documents_are_published_and_listed_from_the_shell(database_url, tmp_path):
    file = tmp_path / "persisted.json"
    file.write_bytes(relay(KIND, NAME))
    options = ("--client", "member-app", "--version", "4.2.0")
    done = run(app, database_url, "publish", str(file), *options)
    assert done.stdout == "2 documents of member-app 4.2.0: 2 are new to it.\n"
    done = run(app, database_url, "publish", str(file), *options)
    assert done.stdout == "2 documents of member-app 4.2.0: 0 are new to it.\n"
    (release,) = run_json(app, database_url, "list")
    assert (release["client"], release["version"], release["documents"]) == (
        "member-app",
        "4.2.0",
        "2",
    )
    listed = run_json(app, database_url, "list", *options)
    assert [each["operations"] for each in listed] == ["Kind", "Name"]
    file.write_bytes(relay("{ nope }"))
    done = run(app, database_url, "publish", str(file), *options)
    assert isinstance(done.exception, DocumentsNotValid)
