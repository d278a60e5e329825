"""The lead passes on: offered, answered, by its pages and by raw SQL as the application's role."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction

from incidents.errors import NotYours
from incidents.models import Handover, Incident, Task
from incidents.opening import Opening, open_incident
from incidents.transitions import cancel_task, verify_task
from incidents.updates import send_update
from incidents.widening import add_participants
from partners.acting import actor_of
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
STRANGER = "gravenhurst"


@pytest.fixture
def incident(cast, inside, seal) -> Incident:
    with inside("ashbourne"):
        found = open_incident(
            Opening(title="Breach", systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )
        seal()
        return found


@pytest.fixture
def page(incident) -> str:
    return f"/incidents/{incident.reference}/hand-over/"


@pytest.fixture
def offered(client_of, cast, page, incident, inside, seal) -> Handover:
    """Ashbourne has asked Dunmere."""
    said = {"to": str(cast.id("dunmere")), "reason": "Our people have to sleep"}
    assert client_of("ashbourne", fresh=True).post(page, said).status_code == 302
    with inside("dunmere"):
        seal()
        return Handover.objects.get(incident=incident)


def answer(client, page, offer, said="accept", **more):
    return client.post(f"{page}{offer.pk}/", {"answer": said, **more})


def words(response) -> str:
    return response.content.decode()


def test_the_deputy_is_chosen_already_and_the_agreed_order_is_shown(client_of, page):
    body = words(client_of("ashbourne", fresh=True).get(page))
    order = [
        body.index(name) for name in ("Northgate IT Services</label>", "Brackenfield</label>", "Coldharbour</label>")
    ]
    assert order == sorted(order)
    assert "number 1 in the agreed succession" in body
    assert body.count(" checked>") + body.count(" checked ") == 1
    assert "Gravenhurst" not in body


def test_it_takes_a_passkey_a_role_and_the_lead(client_of, page, cast):
    said = {"to": str(cast.id("dunmere")), "reason": "so"}
    assert client_of("ashbourne").post(page, said).status_code == 403
    assert client_of("ashbourne").get(page)["Location"].startswith("/sign-in/again/")
    assert client_of("ashbourne", "observer", fresh=True).post(page, said).status_code == 403
    for slug in (STRANGER, "dunmere", "northgate"):
        assert client_of(slug, fresh=True).get(page).status_code == 404
        assert client_of(slug, fresh=True).post(page, said).status_code == 404


def test_neither_a_stranger_nor_the_lead_itself_can_be_asked_nor_without_a_reason(client_of, page, cast):
    lead = client_of("ashbourne", fresh=True)
    for said in (
        {"to": str(cast.id(STRANGER)), "reason": "x"},
        {"to": str(cast.id("ashbourne")), "reason": "x"},
        {"to": str(cast.id("dunmere")), "reason": " "},
    ):
        assert lead.post(page, said).status_code == 422


def test_the_asked_side_sees_it_first_everywhere_and_others_nothing(client_of, offered, incident):
    for path in (f"/incidents/{incident.reference}/", "/my-tasks/"):
        body = words(client_of("dunmere").get(path))
        main = body[body.index('<main id="main"') :]
        assert "You are asked to take the lead" in main
        assert main.index("You are asked to take the lead") < main.index("Directory") if "Directory" in main else True
        assert main.index("notice") < main.index("<h1" if path.startswith("/inc") else "Accept")
        assert "Take the lead, or decline" in main
        assert "Take the lead, or decline" not in words(client_of("dunmere", "responder").get(path))
        assert "asked to take the lead from us" in words(client_of("ashbourne").get(path))
        assert "asked to take the lead" not in words(client_of("eastwick").get(path))


def test_with_a_yes_the_rights_move_at_once_and_the_run_goes_on(
    client_of, offered, page, incident, cast, inside, owner_url, seal
):
    with inside("ashbourne"):
        own = Task.objects.get(organisation_id=cast.id("ashbourne"), step__audience="lead")
        theirs = Task.objects.filter(organisation_id=cast.id("eastwick")).first()
    assert answer(client_of("dunmere", fresh=True), page, offered).status_code == 302
    before = actor_of(cast.visitor("ashbourne"))
    with inside("ashbourne"):
        incident.refresh_from_db()
        assert (incident.lead_id, incident.deputy_lead_id) == (cast.id("dunmere"), cast.id("ashbourne"))
        for act in (
            lambda: add_participants(incident_id=incident.pk, organisations=[STRANGER], because="x", actor=before),
            lambda: send_update(incident_id=incident.pk, text="x", actor=before, author_name="x"),
            lambda: verify_task(task_id=theirs.pk, actor=before),
            lambda: cancel_task(task_id=theirs.pk, actor=before),
        ):
            with pytest.raises(NotYours):
                act()
    old = client_of("ashbourne", fresh=True)
    for path in ("widen", "update", "close"):
        assert old.get(f"/incidents/{incident.reference}/{path}/").status_code == 404
    body = words(old.get(f"/incidents/{incident.reference}/"))
    assert "Dunmere leads now" in body
    assert "Stand down" not in body
    new = client_of("dunmere", fresh=True)
    assert "Stand down" in words(new.get(f"/incidents/{incident.reference}/"))
    assert new.post(f"/incidents/{incident.reference}/update/", {"text": "We lead"}).status_code == 302
    with inside("dunmere"):
        assert cancel_task(task_id=theirs.pk, actor=actor_of(cast.visitor("dunmere"))).status == "cancelled"
        passed = Task.objects.get(incident=incident, organisation_id=cast.id("dunmere"), step__audience="lead")
        assert (passed.status, passed.step_id) == ("waiting", own.step_id)
        assert Task.objects.get(pk=own.pk).status == "cancelled"
        seal()
        kinds = set(Event.objects.filter(incident_id=incident.pk).values_list("kind", flat=True))
        assert {"lead.offered", "incident.handed_over"} <= kinds
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT tasks_open FROM incidents_participant WHERE organisation_id = %s", [cast.id("dunmere")]
            )
            ((open_tasks,),) = cursor.fetchall()
        mine = Task.objects.filter(organisation_id=cast.id("dunmere")).exclude(status__in=Task.SETTLED)
        assert open_tasks == mine.count()
    with inside("eastwick"):
        assert Event.objects.filter(kind="incident.handed_over").count() == 1
        assert Event.objects.filter(kind="lead.offered").count() == 0


REFUSALS = {
    "the lead adds nobody any more": (
        "INSERT INTO incidents_task (id, incident_id, organisation_id, step_id, position, title, containing, status,"
        " ready, reason, version, changed_at, previous_status, previous_reason) SELECT gen_random_uuid(), incident_id,"
        " organisation_id, step_id, 99, title, containing, 'waiting', ready, '', 1, now(), '', '' FROM incidents_task"
        " LIMIT 1"
    ),
    "and closes nothing": (
        "UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now() RETURNING id"
    ),
    "and says nothing to all": (
        "INSERT INTO incidents_update (id, incident_id, author_organisation_id, author_name, text, at)"
        " SELECT gen_random_uuid(), id, (SELECT sec.me()), 'x', 'x', now() FROM incidents_incident"
    ),
    "and calls nobody's task off": (
        "UPDATE incidents_task SET status = 'cancelled' WHERE organisation_id <> (SELECT sec.me()) RETURNING id"
    ),
}


def raw(sql, *parameters):
    """Rows as the application's role in the scope that is open, or the state of what it was refused with."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "")


