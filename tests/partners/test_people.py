"""Pages of an organisation's own people, their keys and rules; who may look and who may change."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from partners.models import ApiKey, Person, SignInPolicy
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def administrator(client_of):
    return client_of("ashbourne", "administrator", fresh=True)


def person_of(cast: Any, slug: str, role: str) -> Any:
    return next(pk for pk, _, its_role in cast[slug].people if its_role == role)


def events(inside: Any, kind: str, *, of: str = "ashbourne") -> list[Event]:
    with inside(of):
        return list(Event.objects.filter(kind=kind))


def test_everybody_reads_who_is_there_and_only_administrators_reach_for_them(client_of, administrator):
    page = text(client_of("ashbourne", "observer").get("/people/"))
    assert "Priya Nair" in page
    assert "Gareth Lowe" not in page
    assert "Last seen" not in page
    assert "/people/add/" not in page
    page = text(administrator.get("/people/"))
    assert "Last seen" in page
    assert "/people/add/" in page


def test_somebody_is_added_and_the_record_holds_no_name(administrator, cast, inside):
    said = {"name": "Wren Oakley", "email": "gareth.lowe@brackenfield.example", "role": "responder", "duty": "nights"}
    answer = administrator.post("/people/add/", said)  # an address of another organisation is free here
    assert answer.status_code == 302
    assert "Make an enrolment link" in text(administrator.get(answer["Location"]))
    (event,) = events(inside, "person.added")
    assert "Wren" not in str(event.data)
    assert event.data == {"role": "responder", "break_glass": False}
    again = administrator.post("/people/add/", {**said, "email": "Gareth.Lowe@brackenfield.example"})
    assert again.status_code == 422
    assert "has this e-mail address already" in text(again)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": "", "email": "a@b.example", "role": "responder"}, "Write a name."),
        ({"name": "A", "email": "", "role": "responder"}, "Write an e-mail address."),
        ({"name": "A", "email": "x@y.invalid", "role": "responder"}, "nobody can have"),
        ({"name": "A", "email": "a@b.example", "role": "guest"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said(administrator, said, words):
    answer = administrator.post("/people/add/", said)
    assert answer.status_code == 422
    assert words in text(answer)


def test_without_a_passkey_used_just_now_nothing_changes(client_of, cast):
    tired = client_of("ashbourne", "administrator")
    person = person_of(cast, "ashbourne", "responder")
    for path in ("add/", "policy/", f"{person}/change/", f"{person}/switch/", f"{person}/link/", f"{person}/reset/"):
        assert tired.get(f"/people/{path}")["Location"].startswith("/sign-in/again/?next=%2Fpeople%2F"), path
        assert tired.post(f"/people/{path}", {"reason": "x"}).status_code == 403, path
    assert tired.get(f"/people/{person}/").status_code == 200, "looking needs no passkey"


def test_somebody_of_another_organisation_is_not_there(administrator, cast):
    stranger = person_of(cast, "gravenhurst", "responder")
    nobody = administrator.get(f"/people/{uuid4()}/")
    for act in ("", "change/", "switch/", "link/", "reset/", f"sessions/{uuid4()}/end/"):
        answer = administrator.get(f"/people/{stranger}/{act}")
        assert (answer.status_code, answer.content) == (404, nobody.content), act


def test_a_role_changes_and_the_last_administrator_stays(client_of, cast, inside):
    administrator = client_of("brackenfield", "administrator", fresh=True)
    responder = person_of(cast, "brackenfield", "responder")
    own = person_of(cast, "brackenfield", "administrator")
    lost = {"name": "Me", "role": "observer", "duty": ""}
    answer = administrator.post(f"/people/{own}/change/", lost)
    assert answer.status_code == 422
    assert "The last administrator stays: name another one first." in text(answer)
    answer = administrator.post(f"/people/{own}/switch/")
    assert answer.status_code == 422
    assert "The last administrator stays" in text(answer)
    made = administrator.post(f"/people/{responder}/change/", {"name": "Tom", "role": "administrator", "duty": "x"})
    assert made.status_code == 302
    (event,) = events(inside, "person.changed", of="brackenfield")
    assert event.data == {"changed": ["name", "role", "duty"], "role": "administrator"}
    assert administrator.post(f"/people/{own}/change/", lost).status_code == 302, "there is another one now"


def test_a_service_account_is_there_for_keys_and_nobody_signs_in_as_it(administrator, inside):
    answer = administrator.post("/people/add/", {"name": "Monitoring", "email": "", "role": "service_account"})
    page = text(administrator.get(answer["Location"]))
    assert "Nobody signs in as a service account" in page
    assert "Make an enrolment link" not in page
    link = administrator.post(f"{answer['Location']}link/")
    assert link.status_code == 422
    assert "Nobody signs in as a service account." in text(link)
    role = administrator.post(f"{answer['Location']}change/", {"name": "M", "role": "responder", "duty": ""})
    assert role.status_code == 302
    with inside("ashbourne"):
        assert Person.objects.get(name="M").role == "service_account", "it stays what it is"


def test_a_link_is_shown_once_and_is_not_in_the_page_afterwards(administrator, cast, inside):
    person = person_of(cast, "ashbourne", "responder")
    answer = administrator.post(f"/people/{person}/link/")
    assert answer.status_code == 200
    assert "/sign-in/link/" in text(answer)
    assert "/sign-in/link/" not in text(administrator.get(f"/people/{person}/"))
    assert len(events(inside, "enrolment.offered")) == 1


def test_nobody_resets_their_own_ways(administrator, cast):
    answer = administrator.post(f"/people/{person_of(cast, 'ashbourne', 'administrator')}/reset/", {"reason": "Lost"})
    assert answer.status_code == 422
    assert "Another administrator resets yours" in text(answer)


def test_the_rules_of_signing_in_are_kept_and_recorded(administrator, inside):
    assert administrator.post("/people/policy/", {"idle_minutes": 4, "absolute_hours": 25}).status_code == 422
    answer = administrator.post("/people/policy/", {"idle_minutes": 30, "absolute_hours": 8})
    assert answer.status_code == 302
    with inside("ashbourne"):
        policy = SignInPolicy.objects.get()
        assert (policy.idle_minutes, policy.absolute_hours, policy.allow_password) == (30, 8, False)
    (event,) = events(inside, "sign_in_policy.changed")
    assert event.data == {"idle_minutes": 30, "absolute_hours": 8, "allow_password": False}


def test_a_key_is_made_for_an_administrator_alone(client_of, administrator, inside):
    said = {"label": "Monitoring", "scopes": ["suspect"], "days": "30"}
    for role in ("incident_manager", "observer", "responder"):
        assert client_of("ashbourne", role, fresh=True).post("/partners/keys/make/", said).status_code == 403
    answer = administrator.post("/partners/keys/make/", said)
    assert answer.status_code == 200
    assert "Copy it now" in text(answer)
    assert administrator.post("/partners/keys/make/", {**said, "days": "366"}).status_code == 422
    (event,) = events(inside, "key.made")
    assert event.data == {"scopes": ["suspect"], "days": 30}
    assert "bh_" not in str(event.data)
    with inside("gravenhurst"):
        assert not ApiKey.objects.filter(label="Monitoring").exists()


def test_pages_of_people_ask_a_fixed_number_of_times(client_of):
    administrator = client_of("dunmere", "administrator", fresh=True)

    def count(path: str) -> int:
        administrator.get(path)
        with CaptureQueriesContext(connections["default"]) as caught:
            assert administrator.get(path).status_code == 200
        return len(caught)

    paths = ("/people/", "/readiness/", "/people/break-glass/", "/partners/keys/", "/emergency/")
    before = {path: count(path) for path in paths}
    for nth in range(3):
        said = {"name": f"P {nth}", "email": f"p{nth}@ashbourne.example", "role": "responder"}
        assert administrator.post("/people/add/", said).status_code == 302
    assert administrator.post("/people/break-glass/", {"name": "Safe"}).status_code == 302
    assert {path: count(path) for path in paths} == before
