"""What the opening offers while somebody types: systems, organisations and accounts that the reader may see."""

from __future__ import annotations

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def found(client, typed: str) -> list[tuple[str, str]]:
    answer = client.get(reverse("incident-open-suggest"), {"q": typed})
    assert answer.status_code == 200
    return [(each["kind"], each["value"]) for each in answer.json()["results"]]


def test_it_finds_what_may_be_named_and_begins_with_what_begins_so(client_of):
    lead = client_of("ashbourne")
    assert found(lead, "iden")[0] == ("systems", "identity-platform")
    assert found(lead, "  IDENTITY   plat")[0] == ("systems", "identity-platform")
    assert ("confirmed", "gravenhurst") in found(lead, "grav")
    assert found(lead, "e") != found(lead, "ea")
    assert len(found(lead, "e")) <= 12
    # An account as it was typed, once a system vouches for its realm; and one of standing access.
    assert found(lead, "svc-backup@ashbourne") == [("accounts", "svc-backup@ashbourne")]
    assert found(lead, "somebody@nowhere") == []
    assert found(lead, "") == found(lead, "   ") == []


def test_a_stranger_finds_organisations_and_none_of_the_systems_of_others(client_of):
    assert [kind for kind, _ in found(client_of("gravenhurst"), "identity")] == []
    assert found(client_of("gravenhurst"), "svc-backup@ashbourne") == []
    assert ("confirmed", "ashbourne") in found(client_of("gravenhurst"), "ashb")


def test_whoever_may_not_open_may_not_ask_and_a_bad_question_is_none(client_of):
    path = reverse("incident-open-suggest")
    assert client_of("ashbourne", "responder").get(path, {"q": "iden"}).status_code == 403
    assert client_of("ashbourne").post(path).status_code == 405
    assert client_of("ashbourne").get(path, {"q": "\0"}).status_code == 400
    assert found(client_of("ashbourne"), "x" * 3000) == []
    assert found(client_of("ashbourne"), "%_\\") == []
