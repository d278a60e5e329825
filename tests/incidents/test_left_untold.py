"""Left untold: an organisation in reach takes no part and reads nothing, until the lead tells it. Ashbourne leads,
Northgate provides, Dunmere is left out, Eastwick takes part, Gravenhurst is the stranger."""

from __future__ import annotations

import re
import threading

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction
from django.urls import reverse

from incidents.errors import Invalid
from incidents.fanout import Joining, add_sides
from incidents.left_untold import LeftUntold
from incidents.models import Incident, Outside, Participant, Rewalk, Untold
from incidents.rewalk import current_document
from incidents.rewalk_due import rewalk_due
from incidents.updates import send_update
from incidents.widening import add_participants, add_systems, declare
from portal import clock
from portal.ledger.stream import events_after
from tests.api.asking import check_problem, send
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "Its duty manager is the one we suspect"
LEFT = (LeftUntold("dunmere", WHY),)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens(untold=LEFT)


def board(client, incident: Incident) -> str:
    return client.get(reverse("incident-board", args=[incident.reference])).content.decode()


def test_it_gets_nothing_and_the_overseers_read_why(stage, incident, client_of, api_of):
    stage.works()
    assert stage.deliveries(incident, "dunmere") == []
    assert stage.deliveries(incident, "eastwick") != []
    of_dunmere = [incident.pk, stage.ids["dunmere"]]
    for table in ("incidents_participant", "incidents_task", "incidents_duty", "incidents_standing"):
        where = f"SELECT count(*) FROM {table} WHERE incident_id = %s AND organisation_id = %s"
        assert stage.owner(where, of_dunmere) == [(0,)], table
    assert stage.owner("SELECT kind, data FROM ledger_event WHERE %s = ANY (audience)", [stage.ids["dunmere"]]) == []
    for slug in ("ashbourne", "northgate"):
        told = board(client_of(slug), incident)
        assert f"not told, because: {WHY}" in told
        assert "decided by " in told
        shown = send(api_of(slug), "get", f"/incidents/{incident.reference}/").json()["participants"]
        (left,) = [each for each in shown if each["organisation"] == "dunmere"]
        assert (left["role"], left["exposure"], left["untold"]["because"]) == ("untold", "reachable", WHY)
        listed = send(api_of(slug), "get", f"/incidents/{incident.reference}/participants/").json()["results"]
        assert listed[-1] == left, "the list of participants ends with it"
        assert left["untold"]["decided_by"].endswith("Ashbourne")
    how_far = client_of("northgate").get(reverse("incident-radius", args=[incident.reference])).content.decode()
    assert f"Not told, because: {WHY}" in how_far
    assert "/organisations/dunmere/" not in how_far
    for slug in ("eastwick", "brackenfield"):
        assert WHY not in board(client_of(slug), incident)
        assert "Dunmere" not in board(client_of(slug), incident)
        for at in (f"/incidents/{incident.reference}/", f"/incidents/{incident.reference}/participants/"):
            assert "dunmere" not in str(send(api_of(slug), "get", at).json())
    for slug in ("dunmere", "gravenhurst"):
        assert client_of(slug).get(reverse("incident-board", args=[incident.reference])).status_code == 404
    ((data, audience),) = stage.events("organisation.left_untold")
    assert (data["organisation"], data["because"], audience) == ("dunmere", WHY, [stage.ids["ashbourne"]])
    assert f"left Dunmere untold: {WHY}" in board(client_of("ashbourne"), incident)
    assert f"left Dunmere untold: {WHY}" not in board(client_of("northgate"), incident)


def test_walking_again_does_not_let_it_in_and_telling_it_does_once(stage, incident, client_of):
    with stage.as_person("ashbourne"):
        add_systems(incident_id=incident.pk, systems=["remote-access"], actor=stage.actor("ashbourne"))
    with as_worker():
        rewalk_due()
    assert client_of("dunmere").get(reverse("incident-board", args=[incident.reference])).status_code == 404
    page = reverse("incident-let-in", args=[incident.reference])
    for slug, status in (("northgate", 404), ("eastwick", 404), ("gravenhurst", 404)):
        assert client_of(slug, fresh=True).get(page).status_code == status
        assert client_of(slug, fresh=True).post(page, {"tell": "dunmere"}).status_code == 404
    assert client_of("ashbourne").post(page, {"tell": "dunmere"}).status_code == 403, "no passkey"
    lead = client_of("ashbourne", fresh=True)
    assert "Its duty manager" in lead.get(page).content.decode()
    assert lead.post(page, {"tell": "nobody"}).status_code == 404
    for _ in range(2):
        assert lead.post(page, {"tell": "dunmere"}).status_code == 302
    stage.works()
    assert len(stage.events("incident.joined")) == 1
    assert stage.deliveries(incident, "dunmere") != []
    own = board(client_of("dunmere"), incident)
    assert "What you must do now" in own
    assert "untold" not in own
    assert WHY not in board(lead, incident).replace(f"untold: {WHY}", "")
    with stage.acting("dunmere"):
        assert not Untold.objects.exists()
    with stage.acting("northgate"):
        assert Untold.objects.get().told_at is not None


