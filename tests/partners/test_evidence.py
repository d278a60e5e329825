"""Evidence comes in whole or not at all, is seen by those whom it is shared with, and is served as a download alone."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import threading
import time
import zipfile
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client

from partners import assurance
from partners.approvals import NotAllowed
from partners.models import Assessment
from portal.files import limits, receiving, store
from portal.files.models import StoredFile
from portal.files.receiving import Received
from portal.files.sweeping import sweep_files
from portal.ledger.models import Event
from tests.notifications.stage import as_worker, in_threads

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\nwhat was found\n"
FIELDS = ("id", "name", "size", "sha256", "content_type", "state")


@pytest.fixture(autouse=True)
def root(settings, tmp_path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    return settings.FILES_ROOT


@pytest.fixture
def assessment(inside) -> Assessment:
    """Northgate's, which Ashbourne, Brackenfield and Coldharbour read."""
    with inside("northgate"):
        return Assessment.objects.get(kind="architecture")


@pytest.fixture
def northgate(client_of) -> Client:
    return client_of("northgate")


def address(assessment: Assessment) -> str:
    return f"/assessments/{assessment.pk}/evidence/"


def send(client: Client, assessment: Assessment, content: bytes = PDF, name: str = "report.pdf"):
    return client.post(address(assessment), {"file": SimpleUploadedFile(name, content)})


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def kept(inside, slug: str = "northgate") -> list[dict]:
    with inside(slug):
        return list(StoredFile.objects.filter(state="kept").values(*FIELDS))


def raw(client: Client, path: str, body: bytes, boundary: str = "b", **more):
    given = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={boundary}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return client.generic("POST", path, b"", **given | more)


def part(content: bytes, name: str = "a.txt", headers: bytes = b"") -> bytes:
    said = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode()
    return b"--b\r\n" + said + headers + b"\r\n" + content + b"\r\n"


def test_it_is_kept_as_it_came_and_served_as_a_download_to_those_it_is_shared_with(
    client_of, inside, cast, northgate, assessment, root, seal
):
    assert send(northgate, assessment, name="../../Rüge <b>.pdf").status_code == 302
    (file,) = on_disk(root)
    assert re.fullmatch("[0-9a-f]{64}", file.name)
    assert file.read_bytes() == PDF
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    (row,) = kept(inside)
    assert bytes(row["sha256"]) == hashlib.sha256(PDF).digest()
    assert (row["name"], row["size"], row["content_type"]) == ("Rüge _b_.pdf", len(PDF), "application/pdf")
    download = f"/files/{row['id']}/"
    for slug in ("northgate", "ashbourne"):
        answer = client_of(slug, "observer").get(download)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"] == "attachment; filename*=utf-8''R%C3%BCge%20_b_.pdf"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Length"] == str(len(PDF))
    for slug in ("gravenhurst", "dunmere"):
        assert client_of(slug).get(download).status_code == 404
        assert "Rüge" not in client_of(slug).get("/providers/northgate/").content.decode()
        assert kept(inside, slug) == []
    page = client_of("ashbourne").get(f"/assessments/{assessment.pk}/").content.decode()
    assert hashlib.sha256(PDF).hexdigest() in page
    assert "No virus scanner has looked at these files" in page
    # Who was told: each reader that it is there, the owner and the reader that it was read, nobody of the others.
    told = {}
    for slug in ("northgate", "ashbourne", "brackenfield", "gravenhurst", "dunmere"):
        with inside(slug):
            seal()
            events = Event.objects.filter(kind__startswith="file.").order_by("pos")
            told[slug] = [each.kind for each in events]
            assert all(each.audience == [cast.id(slug)] for each in events)
            assert all(each.data["sha256"] == hashlib.sha256(PDF).hexdigest() for each in events)
            assert "Rüge" not in str([each.data for each in events])
    assert told == {
        "northgate": ["file.kept", "file.downloaded", "file.downloaded"],
        "ashbourne": ["file.kept", "file.downloaded"],
        "brackenfield": ["file.kept"],
        "gravenhurst": [],
        "dunmere": [],
    }


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for nth in range(20):
            archive.writestr(f"{nth}", bytes(5_000_000))
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "saved"),
    [
        (b"<html><script>alert(document.cookie)</script>", "x.html", "x.html.bin"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x.svg", "x.svg.bin"),
        (b"MZ\x90\x00" + bytes(100), "setup.exe", "setup.exe.bin"),
        (b"%PDF-1.4\n<html><script>1</script>", "both.html", "both.html.pdf"),
        (bomb(), "bomb.zip", "bomb.zip.bin"),
    ],
    ids=["html", "svg", "program", "polyglot", "zip bomb"],
)
def test_what_is_hostile_is_kept_unopened_and_never_shown(
    client_of, inside, northgate, assessment, root, content, name, saved
):
    assert send(northgate, assessment, content, name).status_code == 302
    (row,) = kept(inside)
    assert on_disk(root)[0].read_bytes() == content
    answer = client_of("ashbourne").get(f"/files/{row['id']}/")
    assert answer["Content-Disposition"] == f'attachment; filename="{saved}"'
    assert answer["Content-Type"] in {"application/octet-stream", "application/pdf"}
    assert answer["Content-Security-Policy"].startswith("sandbox")


