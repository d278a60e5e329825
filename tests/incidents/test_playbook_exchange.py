"""Playbooks in and out, by page and by API: what is refused and how it is said, what is kept, what comes out again."""

from __future__ import annotations

import copy
import hashlib
import json
import math
import random
import struct
from collections.abc import Iterator
from typing import Any

import pytest
import rfc8785
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client

from incidents import playbooks
from incidents.cacao.reading import PlaybookRefused
from incidents.cacao.vocabulary import TLP_IDS
from incidents.exercise_forms import ExerciseForm
from incidents.models import Playbook, PlaybookSignature
from incidents.named import all_to_run, to_call, to_run
from incidents.playbooks import keep_playbook
from incidents.signing import exported
from portal.ledger.models import Event
from tests.incidents.playbooks import DEMO, PUBLISHED, ROOT, needs_published, small_document
from tests.incidents.test_cacao_schema import mutated

pytestmark = pytest.mark.django_db
HERE, API = "/playbooks/import/", "/api/v1/playbooks/"
SAMPLES = PUBLISHED / "cacao" / "playbooks"
SIGNED = ROOT / "tests" / "data" / "cacao" / "signed-ten-ways.json"
# STANDARDS 1.9: accepted without a note, accepted with warnings, refused.
VERDICTS = {
    "oasis-basic-example-1": "clean",
    "oasis-spec-3.1-example": "clean",
    "oasis-locky-bart-mbc-examples": "warned",
    "soarca-http-playbook": "warned",
    "soarca-manual-playbook": "warned",
    "soarca-ssh-playbook": "refused",
}


@pytest.fixture
def page(client_of) -> Client:
    return client_of("ashbourne")


@pytest.fixture
def api(api_of) -> Client:
    return api_of("ashbourne")


def paste(client: Client, document: Any, **more: str) -> Any:
    text = document if isinstance(document, str) else json.dumps(document)
    return client.post(HERE, {"text": text, **more})


def send(client: Client, document: Any, query: str = "") -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return client.post(API + query, body, content_type="application/json")


def with_value(**fields: Any) -> dict[str, Any]:
    return {**small_document(), **fields}


def secret() -> dict[str, Any]:
    key = "http-basic--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0c1"
    return with_value(authentication_info_definitions={key: {"type": "http-basic", "password": "hunter2-hunter2"}})


def far() -> dict[str, Any]:
    """Everything that could be fetched leads to a port where nobody listens; nothing may try."""
    document, away = small_document(), "http://127.0.0.1:9/never"
    document["external_references"] = [{"name": "Away", "url": away}]
    extension = "extension-definition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0c2"
    document["extension_definitions"] = document.get("extension_definitions", {}) | {
        extension: {"type": "extension-definition", "name": "Away", "created_by": document["created_by"],
                    "schema": away, "version": "1"}
    }  # fmt: skip
    return document


def wrongly_signed() -> dict[str, Any]:
    document = json.loads(SIGNED.read_bytes())
    document["signatures"] = document["signatures"][9:]
    document["name"] += " changed"
    return document


