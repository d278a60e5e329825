"""Shared with fewer: whoever loses it hears that. That a shared report follows one at home is told to nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from incidents.models import Incident, OutsideReport
from incidents.personal_data.reports import Report, share_report, write_report
from incidents.personal_data.saying import Said, say_position, share_position
from tests.api.asking import send
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def test_that_a_shared_report_follows_one_that_is_not_shared_stays_at_home(stage, incident, inside, client_of, api_of):
    with inside("dunmere"):
        first = write_report(incident, Report("ncsc", AT, "Grace Okafor"))
        follow_up = write_report(
            incident, Report("ncsc", AT, "Grace Okafor", words="More", follows=first.pk, shared="all")
        )
        assert write_report(
            incident, Report("ncsc", AT, "Grace Okafor", words="More", follows=first.pk, shared="all")
        ) == follow_up  # fmt: skip
    listed, page = (
        f"/incidents/{incident.reference}/outside-reports/",
        reverse("incident-told", args=[incident.reference]),
    )
    follows = {each["id"]: each["follows"] for each in send(api_of("dunmere"), "get", listed).json()["results"]}
    assert follows == {str(first.pk): None, str(follow_up.pk): str(first.pk)}
    assert "(follow-up)" in client_of("dunmere").get(page).content.decode()
    for slug in ("ashbourne", "brackenfield"):
        (row,) = send(api_of(slug), "get", listed).json()["results"]
        assert (row["id"], row["follows"]) == (str(follow_up.pk), None), slug
        assert "(follow-up)" not in client_of(slug).get(page).content.decode()
        assert str(first.pk) not in str(stage.as_app(slug, "SELECT x::text FROM incidents_outsidereport x"))
        assert stage.as_app(slug, "SELECT 1 FROM incidents_outsidereportnote") == []
    assert client_of("gravenhurst").get(page).status_code == 404
    with inside("gravenhurst"):
        assert not OutsideReport.objects.exists()


@pytest.mark.parametrize("what", ["outside_report", "data_position"])
def test_whoever_loses_what_was_shared_hears_that_and_not_who_still_reads_it(stage, incident, inside, what):
    def share(shared: str) -> None:
        with inside("dunmere", "data_protection_officer"):
            if what == "outside_report":
                share_report(report.pk, shared=shared)
            else:
                share_position(incident, shared=shared)

    with inside("dunmere", "data_protection_officer"):
        report = write_report(incident, Report("ncsc", AT, "Grace Okafor"))
        say_position(incident, Said("assessing"))
    everybody = {each for ((parts,),) in [stage.owner("SELECT participants FROM incidents_incident")] for each in parts}
    share("all")
    assert stage.events(f"{what}.unshared") == []
    share("lead")
    keeps = {stage.ids[slug] for slug in ("dunmere", "ashbourne", "northgate")}  # Northgate is deputy lead
    ((said, lost),) = stage.events(f"{what}.unshared")
    assert (set(lost), said["shared"]) == (everybody - keeps, "")
    assert stage.ids["gravenhurst"] not in lost
    assert set(stage.events(f"{what}.shared")[-1][1]) == keeps
    share("")
    assert {frozenset(audience) for _, audience in stage.events(f"{what}.unshared")} == {
        frozenset(everybody - keeps), frozenset(keeps)
    }  # fmt: skip
