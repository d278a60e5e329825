"""*Nudge* and *next contact now* on a row of the board: the lead's, about somebody who has not answered."""

from __future__ import annotations

import threading

import pytest
from django.db import ProgrammingError, connections
from django.urls import reverse

from incidents.models import Incident
from notifications.climbing import escalate_due
from notifications.nudging import nudge
from partners.approvals import NotAllowed
from portal.mail_sink import Mailbox
from tests.api.asking import check_problem, send
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
AGO = "UPDATE ledger_event SET at = at - interval '11 minutes' WHERE kind = 'call.repeated'"


@pytest.fixture
def incident(stage: Stage, mail: Mailbox) -> Incident:
    incident = stage.opens()
    stage.works()
    return incident


def press(client, incident: Incident, what: str = "row-nudge", slug: str = "dunmere") -> str:
    answer = client.post(reverse(what, args=[incident.reference, slug]), follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def opened(stage: Stage, incident: Incident, slug: str = "dunmere") -> list[tuple]:
    rows = stage.deliveries(incident, slug, "message, state, p.name, d.way")
    return [row for row in rows if row[0] == "opened" and row[1] != "skipped"]


def test_a_nudge_sends_the_open_message_again_once_in_ten_minutes(stage, incident, client_of):
    lead = client_of("ashbourne")
    before, elsewhere = opened(stage, incident), opened(stage, incident, "eastwick")
    assert before
    assert "row-nudge" not in lead.get(reverse("incident-board", args=[incident.reference])).content.decode()
    assert "/organisations/dunmere/nudge/" in press(lead, incident)
    stage.works()
    after = opened(stage, incident)
    again = after[len(before) :]
    assert {name for _, _, name, _ in again} == {name for _, _, name, _ in before}
    assert {state for _, state, *_ in again} == {"accepted"}
    stage.works()
    assert opened(stage, incident) == after, "planned once"
    assert "Not done. It was nudged within the last ten minutes" in press(lead, incident)
    stage.works()
    assert opened(stage, incident) == after
    assert opened(stage, incident, "eastwick") == elsewhere
    ((data, audience),) = stage.events("call.repeated")
    assert data == {"organisation": "dunmere"}
    assert set(audience) == {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}
    board = lead.get(reverse("incident-board", args=[incident.reference])).content.decode()
    assert "nudged Dunmere: the open message again" in board


def test_it_goes_over_a_way_that_has_carried_none_yet(stage, incident, client_of):
    """The first message went to the first trusted way of each; of whoever has two, the other one is next."""
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust, trust_because,"
        " is_active, is_private, \"order\") SELECT gen_random_uuid(), organisation_id, id, 'email',"
        " 'grace@other.example', '', 'trusted', '', true, false, 9 FROM partners_person WHERE name = 'Grace Holloway'"
    )
    press(client_of("ashbourne"), incident)
    stage.works()
    points = stage.deliveries(incident, "dunmere", "p.name, c.address")
    of_grace = [address for name, address in points if name == "Grace Holloway"]
    assert of_grace == ["grace.holloway@dunmere.example", "grace@other.example"]


def test_the_next_contact_is_called_at_once_and_two_presses_call_one(stage, incident, client_of):
    lead = client_of("ashbourne")
    steps = (
        "SELECT count(*) FROM notifications_ladderstep s JOIN partners_organisation o ON o.id = s.organisation_id"
        " WHERE o.slug = 'dunmere' AND s.state <> 'left_out'"
    )
    ((before,),) = stage.owner(steps)
    assert "The next contact of Dunmere is called now." in press(lead, incident, "row-next-contact")
    assert "Not done. Its next contact is being called already" in press(lead, incident, "row-next-contact")
    with as_worker():
        assert escalate_due() == 1
        assert escalate_due() == 0
    assert stage.owner(steps) == [(before + 1,)]
    assert len(stage.events("call.hurried")) == 1
    assert len(stage.events("ladder.climbed")) == 1


