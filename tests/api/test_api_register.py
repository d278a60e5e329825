"""Writing in the register by API: whose it is, what is wrong with it, that nobody overwrites unread; files."""

from __future__ import annotations

import json

import pytest

from partners.importing.checking import check_due
from partners.importing.kinds import not_yours
from partners.importing.systems import Systems
from partners.models import SharedSystem
from portal.ledger.models import Event
from tests.api.asking import check_problem, send
from tests.notifications.stage import as_worker

pytestmark = pytest.mark.django_db
NOWHERE = "0e2f4f8e-3f0c-4d0c-9d52-0d8ab2f0f5d1"


@pytest.fixture
def northgate(api_of):
    return api_of("northgate")


def first(client, collection, **wanted):
    rows = send(client, "get", f"/{collection}/?limit=1000").json()["results"]
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def test_a_system_is_added_read_and_changed_and_its_history_says_so(api_of, seal):
    client = api_of("ashbourne")
    made = send(client, "post", "/systems/", {"name": "Parking", "owner": "ashbourne", "data_categories": ["contact"]})
    assert made.status_code == 201, made.content
    path = made.json()["url"].split("/api/v1")[1]
    assert made.json()["slug"].startswith("parking-")
    read = send(client, "get", path)
    assert read.headers["ETag"] == made.headers["ETag"]
    check_problem(send(client, "patch", path, {"hosting": "Here"}), 428)
    changed = send(client, "patch", path, {"hosting": "Here", "people_dependent": 5}, If_Match=read.headers["ETag"])
    assert (changed.status_code, changed.json()["hosting"], changed.json()["people_dependent"]) == (200, "Here", 5)
    check_problem(send(client, "patch", path, {"hosting": "There"}, If_Match=read.headers["ETag"]), 412)
    emptied = send(client, "patch", path, {"people_dependent": None}, If_Match=changed.headers["ETag"])
    assert emptied.json()["people_dependent"] is None
    history = send(client, "get", f"{path}history/").json()["results"]
    assert [each["what"] for each in history] == ["changed", "changed", "made"]
    assert history[1]["after"]["hosting"] == "Here"
    check_problem(send(client, "post", "/systems/", {"name": "Parking", "owner": "ashbourne"}), 409)
    for stranger in ("gravenhurst", "dunmere"):
        other = api_of(stranger)
        absent = send(other, "get", "/systems/no-such-thing/")
        for method, where in (("get", path), ("patch", path), ("get", f"{path}history/")):
            answer = send(other, method, where, {"hosting": "Mine"} if method == "patch" else None, If_Match="*")
            assert (answer.status_code, answer.content) == (404, absent.content)


def test_what_is_wrong_is_pointed_at(northgate):
    wrong = {"name": "", "status": "asleep", "people_dependent": "5", "data_categories": ["x"], "colour": "red"}
    check_problem(
        send(northgate, "post", "/systems/", wrong), 422, "/name", "/status", "/people_dependent",
        "/data_categories/0", "/colour",
    )  # fmt: skip
    check_problem(send(northgate, "post", "/systems/", {"name": "x", "owner": "atlantis"}), 422, "/owner")
    body = {"system": "identity-platform", "product": "x", "cpe": "cpe:nonsense"}
    check_problem(send(northgate, "post", "/components/", body), 422, "/cpe")


@pytest.mark.parametrize("named", ["social-care-records", "no-such-system"])
def test_no_oracle_for_foreign_systems(api_of, named):
    client = api_of("gravenhurst")
    for collection, body in (
        ("components", {"product": "Linux"}),
        ("participations", {}),
        ("services", {"name": "Rents"}),
    ):
        said = check_problem(send(client, "post", f"/{collection}/", {"system": named, **body}), 422, "/system")
        assert said["errors"][0]["detail"] == not_yours()


def test_who_merely_sees_it_changes_nothing(api_of):
    client = api_of("ashbourne")
    system = send(client, "get", "/systems/identity-platform/")
    check_problem(send(client, "patch", "/systems/identity-platform/", {"hosting": "x"}, If_Match="*"), 403)
    assert send(client, "get", "/systems/identity-platform/").json() == system.json()
    check_problem(send(api_of("ashbourne", ["read", "contacts"]), "post", "/systems/", {"name": "x"}), 403)


