"""The pages of approvals and isolation: what they say, what they offer, and bad moments that lose nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from django.db import DatabaseError, connections
from django.test import Client

from partners import isolation
from partners.models import Approval, DutyShift, Isolation, Person
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db
WHY = "Orders that nobody gave"


@pytest.fixture
def asked(two: Two, cast, seal):
    """Ashbourne has asked Brackenfield about Dunmere."""
    incident = two.opens()
    with two.inside("ashbourne", fresh=True):
        how = {"incident": incident.pk, "second": cast.id("brackenfield")}
        made = isolation.ask_to_isolate(cast.id("dunmere"), 2, reason=WHY, **how)
        seal()
    return incident, made


def page(browser, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return re.sub(r"\s+", " ", answer.content.decode())


def state_of(two: Two, approval) -> str:
    with two.inside("ashbourne"):
        return Approval.objects.get(pk=approval).state


def test_the_second_organisation_reads_everything_and_approves(asked, two, client_of):
    _, approval = asked
    browser = client_of("brackenfield", fresh=True)
    shown = page(browser, "/approvals/")
    for words in (WHY, "No message goes to a mailbox of Dunmere", "Priya Nair, Ashbourne", "It lapses"):
        assert words in shown
    assert browser.post(f"/approvals/{approval}/approve/").status_code == 302
    assert state_of(two, approval) == "carried_out"
    with two.inside("brackenfield"):
        assert Isolation.objects.get().step == 2
    assert "Approved and done" in page(browser, "/approvals/")


def test_the_count_stands_where_it_waits_and_nowhere_else(asked, client_of):
    waiting = '<span class="count">1<span class="govuk-visually-hidden"> waiting'
    assert waiting in page(client_of("brackenfield"), "/incidents/")
    for slug, role in (("ashbourne", "incident_manager"), ("dunmere", "incident_manager"), ("gravenhurst", "approver"),
                       ("brackenfield", "responder")):  # fmt: skip
        assert waiting not in page(client_of(slug, role), "/incidents/"), slug


def test_without_a_passkey_used_just_now_the_page_leads_to_it(asked, client_of):
    shown = page(client_of("brackenfield"), "/approvals/")
    assert "/sign-in/again/?next=/approvals/" in shown
    assert "Approve, and do it now" not in shown


def test_whoever_asked_may_take_it_back_and_not_approve(asked, two, client_of):
    _, approval = asked
    browser = client_of("ashbourne", fresh=True)
    assert "Take it back" in page(browser, "/approvals/")
    answer = browser.post(f"/approvals/{approval}/approve/")
    assert answer.status_code == 409
    assert "A second person decides." in answer.content.decode()
    assert browser.post(f"/approvals/{approval}/withdraw/").status_code == 302
    assert state_of(two, approval) == "withdrawn"


def test_a_refusal_needs_a_reason_and_a_bad_moment_keeps_what_was_typed(asked, two, client_of):
    _, approval = asked
    browser = client_of("brackenfield", fresh=True)
    answer = browser.post(f"/approvals/{approval}/refuse/", {"because": " "})
    assert answer.status_code == 409
    assert "Say why not" in answer.content.decode()
    assert browser.post(f"/approvals/{approval}/refuse/", {"because": "Too early"}).status_code == 302
    assert state_of(two, approval) == "refused"
    late = browser.post(f"/approvals/{approval}/approve/")
    assert late.status_code == 409
    assert "Not waiting for anybody" in late.content.decode()
    assert "Too early" in page(client_of("ashbourne"), "/approvals/")


@pytest.mark.parametrize("slug", ["gravenhurst", "dunmere", "eastwick"])
def test_others_see_and_find_nothing(asked, client_of, slug):
    _, approval = asked
    browser = client_of(slug, fresh=True)
    assert WHY not in page(browser, "/approvals/")
    for act in ("approve", "refuse", "withdraw"):
        hidden = browser.post(f"/approvals/{approval}/{act}/")
        absent = browser.post(f"/approvals/00000000-0000-4000-8000-000000000000/{act}/")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        assert absent.status_code == 404


def test_the_lead_asks_on_a_page_that_says_what_it_costs(two, cast, client_of):
    incident = two.opens()
    browser = client_of("ashbourne", fresh=True)
    path = f"/incidents/{incident.reference}/isolate/dunmere/"
    shown = page(browser, path)
    for words in ("Nobody there can sign in", "open tasks stay open", "01632 960134", "Its legal clocks go on"):
        assert words in shown
    assert "Gravenhurst" not in shown
    missing = browser.post(path, {"step": "4", "reason": WHY})
    assert missing.status_code == 422
    assert WHY in missing.content.decode()
    future = browser.post(path, {"step": "4", "reason": WHY, "since": "2099-01-01T08:00"})
    assert "still to come" in future.content.decode()
    form = {"step": "4", "reason": WHY, "since": "2026-01-01T08:00", "second": str(cast.id("eastwick"))}
    assert browser.post(path, form)["Location"] == "/approvals/"
    with two.inside("eastwick"):
        assert Approval.objects.get().payload["since"].startswith("2026-01-01T08:00")


def test_against_the_lead_its_deputy_asks_and_reads_who_leads_then(two, client_of):
    incident = two.opens()
    path = f"/incidents/{incident.reference}/isolate/ashbourne/"
    shown = page(client_of("northgate", fresh=True), path)
    assert "Northgate IT Services leads from that moment on" in shown
    for slug in ("ashbourne", "brackenfield", "gravenhurst"):
        assert client_of(slug, fresh=True).get(path).status_code == 404, slug


def test_an_administrator_presses_reads_and_asks_to_lift(two, cast, client_of, seal):
    browser = client_of("ashbourne", "administrator", fresh=True)
    assert "the last one takes two other organisations" in page(browser, "/isolation/")
    assert "still told, by the ways that are trusted" in page(browser, "/isolation/steps/1/")
    assert browser.get("/isolation/steps/4/").status_code == 404
    assert browser.post("/isolation/steps/2/", {"reason": ""}).status_code == 422
    assert browser.post("/isolation/steps/2/", {"reason": WHY}).status_code == 302
    again = browser.post("/isolation/steps/2/", {"reason": WHY})
    assert again.status_code == 409
    assert "This step is in force already." in again.content.decode()
    with two.inside("ashbourne"):
        step = Isolation.objects.get()
    assert WHY in page(browser, f"/isolation/{step.pk}/")
    undone = browser.post(f"/isolation/{step.pk}/undo/")
    assert undone.status_code == 409
    assert "two persons of two organisations" in undone.content.decode()
    form = {"reason": "All clear", "second": str(cast.id("brackenfield"))}
    assert browser.post(f"/isolation/{step.pk}/lift/", form).status_code == 302
    with two.inside("brackenfield", fresh=True):
        approval = Approval.objects.get(kind="lift_isolation")
    assert client_of("brackenfield", fresh=True).post(f"/approvals/{approval.pk}/approve/").status_code == 302
    assert "Ended" in page(browser, f"/isolation/{step.pk}/")


def test_another_administrator_takes_a_press_back(two, cast, client_of):
    with two.inside("ashbourne", "administrator", fresh=True):
        isolation.press(cast.id("ashbourne"), 1, reason=WHY)
        step = Isolation.objects.get()
    peter = next(pk for pk, name, _ in cast["ashbourne"].people if name == "Peter Lunn")
    visitor = cast.visitor("ashbourne", "administrator", fresh=True)
    other = Client(**{"bulkhead.visitor": replace(visitor, person_id=peter, ticket=f"fresh-ticket-{peter}")})
    assert "Take it back" in page(other, "/isolation/")
    assert other.post(f"/isolation/{step.pk}/undo/").status_code == 302
    assert other.post(f"/isolation/{step.pk}/undo/").status_code == 409


def test_an_appeal_is_written_down_and_leads_to_lifting(two, client_of):
    incident = two.opens()
    made = two.isolates("dunmere", 4, incident)
    browser = client_of("eastwick", fresh=True)
    shown = page(browser, f"/isolation/{made}/call-back/")
    assert "01632 960134" in shown
    incomplete = browser.post(f"/isolation/{made}/call-back/", {"outcome": "reached", "note": "It was a drill"})
    assert incomplete.status_code == 422
    assert "It was a drill" in incomplete.content.decode()
    whole = {"outcome": "reached", "spoke_with": "Grace Holloway", "note": "It was a drill"}
    assert browser.post(f"/isolation/{made}/call-back/", whole).status_code == 302
    for slug in ("eastwick", "ashbourne"):
        assert "Grace Holloway" in page(client_of(slug, fresh=True), f"/isolation/{made}/")
    assert "Ask to lift it" in page(browser, f"/isolation/{made}/")
    assert client_of("gravenhurst", fresh=True).get(f"/isolation/{made}/").status_code == 404
    assert client_of("gravenhurst", fresh=True).get(f"/isolation/{made}/call-back/").status_code == 404


@pytest.mark.parametrize(
    "effects", [["Nothing happens. A drill."], ["It distrusts the mail of Dunmere.", "That is all."]]
)
def test_effects_that_are_not_what_it_does_are_not_approved(asked, two, client_of, cast, effects):
    """By plain SQL whoever asks may write any sentence; the second person's page does not carry it out."""
    incident, _ = asked
    payload = {"organisation": str(cast.id("dunmere")), "step": 4, "since": None}
    with two.inside("ashbourne", fresh=True), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.request_approval('isolate', %s, %s, %s::jsonb, %s, 'Because', true, %s::uuid[])",
            [cast.id("dunmere"), incident.pk, json.dumps(payload), effects, [cast.id("brackenfield")]],
        )
        approval = cursor.fetchone()[0]
    answer = client_of("brackenfield", fresh=True).post(f"/approvals/{approval}/approve/")
    assert answer.status_code >= 400
    assert "is not what it would do" in answer.content.decode()
    assert state_of(two, approval) == "waiting"


