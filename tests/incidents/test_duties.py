"""Duties: what opening brings up, who sets *aware*, what is due when, what is kept, and who sees nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from incidents.duties import begin_assessment, own_clock
from incidents.duties.saying import Saying, say
from incidents.errors import NotYours, WrongMoment
from incidents.models import Duty, DutyRevision, Incident
from partners.approvals import NotAllowed
from partners.duty_catalogue import Line, keep_line
from partners.models import DutyEntry
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

DPO = "data_protection_officer"
EVIDENCE = "S. Osei: payroll files are on the intruder's page."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def own(incident: Incident, stage: Stage, slug: str, kind: str = Duty.ICO) -> Duty:
    return Duty.objects.get(incident=incident, organisation_id=stage.ids[slug], kind=kind)


def aware(incident: Incident, stage: Stage, ago: timedelta = timedelta(hours=1)) -> datetime:
    """Ashbourne's data protection officer says so; since when."""
    since = timezone.now() - ago
    with stage.as_person("ashbourne", role=DPO):
        assert say(own(incident, stage, "ashbourne"), Saying("aware", since, EVIDENCE))
    return since


def test_opening_starts_no_clock_and_only_its_data_protection_officer_does(stage, incident, inside):
    for slug in ("ashbourne", "dunmere", "northgate"):
        with inside(slug):
            duty = own(incident, stage, slug)
            assert (duty.state, duty.aware_at, duty.due_at, duty.hours) == ("assessing", None, None, 72)
            assert duty.source == "UK GDPR, Article 33(1)"
    with inside("northgate"):  # whoever processes for others has that duty too, without a number
        assert own(incident, stage, "northgate", "controllers_told").hours == 0
    with inside("dunmere"):
        assert not Duty.objects.filter(kind="controllers_told").exists()
        assert not Duty.objects.filter(kind__startswith="bill").exists()
    now = timezone.now()
    for role in ("administrator", "incident_manager", "observer"):
        with inside("ashbourne", role), pytest.raises(NotYours):
            say(own(incident, stage, "ashbourne"), Saying("aware", now, EVIDENCE))
    since = aware(incident, stage)
    with inside("ashbourne"):
        duty = own(incident, stage, "ashbourne")
        assert (duty.state, duty.aware_at, duty.due_at) == ("running", since, since + timedelta(hours=72))
        assert own_clock(incident, me=stage.ids["ashbourne"]) == duty
        assert DutyRevision.objects.get(duty=duty).name == "Samuel Osei"


def test_nobody_else_sees_that_there_is_one_until_its_owner_shares_it(stage, incident, inside, client_of, api_of):
    aware(incident, stage)
    page = reverse("incident-duties", args=[incident.reference])
    with inside("ashbourne"):
        mine = own(incident, stage, "ashbourne").pk
    # Dunmere's own is looked at by the lead and the provider, Ashbourne's (the lead's) by a partner and a stranger.
    with inside("dunmere"):
        theirs = own(incident, stage, "dunmere").pk
    for slug, of in (("ashbourne", theirs), ("northgate", theirs), ("dunmere", mine), ("gravenhurst", mine)):
        with inside(slug):
            assert not Duty.objects.filter(pk=of).exists()
            assert not DutyRevision.objects.exclude(organisation_id=stage.ids[slug]).exists()
            assert not DutyEntry.objects.exclude(organisation_id=stage.ids[slug]).exists()
            assert set(Duty.objects.values_list("organisation__slug", flat=True)) <= {slug}
            with pytest.raises(NotYours):
                say(Duty(pk=of), Saying("share", whom="all"))
        client = client_of(slug)
        assert client.get(reverse("duty-detail", args=[incident.reference, of])).status_code == 404
        answer = api_of(slug).get(f"/api/v1/incidents/{incident.reference}/duties/")
        if slug == "gravenhurst":
            assert (client.get(page).status_code, answer.status_code) == (404, 404)
        else:
            assert "Shared by others" not in client.get(page).content.decode()
            assert {each["organisation"] for each in answer.json()["results"]} == {slug}
    assert {tuple(audience) for _, audience in stage.events("duty.changed")} == {(stage.ids["ashbourne"],)}

    with inside("dunmere", "administrator"):  # nobody at Dunmere is a data protection officer
        say(own(incident, stage, "dunmere"), Saying("no_report", words="Dunmere holds nothing there."))
        say(own(incident, stage, "dunmere"), Saying("share", whom="lead"))
    with inside("ashbourne"):
        assert Duty.objects.get(pk=theirs).decision == "Dunmere holds nothing there."
        assert not DutyRevision.objects.filter(duty_id=theirs).exists()  # who said it stays at home
    for slug in ("northgate", "eastwick", "gravenhurst"):
        with inside(slug):
            assert not Duty.objects.filter(pk=theirs).exists()
    assert "Shared by others" in client_of("ashbourne").get(page).content.decode()
    with inside("dunmere", "administrator"):
        say(own(incident, stage, "dunmere"), Saying("share", whom="all"))
    for slug, sees in (("northgate", True), ("eastwick", True), ("gravenhurst", False)):
        with inside(slug):
            assert Duty.objects.filter(pk=theirs).exists() is sees
    with inside("dunmere", "administrator"):
        say(own(incident, stage, "dunmere"), Saying("share", whom=""))
    with inside("ashbourne"):
        assert not Duty.objects.filter(pk=theirs).exists()


