"""Own contacts: who may change them, what the others hear of it, and what stays masked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from incidents.models import Incident
from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from partners.models import Change, ContactPoint, WorkItem
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
NUMBER = "07700 900 167"
WHOLE = re.compile(r"7700\s*900\s*167")


def says(person: Any = "", **changes: Any) -> dict[str, Any]:
    return {"person": str(person), "kind": "email", "label": "A mailbox", "address": "new@ashbourne-duty.example",
            "rides_on": "", "order": "3", **changes}  # fmt: skip


def person_of(cast: Any, slug: str, name: str) -> Any:
    return next(pk for pk, each, _ in cast[slug].people if each == name)


def add(client: Client, **what: Any) -> int:
    return client.post("/partners/contacts/add/", says(**what)).status_code


def test_a_person_keeps_their_own_and_the_others_hear_of_it(cast, inside, client_of):
    tom = person_of(cast, "ashbourne", "Tom Whitlock")
    client = client_of("ashbourne", "responder", fresh=True)
    assert add(client, person=tom) == 302
    with inside("ashbourne"):
        point = ContactPoint.objects.get(address="new@ashbourne-duty.example")
        assert (point.person_id, point.tested_at, point.trust) == (tom, None, "trusted")
        item = WorkItem.objects.get(kind="contact_changed")
        assert item.title == "Tom Whitlock added a contact of Tom Whitlock"
        assert "new@" not in item.title + item.detail
        change = Change.objects.get(object_id=point.pk)
        assert (change.what, change.after["address"], change.person_id) == ("made", "•", tom)
    priya = person_of(cast, "ashbourne", "Priya Nair")
    assert add(client, person=priya, address="intruder@elsewhere.example") == 422
    assert add(client, person="", address="intruder@elsewhere.example") == 422
    assert add(client_of("ashbourne", "responder"), person=tom) == 403  # no passkey just now
    with inside("gravenhurst"):
        assert not WorkItem.objects.filter(kind="contact_changed").exists()
        assert not Change.objects.filter(object_id=point.pk).exists()
        assert not Event.objects.filter(subject_id=point.pk).exists()


def test_a_new_address_is_untested_and_a_doubt_by_a_job_is_no_history(cast, inside, client_of):
    with inside("ashbourne"):
        desk = ContactPoint.objects.get(address="duty@ashbourne-duty.example")
        assert desk.tested_at is not None
    client = client_of("ashbourne", fresh=True)
    page = f"/partners/contacts/{desk.pk}/"
    assert client.post(page, says(label="Desk, renamed", address=desk.address)).status_code == 302
    with inside("ashbourne"):
        desk.refresh_from_db()
        assert desk.tested_at is not None
    assert client.post(page, says(label="Desk, renamed", address="other@ashbourne-duty.example")).status_code == 302
    with inside("ashbourne"):
        desk.refresh_from_db()
        assert desk.tested_at is None
        kept = Change.objects.filter(object_id=desk.pk)
        assert kept.filter(what="changed").count() == 2
        assert not any("@" in str(each.before) + str(each.after) for each in kept)
    assert "Desk, renamed" in client.get(page).content.decode()
    assert client.post(f"/partners/contacts/{desk.pk}/retire/").status_code == 302
    assert client.get(page).status_code == 404


def test_what_is_typed_wrong_is_said_and_kept(client_of):
    client = client_of("ashbourne", fresh=True)
    for wrong, words in [
        ({"address": "nobody"}, "Write an e-mail address"),
        ({"kind": "phone", "address": "12 34"}, "Begin with 0"),
        ({"kind": "phone", "address": "call me"}, "Write digits alone"),
        ({"kind": "phone", "address": NUMBER, "is_private": "on", "label": "07700 900167"}, "Leave the number out"),
        ({"is_private": "on"}, "cannot be private"),
        ({"label": ""}, "Say what it is"),
        ({"kind": "pigeon"}, "pigeon"),
    ]:
        answer = client.post("/partners/contacts/add/", says(**wrong))
        assert answer.status_code == 422
        assert words in answer.content.decode()
    taken = client.post("/partners/contacts/add/", says(address="duty@ashbourne-duty.example"))
    assert "one of your contacts already" in taken.content.decode()
    assert 'value="duty@ashbourne-duty.example"' in taken.content.decode()


@pytest.fixture
def private(cast, inside, client_of) -> ContactPoint:
    """Dunmere's Sunita has a private number, and is on duty whatever the hour."""
    sunita = person_of(cast, "dunmere", "Sunita Rao")
    client = client_of("dunmere", fresh=True)
    assert client.post("/partners/duty/", {"act": "add-shift", "weekdays": [0, 1, 2, 3, 4, 5, 6], "starts": "00:00",
                       "ends": "00:00", "whose": f"person:{sunita}", "order": "1"}).status_code == 302  # fmt: skip
    with inside("dunmere"):
        for each in ContactPoint.objects.filter(person_id=sunita).exclude(kind="email"):
            assert client.post(f"/partners/contacts/{each.pk}/retire/").status_code == 302
        connections["default"].cursor().execute("SELECT 1")
    assert add(client, person=sunita, kind="phone", address=NUMBER, is_private="on", label="Own telephone") == 302
    with inside("dunmere"):
        return ContactPoint.objects.get(label="Own telephone")


