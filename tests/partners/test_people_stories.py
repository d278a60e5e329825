"""Looking after people with real sessions, keys and commits: what an administrator presses takes effect at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from partners.models import SignInLink
from tests.partners.door import TOM, by_link, enrol, person, sign_in
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator(client_of: Any) -> Client:
    return client_of("ashbourne", "administrator", fresh=True)


def text(response: Any) -> str:
    return response.content.decode()


def link_in(response: Any) -> str:
    found = re.search(r"/sign-in/link/[\w-]+/", text(response))
    assert found is not None, text(response)
    return found.group()


def test_enrolled_by_link_reset_enrolled_again_and_switched_off(administrator):
    tom = f"/people/{person(TOM).pk}/"
    older = link_in(administrator.post(f"{tom}link/"))
    link = link_in(administrator.post(f"{tom}link/"))
    assert Client().post(older).status_code == 404, "a new link ends the one before"
    browser = Client()
    assert browser.post(link).status_code == 302
    passkey = enrol(browser)
    assert browser.get("/my-tasks/").status_code == 200
    assert Client().post(link).status_code == 404

    page = text(administrator.get(tom))
    assert "1 passkey." in page
    assert "by an enrolment link" in page
    refused = administrator.post(f"{tom}link/")
    assert refused.status_code == 422
    assert "A link would be a second door: reset their ways first." in text(refused)

    second, _ = sign_in(passkey)
    session = re.findall(rf"{tom}sessions/[0-9a-f-]+/end/", text(administrator.get(tom)))
    assert len(session) == 2
    assert administrator.post(session[0]).status_code == 302
    assert sorted([browser.get("/my-tasks/").status_code, second.get("/my-tasks/").status_code]) == [200, 302]

    assert administrator.post(f"{tom}reset/", {"reason": ""}).status_code == 422, "a reason is needed"
    assert administrator.post(f"{tom}reset/", {"reason": "Showed a passport at the desk"}).status_code == 302
    assert browser.get("/my-tasks/").status_code == 302
    assert second.get("/my-tasks/").status_code == 302
    assert sign_in(passkey)[1].status_code == 400, "the passkey is gone"
    assert owner("SELECT count(*) FROM partners_authenticator") == [(0,)]

    third = Client()
    assert third.post(link_in(administrator.post(f"{tom}link/"))).status_code == 302
    passkey = enrol(third)
    waiting = by_link(TOM, SignInLink.Purpose.DEMONSTRATION)
    answer = administrator.post(f"{tom}switch/", follow=True)
    assert "Switched off; 2 sessions ended." in text(answer)
    for each in (third, waiting):
        assert each.get("/my-tasks/").status_code == 302, "at the next statement"
    assert sign_in(passkey)[1].status_code == 400
    assert administrator.post(f"{tom}link/").status_code == 422
    assert administrator.post(f"{tom}switch/").status_code == 302
    assert sign_in(passkey)[1].status_code == 200, "with the passkey from before"

    rows = owner("SELECT kind FROM ledger_event WHERE subject_id = %s ORDER BY pos", [person(TOM).pk])
    assert [kind for (kind,) in rows if not kind.startswith("authenticator.")] == [
        "enrolment.offered", "enrolment.offered", "session.ended", "authenticators.reset", "enrolment.offered",
        "person.switched_off", "person.switched_on",
    ]  # fmt: skip
    assert owner("SELECT count(*) FROM ledger_event WHERE data::text LIKE '%%Whitlock%%'") == [(0,)]


def key_in(response: Any) -> str:
    found = re.search(r"bh_[0-9a-f]{32}_[0-9a-f]{64}", text(response))
    assert found is not None, text(response)
    return found.group()


def machine(key: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {key}"})


def test_two_keys_of_a_service_account_for_rotation_and_they_end_with_it(administrator):
    made = administrator.post("/people/add/", {"name": "Monitoring", "email": "", "role": "service_account"})
    account = made["Location"]
    said = {"label": "SIEM", "scopes": ["read"], "days": "90", "service_account": account.split("/")[2]}
    old, new = (key_in(administrator.post("/partners/keys/make/", said)) for _ in range(2))
    assert old not in text(administrator.get("/partners/keys/"))
    third = administrator.post("/partners/keys/make/", said)
    assert third.status_code == 422
    assert "Two keys for this are in force." in text(third)
    for key in (old, new):
        assert machine(key).get("/api/v1/incidents/").status_code == 200

    keys = re.findall(r"/partners/keys/[0-9a-f-]{36}/revoke/", text(administrator.get("/partners/keys/")))
    first = next(path for path in keys if path.split("/")[3].replace("-", "") == old.split("_")[1])
    assert machine(old).post(first).status_code == 302, "a key revokes nothing: pages send it to sign-in"
    assert administrator.post(first).status_code == 302
    assert machine(old).get("/api/v1/incidents/").status_code == 401
    assert machine(new).get("/api/v1/incidents/").status_code == 200
    assert administrator.post(first).status_code == 404

    assert administrator.post(f"{account}switch/").status_code == 302
    assert machine(new).get("/api/v1/incidents/").status_code == 401
    assert owner("SELECT kind FROM ledger_event WHERE kind LIKE 'key.%%' ORDER BY pos") == [
        ("key.made",), ("key.made",), ("key.revoked",),
    ]  # fmt: skip
