"""/mail-distrust/: keys read what they may know; a person with a passkey marks, renews, lifts and asks."""

from __future__ import annotations

import pytest

from partners.mail_marks import marks
from partners.models import Approval
from tests.api.asking import check_problem, opened, send

pytestmark = pytest.mark.django_db
OWN = {"organisation": "dunmere", "domain": "dunmere.example", "reason": "Invoices that nobody sent"}


@pytest.fixture
def admin(client_of):
    return client_of("dunmere", "administrator", fresh=True)


def listed(client) -> list[dict]:
    return send(client, "get", "/mail-distrust/").json()["results"]


def test_a_mark_is_set_read_renewed_and_lifted(admin, api_of):
    made = send(admin, "post", "/mail-distrust/", OWN)
    assert made.status_code == 201, made.content
    mark = made.json()
    assert made.headers["Location"] == mark["url"]
    assert (mark["for_all"], mark["mine"], mark["in_force"], mark["by_two"]) == (True, True, True, False)
    assert [each["id"] for each in listed(api_of("dunmere"))] == [mark["id"]]
    (stranger,) = listed(api_of("gravenhurst"))
    assert (stranger["domain"], stranger["mine"], stranger["in_force"]) == ("dunmere.example", False, True)
    renewed = send(admin, "post", f"/mail-distrust/{mark['id']}/renew/")
    assert renewed.status_code == 200
    assert renewed.json()["until"] > mark["until"]
    assert send(admin, "post", f"/mail-distrust/{mark['id']}/lift/", {}).json()["in_force"] is False
    check_problem(send(admin, "post", f"/mail-distrust/{mark['id']}/lift/"), 409)


def test_what_one_marks_for_oneself_is_nobody_elses_to_read(client_of, api_of):
    manager = client_of("dunmere", fresh=True)
    made = send(manager, "post", "/mail-distrust/", {**OWN, "organisation": "ashbourne", "domain": "ashbourne.example"})
    assert (made.status_code, made.json()["for_all"]) == (201, False)
    for slug in ("ashbourne", "gravenhurst"):
        assert listed(api_of(slug)) == []
        check_problem(send(api_of(slug), "get", f"/mail-distrust/{made.json()['id']}/"), 404)


def test_no_key_marks_mail_whatever_its_scopes(api_of, client_of, inside):
    key = api_of("dunmere")
    check_problem(send(key, "post", "/mail-distrust/", OWN), 403)
    check_problem(send(client_of("dunmere", "administrator"), "post", "/mail-distrust/", OWN), 403)
    check_problem(send(client_of("dunmere", "responder"), "post", "/mail-distrust/", OWN), 403)
    with inside("dunmere"):
        assert marks() == []


def test_sent_again_with_its_key_it_is_one_mark(admin, inside):
    first = send(admin, "post", "/mail-distrust/", OWN, Idempotency_Key="night-1")
    again = send(admin, "post", "/mail-distrust/", OWN, Idempotency_Key="night-1")
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    with inside("dunmere"):
        assert len(marks()) == 1
    check_problem(send(admin, "post", "/mail-distrust/", OWN), 409)


def test_what_is_wrong_is_named(admin):
    for wrong, field in (({"organisation": "nobody"}, "organisation"), ({"reason": " "}, "reason"),
                         ({"suspected_from": "yesterday"}, "suspected_from"), ({"more": 1}, "more")):  # fmt: skip
        problem = check_problem(send(admin, "post", "/mail-distrust/", {**OWN, **wrong}), 422)
        assert field in str(problem)
    check_problem(send(admin, "post", "/mail-distrust/", {**OWN, "domain": "elsewhere.example"}), 409)
    check_problem(send(admin, "post", "/mail-distrust/", {**OWN, "suspected_from": "2030-01-01T00:00:00Z"}), 409)


def test_the_lead_asks_for_a_mark_for_all_and_two_change_it(api_of, client_of, inside):
    reference = opened(api_of("ashbourne"))["reference"]
    lead, second = client_of("ashbourne", fresh=True), client_of("coldharbour", fresh=True)
    path = f"/incidents/{reference}/mail-distrust/"
    check_problem(send(client_of("gravenhurst", fresh=True), "post", path, {**OWN, "second": "coldharbour"}), 404)
    check_problem(send(second, "post", path, {**OWN, "second": "ashbourne"}), 409)
    asked = send(lead, "post", path, {**OWN, "second": "coldharbour"})
    assert asked.status_code == 202, asked.content
    assert any("dunmere.example" in effect for effect in asked.json()["effects"])
    assert listed(api_of("gravenhurst")) == []
    assert second.post(f"/approvals/{asked.json()['approval']}/approve/").status_code == 302
    (mark,) = listed(api_of("ashbourne"))
    assert (mark["by_two"], mark["incident"], mark["marked_by"]) == (True, reference, "ashbourne")
    (bare,) = listed(api_of("gravenhurst"))
    assert (bare["by_two"], bare["incident"], bare["marked_by"], bare["reason"]) == (False, None, "", "")
    lift = f"/mail-distrust/{mark['id']}/lift/"
    check_problem(send(second, "post", lift, {}), 422, "/reason", "/second")
    check_problem(send(client_of("dunmere", fresh=True), "post", lift, {"reason": "Clean", "second": "ashbourne"}), 409)
    check_problem(send(client_of("gravenhurst", fresh=True), "post", lift, {}), 409)
    waits = send(second, "post", lift, {"reason": "Clean", "second": "ashbourne"})
    assert waits.status_code == 202
    with inside("ashbourne"):
        assert Approval.objects.get(pk=waits.json()["approval"]).kind == "trust_mail"
    assert [each["in_force"] for each in listed(api_of("dunmere"))] == [True]