def cut_off(stage: Stage, incident: Incident, client_of) -> None:
    """Both ends confirm the only cut that Dunmere is reached through, and the job walks."""
    ((link,),) = stage.owner(
        "SELECT d.id FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.target_id"
        " WHERE s.slug = 'finance-ledger'"
    )
    for slug, end in (("northgate", "source"), ("dunmere", "target")):
        body = {"act": "cut", "words": "The nightly file", "end": end}
        assert client_of(slug, fresh=True).post(f"/partners/links/{link}/moves/", body).status_code == 302
    with as_worker():
        assert rewalk_due() == 1
    with stage.acting("ashbourne"):
        document = current_document(incident)
    assert document is not None
    assert "dunmere" not in {each["slug"] for each in document["organisations"]}


def test_a_path_that_ends_does_not_make_it_untellable(stage, incident, client_of):
    cut_off(stage, incident, client_of)
    page = reverse("incident-let-in", args=[incident.reference])
    lead = client_of("ashbourne", fresh=True)
    assert lead.post(page, {"tell": "dunmere"}).status_code == 302
    assert "Told: it takes part now." in board(lead, incident)
    assert client_of("dunmere").get(reverse("incident-board", args=[incident.reference])).status_code == 200
    with stage.acting("dunmere"):
        own = Participant.objects.get(slug="dunmere")
    assert (own.role, own.is_provider) == ("participant", False)


def test_a_promised_notice_is_kept_although_the_path_ends_before_the_incident_is_declared(stage, client_of):
    incident = stage.opens(untold=LEFT, suspected=True)
    page = reverse("incident-let-in", args=[incident.reference])
    assert client_of("ashbourne", fresh=True).post(page, {"tell": "dunmere"}).status_code == 302
    cut_off(stage, incident, client_of)
    assert client_of("dunmere").get(reverse("incident-board", args=[incident.reference])).status_code == 404
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    stage.works()
    assert client_of("dunmere").get(reverse("incident-board", args=[incident.reference])).status_code == 200
    assert stage.deliveries(incident, "dunmere") != []
    assert client_of("gravenhurst").get(reverse("incident-board", args=[incident.reference])).status_code == 404


def test_the_second_who_is_told_reads_what_was_said_before_the_first(stage):
    incident = stage.opens(untold=(*LEFT, LeftUntold("eastwick", "Not yet")))
    for slug in ("dunmere", "eastwick"):
        with stage.acting("ashbourne") as actor:
            send_update(incident_id=incident.pk, text=f"Before {slug}", actor=actor, author_name="Priya Nair")
        with stage.acting("ashbourne") as actor:
            add_participants(incident_id=incident.pk, organisations=[slug], because="told", actor=actor)
    heard = {}
    for slug in ("dunmere", "eastwick"):
        with stage.acting(slug):
            found = [each["data"] for each in events_after(0)["results"] if each["kind"] == "incident.backfill"]
        heard[slug] = [(each["kind"], each["data"].get("text")) for each in found]
    opened, before = ("incident.opened", None), ("update.sent", "Before dunmere")
    assert heard["dunmere"] == [opened, before]
    # What the first was given again is not given to the second once more: it has the events themselves.
    assert [each for each in heard["eastwick"] if each[0] != "standing.changed"] == [
        opened, before, ("incident.joined", None), ("update.sent", "Before eastwick"),
    ]  # fmt: skip


