"""Pages and API of advisories: who finds what there, deciding, bringing, and the way to an incident."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from incidents.models import Incident
from monitoring.models import Advisory, Exposure, ExposureDecision
from portal import clock
from tests.monitoring.advisories.conftest import document, match
from tests.partners.raw import entered, refused

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_provider_decides_and_a_stranger_finds_nothing(exposure, client_of, api_of, inside):
    northgate, page = client_of("northgate"), f"/advisories/{exposure.pk}/"
    shown = northgate.get("/advisories/").content.decode()
    assert "OpenLDAP out-of-bounds write" in shown
    assert shown.index("CVE-2099-10001") < shown.index("CVE-2099-10002")  # what is exploited comes first
    detail = northgate.get(page).content.decode()
    assert "by name alone: OpenLDAP OpenLDAP" in detail
    assert "/incidents/open/?systems=identity-platform&amp;title=CVE-2099-10001" in detail
    for slug in ("ashbourne", "gravenhurst", "dunmere"):
        assert "CVE-2099-10001" not in client_of(slug).get("/advisories/").content.decode()
        assert client_of(slug).get(page).status_code == 404
        assert client_of(slug).post(page, {"choice": "accept"}).status_code == 404
        found = api_of(slug).get("/api/v1/exposures/").json()["results"]
        assert {each["vulnerability"] for each in found} <= {"CVE-2099-10006"}
    assert client_of("northgate", "observer").post(page, {"choice": "accept"}).status_code in {403, 404}

    wrong = northgate.post(page, {"choice": "accept"})
    assert wrong.status_code == 422
    assert all(each in wrong.content.decode() for each in ("Say why", "Say until when", "Name who sees to it"))
    until = (clock.now() + timedelta(days=30)).date()
    said = {"choice": "accept", "reason": "Behind the gateway", "responsible": "Directory team", "until_on": until}
    assert northgate.post(page, said).status_code == 302
    assert "CVE-2099-10001" not in northgate.get("/advisories/").content.decode()
    assert "Directory team" in northgate.get("/advisories/?show=decided").content.decode()
    [row] = api_of("northgate").get("/api/v1/exposures/?state=open").json()["results"][-1:]
    decided = {
        each["vulnerability"]: each["decision"]
        for each in api_of("northgate").get("/api/v1/exposures/").json()["results"]
    }
    assert (decided["CVE-2099-10001"], decided["CVE-2099-10002"]) == ("accept", None)
    assert row["state"] == "open"
    with inside("northgate"):
        assert ExposureDecision.objects.get().reason == "Behind the gateway"


def test_what_names_the_organisation_behind_many_systems_is_one_row_and_one_decision(operator, client_of, inside):
    operator(document("stix"))
    northgate = client_of("northgate")
    shown = northgate.get("/advisories/").content.decode()
    assert shown.count("log-ins of a service provider offered for sale") == 1
    with inside("northgate"):
        rows = list(Exposure.objects.values_list("pk", flat=True))
    assert f"and {len(rows) - 1} more systems" in shown
    said = {"choice": "not_us", "reason": "Another company of this name"}
    assert northgate.post(f"/advisories/{rows[0]}/", said).status_code == 302
    assert "Nothing to do" in northgate.get("/advisories/").content.decode()
    with inside("northgate"):
        assert ExposureDecision.objects.count() == len(rows)


def test_one_click_leads_to_the_form_of_an_incident_with_the_system_filled_in(exposure, client_of):
    form = (
        client_of("northgate").get("/incidents/open/?systems=identity-platform&title=CVE-2099-10001").content.decode()
    )
    assert 'value="CVE-2099-10001"' in form
    at = form.index('value="identity-platform"')
    assert "checked" in form[at : at + 120]
    other = client_of("northgate").get("/incidents/open/?systems=planning-search&systems=%3Cb%3E").content.decode()
    assert 'value="planning-search"' not in other  # a system that one may not name


def test_an_incident_points_back_to_its_exposure_for_whoever_reads_both(exposure, client_of, api_of, inside, owner):
    # Dunmere owns the system and takes no part; Ashbourne takes part and runs nothing of it.
    owner.execute(
        "UPDATE partners_sharedsystem SET owner_id = o.id FROM partners_organisation o"
        " WHERE o.slug = 'dunmere' AND partners_sharedsystem.slug = 'identity-platform'"
    )
    page = f"/advisories/{exposure.pk}/"
    detail = client_of("northgate").get(page).content.decode()
    assert f"because_of=exposure%3A{exposure.pk}" in detail
    form = {"systems": ["identity-platform"], "title": "Directory", "step": "suspected"}
    form["because_of"] = f"exposure:{exposure.pk}"

    def opens(slug: str) -> str:
        return client_of(slug).post("/incidents/open/", form).headers["Location"]

    def listed(slug: str) -> Any:
        return api_of(slug).get("/api/v1/exposures/?limit=1000").json()["results"]

    boards = {slug: opens(slug) for slug in ("ashbourne", "northgate")}
    references = {slug: board.split("/")[2] for slug, board in boards.items()}
    assert references["northgate"] in client_of("northgate").get(page).content.decode()
    assert references["ashbourne"] not in client_of("northgate").get(page).content.decode(), "it may not read it"
    assert page in client_of("northgate").get(boards["northgate"]).content.decode()
    of = f"/api/v1/incidents/{references['northgate']}/exposures/"
    [row] = api_of("northgate").get(of).json()["results"]
    assert (row["id"], row["incidents"]) == (str(exposure.pk), [references["northgate"]])
    # The owner reads the exposure and learns of no incident.
    assert references["northgate"] not in client_of("dunmere").get(page).content.decode()
    assert [each["incidents"] for each in listed("dunmere") if each["id"] == str(exposure.pk)] == [[]]
    assert api_of("dunmere").get(of).status_code == 404
    # A participant reads the incident and learns of no exposure.
    assert client_of("northgate").post("/incidents/open/", form | {"step": "open"}).status_code == 302
    with inside("northgate"):
        opened = Incident.objects.filter(status="open").get()
    board = client_of("ashbourne").get(f"/incidents/{opened.reference}/")
    assert board.status_code == 200
    assert str(exposure.pk) not in board.content.decode()
    assert api_of("ashbourne").get(f"/api/v1/incidents/{opened.reference}/exposures/").json()["results"] == []
    assert api_of("gravenhurst").get(f"/api/v1/incidents/{opened.reference}/exposures/").status_code == 404


def test_a_document_is_brought_by_page_and_by_api_whole_or_not_at_all(client_of, api_of, inside):
    northgate = client_of("northgate")

    def bring(content: bytes) -> Any:
        return northgate.post("/advisories/bring/", {"file": io.BytesIO(content)})

    bad = document("csaf")
    bad["vulnerabilities"].append(bad["vulnerabilities"][0])
    refused = bring(json.dumps(bad).encode())
    assert refused.status_code == 422
    assert "6.1.23 /vulnerabilities: CVE-2099-10004 stands there more than once." in refused.content.decode()
    assert bring(b"<xml>").status_code == 422
    assert northgate.post("/advisories/bring/").status_code == 422
    with inside("northgate"):
        assert not Advisory.objects.exists()
    assert bring(json.dumps(document("csaf")).encode()).status_code == 302
    key = api_of("northgate", ["estate"])
    send = lambda body: key.post("/api/v1/advisories/", body, content_type="application/json")  # noqa: E731
    assert send(document("osv")).json() == {"new": 1, "replaced": 0, "same": 0, "older": 0}
    again = send(document("csaf"))
    assert again.json()["same"] == 1
    faults = send(bad | {"document": {**bad["document"], "title": ""}})
    assert faults.status_code == 422
    assert faults.json()["errors"][0]["pointer"] == "/document/title"
    assert (
        api_of("northgate", ["read"])
        .post("/api/v1/advisories/", document("osv"), content_type="application/json")
        .status_code
        == 403
    )
    match()
    [keycloak] = [
        e for e in api_of("northgate").get("/api/v1/exposures/").json()["results"] if "10003" in e["vulnerability"]
    ]
    assert (keycloak["about"], keycloak["installed"], keycloak["certainty"]) == (
        "Red Hat Keycloak",
        "26.0.5",
        "confirmed",
    )
    listed = api_of("ashbourne").get("/api/v1/advisories/?vulnerability=CVE-2099-10003").json()["results"]
    assert [(each["ident"], each["kind"], each["own"]) for each in listed] == [("DEMO-2026-0003", "osv", False)]


def test_feeds_are_shown_with_how_they_stand_and_without_what_may_be_a_key(client_of, owner, cast):
    owner.execute(
        "INSERT INTO monitoring_advisoryfeed (id, slug, name, kind, url, every_minutes, is_active, due_at,"
        " failing_since, trouble) VALUES (%s, 'x', 'Catalogue', 'kev', 'https://feeds.example/a?key=s3cret', 60, true,"
        " now(), now(), 'It answers with the status 503.')",
        [uuid4()],
    )
    shown = client_of("dunmere").get("/advisories/feeds/").content.decode()
    assert "feeds.example" in shown
    assert "It answers with the status 503." in shown
    assert "s3cret" not in shown
    with entered(cast.visitor("dunmere").ticket) as sql:
        assert refused(sql, "SELECT url FROM monitoring_advisoryfeed") == "42501"
        assert sql.execute("SELECT host FROM sec.feed_hosts()").fetchall() == [("feeds.example",)]
        assert refused(sql, "SELECT also FROM monitoring_advisoryalias") == "42501", "nor who is whose supplier"
    with entered() as sql:
        assert refused(sql, "SELECT host FROM sec.feed_hosts()") == "42501"
    assert "One feed does not answer" in client_of("dunmere").get("/advisories/").content.decode()
