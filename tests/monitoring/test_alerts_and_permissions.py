"""The page of alerts says what a permission says of an account, for whoever may know of it, and it excuses nothing."""

from __future__ import annotations

import re

import pytest

from monitoring.models import Alert
from tests.partners.permitted import in_force, proposed

pytestmark = pytest.mark.django_db
SIGHT = {"title": "First sight: svc-backup@ashbourne at Coldharbour file-02", "labels": {"host": "file-02"}}


def page(client):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/alerts/").content.decode()))


def comes(api_of, slug, body):
    answer = api_of(slug).post("/api/v1/alerts/generic/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"][0]["outcome"]


def test_a_lapsed_permission_is_told_and_excuses_nothing(api_of, client_of, inside):
    outcome = comes(api_of, "coldharbour", SIGHT)
    said = "A permission covered this account until 30 September 2026; it has lapsed and excuses nothing."
    assert said in page(client_of("coldharbour"))
    assert comes(api_of, "gravenhurst", SIGHT) == outcome, "what becomes of an alert asks no permission"
    assert said not in page(client_of("gravenhurst"))
    assert "A permission" not in page(client_of("gravenhurst"))
    comes(api_of, "northgate", SIGHT)
    assert said in page(client_of("northgate")), "whoever runs the system knows that it is there"


def test_one_in_force_says_who_approved_it_and_not_that_it_is_harmless(api_of, client_of, inside, cast):
    in_force(inside, cast)
    proposed(inside, cast, name="Asked for", accounts=("svc-asked@ashbourne",))
    for account in ("svc-nightly@ashbourne", "SVC-ASKED@Ashbourne", "svc-other@ashbourne"):
        comes(api_of, "coldharbour", {"title": f"Odd sign-in {account[:4]}", "event": {"user": account}})
    found = page(client_of("coldharbour"))
    assert (
        "A permission covers this account and is in force, approved by Maeve Donnelly, Coldharbour, and Priya Nair,"
        " Ashbourne, until"
    ) in found
    assert "it says that it is expected, not that it is harmless. (Nightly backup)" in found
    assert "A permission for this account is asked for and not in force. (Asked for)" in found
    assert found.count("(Nightly backup)") == 1
    with inside("coldharbour"):
        assert Alert.objects.count() == 3
