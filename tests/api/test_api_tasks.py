"""/tasks/: answering, who may, and what a second or a late answer does."""

from __future__ import annotations

from uuid import uuid4

import pytest

from incidents.models import TaskNote
from tests.api.asking import check_problem, opened, send, tasks

pytestmark = pytest.mark.django_db
TASK_KEYS = {
    "id", "incident", "organisation", "status", "step", "title", "ready", "containing", "acknowledge_by", "finish_by",
    "reason", "changed_at", "acknowledged_at", "done_at", "version", "own_reference", "exempt_because",
}  # fmt: skip


@pytest.fixture
def reference(api_of):
    return opened(api_of("ashbourne"))["reference"]


@pytest.fixture
def dunmere(api_of):
    return api_of("dunmere", ["answer", "read"])


@pytest.fixture
def task(dunmere, reference):
    return tasks(dunmere, reference)[0]


def act(client, task, verb, body=None, **headers):
    return send(client, "post", f"/tasks/{task['id']}/{verb}/", {} if body is None else body, **headers)


def test_a_task_says_everything_that_its_step_says(dunmere, task, reference):
    assert set(task) == TASK_KEYS
    assert (task["organisation"], task["incident"], task["status"]) == ("dunmere", reference, "waiting")
    shown = send(dunmere, "get", f"/tasks/{task['id']}/")
    assert shown.headers["ETag"] == '"1"'
    details = shown.json()["details"]
    assert set(shown.json()) == TASK_KEYS | {"details"}
    assert set(details) == {
        "do",
        "why",
        "who",
        "stops",
        "worked",
        "undo",
        "cannot",
        "d3fend",
        "instructions",
        "evidence",
        "typed_confirmation",
        "asks",
    }
    assert details["do"]


def test_a_task_goes_from_waiting_to_done_and_answers_200_with_itself(dunmere, task):
    for verb, status in (("acknowledge", "acknowledged"), ("start", "in_progress"), ("complete", "done")):
        shown = act(dunmere, task, verb)
        assert shown.status_code == 200
        assert shown.json()["status"] == status
        assert shown.headers["ETag"] == f'"{shown.json()["version"]}"'


def test_a_body_is_optional_where_no_field_is_needed(dunmere, task):
    assert dunmere.post(f"/api/v1/tasks/{task['id']}/acknowledge/", content_type="application/json").status_code == 200


def test_the_same_answer_twice_changes_nothing(dunmere, task):
    first = act(dunmere, task, "acknowledge").json()
    assert act(dunmere, task, "acknowledge").json() == first


def test_block_and_decline_need_a_reason(dunmere, task):
    for verb in ("block", "decline"):
        check_problem(act(dunmere, task, verb), 422, "/reason")
        check_problem(act(dunmere, task, verb, {"reason": "  "}), 422, "/reason")
        check_problem(act(dunmere, task, verb, {"reason": None}), 422, "/reason")
    assert act(dunmere, task, "block", {"reason": "no phone"}).json()["reason"] == "no phone"
    assert (
        act(dunmere, task, "decline", {"reason": "not ours", "as": "not_affected"}).json()["status"] == "not_affected"
    )


def test_decline_is_declined_unless_it_says_not_affected(dunmere, task):
    check_problem(act(dunmere, task, "decline", {"reason": "no", "as": "done"}), 422, "/as")
    assert act(dunmere, task, "decline", {"reason": "no"}).json()["status"] == "declined"


def test_a_step_whose_predecessors_are_open_can_be_accepted_but_not_started(dunmere, reference):
    later = next(each for each in tasks(dunmere, reference) if not each["ready"])
    assert act(dunmere, later, "acknowledge").status_code == 200
    check_problem(act(dunmere, later, "start"), 409)


def test_a_note_stays_at_home(dunmere, task, inside):
    act(dunmere, task, "acknowledge", {"note": "Called Tom", "answers": {"number": "01632 960134", "agreed": True}})
    with inside("dunmere"):
        note = TaskNote.objects.get(task_id=task["id"])
        assert (note.text, note.answers) == ("Called Tom", {"number": "01632 960134", "agreed": True})
    with inside("ashbourne"):
        assert not TaskNote.objects.exists()