@pytest.mark.parametrize("what", REFUSALS)
def test_by_raw_sql_after_the_hand_over(client_of, offered, page, inside, what):
    assert answer(client_of("dunmere", fresh=True), page, offered).status_code == 302
    with inside("ashbourne"):
        assert raw(REFUSALS[what]) in ([], "42501")


def test_a_decline_needs_a_reason_which_the_lead_reads_and_the_lead_stays(client_of, offered, page, inside, cast):
    dunmere = client_of("dunmere", fresh=True)
    assert answer(dunmere, page, offered, "decline").status_code == 409
    assert answer(dunmere, page, offered, "decline", because="We are two people").status_code == 302
    with inside("ashbourne"):
        offered.refresh_from_db()
        assert (offered.declined_because, offered.incident.lead_id) == ("We are two people", cast.id("ashbourne"))
    assert answer(dunmere, page, offered).status_code == 409
    assert "Who takes it?" in words(client_of("ashbourne", fresh=True).get(page))
    board = words(client_of("ashbourne").get(page.removesuffix("hand-over/")))
    assert "Dunmere declined to take the lead" in board
    assert "We are two people" in board
    assert "We are two people" not in words(client_of("eastwick").get(page.removesuffix("hand-over/")))


def test_the_lead_takes_its_offer_back_and_only_one_is_open(client_of, offered, page, cast):
    lead = client_of("ashbourne", fresh=True)
    again = {"to": str(cast.id("eastwick")), "reason": "x"}
    assert lead.post(page, again).status_code == 409
    assert answer(lead, page, offered, "keep").status_code == 302
    assert answer(client_of("dunmere", fresh=True), page, offered).status_code == 409
    assert lead.post(page, again).status_code == 302


def test_nobody_else_answers_and_a_foreign_offer_is_as_absent(client_of, offered, page, inside):
    for slug in (STRANGER, "eastwick", "northgate"):
        assert answer(client_of(slug, fresh=True), page, offered).status_code == 404
        with inside(slug, fresh=True):
            assert raw("SELECT sec.accept_lead(%s)", offered.pk) == "23514"
            assert raw("SELECT sec.decline_lead(%s, 'x')", offered.pk) == "23514"
            assert raw("SELECT sec.accept_lead(gen_random_uuid())") == "23514"
    assert answer(client_of("dunmere", "responder", fresh=True), page, offered).status_code == 403
    with inside("dunmere"):
        assert raw("SELECT sec.accept_lead(%s)", offered.pk) == "42501"  # no passkey just now
    with inside("ashbourne", fresh=True):
        assert raw("SELECT sec.accept_lead(%s)", offered.pk) == "42501"  # one's own offer


def test_an_offer_is_read_by_its_sides_and_the_overseers_and_written_by_nobody(offered, inside):
    seen = {}
    for slug in ("ashbourne", "dunmere", "northgate", "eastwick", STRANGER):
        with inside(slug, fresh=True):
            seen[slug] = len(raw("SELECT id FROM incidents_handover"))
            for act in ("DELETE FROM incidents_handover", "UPDATE incidents_handover SET accepted_at = now()"):
                assert raw(act) == "42501"
            assert raw("SELECT sec.hand_over_lead(%s, (SELECT sec.me()), false, 'x')", offered.incident_id) == "42501"
            assert raw("SELECT sec.offer_silent_lead(%s)", offered.incident_id) == "42501"
    assert seen == {"ashbourne": 1, "dunmere": 1, "northgate": 1, "eastwick": 0, STRANGER: 0}
