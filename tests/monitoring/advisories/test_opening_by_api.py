"""An incident opened from an exposure by API: as by its page, once for a key of idempotency, and by whoever runs it."""

from __future__ import annotations

import copy
from uuid import uuid4

import pytest

from incidents.models import Incident
from incidents.opening import OPEN_AS_ASKED_AN_HOUR
from monitoring.advisories.reading import read_parsed
from monitoring.advisories.storing import keep_as_organisation
from monitoring.models import Exposure, ExposureIncident
from tests.api.asking import check_problem, send
from tests.monitoring.advisories.conftest import document, match

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_reaches_whom_the_system_reaches_and_both_point_at_each_other(exposure, api_of, client_of, inside):
    northgate, path = api_of("northgate"), f"/exposures/{exposure.pk}/open/"
    first = send(northgate, "post", path, {"severity": 2}, Idempotency_Key="edge-1")
    assert first.status_code == 201, first.content
    shown = first.json()
    assert (shown["title"], shown["systems"], shown["lead"], shown["status"], shown["severity"]) == (
        "CVE-2099-10001: Fictional: OpenLDAP out-of-bounds write", ["identity-platform"], "northgate", "open", 2,
    )  # fmt: skip
    # DESIGN.md 9: who stands on the identity platform, and whoever hangs on it. Gravenhurst's barrier was tested.
    taking_part = {each["organisation"] for each in shown["participants"]}
    assert taking_part == {
        "ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "northgate",
    }  # fmt: skip
    assert first.headers["Location"].endswith(f"/incidents/{shown['reference']}/")
    assert shown["similar"] == []

    again = send(northgate, "post", path, {"severity": 2}, Idempotency_Key="edge-1")
    assert (again.status_code, again.json()["reference"]) == (201, shown["reference"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send(northgate, "post", path, {"severity": 3}, Idempotency_Key="edge-1").status_code == 422
    with inside("northgate"):
        assert Incident.objects.count() == ExposureIncident.objects.count() == 1

    listed = send(northgate, "get", "/exposures/").json()["results"]
    assert [each["incidents"] for each in listed if each["id"] == str(exposure.pk)] == [[shown["reference"]]]
    of = f"/incidents/{shown['reference']}/exposures/"
    assert [each["id"] for each in send(northgate, "get", of).json()["results"]] == [str(exposure.pk)]
    assert (
        f"/advisories/{exposure.pk}/"
        in client_of("northgate").get(f"/incidents/{shown['reference']}/").content.decode()
    )
    # Who takes part runs nothing of the system: nothing of the exposure.
    assert send(api_of("ashbourne"), "get", of).json()["results"] == []
    assert str(exposure.pk) not in client_of("ashbourne").get(f"/incidents/{shown['reference']}/").content.decode()

    by_page = {
        "systems": ["identity-platform"],
        "title": "Same",
        "step": "open",
        "because_of": f"exposure:{exposure.pk}",
    }
    other = client_of("northgate").post("/incidents/open/", by_page).headers["Location"].split("/")[2]

    def told(reference: str) -> list[str]:
        rows = send(northgate, "get", f"/incidents/{reference}/events/?limit=1000").json()["results"]
        return sorted(each["kind"] for each in rows if each["kind"] != "organisation.seen")  # a board was looked at

    assert told(shown["reference"]) == told(other)
    third = send(northgate, "post", path, {}).json()
    assert set(third["similar"]) == {shown["reference"], other}


def test_nobody_but_who_runs_the_system_and_no_key_without_the_scope(exposure, api_of, client_of, inside, owner):
    path = f"/exposures/{exposure.pk}/open/"
    bodies = {}
    for slug in ("ashbourne", "dunmere", "gravenhurst"):  # on the system, beside it, and the stranger
        there = check_problem(send(api_of(slug, ["open", "suspect"]), "post", path, {}), 404)
        absent = check_problem(send(api_of(slug, ["open", "suspect"]), "post", f"/exposures/{uuid4()}/open/", {}), 404)
        bodies[slug] = (
            {k: v for k, v in there.items() if k != "instance"},
            {k: v for k, v in absent.items() if k != "instance"},
        )
        # Nor can it be guessed by what its body is said to lack.
        assert send(api_of(slug, ["open"]), "post", path, {"severity": 99}).status_code == 404
    assert all(there == absent for there, absent in bodies.values())
    check_problem(send(api_of("northgate", ["read", "answer", "estate"]), "post", path, {}), 403)
    check_problem(send(api_of("northgate", ["suspect"]), "post", path, {}), 403)
    check_problem(send(api_of("northgate", ["open"], expired=True), "post", path, {}), 401)
    check_problem(send(client_of("northgate", "observer"), "post", path, {}), 403)
    check_problem(send(api_of("northgate"), "post", path, {"severity": 7, "title": " ", "systems": []}), 422,
                  "/severity", "/title", "/systems")  # fmt: skip
    check_problem(send(api_of("northgate"), "post", path, {"playbook": "no-such"}), 422, "/playbook")
    check_problem(send(api_of("northgate"), "post", path, b"{"), 400)
    check_problem(send(api_of("northgate"), "post", path, []), 422)
    with inside("northgate"):
        assert not Incident.objects.exists()
        assert not ExposureIncident.objects.exists()

    suspected = send(api_of("northgate", ["suspect"]), "post", path, {"stage": "suspected"})
    assert (suspected.status_code, suspected.json()["status"]) == (201, "suspected")
    # The owner of the system may as well; of an incident that it takes no part in it learns nothing by the exposure.
    owner.execute(
        "UPDATE partners_sharedsystem SET owner_id = o.id FROM partners_organisation o"
        " WHERE o.slug = 'gravenhurst' AND partners_sharedsystem.slug = 'identity-platform'"
    )
    mine = send(api_of("gravenhurst", ["open", "read"]), "post", path, {"title": "Directory"})
    assert (mine.status_code, mine.json()["similar"]) == (201, [])


def test_beyond_the_hours_limit_it_starts_as_suspected_and_is_not_refused(exposure, api_of):
    northgate, path = api_of("northgate"), f"/exposures/{exposure.pk}/open/"
    states = [send(northgate, "post", path, {}).json()["status"] for _ in range(OPEN_AS_ASKED_AN_HOUR + 1)]
    assert states == ["open"] * OPEN_AS_ASKED_AN_HOUR + ["suspected"]


def test_the_title_of_a_document_that_is_not_clear_is_told_to_nobody_who_takes_part(inside, api_of, client_of):
    amber = copy.deepcopy(document("csaf"))
    amber["document"]["distribution"]["tlp"]["label"] = "AMBER"
    with inside("northgate"):
        keep_as_organisation(read_parsed(amber))
    match()
    with inside("northgate"):
        exposure = Exposure.objects.get(label="CVE-2099-10004")
    path = f"/exposures/{exposure.pk}/open/"
    check_problem(send(api_of("northgate"), "post", path, {}), 422, "/title")
    link = f"title=&amp;because_of=exposure%3A{exposure.pk}"
    assert link in client_of("northgate").get(f"/advisories/{exposure.pk}/").content.decode()
    made = send(api_of("northgate"), "post", path, {"title": "Remote access"})
    assert made.status_code == 201
    theirs = send(api_of("ashbourne"), "get", f"/incidents/{made.json()['reference']}/")
    assert theirs.status_code == 200
    assert "-10004" not in theirs.content.decode()