def test_parts_of_a_system(northgate, api_of):
    body = {"system": "identity-platform", "product": "OpenSSL", "product_version": "3.0.11"}
    made = send(northgate, "post", "/components/", body, Idempotency_Key="once")
    assert made.status_code == 201, made.content
    again = send(northgate, "post", "/components/", body, Idempotency_Key="once")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (made.json(), "true")
    check_problem(send(northgate, "post", "/components/", body), 409)
    path = f"/components/{made.json()['id']}/"
    changed = send(northgate, "patch", path, {"note": "Replaced in spring"}, If_Match=made.headers["ETag"])
    assert changed.json()["note"] == "Replaced in spring"
    assert send(northgate, "get", f"{path}history/").json()["results"][0]["after"] == {"note": "Replaced in spring"}
    assert send(api_of("ashbourne"), "get", path).status_code == 200, "who stands on it sees what it is made of"
    check_problem(send(api_of("ashbourne"), "patch", path, {"note": "x"}, If_Match="*"), 403)
    assert send(api_of("gravenhurst"), "get", path).status_code == 404

    stand = send(northgate, "post", "/participations/", {"system": "identity-platform", "organisation": "northgate"})
    assert stand.status_code == 201, stand.content
    service = send(
        northgate, "post", "/services/",
        {"system": "identity-platform", "name": "Rents", "critical_dates": ["2027-05-06: Polling day"]},
    )  # fmt: skip
    assert (service.status_code, service.json()["organisation"]) == (201, "northgate")
    where = f"/services/{service.json()['id']}/"
    put = send(northgate, "patch", where, {"people_served": 12}, If_Match=service.headers["ETag"])
    assert put.json()["people_served"] == 12


def test_links(northgate):
    edge = first(northgate, "dependencies", barrier="none")
    path = f"/dependencies/{edge['id']}/"
    tag = send(northgate, "get", path).headers["ETag"]
    changed = send(northgate, "patch", path, {"stops": "Mail", "barrier": "claimed"}, If_Match=tag)
    assert (changed.status_code, changed.json()["stops"], changed.json()["barrier"]) == (200, "Mail", "claimed")
    ends = {"source": edge["source"]["slug"], "target": edge["target"]["slug"], "kind": edge["kind"]}
    made = send(northgate, "post", "/dependencies/", {**ends, "label": "by night"})
    assert made.status_code == 201, made.content
    check_problem(send(northgate, "post", "/dependencies/", {**ends, "target": ends["source"]}), 422, "/target")


@pytest.mark.django_db(transaction=True)
def test_a_file_is_sent_watched_and_written(api_of, inside):
    client = api_of("ashbourne")
    raw = b"name,owner,remarks\nParking,ashbourne,x\nLibrary,dunmere,y\n"

    def post(body, kind="systems", sort="text/csv"):
        return client.generic("POST", f"/api/v1/register/imports/?kind={kind}", body, sort)

    sent = post(raw)
    assert sent.status_code == 202, sent.content
    assert (sent.json()["state"], sent.json()["left_out"], sent.json()["counts"]) == ("checking", ["remarks"], None)
    path = sent.headers["Location"].split("/api/v1")[1]
    check_problem(send(client, "post", f"{path}write/", {}), 409)
    with as_worker():
        assert check_due() == 1
    assert send(client, "get", path).json()["counts"] == {
        "added": 1, "changed": 0, "unchanged": 0, "refused": 1, "duplicate": 0,
    }  # fmt: skip
    (refused,) = send(client, "get", f"{path}rows/?fate=refused").json()["results"]
    assert refused["troubles"] == [{"field": "owner", "detail": not_yours()}]
    written = send(client, "post", f"{path}write/", {})
    assert (written.status_code, written.json()["state"], written.json()["written"]) == (200, "written", 1)
    check_problem(send(client, "post", f"{path}write/", {}), 409)
    check_problem(send(client, "post", f"{path}check/", {}), 409)
    with inside("ashbourne"):
        assert SharedSystem.objects.get(name="Parking").owner.slug == "ashbourne"
        assert Event.objects.filter(kind="import.written").count() == 1
    as_json = post(json.dumps([{"name": "Parking", "hosting": "Here"}]).encode(), sort="application/json")
    assert (as_json.status_code, as_json.json()["columns"]) == (202, {"name": "name", "hosting": "hosting"})
    check_problem(post(b""), 422)
    check_problem(post(b"PK\x03\x04"), 422)
    check_problem(post(b"colour\nred\n"), 422)
    check_problem(post(raw, kind="people"), 422)
    check_problem(post(raw, sort="application/xml"), 415)
    for stranger in ("gravenhurst", "dunmere"):
        other = api_of(stranger)
        for where in (path, f"{path}rows/"):
            assert send(other, "get", where).status_code == 404
        for where in (f"{path}write/", f"{path}check/"):
            assert send(other, "post", where, {}).status_code == 404
        assert send(other, "get", "/register/imports/").json()["results"] == []


def test_the_database_refuses_what_the_code_would_let_through(api_of, monkeypatch):
    """Nobody writes in another's name, whatever the code thinks."""
    monkeypatch.setattr(Systems, "check_new", lambda self, values: None)
    check_problem(send(api_of("ashbourne"), "post", "/systems/", {"name": "Theirs", "owner": "dunmere"}), 403)
