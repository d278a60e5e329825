"""How long somebody stays signed in: the organisation's limits, and what an open incident keeps open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from partners.models import Person, PersonSession, SignInLink
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door, organisation_scope
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(email: str) -> Client:
    with at_the_door():
        link = make_sign_in_link(Person.objects.get(email=email), SignInLink.Purpose.DEMONSTRATION)
    browser = Client()
    assert browser.post(link).status_code == 302
    assert browser.get("/incidents/").status_code == 200
    return browser


def ago(column: str, interval: str, email: str) -> None:
    """Time passes for this person's session alone."""
    owner(
        f"UPDATE partners_personsession SET {column} = {column} - %s::interval"
        " WHERE person_id = (SELECT id FROM partners_person WHERE email = %s)",
        [interval, email],
    )


PRIYA, TOM, NADIA = (f"{who}@ashbourne.example" for who in ("priya.nair", "tom.whitlock", "nadia.farouk"))


def test_without_an_incident_a_lapsed_session_ends_and_new_limits_count_at_once(client_of):
    idle, absolute, within = signed_in(PRIYA), signed_in(TOM), signed_in(NADIA)
    ago("last_seen_at", "61 minutes", PRIYA)
    ago("ends_at", "12 hours 1 minute", TOM)
    ago("last_seen_at", "50 minutes", NADIA)
    assert idle.get("/my-tasks/").status_code == 302
    assert absolute.get("/my-tasks/").status_code == 302
    assert within.get("/my-tasks/").status_code == 200
    assert owner("SELECT DISTINCT ended_because FROM partners_personsession WHERE ended_at IS NOT NULL") == [
        ("its time was up",)
    ]
    administrator = client_of("ashbourne", "administrator", fresh=True)
    ago("last_seen_at", "50 minutes", NADIA)
    assert within.get("/my-tasks/").status_code == 200, "an hour is the rule"
    said = {"idle_minutes": 5, "absolute_hours": 12, "allow_password": "on"}
    assert administrator.post("/people/policy/", said).status_code == 302
    ago("last_seen_at", "6 minutes", NADIA)
    assert within.get("/my-tasks/").status_code == 302, "five minutes are"


def test_a_page_that_fetches_itself_by_the_clock_keeps_nobody_signed_in():
    unattended, at_work = signed_in(PRIYA), signed_in(TOM)
    ago("last_seen_at", "50 minutes", PRIYA)
    ago("last_seen_at", "50 minutes", TOM)
    assert unattended.get("/my-tasks/list/", headers={"X-By-The-Clock": "1"}).status_code == 200
    assert at_work.get("/my-tasks/list/").status_code == 200
    ago("last_seen_at", "11 minutes", PRIYA)
    ago("last_seen_at", "11 minutes", TOM)
    assert unattended.get("/my-tasks/list/", headers={"X-By-The-Clock": "1"}).status_code != 200
    assert at_work.get("/my-tasks/list/").status_code == 200


def test_an_open_incident_keeps_own_tasks_for_72_hours_but_not_for_the_accounts_of_one_night(cast):
    ticket = cast.visitor("ashbourne").ticket
    with organisation_scope(ticket):
        opening = Opening(title="Intruder", systems=("identity-platform",))
        incident = open_incident(opening, actor=actor_of(cast.visitor("ashbourne"))).reference
    lapsed = signed_in(PRIYA)
    ago("last_seen_at", "2 hours", PRIYA)
    board = lapsed.get(f"/incidents/{incident}/")
    assert board.status_code == 403
    assert "signed in for too long for this page. My tasks still works" in board.content.decode()
    tasks = lapsed.get("/my-tasks/")
    assert tasks.status_code == 200
    assert incident in tasks.content.decode()
    task = re.search(r"/tasks/[0-9a-f-]{36}/acknowledge/", tasks.content.decode())
    assert task is not None
    assert lapsed.post(task.group()).status_code == 302, "its own tasks are answered as before"
    ago("ends_at", "12 hours", PRIYA)
    assert lapsed.get("/my-tasks/").status_code == 200
    ago("ends_at", "72 hours", PRIYA)
    assert lapsed.get("/my-tasks/").status_code == 302, "and 72 hours after the limit it ends"
    short = signed_in(TOM)
    for born in (PersonSession.Born.BREAK_GLASS, PersonSession.Born.EMERGENCY):
        owner("UPDATE partners_personsession SET born = %s WHERE ended_at IS NULL", [born])
        assert short.get("/my-tasks/").status_code == 200
    ago("ends_at", "12 hours 1 minute", TOM)
    assert short.get("/my-tasks/").status_code == 302, "what is for one night is not kept"


def test_a_session_for_one_night_never_outlives_eight_hours(cast: Any):
    owner(
        "INSERT INTO partners_signinpolicy (organisation_id, idle_minutes, absolute_hours, allow_password)"
        " VALUES (%s, 720, 24, true)",
        [cast.id("ashbourne")],
    )
    owner(
        "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass,"
        " access_ends_at) VALUES (gen_random_uuid(), %s, 'Somebody', 'emergency-0@ashbourne.invalid', 'responder', '',"
        " true, false, now() + interval '8 hours')",
        [cast.id("ashbourne")],
    )
    with at_the_door():
        link = make_sign_in_link(Person.objects.get(name="Somebody"), SignInLink.Purpose.DEMONSTRATION)
    browser = Client()
    assert browser.post(link).status_code == 302
    assert browser.get("/my-tasks/").status_code == 200
    assert browser.get("/incidents/").status_code == 403, "own tasks alone, however they came in"
    ((born, hours),) = owner(
        "SELECT born, extract(epoch FROM ends_at - started_at) / 3600 FROM partners_personsession"
        " WHERE ended_at IS NULL"
    )
    assert born == "emergency"
    assert float(hours) <= 8
