"""The decision log: revisions kept, private until shared, the lead's for the incident, due when its review is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from incidents.decisions.writing import Taken, share_decision, write_decision
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident
from portal import clock
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

# Ashbourne leads, Northgate is deputy and provider, Eastwick takes part, Gravenhurst is the stranger.
EVERYBODY = ("dunmere", "ashbourne", "northgate", "eastwick", "gravenhurst")
SECRET = "Payroll goes out by hand from the old list."
AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
TAKEN = Taken("The share is locked.", "Wait for Monday.", SECRET, "People must be paid.", "Grace Okafor", "Gold", AT)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def readers(stage: Stage, words: str = SECRET) -> set[str]:
    """Who reads it by SQL alone, as the application's role."""
    sql = f"SELECT 1 FROM incidents_logentry WHERE decision = '{words}'"
    return {slug for slug in EVERYBODY if stage.as_app(slug, sql)}


def test_it_is_ones_own_until_shared_and_a_revision_changes_nothing_that_stood(stage, incident, inside):
    with inside("dunmere", "responder"):
        first = write_decision(incident, TAKEN)
        assert write_decision(incident, TAKEN) == first  # tapped twice
        with pytest.raises(NotYours):  # who reads it is not a responder's to say
            share_decision(first.pk, shared="all")
        with pytest.raises(NotYours):
            write_decision(incident, replace(TAKEN, shared="all", decision="Another"))
    assert readers(stage) == {"dunmere"}
    later = replace(TAKEN, decision="Payroll waits.", revises=first.pk, change="The list was not found.")
    with inside("dunmere"):
        second = write_decision(incident, later)
        assert write_decision(incident, later) == second
        assert (second.root, second.number, second.newest) == (first.pk, 2, True)
        with pytest.raises(WrongMoment, match="newer revision"):
            write_decision(incident, replace(later, change="Something else."))
        with pytest.raises(WrongMoment, match="newest revision"):
            share_decision(first.pk, shared="all")
    for shared, reads in (
        ("lead", {"dunmere", "ashbourne", "northgate"}),
        ("all", {"dunmere", "ashbourne", "northgate", "eastwick"}),
        ("", {"dunmere"}),
        ("lead", {"dunmere", "ashbourne", "northgate"}),
    ):
        with inside("dunmere"):
            assert share_decision(second.pk, shared=shared)
            assert not share_decision(second.pk, shared=shared)
        assert readers(stage, "Payroll waits.") == reads
        assert readers(stage) == {"dunmere"}  # what stood before it was shared stays at home
    with inside("dunmere"):  # what was read stays readable as the revision that it was, until less is shared
        third = write_decision(incident, replace(TAKEN, decision="Paid.", revises=second.pk, change="Found it."))
        assert third.shared == "lead"
    with inside("dunmere", "responder"), pytest.raises(NotYours, match="thers read this decision"):
        write_decision(incident, replace(TAKEN, decision="Out.", revises=third.pk, change="Typed by a responder."))
    assert readers(stage, "Payroll waits.") == {"dunmere", "ashbourne", "northgate"}
    with inside("dunmere"):
        share_decision(third.pk, shared="")
    assert readers(stage, "Payroll waits.") == readers(stage, "Paid.") == {"dunmere"}
    assert stage.owner("SELECT decision FROM incidents_logentry ORDER BY number") == [
        (SECRET,), ("Payroll waits.",), ("Paid.",)
    ]  # fmt: skip
    events = stage.events("decision.written") + stage.events("decision.revised")
    home = {stage.ids["dunmere"]}
    overseers = {stage.ids[each] for each in ("ashbourne", "northgate")}
    assert [set(audience) for _, audience in events] == [home, home, home | overseers]
    assert SECRET not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))


def test_for_the_incident_whoever_leads_decides_and_the_overseers_read_it(stage, incident, inside):
    for slug in ("northgate", "dunmere"):
        with inside(slug), pytest.raises(NotYours):
            write_decision(incident, replace(TAKEN, as_lead=True))
    with inside("ashbourne", "responder"), pytest.raises(NotYours):
        write_decision(incident, replace(TAKEN, as_lead=True))
    with inside("ashbourne"):
        entry = write_decision(incident, replace(TAKEN, as_lead=True))
        with pytest.raises(Invalid, match="/shared"):
            write_decision(incident, replace(TAKEN, as_lead=True, shared=""))
        with pytest.raises(WrongMoment):  # never at home again
            share_decision(entry.pk, shared="")
    assert readers(stage) == {"ashbourne", "northgate"}
    for slug in ("northgate", "dunmere", "gravenhurst"):
        with inside(slug), pytest.raises(NotYours):
            share_decision(entry.pk, shared="all")
        with inside(slug), pytest.raises(NotYours):
            write_decision(incident, replace(TAKEN, as_lead=True, revises=entry.pk, change="Mine now."))
    stage.owner("UPDATE incidents_incident SET lead_id = deputy_lead_id, deputy_lead_id = lead_id WHERE id = %s",
                [incident.pk])  # fmt: skip
    with inside("northgate"):  # who leads now keeps the log
        write_decision(incident, replace(TAKEN, as_lead=True, revises=entry.pk, change="Reviewed: it stands."))
    with inside("ashbourne"), pytest.raises(NotYours):
        share_decision(entry.pk, shared="all")