def test_a_correction_keeps_what_was_said_and_a_late_report_says_why(stage, incident, inside):
    first = aware(incident, stage, timedelta(hours=80))
    with inside("ashbourne", DPO):
        duty = own(incident, stage, "ashbourne")
        reported = first + timedelta(hours=74)
        with pytest.raises(WrongMoment, match="after it was due: say why"):
            say(duty, Saying("report", reported, route="Online form"))
        with pytest.raises(WrongMoment, match="not in the future"):
            say(duty, Saying("report", timezone.now() + timedelta(hours=1), route="Online form"))
        later = first + timedelta(hours=4)
        assert say(duty, Saying("correct", later, "The file was first a rumour."))
        assert not say(duty, Saying("correct", later, "The file was first a rumour."))
        assert say(duty, Saying("report", reported, route="Online form", reference="IC-1"))  # 70 hours after 4 later
        duty.refresh_from_db()
        assert (duty.state, duty.delay, duty.reference) == ("reported", "", "IC-1")
        with pytest.raises(WrongMoment, match="late: say why"):  # back again: 74 hours
            say(duty, Saying("correct", first, "It was no rumour."))
        assert say(duty, Saying("correct", first, "It was no rumour.", delay="We took it for a rumour."))
        assert say(duty, Saying("follow_up", timezone.now(), "Number of people.", reference="IC-1/2"))
        assert say(duty, Saying("close"))
        kept = DutyRevision.objects.filter(duty=duty).values_list("act", "aware_at", "due_at", "delay")
        due = timedelta(hours=72)
        assert list(kept) == [
            ("aware", first, first + due, ""),
            ("correct", later, later + due, ""),
            ("report", later, later + due, ""),
            ("correct", first, first + due, "We took it for a rumour."),
            ("follow_up", first, first + due, "We took it for a rumour."),
            ("close", first, first + due, "We took it for a rumour."),
        ]
    with inside("ashbourne", DPO), connections["default"].cursor() as cursor:  # straight at the tables
        for sql in (
            "UPDATE incidents_duty SET aware_at = now()",
            "UPDATE incidents_dutyrevision SET words = ''",
            "DELETE FROM incidents_dutyrevision",
            "UPDATE partners_dutyentry SET is_on = false",
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(sql)


@pytest.mark.parametrize(
    ("began", "hours", "rule", "due"),
    [
        # Sunday 25 October 2026, 02:00 BST becomes 01:00 GMT: 72 hours are 72 hours, an hour earlier by the wall.
        ("2026-10-23T11:00:00Z", 72, "clock", "2026-10-26T11:00:00Z"),  # 12:00 BST, due 11:00 GMT
        ("2026-03-27T12:00:00Z", 72, "clock", "2026-03-30T12:00:00Z"),  # 12:00 GMT, due 13:00 BST
        # Friday 16:00 local: one hour that day, the rest from Monday 9:00.
        ("2026-11-27T16:00:00Z", 4, "working", "2026-11-30T12:00:00Z"),
        ("2026-11-28T10:00:00Z", 8, "working", "2026-11-30T17:00:00Z"),  # on a Saturday: all of Monday
        ("2026-10-23T15:00:00Z", 2, "working", "2026-10-26T10:00:00Z"),  # Fri 16:00 BST, Mon 10:00 GMT
        ("2026-11-25T03:00:00Z", 72, "working", "2026-12-07T17:00:00Z"),  # nine working days from Wednesday
        ("2026-11-25T20:00:00Z", 1, "working", "2026-11-26T10:00:00Z"),
    ],
)
def test_what_is_due_when(stage, began, hours, rule, due):
    ((found,),) = stage.owner("SELECT sec.duty_due(%s::timestamptz, %s, %s)", [began, hours, rule])
    assert found.astimezone(UTC) == datetime.fromisoformat(due)


def test_a_running_clock_stands_on_the_home_page_after_the_incident_is_closed(stage, incident, inside, client_of):
    with inside("ashbourne", DPO):
        duty = own(incident, stage, "ashbourne")
        assert say(duty, Saying("aware", moment=incident.opened_at, words="Payroll files were copied."))
    stage.closes(incident)
    assert duty.name in client_of("ashbourne").get("/").content.decode()
    for slug in ("dunmere", "northgate", "gravenhurst"):
        assert incident.reference not in client_of(slug).get("/").content.decode(), slug


def test_an_assessment_begins_once_and_again_when_something_new_is_known(stage, incident, inside):
    with inside("ashbourne", "administrator", fresh=True):
        contract = keep_line(
            Line("incident_manager", True, "Tell the insurer", "Vale Mutual, clause 9", "notice", 4, "clock")
        )
    with inside("ashbourne", "responder"):
        first = begin_assessment(incident.pk, stage.ids["ashbourne"], "Northgate's notice of today")
        assert begin_assessment(incident.pk, stage.ids["ashbourne"], "Northgate's notice of today") == first
        assert DutyRevision.objects.filter(duty_id=first).count() == 1
        duty = Duty.objects.get(pk=first)
        assert (duty.kind, duty.state, duty.aware_at) == (Duty.ICO, "assessing", None)
        insurer = Duty.objects.get(kind=f"own_{contract.hex}")  # what a notice starts runs
        assert (insurer.state, insurer.due_at - insurer.aware_at) == ("running", timedelta(hours=4))
        with pytest.raises(NotYours):
            begin_assessment(incident.pk, stage.ids["dunmere"], "for them")
    with inside("ashbourne", DPO):
        with pytest.raises(WrongMoment, match="Say why"):
            say(duty, Saying("no_report"))
        assert say(duty, Saying("no_report", words="Nothing of ours was there."))
    with inside("ashbourne", "responder"):
        begin_assessment(incident.pk, stage.ids["ashbourne"], "A second notice")
        assert Duty.objects.get(pk=first).state == "assessing"
    with inside("ashbourne", DPO):
        assert say(duty, Saying("no_report", words="Nothing of ours was there."))
        assert say(duty, Saying("close"))
    with inside("ashbourne", "responder"):
        begin_assessment(incident.pk, stage.ids["ashbourne"], "A third notice, after it was closed")
        found = Duty.objects.get(pk=first)
        assert (found.state, found.settled_at) == ("assessing", None)


def test_the_catalogue_is_its_administrators_and_a_change_moves_no_clock_that_exists(stage, inside, client_of):
    page = reverse("duty-catalogue")
    with inside("ashbourne"):
        lines = {each.key: each for each in DutyEntry.objects.all()}
        assert [key for key, each in lines.items() if each.is_on] == ["ico_72h"]
        assert "Not law" in lines["bill_24h"].note
        assert "Not law" in lines["bill_72h"].note
        with pytest.raises(NotAllowed):
            keep_line(Line(DPO, False), entry=lines["ico_72h"].pk)
    shown = client_of("ashbourne", "administrator").get(page).content.decode()
    assert "Cyber Security and Resilience Bill" in shown
    assert "Add a duty" in shown
    assert "Add a duty" not in client_of("ashbourne").get(page).content.decode()
    admin = client_of("ashbourne", "administrator", fresh=True)
    own_line = {
        "line": "new", "name": "Tell the pension fund", "source": "Agreement 12, clause 4", "starts": "reached",
        "hours": "2", "rule": "clock", "is_on": "yes", "judge": "incident_manager",
    }  # fmt: skip
    assert admin.post(page, {**own_line, "hours": "many"}).status_code == 422
    assert admin.post(page, own_line).status_code == 302
    assert (
        client_of("dunmere", "administrator", fresh=True)
        .post(page, {"line": str(lines["ico_72h"].pk), "is_on": "no", "judge": DPO})
        .status_code
        == 404
    )
    incident = stage.opens()
    with inside("ashbourne"):
        fund = Duty.objects.get(incident=incident, name="Tell the pension fund")
        assert (fund.state, fund.due_at - fund.aware_at) == ("running", timedelta(hours=2))
    off = {"line": str(lines["ico_72h"].pk), "is_on": "no", "judge": DPO}
    assert admin.post(page, off).status_code == 302
    with inside("ashbourne"):
        assert own(incident, stage, "ashbourne").state == "assessing"


def test_the_page_quotes_the_rule_and_a_key_says_nothing(stage, incident, inside, client_of, api_of):
    with inside("ashbourne"):
        duty = own(incident, stage, "ashbourne")
    page = reverse("duty-detail", args=[incident.reference, duty.pk])
    manager, officer = client_of("ashbourne"), client_of("ashbourne", DPO)
    shown = officer.get(page).content.decode()
    assert "no later than 72 hours after you became aware" in shown
    assert "Article 33(1)" in shown
    assert "start the clock" in shown
    assert "start the clock" not in manager.get(page).content.decode()
    said = {"act": "aware", "moment": "2026-10-23T12:00", "words": EVIDENCE}  # BST
    assert manager.post(page, said).status_code == 403
    assert officer.post(page, {**said, "words": ""}).status_code == 422
    assert officer.post(page, {**said, "moment": "soon"}).status_code == 422
    assert officer.post(page, {"act": "report", "moment": "2026-10-23T12:00", "route": "x"}).status_code == 409
    assert officer.post(page, {**said, "sure": "on"}).status_code == 302  # long before the incident
    shown = officer.get(page).content.decode()
    assert "Mon 26 Oct 11:00 GMT (Mon 26 Oct 11:00 UTC)" in shown  # 72 hours over the change of the clocks
    assert "Fri 23 Oct 12:00 BST (Fri 23 Oct 11:00 UTC)" in shown
    assert "Overdue" in shown
    assert EVIDENCE.split(":")[0] in shown
    assert "ICO late by" in manager.get(reverse("incident-board", args=[incident.reference])).content.decode()
    say_it = f"/api/v1/incidents/{incident.reference}/duties/{duty.pk}/sayings/"
    report = {"act": "report", "at": "2026-10-25T10:00:00Z", "route": "Online form", "reference": "IC-7"}
    key = api_of("ashbourne").post(say_it, report, content_type="application/json")
    assert key.status_code == 403
    done = manager.post(say_it, report, content_type="application/json")
    assert (done.status_code, done.json()["state"], done.json()["delay"]) == (200, "reported", "")
    strange = client_of("eastwick", DPO).post(say_it, report, content_type="application/json")
    assert strange.status_code == 404