def test_two_tell_it_at_once_and_it_joins_once(stage, incident):
    trouble = []

    def tell() -> None:
        try:
            with stage.acting("ashbourne") as actor:
                add_participants(incident_id=incident.pk, organisations=["dunmere"], because="told", actor=actor)
        except BaseException as error:
            trouble.append(error)
        finally:
            connections.close_all()

    both = [threading.Thread(target=tell) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert trouble == []
    assert len(stage.events("incident.joined")) == 1


def test_a_suspicion_that_is_declared_leaves_it_untold_and_its_deputy_is_another(stage, client_of):
    left = (*LEFT, LeftUntold("northgate", "Its own people may be the intruder"))
    incident = stage.opens(untold=left, suspected=True)
    with stage.acting("ashbourne") as actor:
        assert {each.slug for each in Participant.objects.all()} == {"ashbourne"}
        declare(incident_id=incident.pk, actor=actor)
        here = {each.slug for each in Participant.objects.all()}
        incident.refresh_from_db()
    assert "eastwick" in here
    assert not {"dunmere", "northgate"} & here
    assert incident.deputy_lead_id != stage.ids["northgate"]
    assert client_of("northgate").get(reverse("incident-board", args=[incident.reference])).status_code == 404


def test_what_is_wrong_with_it_is_said_and_nothing_is_opened(stage, api_of, client_of):
    body = {"title": "x", "systems": ["identity-platform"]}
    for left, pointer in (
        ({"organisation": "dunmere", "because": " "}, "/untold/0/because"),
        ({"organisation": "dunmere"}, "/untold/0/because"),
        ({"organisation": "ashbourne", "because": "x"}, "/untold/0/organisation"),
        ({"organisation": "gravenhurst", "because": "x"}, "/untold/0/organisation"),
        ({"organisation": "nobody", "because": "x"}, "/untold/0/organisation"),
        ({"organisation": "dunmere", "because": "x" * 501}, "/untold/0/because"),
    ):
        check_problem(send(api_of("ashbourne"), "post", "/incidents/", {**body, "untold": [left]}), 422, pointer)
    with pytest.raises(Invalid, match="twice"):
        stage.opens(untold=LEFT * 2)
    lead = client_of("ashbourne")
    form = {**body, "step": "open"}
    answer = lead.post(reverse("incident-open"), {**form, "untold": "dunmere"})
    assert answer.status_code == 422
    assert "Say why Dunmere is not told." in answer.content.decode()
    answer = lead.post(reverse("incident-open"), {**form, "untold-because-dunmere": WHY})
    assert answer.status_code == 422
    assert "Tick that Dunmere is not told" in answer.content.decode()
    with stage.acting("ashbourne"):
        assert not Incident.objects.exists()


def test_the_preview_leaves_it_out_and_says_so(stage, client_of):
    form = {"title": "x", "systems": "identity-platform", "step": "preview"}
    lead = client_of("ashbourne")
    before = lead.post(reverse("incident-open"), form).content.decode()
    form |= {"untold": "dunmere", "untold-because-dunmere": WHY}
    after = lead.post(reverse("incident-open"), form).content.decode()
    assert "Dunmere is not told, because:" not in before
    assert f"Dunmere is not told, because: {WHY}" in after
    assert re.search(r"read that [^.]+, Ashbourne decided it", after)
    told = re.compile(r"Tells \d+ people in (\d+) organisations")
    assert int(told.search(after)[1]) == int(told.search(before)[1]) - 1
    assert "nobody there closes the way or looks for traces" in after
    assert "its people go on using it" in after, "beside those that use it"
    answer = lead.post(reverse("incident-open"), {**form, "step": "open"})
    assert answer.status_code == 302
    with stage.acting("ashbourne"):
        assert Untold.objects.get().because == WHY


def _put(joining: Joining, incident: Incident) -> None:
    """Straight into the table, as the lead, past what Python looks at first; a failure spoils only this savepoint."""
    with transaction.atomic(using="default"):
        add_sides(incident, [joining], now=clock.now())


def test_no_path_into_the_incident_leads_past_it(stage, incident):
    """What Python forgets, the database refuses: left untold, and not reached by anything."""
    for slug in ("dunmere", "gravenhurst"):
        with stage.acting("ashbourne"), pytest.raises(DatabaseError) as refused:
            _put(Joining(stage.ids[slug], slug, slug, "council", "participant", False, "direct", 0, "so"), incident)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
    with stage.acting("northgate"):
        assert Untold.objects.update(told_at="2026-01-01T00:00Z") == 0


def test_one_outside_accepts_or_another_approves_and_the_lead_alone_cannot(stage, incident, client_of, api_of):
    path, page = f"/incidents/{incident.reference}/participants/", reverse("incident-let-in", args=[incident.reference])
    body = {"organisations": ["gravenhurst"], "because": "It lends us people"}
    assert send(api_of("ashbourne"), "post", path, body).status_code == 403
    lead = client_of("ashbourne", fresh=True)
    asked = {"organisation": "gravenhurst", "because": "It lends us people", "asked": "both"}
    assert lead.post(page, {**asked, "because": ""}).status_code == 422
    assert lead.post(page, {**asked, "organisation": "eastwick"}).status_code == 422
    assert lead.post(page, asked).status_code == 302
    assert "asked already" in lead.post(page, asked).content.decode()
    assert "nobody has agreed yet" in lead.get(page).content.decode()
    ((approval,),) = stage.owner("SELECT id FROM partners_approval WHERE kind = 'let_outside_in'")
    yes = reverse("approval-approve", args=[approval])
    assert client_of("eastwick", fresh=True).post(yes).status_code == 404
    assert lead.post(yes).status_code == 409, "the lead's own organisation"
    theirs = client_of("gravenhurst", fresh=True)
    assert "although no path of the register reaches it" in theirs.get(reverse("approval-list")).content.decode()
    assert theirs.get(reverse("incident-board", args=[incident.reference])).status_code == 404
    assert theirs.post(yes).status_code == 302
    assert theirs.post(yes).status_code == 409
    with as_worker():
        assert rewalk_due() == 1
        assert rewalk_due() == 0
    shown = send(api_of("gravenhurst"), "get", f"/incidents/{incident.reference}/").json()
    assert shown["participants"][0]["because"] == "Gravenhurst: It lends us people"
    with stage.acting("eastwick"):
        assert not Outside.objects.exists()
    assert stage.owner("SELECT what FROM incidents_rewalk") == [(Rewalk.What.SIDES,)]