NOWHERE = "start--00000000-0000-4000-8000-000000000000"
DEEP = '{"a": ' + "[" * 40 + "]" * 40 + "}"
REFUSED: dict[str, tuple[Any, str, str, int]] = {  # document, pointer, words, status of the API
    "key twice": ('{"type": "playbook", "type": "playbook"}', "", "stands twice", 400),
    "no JSON": ("{", "", "not JSON", 400),
    "deep": (DEEP, "", "32 levels", 400),
    "NUL": ('{"type": "play\\u0000book"}', "/type", "NUL", 422),
    "half a character": ('{"type": "play\\ud800book"}', "/type", "surrogate", 422),
    "a secret": (secret(), "/password", "Use a variable", 422),
    "no step": (with_value(workflow_start=NOWHERE), "/workflow_start", "start step", 422),
    "no name": ({key: value for key, value in small_document().items() if key != "name"}, "/name", "required", 422),
    "a wrong signature": (wrongly_signed(), "/signatures/0", "wrong", 422),
    "another TLP marking": (
        with_value(data_marking_definitions={
            "marking-tlp--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0c3": {
                "type": "marking-tlp", "id": "marking-tlp--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0c3",
                "created_by": small_document()["created_by"], "created": "2022-10-01T00:00:00.000Z",
                "tlpv2_level": "TLP:AMBER",
            }
        }),
        "/data_marking_definitions/", TLP_IDS["TLP:AMBER"], 422,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_page_and_api_refuse_alike_with_place_and_words_and_keep_nothing(name, page, api, inside):
    document, pointer, words, status = REFUSED[name]
    with inside("ashbourne"):
        before = Playbook.objects.count()
    text = document if isinstance(document, str) else json.dumps(document)
    answer = paste(page, text)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert pointer in body
    assert words in body
    assert "What is wrong" in body
    assert "&quot;type&quot;" in body or "{" in body.split("<textarea")[1]  # what was pasted is there still
    told = send(api, text.encode())
    assert told.status_code == status
    assert words in told.content.decode()
    assert "hunter2" not in told.content.decode() + body.split("<textarea")[0]
    with inside("ashbourne"):
        assert Playbook.objects.count() == before


def test_too_large_is_refused_before_it_is_read_and_nothing_is_an_error_of_its_own(page, api):
    large = SimpleUploadedFile("big.json", b'{"x": "' + b"x" * 2_500_000 + b'"}')
    assert page.post(HERE, {"file": large}).status_code == 413
    just = SimpleUploadedFile("big.json", b'{"x": "' + b"x" * 2_150_000 + b'"}')
    answer = page.post(HERE, {"file": just})
    assert answer.status_code == 422
    assert "at most 2 MiB" in answer.content.decode()
    assert send(api, b'{"x": "' + b"x" * 2_500_000 + b'"}').status_code == 413
    answer = paste(page, "  ")
    assert answer.status_code == 422
    assert "Choose a file, or paste the document." in answer.content.decode()


def test_a_file_is_kept_with_its_notes_shown_and_strict_refuses_them(page, api, inside, seal):
    document = with_value(description="", name="Small plan")
    strict = paste(page, document, strict="1")
    assert strict.status_code == 422
    assert "The description is empty." in strict.content.decode()
    assert "checked" in strict.content.decode().split('id="strict"')[1][:60]
    assert send(api, document, "?strict=true").status_code == 422
    assert send(api, document, "?strict=perhaps").status_code == 422
    answer = page.post(HERE, {"file": SimpleUploadedFile("plan.json", json.dumps(document).encode())}, follow=True)
    body = answer.content.decode()
    assert "Kept, with 1 note" in body
    assert "The description is empty." in body
    assert "/description" in body
    kept = send(api, document)
    assert kept.status_code == 200
    assert kept.json()["warnings"] == [{"pointer": "/description", "detail": "The description is empty."}]
    assert send(api, {**document, "description": "Other"}).json()["errors"][0]["pointer"] == "/modified"
    other = paste(page, {**document, "description": "Other"})
    assert other.status_code == 422
    assert "/modified" in other.content.decode()
    with inside("ashbourne"):
        seal()
        assert Event.objects.filter(kind="playbook.imported", data__slug="small-plan").count() == 1


def test_who_may_bring_one_in_is_who_may_by_api(client_of):
    for role, status in {"administrator": 200, "incident_manager": 200, "responder": 403, "observer": 403}.items():
        assert client_of("ashbourne", role).get(HERE).status_code == status
    assert client_of("ashbourne", "responder").post(HERE, {"text": "{}"}).status_code == 403
    assert Client().get(HERE).status_code == 302


def test_nothing_that_a_document_names_is_fetched(page, api, monkeypatch):
    def never(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("socket.create_connection", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    assert paste(page, far()).status_code == 302
    assert send(api, far()).status_code == 200


@needs_published
@pytest.mark.parametrize("name", VERDICTS)
def test_each_published_playbook_gets_its_verdict_by_page_and_api(name, page, api):
    raw = (SAMPLES / f"{name}.json").read_bytes()
    assert {each.stem for each in SAMPLES.glob("*.json")} == set(VERDICTS)
    strict, kept, shown = (
        send(api, raw, "?strict=true"),
        send(api, raw),
        page.post(HERE, {"text": raw.decode()}, follow=True),
    )
    match VERDICTS[name]:
        case "clean":
            assert (strict.status_code, kept.status_code, kept.json()["warnings"]) == (201, 200, [])
        case "warned":
            assert (strict.status_code, kept.status_code) == (422, 201)
            assert kept.json()["warnings"]
            assert kept.json()["warnings"][0]["detail"] in shown.content.decode().replace("&#39;", "'")
        case "refused":
            assert (strict.status_code, kept.status_code, shown.status_code) == (422, 422, 422)
            assert kept.json()["errors"][0]["pointer"].endswith("/password")
            assert "/password" in shown.content.decode()


def form(document: Any) -> bytes:
    """What the library makes of the document as it was sent; the portal calls it on what the database gives back."""
    return rfc8785.dumps(document)


KEYS = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33", "", 'a"b\\c']


def odd(chance: random.Random) -> dict[str, Any]:
    """Doubles of any size, whole numbers up to the largest safe one, and keys whose order depends on UTF-16."""
    found: dict[str, Any] = {}
    for key in chance.sample(KEYS, 5):
        double = struct.unpack(">d", chance.randbytes(8))[0]
        found[key] = chance.choice(
            [double if math.isfinite(double) else -0.0, chance.randint(-(2**53) + 1, 2**53 - 1), 1e22, 5.0, 1e-7, key,
             [None, True, 0.1 + 0.2], {"\U0001f600": 1, "\ufb33": 2}]
        )  # fmt: skip
    return found


def documents() -> Iterator[dict[str, Any]]:
    """Own and published samples, and each again and again with one thing changed and odd values in its extension."""
    chance = random.Random(20261126)
    paths = [DEMO, SIGNED, *(sorted(SAMPLES.glob("*.json")) if SAMPLES.is_dir() else [])]
    samples = [json.loads(path.read_bytes()) for path in paths]
    yield from copy.deepcopy(samples)
    for nth in range(200):
        document = chance.choice(samples)
        document = copy.deepcopy(document) if nth % 3 == 0 else mutated(document, chance)[0]
        if isinstance(document, dict):
            document.pop("signatures", None)
            extensions = document.get("extension_definitions")
            if isinstance(extensions, dict) and extensions:
                document["playbook_extensions"] = {next(iter(extensions)): odd(chance)}
            yield document


def test_what_comes_out_has_the_canonical_form_of_what_went_in(inside, cast):
    kept = differ = 0
    with inside("ashbourne"):
        for nth, document in enumerate(documents()):
            if nth > 10:  # each is a version of its own
                document["modified"] = f"2030-01-01T00:{nth // 60:02}:{nth % 60:02}.000Z"
            try:
                row, new = keep_playbook(copy.deepcopy(document), organisation_id=cast.id("ashbourne"))
            except PlaybookRefused:
                continue
            row = Playbook.objects.get(pk=row.pk)  # as the database has it
            bare = {key: value for key, value in document.items() if key != "signatures"}
            differ += exported(row) != form(document) or bytes(row.digest) != hashlib.sha256(form(bare)).digest()
            assert not keep_playbook(json.loads(exported(row)), organisation_id=cast.id("ashbourne"))[1]
            kept += new
    print(kept, "kept")
    assert differ == 0
    assert kept >= 75


def test_page_and_api_give_the_same_bytes_and_everybody_here_may_have_them(page, api, api_of, client_of):
    document = json.loads(DEMO.read_bytes())
    document["modified"] = "2030-01-01T00:00:00.000Z"
    (extension,) = document["extension_definitions"]
    document["playbook_extensions"] = {extension: {"\U0001f600": 1e22, "\ufb33": -0.0, "a": 0.1 + 0.2, "b": 2**53 - 1}}
    said = send(api, document)
    assert said.status_code == 201, said.content
    where = f"{API}{said.json()['slug']}/document/"
    for answer in (
        page.get(f"/playbooks/{said.json()['id']}/document/"),
        api.get(where, {"kept_by": "ashbourne"}),
        api_of("gravenhurst").get(where, {"version": document["modified"], "kept_by": "ashbourne"}),
    ):
        assert answer.content == form(document)
        assert answer["Content-Type"] == "application/json"
    assert api.get(said.json()["url"]).json()["document"] == document
    assert api.get(where, {"version": "2001-01-01T00:00:00.000Z"}).status_code == 404
    assert api.get(where).json()["modified"] < document["modified"]  # the name is whose it was before
    assert api.get(f"{API}nothing/document/").status_code == 404


def test_the_official_markings_go_out_as_they_must(api):
    level, uuid = "TLP:AMBER+STRICT", TLP_IDS["TLP:AMBER+STRICT"]
    mark = f"marking-tlp--{uuid}"
    document = with_value(
        markings=[mark],
        data_marking_definitions={
            mark: {
                "type": "marking-tlp",
                "id": mark,
                "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
                "created": "2022-10-01T00:00:00.000Z",
                "tlpv2_level": level,
            }
        },
    )
    slug = send(api, document).json()["slug"]
    out = json.loads(api.get(f"{API}{slug}/document/").content)
    assert out["markings"] == [mark]
    assert out["data_marking_definitions"][mark]["tlpv2_level"] == level


def test_signatures_that_come_later_are_added_and_an_identifier_keeps_its_signature(api, inside):
    document = json.loads(SIGNED.read_bytes())
    everyone, first = document["signatures"], document["signatures"][:3]
    assert send(api, {**document, "signatures": first}).status_code == 201
    assert send(api, {**document, "signatures": everyone[2:]}).status_code == 200
    where = f"{API}{send(api, document).json()['slug']}/"
    assert json.loads(api.get(f"{where}document/").content)["signatures"] == everyone
    states = api.get(where).json()["signatures"]
    assert {each["state"] for each in states} == {"right"}
    assert [each["algorithm"] for each in states] == [each["algorithm"] for each in everyone]
    taken = {**everyone[4], "id": everyone[3]["id"]}
    answer = send(api, {**document, "signatures": [taken]})
    assert answer.status_code == 422  # its identifier is signed with it
    bare = {key: value for key, value in document.items() if key != "signatures"}
    assert send(api, bare).status_code == 200
    with inside("ashbourne"):
        assert PlaybookSignature.objects.count() == 10


def test_what_is_countersigned_is_said_to_be_so_and_not_checked(api, client_of):
    document = json.loads(SIGNED.read_bytes())
    one, two, *_ = document["signatures"]
    inner = {**two, "id": "jss--5b6c1e70-0c1d-4f5e-8b1a-000000000099", "signee": "Harbour Standards Body"}
    kept = send(api, {**document, "signatures": [{**one, "signature": inner}, two]})
    assert kept.status_code == 201
    assert "Countersigned, not checked" in kept.content.decode()
    where = f"{API}{kept.json()['slug']}/"
    shown = {each["id"]: (each["state"], each["countersigned"]) for each in api.get(where).json()["signatures"]}
    assert shown == {one["id"]: ("right", True), two["id"]: ("right", False)}
    words = "Countersigned, not checked: the file says by Harbour Standards Body, and nobody has looked at it."
    for slug in ("ashbourne", "gravenhurst"):
        assert client_of(slug).get(f"/playbooks/{kept.json()['id']}/").content.decode().count(words) == 1


def theirs(**fields: Any) -> dict[str, Any]:
    """Another playbook under the name of the small one."""
    return with_value(id="playbook--9c1d2b7e-33f0-4b7a-9a55-0d4ac1f1b0d9", **fields)


def test_a_name_means_the_playbook_of_whoever_brought_it_in_first(page, api, api_of, inside, client_of):
    ours = send(api, small_document()).json()
    slug, where = ours["slug"], f"{API}{ours['slug']}/"
    later = theirs(modified="2031-01-01T00:00:00.000Z", description="Run the other one")
    other = send(api_of("gravenhurst"), later).json()
    assert other["slug"] == slug
    assert api.get(where).json()["cacao_id"] == ours["cacao_id"]
    assert api.get(f"{where}document/").json()["id"] == small_document()["id"]
    assert api.get(where, {"version": later["modified"]}).status_code == 404
    assert api.get(f"{where}difference/", {"version": later["modified"]}).status_code == 422
    assert api.get(other["url"]).json()["cacao_id"] == later["id"]  # by the name of whoever keeps it
    assert api.get(f"{where}document/", {"kept_by": "gravenhurst"}).json()["id"] == later["id"]
    with inside("ashbourne"):
        assert to_run(slug).get().cacao_id == ours["cacao_id"]
        assert [each.cacao_id for each in all_to_run().filter(slug=slug)] == [ours["cacao_id"]]
        assert to_call(ours["cacao_id"], None).get().version == ours["version"]
    newest = small_document() | {"modified": "2032-01-01T00:00:00.000Z", "name": "Small  Plan!"}
    send(api_of("gravenhurst"), newest)  # under the id of ours
    with inside("ashbourne"):
        assert to_call(ours["cacao_id"], None).get().version == ours["version"]
        assert not to_call(ours["cacao_id"], newest["modified"]).exists()
        choices = dict(ExerciseForm().fields["playbook"].choices)
        assert choices[slug].startswith(f"{ours['name']}, version {ours['version'][:10]}")


def test_the_same_version_twice_at_once_is_kept_once_and_nobody_is_signed_out(page, api, monkeypatch, inside):
    kept = send(api, small_document()).json()
    first, real = [True], playbooks._kept

    def before_the_other_ended(plan: Any) -> Any:
        return None if first and first.pop() else real(plan)

    monkeypatch.setattr(playbooks, "_kept", before_the_other_ended)
    answer = paste(page, small_document())
    assert answer.status_code == 302
    assert answer["Location"] == f"/playbooks/{kept['id']}/"
    with inside("ashbourne"):
        assert Playbook.objects.filter(cacao_id=kept["cacao_id"]).count() == 1

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("incidents.views.playbook_exchange.keep_playbook", broken)
    with pytest.raises(DatabaseError, match="disk"):
        paste(page, small_document())


def test_the_same_instant_spelt_otherwise_is_no_other_version(api):
    assert send(api, with_value(modified="2030-01-01T00:00:00.000Z")).status_code == 201
    for spelt in ("2030-01-01T00:00:00.000000Z", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00.0Z"):
        answer = send(api, with_value(modified=spelt))
        assert answer.status_code == 422, spelt
        assert answer.json()["errors"][0]["pointer"] == "/modified"
    assert send(api, with_value(modified="2030-01-01T00:00:00.001Z")).status_code == 201