REFUSED = {
    "nothing chosen": (b"--b--\r\n", 422, "Choose a file"),
    "empty": (part(b"") + b"--b--\r\n", 422, "empty"),
    "two at once": (part(b"one") + part(b"two") + b"--b--\r\n", 422, "one file at a time"),
    "another boundary": (part(b"one").replace(b"--b\r\n", b"--c\r\n") + b"--c--\r\n", 400, "did not come whole"),
    "no boundary at all": (b"x" * 5000, 400, "did not come whole"),
    "ten thousand headers": (part(b"one", headers=b"X-More: x\r\n" * 10_000) + b"--b--\r\n", 400, "did not come whole"),
    "broken base64": (
        part(b"!" * 999, headers=b"Content-Transfer-Encoding: base64\r\n") + b"--b--\r\n", 400, "did not come whole",
    ),
    "too large": (part(bytes(limits.LARGEST + 1)) + b"--b--\r\n", 413, "too large"),
}  # fmt: skip


@pytest.mark.parametrize("sent", REFUSED)
def test_what_is_refused_leaves_neither_file_nor_row(inside, northgate, assessment, root, sent):
    body, status, words = REFUSED[sent]
    answer = raw(northgate, address(assessment), body)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert on_disk(root) == []
    assert kept(inside) == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"CONTENT_LENGTH": ""}, 411),
        ({"CONTENT_LENGTH": str(limits.LARGEST * 3)}, 413),
        ({"CONTENT_LENGTH": "5000"}, 400),  # it stops before its end
        ({"CONTENT_TYPE": "application/octet-stream"}, 400),
        ({"CONTENT_TYPE": "multipart/form-data"}, 400),
        ({"CONTENT_TYPE": "multipart/form-data; boundary=" + "x" * 300}, 400),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(inside, northgate, assessment, root, more, status):
    assert raw(northgate, address(assessment), part(b"half of it"), **more).status_code == status
    assert on_disk(root) == []
    assert kept(inside) == []


def test_only_the_owner_adds_and_a_form_of_another_site_adds_nothing(client_of, cast, inside, assessment, root):
    for slug, role, status in (
        ("ashbourne", "incident_manager", 404),
        ("gravenhurst", "incident_manager", 404),
        ("northgate", "responder", 403),
    ):
        assert send(client_of(slug, role), assessment).status_code == status
    strict = Client(enforce_csrf_checks=True, **{"bulkhead.visitor": cast.visitor("northgate")})
    assert send(strict, assessment).status_code == 403
    assert on_disk(root) == []
    assert kept(inside) == []


def test_half_a_file_is_none_though_the_token_stands_in_a_header(cast, inside, assessment, root):
    """Then the check against other sites has met the broken body before, and goes on without it."""
    strict = Client(enforce_csrf_checks=True, **{"bulkhead.visitor": cast.visitor("northgate")})
    page = strict.get(f"/assessments/{assessment.pk}/").content.decode()
    token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    half = part(PDF)[:-10]
    answer = raw(strict, address(assessment), half, CONTENT_LENGTH="5000", HTTP_X_CSRFTOKEN=token)
    assert answer.status_code == 400
    assert on_disk(root) == []
    assert kept(inside) == []
    whole = part(PDF) + b"--b--\r\n"
    assert raw(strict, address(assessment), whole, HTTP_X_CSRFTOKEN=token).status_code == 302
    assert len(on_disk(root)) == len(kept(inside)) == 1


def test_a_disk_that_fails_leaves_no_row(inside, northgate, assessment, root, monkeypatch):
    def fails(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "rename", fails)
    assert send(northgate, assessment).status_code == 503
    assert on_disk(root) == []
    assert kept(inside) == []


def test_a_third_at_once_waits(northgate, cast, assessment, root):
    mine = cast.id("northgate")
    with receiving._turn(mine), receiving._turn(mine):
        answer = send(northgate, assessment)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert send(northgate, assessment).status_code == 302