def test_who_may_not_and_what_says_nothing(stage, incident, inside):
    for slug, role in (("fernleigh", "observer"), ("gravenhurst", "incident_manager")):
        with inside(slug, role), pytest.raises(NotYours):
            write_decision(incident, TAKEN)
    future, long = datetime(2999, 1, 1, tzinfo=UTC), "x" * 2001
    with inside("dunmere"):
        for said, pointer in (
            ({"decision": " "}, "/decision"), ({"known": ""}, "/known"), ({"options": long}, "/options"),
            ({"why": ""}, "/why"), ({"decided_by": ""}, "/decided_by"), ({"decided_role": "x" * 201}, "/decided_role"),
            ({"decided_at": future}, "/decided_at"), ({"review_at": AT}, "/review_at"),
            ({"review_at": future}, "/review_at"), ({"change": "But"}, "/change"), ({"revises": uuid4()}, "/change"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=pointer):
                write_decision(incident, replace(TAKEN, **said))
        with pytest.raises(NotYours):  # of nobody
            write_decision(incident, replace(TAKEN, revises=uuid4(), change="So"))
    assert stage.owner("SELECT count(*) FROM incidents_logentry") == [(0,)]
    stage.closes(incident)
    with inside("dunmere"):  # for the review
        assert write_decision(incident, TAKEN).number == 1


def test_the_pages_by_hand_the_playbooks_question_and_what_is_due(stage, incident, client_of):
    at, write = (reverse(name, args=[incident.reference]) for name in ("incident-decisions", "incident-decision-write"))
    said = {
        "decision": SECRET, "known": "Little", "options": "Wait", "why": "So", "decided_by": "Grace",
        "decided_role": "Gold", "decided_at": "2026-01-05T08:30", "review_at": "2026-01-05T09:00", "shared": "",
    }  # fmt: skip
    dunmere = client_of("dunmere")
    assert [client_of("gravenhurst").get(path).status_code for path in (at, write)] == [404, 404]
    assert "have to be disclosed" in dunmere.get(write).content.decode()
    wrong = dunmere.post(write, {**said, "why": ""})
    assert (wrong.status_code, "Say why." in wrong.content.decode(), SECRET in wrong.content.decode()) == (
        422,
        True,
        True,
    )
    assert dunmere.post(write, said).status_code == 302
    page = dunmere.get(at).content.decode()
    assert "One decision is due for review" in page
    assert "review due since" in dunmere.get("/").content.decode()
    for slug in ("ashbourne", "northgate", "eastwick"):
        assert SECRET not in client_of(slug).get(at).content.decode()
        assert SECRET not in client_of(slug).get("/").content.decode()
    (entry,) = stage.owner("SELECT id FROM incidents_logentry")[0]
    share = reverse("decision-share", args=[entry])
    assert [client_of(slug).post(share, {"share": "all"}).status_code for slug in ("ashbourne", "gravenhurst")] == [
        404
    ] * 2
    assert dunmere.post(share, {"share": "press"}).status_code == 422
    assert dunmere.post(share, {"share": "all"}).status_code == 302
    page = client_of("eastwick").get(at).content.decode()
    assert SECRET in page
    assert "due for review" not in page  # that is its owner's to do
    assert client_of("eastwick").get(f"{write}?revises={entry}").status_code == 404
    assert dunmere.get(f"{write}?revises=x").status_code == 404
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    revised = {**said, "review_at": tomorrow, "change": "Reviewed: it stands."}
    assert dunmere.post(f"{write}?revises={entry}", revised).status_code == 302
    page = dunmere.get(at).content.decode()
    assert "1 earlier revision" in page
    assert "due for review" not in page
    assert "review due since" not in dunmere.get("/").content.decode()
    stage.owner(
        "INSERT INTO incidents_decision (id, incident_id, key, turn, lap, kind, name, condition, choices, asked_at,"
        " chosen, why, chosen_by_organisation_id, chosen_at) VALUES (gen_random_uuid(), %s, 'k', 1, 0, 'choose',"
        " 'Is it spreading?', '', '[\"true\", \"false\"]', now(), 'true', 'Two saw it.', %s, now())",
        [incident.pk, incident.lead_id],
    )
    for slug, reads in (("ashbourne", True), ("northgate", True), ("dunmere", False), ("eastwick", False)):
        page = client_of(slug).get(at).content.decode()
        assert ("Question of the playbook" in page, "Two saw it." in page) == (reads, reads), slug


def test_by_hand_past_every_check_nothing_is_edited(stage, incident, inside):
    with inside("dunmere"):
        write_decision(incident, TAKEN)
    for slug in ("dunmere", "ashbourne"):
        for sql in (
            "UPDATE incidents_logentry SET decision = 'x'",
            "DELETE FROM incidents_logentry",
            "SELECT sec.own_decision(i, i.id) FROM incidents_incident i",
        ):
            with pytest.raises(Exception, match="permission denied"):
                stage.as_app(slug, sql)
    assert stage.owner("SELECT decision FROM incidents_logentry") == [(SECRET,)]
