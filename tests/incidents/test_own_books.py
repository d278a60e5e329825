"""Situation reports, shared by choice; a cost diary that nobody else ever reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Cost, Incident
from incidents.own_books.costs import Line, as_csv, put_cost, strike_cost
from incidents.own_books.situation import share_situation, write_situation
from portal import clock
from tests.api.asking import check_problem, send
from tests.notifications.stage import Stage, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

OTHERS = ("ashbourne", "northgate", "brackenfield", "gravenhurst")  # lead, provider, participant, stranger
SAID = {"major": "standby", "exact": "FS-02 at the town hall", "number_affected": "9,000 tenants"}


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def test_each_report_is_kept_and_the_lead_reads_what_is_shared(stage, incident, client_of, inside):
    at = reverse("incident-situation", args=[incident.reference])
    eastwick = client_of("eastwick")
    assert eastwick.post(at, SAID).status_code == 302
    assert eastwick.post(at, SAID).status_code == 302  # tapped twice
    assert eastwick.post(at, SAID | {"major": "yes"}).status_code == 302
    assert eastwick.post(at, {"exact": "x"}).status_code == 422
    reports = stage.owner("SELECT number, major, shared FROM incidents_situationreport ORDER BY number")
    assert reports == [(1, "standby", ""), (2, "yes", "")]
    page = eastwick.get(at).content.decode()
    assert "E – Exact systems and sites: FS-02 at the town hall" in page
    assert "T – Type of attack: not known yet" in page
    for slug in OTHERS:
        assert stage.as_app(slug, "SELECT 1 FROM incidents_situationreport") == []
    assert stage.events("situation_report.shared") == []
    with inside("eastwick"):
        newest = write_situation(incident, SAID | {"major": "no"}, shared="lead")
        with pytest.raises(Invalid):
            write_situation(incident, SAID | {"hazards": "x" * 2001})
    read = {slug: len(stage.as_app(slug, "SELECT 1 FROM incidents_situationreport")) for slug in OTHERS}
    # Northgate deputises here, as the provider does when nobody is named.
    assert read == {"ashbourne": 1, "northgate": 1, "brackenfield": 0, "gravenhurst": 0}
    assert "9,000 tenants" in client_of("ashbourne").get(at).content.decode()
    assert client_of("gravenhurst").get(at).status_code == 404
    ((data, _audience),) = stage.events("situation_report.shared")
    assert "tenants" not in str(data)
    with inside("ashbourne"), pytest.raises(NotYours):
        share_situation(newest, shared="")
    assert client_of("ashbourne").post(reverse("situation-share", args=[newest.pk]), {"share": ""}).status_code == 404
    assert eastwick.post(reverse("situation-share", args=[newest.pk]), {"share": ""}).status_code == 302
    assert stage.as_app("ashbourne", "SELECT 1 FROM incidents_situationreport") == []


def test_the_cost_diary_is_nobody_elses(stage, incident, client_of, inside):
    at = reverse("incident-costs", args=[incident.reference])
    eastwick = client_of("eastwick")
    hours = {"on": "2026-01-05", "what": "Night work", "hours": "7.5", "grade": "PO3", "once": str(uuid4())}
    assert eastwick.post(at, hours).status_code == 302
    assert eastwick.post(at, hours).status_code == 302  # tapped twice
    bill = {
        "on": "2026-01-06",
        "what": "Forensics",
        "pounds": "1200.05",
        "invoice": "=HYPERLINK(1)",
        "once": str(uuid4()),
    }
    assert eastwick.post(at, bill).status_code == 302
    page = eastwick.get(at).content.decode()
    assert "£1,200.05" in page
    assert "7.5 hours of PO3" in page
    file = eastwick.get(reverse("incident-costs-file", args=[incident.reference])).content.decode("utf-8-sig")
    assert "2026-01-06,Forensics,,,1200.05,'=HYPERLINK(1)," in file
    for slug in OTHERS:
        assert stage.as_app(slug, "SELECT 1 FROM incidents_cost") == []
        if slug != "gravenhurst":
            assert "Forensics" not in client_of(slug).get(at).content.decode()
            other = client_of(slug).get(reverse("incident-costs-file", args=[incident.reference])).content.decode()
            assert "Forensics" not in other
    assert client_of("gravenhurst").get(at).status_code == 404
    assert "Forensics" not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))
    with inside("eastwick"):
        line = Cost.objects.get(what="Forensics")
        with pytest.raises(WrongMoment):
            strike_cost(line, because=" ")
        assert strike_cost(line, because="Paid by the insurer.")
        assert not strike_cost(line, because="Again.")
        assert ",struck,Paid by the insurer." in as_csv([Cost.objects.get(pk=line.pk)]).decode()
    assert "£0.00" in eastwick.get(at).content.decode()
    with inside("ashbourne"), pytest.raises(NotYours):
        strike_cost(line, because="Not mine.")


def test_what_is_wrong_is_said_and_two_at_once_are_one_line(stage, incident, inside, client_of, api_of):
    today = clock.now().date()
    with inside("eastwick"):
        for wrong in (
            Line(today, " ", pence=1), Line(today + timedelta(days=2), "x", pence=1), Line(today, "x"),
            Line(today, "x", hours=Decimal(1)), Line(today, "x", hours=Decimal(1), grade="PO3", pence=1),
            Line(today, "x", pence=0), Line(today, "x", pence=1, grade="PO3"), Line(today, "x" * 501, pence=1),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                put_cost(incident, wrong)
    with inside("gravenhurst"), pytest.raises(NotYours):
        put_cost(incident, Line(today, "x", pence=1))
    once, line = uuid4(), date(2026, 1, 5)

    def writes() -> None:
        with stage.as_person("eastwick"):
            put_cost(incident, Line(line, "Taxi", pence=1250, once=once))

    assert in_threads(writes, writes) == []
    assert stage.owner("SELECT count(*), max(pence) FROM incidents_cost") == [(1, 1250)]
    at = f"/incidents/{incident.reference}"
    person = client_of("eastwick")
    made = send(
        person, "post", f"{at}/costs/", {"on": "2026-01-05", "what": "Night work", "hours": "7.5", "grade": "PO3"}
    )
    assert (made.status_code, made.json()["hours"]) == (201, "7.50")
    check_problem(send(person, "post", f"{at}/costs/", {"on": "2026-01-05", "what": "x"}), 422)
    assert len(send(api_of("eastwick"), "get", f"{at}/costs/").json()["results"]) == 2
    check_problem(send(api_of("eastwick"), "post", f"{at}/costs/", {"on": "2026-01-05", "what": "x", "pence": 1}), 403)
    assert send(client_of("ashbourne"), "get", f"{at}/costs/").json()["results"] == []
    report = send(person, "post", f"{at}/situation-reports/", {"major": "no", "shared": "lead"})
    assert report.json()["text"].startswith("M/ETHANE 1, ")
    assert len(send(api_of("ashbourne"), "get", f"{at}/situation-reports/").json()["results"]) == 1
    check_problem(send(api_of("eastwick"), "post", f"{at}/situation-reports/", {"major": "no"}), 403)
    check_problem(send(person, "post", f"{at}/situation-reports/", {"major": "perhaps"}), 422)


def test_after_a_summer_midnight_it_is_the_next_day_here(incident, inside, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    with inside("eastwick"):
        assert put_cost(incident, Line(date(2026, 7, 2), "Night shift", pence=100)).on == date(2026, 7, 2)
        with pytest.raises(Invalid):
            put_cost(incident, Line(date(2026, 7, 3), "Tomorrow's", pence=100))