def incoming(content: bytes = PDF) -> Received:
    file = store.Incoming()
    file.write(content)
    return Received(file, "a.pdf", "application/pdf")


def test_an_object_takes_twenty_files(inside, assessment, root):
    with inside("northgate"):
        for _ in range(limits.MOST):
            assurance.attach(assessment.pk, incoming())
        one_more = incoming()
        with pytest.raises(NotAllowed, match="20 files"):
            assurance.attach(assessment.pk, one_more)
        one_more.incoming.discard()
    assert len(on_disk(root)) == len(kept(inside)) == limits.MOST


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_exceed_what_an_organisation_may_keep(client_of, inside, cast, assessment, root, owner_url):
    """Room for one of them: both have come before either is counted."""
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO files_usage (organisation_id, bytes) VALUES (%s, %s)",
            [cast.id("northgate"), limits.QUOTA - len(PDF) - 1],
        )
    both = threading.Barrier(2)
    answers = []

    class Meeting(Client):
        def generic(self, *args, **kwargs):
            both.wait(10)
            return super().generic(*args, **kwargs)

    def sends():
        client = Meeting(**{"bulkhead.visitor": cast.visitor("northgate")})
        answers.append(send(client, assessment))

    assert in_threads(sends, sends) == []
    assert sorted(each.status_code for each in answers) == [302, 409]
    assert any("no room left" in each.content.decode() for each in answers)
    assert len(on_disk(root)) == len(kept(inside)) == 1


def test_a_removed_file_is_gone_and_its_room_is_free(
    client_of, inside, northgate, assessment, root, seal, django_capture_on_commit_callbacks
):
    send(northgate, assessment)
    (row,) = kept(inside)
    page = f"/assessments/{assessment.pk}/"
    act = {"act": "remove", "file": str(row["id"])}
    assert client_of("ashbourne", fresh=True).post(page, act).status_code == 403
    with django_capture_on_commit_callbacks(using="default", execute=True):
        assert northgate.post(page, act).status_code == 302
    assert on_disk(root) == []
    assert northgate.get(f"/files/{row['id']}/").status_code == 404
    assert northgate.post(page, act).status_code == 409
    with inside("northgate"):
        assert StoredFile.objects.values_list("state", "name").get() == ("removed", "report.pdf")
    with inside("ashbourne"):
        seal()
        assert Event.objects.filter(kind="file.removed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_sweep_takes_what_no_row_keeps_and_only_after_an_hour(inside, northgate, assessment, root):
    send(northgate, assessment)
    (whole,) = on_disk(root)
    orphan, cut_off, young = store.Incoming(), store.Incoming(), store.Incoming()
    orphan.keep()  # a crash between the move and the commit
    for path in (whole, store.path_of(orphan.name), cut_off.path):
        os.utime(path, (time.time() - 3700,) * 2)
    with as_worker():
        assert sweep_files() == 2
        assert sweep_files() == 0
    assert set(on_disk(root)) == {whole, young.path}
    young.discard()


def test_the_name_on_the_disk_comes_only_with_a_record(inside, northgate, assessment, root):
    send(northgate, assessment)
    for slug in ("northgate", "ashbourne"):
        with inside(slug), pytest.raises(Exception, match="permission denied"), transaction.atomic():
            list(StoredFile.objects.values_list("storage_name"))
    (row,) = kept(inside)
    with inside("ashbourne"), connections["default"].cursor() as cursor:
        before = Event.objects.filter(kind="file.downloaded").count()
        cursor.execute("SELECT stored FROM sec.open_file(%s)", [row["id"]])
        assert len(cursor.fetchall()) == 1
        assert Event.objects.filter(kind="file.downloaded").count() == before + 1
    with inside("gravenhurst"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT stored FROM sec.open_file(%s)", [row["id"]])
        assert cursor.fetchall() == []


@pytest.mark.parametrize("name", ["", "..", "/etc/passwd", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\0"])
def test_no_other_name_becomes_a_path(name):
    with pytest.raises(ValueError, match="not a name of the store"):
        store.path_of(name)


def test_the_database_and_the_pages_say_the_same_limits():
    migration = (Path(__file__).parents[2] / "portal/files/migrations/0001_initial.py").read_text()
    assert "QUOTA, MOST = 500 * 1024 * 1024, 20" in migration
    assert (limits.QUOTA, limits.MOST) == (500 * 1024 * 1024, 20)
    assert str(limits.LARGEST) in migration