def test_undo_takes_the_answer_back_for_the_same_key_only(api_of, dunmere, task):
    act(dunmere, task, "acknowledge")
    check_problem(act(api_of("dunmere"), task, "undo"), 409)
    assert act(dunmere, task, "undo").json()["status"] == "waiting"
    check_problem(act(dunmere, task, "undo"), 409)


def test_another_organisations_task_does_not_exist(api_of, task):
    absent = {"id": str(uuid4())}
    for slug in ("brackenfield", "gravenhurst", "ashbourne"):
        for verb, body in (("acknowledge", {}), ("complete", {}), ("block", {"reason": "x"}), ("undo", {})):
            client = api_of(slug)
            refused = act(client, task, verb, body)
            check_problem(refused, 404)
            assert refused.content == act(client, absent, verb, body).content
    assert send(api_of("ashbourne"), "get", f"/tasks/{task['id']}/").status_code == 200
    for slug in ("brackenfield", "gravenhurst"):
        check_problem(send(api_of(slug), "get", f"/tasks/{task['id']}/"), 404)


def test_the_lead_checks_a_done_task_and_a_key_never_does(api_of, client_of, dunmere, task):
    act(dunmere, task, "complete")
    check_problem(act(api_of("ashbourne"), task, "verify"), 403)
    check_problem(act(client_of("northgate"), task, "verify"), 403)
    check_problem(act(client_of("ashbourne"), task, "verify", {"note": "seen"}), 422, "/note")
    assert act(client_of("ashbourne"), task, "verify", {"note": None}).json()["status"] == "verified"


def test_only_the_lead_calls_a_task_off(api_of, dunmere, task):
    check_problem(act(dunmere, task, "cancel"), 403)
    check_problem(act(api_of("dunmere"), task, "cancel"), 403)
    assert act(api_of("ashbourne"), task, "cancel").json()["status"] == "cancelled"


def test_an_observer_reads_and_does_not_answer(client_of, cast, task):
    visitor = cast.visitor("dunmere")
    client = client_of("dunmere")
    client.defaults["bulkhead.visitor"] = type(visitor)(
        **{name: getattr(visitor, name) for name in visitor.__slots__ if name != "role"}, role="observer"
    )
    check_problem(act(client, task, "acknowledge"), 403)
    assert send(client, "get", f"/tasks/{task['id']}/").status_code == 200


def test_an_answer_to_an_outdated_version_is_412(dunmere, task):
    act(dunmere, task, "acknowledge", If_Match='"1"')
    check_problem(act(dunmere, task, "start", If_Match='"1"'), 412)
    check_problem(act(dunmere, task, "start", If_Match='W/"2"'), 412)
    check_problem(act(dunmere, task, "start", If_Match="2"), 400)
    assert act(dunmere, task, "start", If_Match='"7", "2"').status_code == 200


def test_own_references_are_ones_own(api_of, dunmere, task, reference):
    for path, owner in ((f"/tasks/{task['id']}/", "task"), (f"/incidents/{reference}/", "incident")):
        put = send(dunmere, "put", f"{path}own-reference/", {"text": f"CHG-{owner}"})
        assert put.json() == {"text": f"CHG-{owner}"}
        assert send(dunmere, "put", f"{path}own-reference/", {"text": f"CHG-{owner}"}).status_code == 200
        assert send(dunmere, "get", path).json()["own_reference"] == f"CHG-{owner}"
        assert send(api_of("ashbourne"), "get", path).json()["own_reference"] is None
    assert {each["own_reference"] for each in tasks(dunmere, reference)} == {"CHG-task", None}
    assert send(dunmere, "delete", f"/tasks/{task['id']}/own-reference/").status_code == 204
    assert send(dunmere, "delete", f"/tasks/{task['id']}/own-reference/").status_code == 204
    assert send(dunmere, "get", f"/tasks/{task['id']}/").json()["own_reference"] is None
    assert send(dunmere, "get", f"/incidents/{reference}/").json()["own_reference"] == "CHG-incident"
    check_problem(send(api_of("gravenhurst"), "put", f"/tasks/{task['id']}/own-reference/", {"text": "x"}), 404)
