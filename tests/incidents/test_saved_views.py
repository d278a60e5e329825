"""Views of the incident list: a person's own, under a name; and a list that says when it is not whole."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from incidents.models import SavedView
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
KEEP = "/incidents/views/"


def body(client, path: str = "/incidents/") -> str:
    return client.get(path).content.decode()


def test_a_person_keeps_a_view_finds_it_at_home_and_removes_it_and_nobody_else_sees_it(stage: Stage, client_of):
    lead, colleague = client_of("ashbourne"), client_of("ashbourne", "responder")
    kept = lead.post(KEEP, {"name": " Night  shift ", "kind": "incident", "state": "suspected"})
    assert kept["Location"] == "/incidents/?kind=incident&state=suspected"
    assert lead.post(KEEP, {"name": "Night shift", "kind": "incident", "state": "suspected"}).status_code == 302
    for path in ("/", "/incidents/", "/incidents/?kind=planned"):
        assert 'href="/incidents/?kind=incident&amp;state=suspected"' in body(lead, path), path
        assert "Night shift" in body(lead, path)
        for other in (colleague, client_of("northgate"), client_of("gravenhurst")):
            assert "Night shift" not in body(other, path)
    assert stage.owner("SELECT name, kind, state FROM incidents_savedview") == [
        ("Night shift", "incident", "suspected")
    ]
    ((pk,),) = stage.owner("SELECT id FROM incidents_savedview")
    remove = reverse("saved-view-remove", args=[pk])
    for other in (colleague, client_of("gravenhurst")):
        assert other.post(remove).status_code == 404
    with stage.as_person("northgate"):
        assert not SavedView.objects.exists()
        assert SavedView.objects.filter(pk=pk).delete()[0] == 0
    assert lead.post(remove).status_code == 302
    assert lead.post(remove).status_code == 404
    assert "Night shift" not in body(lead)


def test_what_cannot_be_kept_is_said_and_nothing_is(stage: Stage, client_of):
    lead = client_of("ashbourne", "observer")
    for said in (
        {"name": ""}, {"name": "  "}, {"name": "x" * 61}, {"name": "a\0b"}, {"name": "A", "kind": "other"},
        {"name": "A", "state": "gone"}, {"name": "A", "kind": "planned", "state": "open"},
    ):  # fmt: skip
        assert lead.post(KEEP, said).status_code in {400, 422}, said
    assert lead.post(KEEP, {"name": "A"}).status_code == 302
    assert lead.post(KEEP, {"name": "A", "kind": "exercise"}).status_code == 422
    for nth in range(19):
        assert lead.post(KEEP, {"name": f"View {nth}"}).status_code == 302
    assert "keep 20 already" in lead.post(KEEP, {"name": "One more"}).content.decode()
    assert stage.owner("SELECT count(*) FROM incidents_savedview") == [(20,)]


def test_the_hundred_and_first_open_incident_is_paged_on_to(stage: Stage, client_of, monkeypatch):
    """Three at once instead of a hundred: opening a hundred takes a minute."""
    monkeypatch.setattr("incidents.listing.MOST_OPEN", 3)
    opened = [stage.opens().reference for _ in range(7)]
    lead, found, path = client_of("ashbourne"), [], "/incidents/"
    assert "4 more are open." in body(lead, "/")
    for others in (4, 4, 6):
        page = body(lead, path)
        found += [each for each in dict.fromkeys(re.findall(r"INC-[0-9A-Z]+", page)) if each in opened]
        assert f"{others} more are open." in page
        path = next(iter(re.findall(r'href="([^"]*open=[^"]*)"', page)), "").replace("&amp;", "&")
    assert found == opened[::-1]
    assert path == ""
    assert "more are open" not in body(client_of("gravenhurst"))
    assert lead.get("/incidents/?open=nonsense").status_code == 200