def opened(
    cast: Any, inside: Any, seal: Any, *, systems: tuple[str, ...] = ("identity-platform",), **how: Any
) -> Incident:
    with inside("ashbourne"):
        incident = open_incident(
            Opening(title="Breach", systems=systems, **how), actor=actor_of(cast.visitor("ashbourne"))
        )
        seal()
    return incident


def shows(client: Client, incident: Incident, point: ContactPoint, because: str = "Nobody answers") -> Any:
    path = f"/incidents/{incident.reference}/organisations/dunmere/numbers/{point.pk}/"
    return client.post(path, {"because": because})


def test_a_private_number_is_shown_in_an_open_incident_alone(cast, inside, client_of, private, seal):
    assert private.address == "ends 67"
    incident = opened(cast, inside, seal)
    lead = client_of("ashbourne", fresh=True)
    page = lead.get(f"/incidents/{incident.reference}/organisations/dunmere/").content.decode()
    assert "Sunita Rao" in page
    assert "ends 67" in page
    assert not WHOLE.search(page)
    assert shows(lead, incident, private, "").status_code == 422
    assert shows(client_of("ashbourne"), incident, private).status_code == 403
    assert shows(client_of("ashbourne", "responder", fresh=True), incident, private).status_code == 403
    for slug in ("brackenfield", "gravenhurst"):  # takes part and oversees nothing; knows of nothing
        assert shows(client_of(slug, fresh=True), incident, private).status_code == 404
    answer = shows(lead, incident, private)
    assert answer.status_code == 200
    assert WHOLE.search(answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    for slug in ("ashbourne", "dunmere"):
        with inside(slug):
            seal()
            (event,) = Event.objects.filter(kind="number.revealed")
            assert event.data == {"because": "Nobody answers"}
            assert not WHOLE.search(str(event.data))
    with inside("brackenfield"):
        assert not Event.objects.filter(kind="number.revealed").exists()


@pytest.mark.parametrize("how", [{"exercise": True}, {"suspected": True}])
def test_no_exercise_and_no_suspicion_opens_a_number(cast, inside, client_of, private, seal, how):
    incident = opened(cast, inside, seal, **how)
    assert shows(client_of("ashbourne", fresh=True), incident, private).status_code in {404, 409}
    with inside("ashbourne", fresh=True):
        assert raw("SELECT * FROM sec.reveal_number(%s, %s, 'x')", incident.pk, private.pk) == "42501"


def raw(sql: str, *parameters: object) -> object:
    """Rows as the application's role in the scope that is open, or the state of what it was refused with."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "")


def test_masked_everywhere_else_also_by_plain_sql(inside, client_of, api_of, private):
    for slug, role in [("dunmere", "administrator"), ("dunmere", "incident_manager")]:
        with inside(slug, role, fresh=True):
            assert raw("SELECT * FROM partners_privatenumber") == "42501"
            assert raw("SELECT * FROM sec.my_numbers()") == []
            assert not WHOLE.search(str(raw("SELECT c::text FROM partners_contactpoint c")))
            assert not WHOLE.search(str(raw("SELECT c.before::text || c.after::text FROM partners_change c")))
    client = client_of("dunmere", fresh=True)
    for path in ("/partners/contacts/", f"/partners/contacts/{private.pk}/", "/partners/contacts/papers/sheet/",
                 "/partners/contacts/papers/card/", "/partners/duty/"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not WHOLE.search(answer.content.decode()), path
    listed = api_of("dunmere").get("/api/v1/contacts/").json()
    assert "7700900167" not in str(listed)
    with inside("gravenhurst", fresh=True):
        assert raw("SELECT * FROM partners_contactpoint WHERE id = %s", private.pk) == []
        assert raw("SELECT sec.retire_contact(%s)", private.pk) == "42501"
        assert raw("SELECT * FROM sec.duty_contacts(gen_random_uuid())") == []


def test_the_rota_page_says_who_and_when_nobody(client_of, cast):
    page = client_of("dunmere").get("/partners/duty/").content.decode()
    assert "Nobody is on duty in the next 14 days" in page
    assert "Ben Ashcroft" in page
    client = client_of("dunmere", fresh=True)
    wrong = client.post("/partners/duty/", {"act": "add-shift", "weekdays": ["0"], "starts": "8", "ends": ""})
    assert wrong.status_code == 422
    assert "Write when it ends" in wrong.content.decode()
    theirs = person_of(cast, "gravenhurst", "Yusuf Kaya")
    assert client.post("/partners/duty/", {"act": "add-shift", "weekdays": ["0"], "starts": "08:00", "ends": "09:00",
                       "whose": f"person:{theirs}", "order": "1"}).status_code == 422  # fmt: skip
    assert (
        client_of("dunmere", "responder", fresh=True).post("/partners/duty/", {"act": "add-shift"}).status_code == 403
    )
    script = client_of("fernleigh").get("/partners/duty/").content.decode()
    assert "Nightline call handling" in script
    assert "Read back the reference" in script
    assert "Nightline" not in client_of("gravenhurst").get("/partners/duty/").content.decode()
