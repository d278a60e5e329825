"""Evidence with tasks and own actions: its organisation's alone, a download alone; its hash outlives the file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from incidents.models import Incident
from incidents.own_actions.writing import Deed, write_action
from portal import clock
from tests.cast import Cast
from tests.incidents.test_own_actions import acts, incident
from tests.notifications.stage import Stage

__all__ = ["acts", "incident"]
pytestmark = pytest.mark.django_db(transaction=True)
# A picture by its content, whatever its sender calls it; and a page that calls itself a picture.
PHOTO, PAGE = b"\xff\xd8\xff\xe0" + bytes(60), b"<html><script>1</script>"
ALL = ("dunmere", "ashbourne", "northgate", "eastwick", "gravenhurst")


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.FILES_ROOT = tmp_path / "files"
    return settings.FILES_ROOT


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def send(client: Client, at: str, content: bytes = PHOTO, name: str = "photo.html") -> Any:
    return client.post(f"{at}add/", {"file": SimpleUploadedFile(name, content)})


@pytest.fixture
def task(stage: Stage, incident: Incident) -> Any:
    return stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["dunmere"]],
    )[0][0]


def test_it_is_its_organisations_alone_and_its_hash_stays(
    stage: Stage, incident: Incident, task: Any, client_of: Callable[..., Any], root: Path
) -> None:
    at, own = f"/tasks/{task}/evidence/", client_of("dunmere", "responder")
    assert send(own, at).status_code == 302
    assert send(own, at, name="again.jpg").status_code == 302  # the same bytes
    (file,) = on_disk(root)
    assert file.read_bytes() == PHOTO
    ((file_id, kind),) = stage.owner("SELECT id, content_type FROM files_storedfile WHERE owner_id = %s", [task])
    assert kind == "image/jpeg"
    digest = hashlib.sha256(PHOTO).hexdigest()
    ((data, audience),) = stage.events("file.kept")
    assert (data["sha256"], audience) == (digest, [stage.ids["dunmere"]])
    reads = {slug: stage.as_app(slug, "SELECT id FROM files_storedfile WHERE owner_id = %s", [task]) for slug in ALL}
    assert reads == {"dunmere": [(file_id,)], **{slug: [] for slug in ALL[1:]}}
    for slug in ALL[1:]:
        assert client_of(slug).get(at).status_code == 404, slug
        assert client_of(slug).get(f"/files/{file_id}/").status_code == 404, slug
        assert send(client_of(slug), at).status_code == 404, slug
        assert client_of(slug).post(f"/evidence/{file_id}/remove/").status_code == 404, slug
    served = own.get(f"/files/{file_id}/")
    assert served["Content-Disposition"] == 'attachment; filename="photo.html.jpg"'
    assert served["X-Content-Type-Options"] == "nosniff"
    page = own.get(at).content.decode()
    assert 'capture="environment"' in page
    assert digest in page
    assert "Evidence: one file" in own.get(f"/tasks/{task}/").content.decode()
    assert "Evidence: one file" not in client_of("ashbourne").get(f"/tasks/{task}/").content.decode()
    assert own.post(f"/evidence/{file_id}/remove/").status_code == 302
    assert on_disk(root) == []
    assert own.get(f"/files/{file_id}/").status_code == 404
    assert digest in own.get(at).content.decode()
    assert own.post(f"/evidence/{file_id}/remove/").status_code == 404  # a second time
    assert [data["sha256"] for data, _audience in stage.events("file.removed")] == [digest]


def test_what_is_refused_leaves_nothing(
    stage: Stage, task: Any, cast: Cast, client_of: Callable[..., Any], root: Path
) -> None:
    at = f"/tasks/{task}/evidence/"
    assert send(client_of("dunmere"), at, b"").status_code == 422
    assert client_of("dunmere").post(f"{at}add/", {"file": ""}).status_code == 422
    strict = Client(enforce_csrf_checks=True, **{"bulkhead.visitor": cast.visitor("dunmere")})  # type: ignore[arg-type]
    assert send(strict, at).status_code == 403
    assert client_of("dunmere").post(f"{at}add/", b"x", content_type="text/plain").status_code == 400
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE role = 'responder'")
    watches = client_of("dunmere", "observer")
    assert send(watches, at).status_code == 403
    assert on_disk(root) == []
    assert stage.owner("SELECT 1 FROM files_storedfile WHERE owner_id = %s", [task]) == []
    assert send(client_of("dunmere"), at, PAGE, "photo.jpg").status_code == 302
    (row,) = stage.owner("SELECT id, content_type FROM files_storedfile WHERE owner_id = %s", [task])
    assert row[1] == "application/octet-stream"
    assert client_of("dunmere").get(f"/files/{row[0]}/")["Content-Type"] == "application/octet-stream"


def test_an_own_action_has_evidence_too(
    stage: Stage, incident: Incident, acts: Callable[..., Any], client_of: Callable[..., Any], root: Path
) -> None:
    with acts("dunmere") as actor:
        made = write_action(incident, Deed("Shut the gate", clock.now()), actor=actor)
    at = f"/own-actions/{made.pk}/evidence/"
    assert send(client_of("dunmere"), at).status_code == 302
    assert len(on_disk(root)) == 1
    assert client_of("dunmere").get(at).status_code == 200
    for slug in ALL[1:]:  # the lead reads the action, and not what proves it
        assert client_of(slug).get(at).status_code == 404, slug
        assert send(client_of(slug), at).status_code == 404, slug
        assert stage.as_app(slug, "SELECT 1 FROM files_storedfile WHERE owner_id = %s", [made.pk]) == []


def test_once_it_is_over_it_is_added_still_and_removed_by_its_managers_alone(
    stage: Stage, task: Any, client_of: Callable[..., Any], root: Path
) -> None:
    at, responder = f"/tasks/{task}/evidence/", client_of("dunmere", "responder")

    def added() -> str:
        assert send(responder, at).status_code == 302
        ((file,),) = stage.owner("SELECT id FROM files_storedfile WHERE owner_id = %s AND state = 'kept'", [task])
        return f"/evidence/{file}/remove/"

    assert responder.post(added()).status_code == 302  # while it goes on
    for over in ("suspended_at = now()", "status = 'closed', outcome = 'resolved', closed_at = now()"):
        stage.owner(f"UPDATE incidents_incident SET {over}")
        remove = added()
        assert remove not in responder.get(at).content.decode(), over
        assert responder.post(remove).status_code == 403, over
        assert len(on_disk(root)) == 1
        assert client_of("dunmere", "incident_manager").post(remove).status_code == 302, over
        assert on_disk(root) == []
        stage.owner("UPDATE incidents_incident SET suspended_at = NULL")