def test_nobody_else_presses_and_not_when_it_has_answered_or_is_over(stage, incident, client_of):
    for slug, role, status in (
        ("gravenhurst", "incident_manager", 404),
        ("northgate", "incident_manager", 404),
        ("dunmere", "incident_manager", 404),
        ("ashbourne", "responder", 403),
    ):
        for what in ("row-nudge", "row-next-contact"):
            path = reverse(what, args=[incident.reference, "dunmere"])
            assert client_of(slug, role).post(path).status_code == status
            assert client_of(slug, role).get(path).status_code in {403, 405}
    lead = client_of("ashbourne")
    assert lead.post(reverse("row-nudge", args=[incident.reference, "gravenhurst"])).status_code == 404
    assert "Not done. Another participant is meant" in press(lead, incident, slug="ashbourne")
    # The database holds it too, for who asks past the pages.
    for slug in ("northgate", "dunmere"):
        with stage.as_person(slug), pytest.raises(NotAllowed):
            nudge(incident, slug="eastwick")
    with pytest.raises(ProgrammingError, match="row-level security"), stage.acting("northgate"):
        connections["default"].cursor().execute(
            "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id,"
            " incident_reference, subject_id, audience, data) VALUES (gen_random_uuid(), 'call.repeated', now(), %s,"
            " 'person', %s, 'x', %s, %s, '{}')",
            [stage.ids["northgate"], incident.pk, stage.ids["dunmere"], [stage.ids["northgate"]]],
        )
    stage.owner("UPDATE incidents_participant SET acknowledged_at = now() WHERE slug = 'dunmere'")
    for what in ("row-nudge", "row-next-contact"):
        assert "Not done. It has answered: ask it for an update instead" in press(lead, incident, what)
    stage.closes(incident)
    assert "Not done. Only while the incident is open" in press(lead, incident, slug="eastwick")
    assert stage.events("call.repeated") == stage.events("call.hurried") == []


def test_two_at_once_nudge_once(stage, incident):
    said: list[str] = []

    def go() -> None:
        try:
            with stage.as_person("ashbourne"):
                nudge(incident, slug="dunmere")
            said.append("done")
        except NotAllowed:
            said.append("refused")
        finally:
            connections.close_all()

    both = [threading.Thread(target=go) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(said) == ["done", "refused"]
    stage.owner("ALTER TABLE ledger_event DISABLE TRIGGER USER")
    stage.owner(AGO)
    stage.owner("ALTER TABLE ledger_event ENABLE TRIGGER USER")
    with stage.as_person("ashbourne"):
        nudge(incident, slug="dunmere")
    assert len(stage.events("call.repeated")) == 2


def test_by_api_too_for_a_person_of_the_lead_and_for_no_key(stage, incident, client_of, api_of):
    lead, at = client_of("ashbourne"), f"/incidents/{incident.reference}/participants"
    for what, status in (("nudge", 202), ("next-contact", 202), ("ask", 201)):
        for client, refused in (
            (api_of("ashbourne"), 403),
            (client_of("ashbourne", "responder"), 403),
            (client_of("dunmere"), 403),
            (client_of("gravenhurst"), 404),
        ):
            check_problem(send(client, "post", f"{at}/dunmere/{what}/", {}), refused)
        check_problem(send(lead, "post", f"{at}/gravenhurst/{what}/", {}), 404)
        check_problem(send(lead, "post", f"{at}/ashbourne/{what}/", {}), 409)
        check_problem(send(lead, "post", f"{at}/dunmere/{what}/", {"whom": "all"}), 422)
        done = send(lead, "post", f"{at}/dunmere/{what}/", {}, Idempotency_Key=what)
        assert (done.status_code, done.json()["organisation"]) == (status, "dunmere")
        # The same request again is answered again and done once; another one is too soon.
        assert send(lead, "post", f"{at}/dunmere/{what}/", {}, Idempotency_Key=what).json() == done.json()
        assert check_problem(send(lead, "post", f"{at}/dunmere/{what}/", {}), 409)["detail"]
    for kind in ("call.repeated", "call.hurried", "update.asked"):
        assert len(stage.events(kind)) == 1
    # The provider, which is the deputy lead, asks and does not nudge.
    provider = client_of("northgate")
    check_problem(send(provider, "post", f"{at}/eastwick/nudge/", {}), 403)
    check_problem(send(provider, "post", f"{at}/eastwick/ask/", {"question": "x" * 301}), 422)
    asked = send(provider, "post", f"{at}/eastwick/ask/", {"question": "Is the batch stopped?"})
    assert (asked.status_code, asked.json()["question"]) == (201, "Is the batch stopped?")