def test_there_is_always_somebody_who_may_ask_against_the_lead(two, cast):
    """The lead cannot choose to have no deputy, nor one of no use."""
    incident = two.opens()
    for value in (None, cast.id("ashbourne"), cast.id("gravenhurst")):
        with (
            pytest.raises(DatabaseError),
            two.inside("ashbourne", fresh=True),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute("UPDATE incidents_incident SET deputy_lead_id = %s WHERE id = %s", [value, incident.pk])
    with two.inside("northgate"):
        incident.refresh_from_db()
        assert incident.deputy_lead_id in set(incident.participants) - {incident.lead_id}


def test_what_keeps_running_names_whoever_is_on_duty_by_the_rota_and_what_stops_is_all_of_it(two, client_of):
    """A title like *Duty manager* puts nobody on duty."""
    browser = client_of("dunmere", "administrator", fresh=True)
    person = two.cast["dunmere"].people[0][0]
    with two.inside("dunmere", "administrator", fresh=True):
        Person.objects.filter(pk=person).update(duty="On duty at weekends")
        DutyShift.objects.all().delete()
    assert "Nobody is on duty now by your rota" in page(browser, "/isolation/steps/3/")
    with two.inside("dunmere", "administrator", fresh=True):
        for day in range(7):
            DutyShift.objects.create(
                organisation_id=two.cast.id("dunmere"),
                weekday=day,
                starts="00:00",
                ends="00:00",
                person_id=person,
                order=1,
            )
        name = Person.objects.get(pk=person).name
    shown = page(browser, "/isolation/steps/3/")
    assert f"{name} is on duty now and is still told" in shown
    for stops in ("no board, no feed", "its API keys reach these alone", "Its webhooks wait", "wall screens", "guests"):
        assert stops in shown, stops
