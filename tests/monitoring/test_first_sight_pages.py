"""What an organisation decides of its own findings, page by page; the other side and the stranger see nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from incidents.models import Incident
from monitoring.models import Finding
from partners.models import SharedSystem
from tests.monitoring.sighting import Seen, judge, see
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)
ACCOUNT = "svc-backup@ashbourne"


@pytest.fixture
def found(inside, cast) -> dict[str, Finding]:
    """Ashbourne's backup account at Coldharbour's files after its permission lapsed, by whose finding it is."""
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    ((permission,),) = owner("SELECT id FROM partners_integration WHERE grantee_id = %s AND grantor_id = %s", [a, c])
    with inside("ashbourne"):
        system = SharedSystem.objects.get(slug="file-services").pk
    with inside("coldharbour"):
        at = datetime.now(UTC) - timedelta(minutes=40)
        see(Seen(a, c, at, place="file-services", kind="lapsed", system=system, permission=permission))
    judge()
    made = {}
    for slug in ("ashbourne", "coldharbour"):
        with inside(slug):
            made[slug] = Finding.objects.get()
    return made


def words(response) -> str:
    return " ".join(response.content.decode().split())


def test_from_the_first_page_to_an_open_incident(found, inside, client_of, cast):
    browser = client_of("ashbourne")
    assert "One first sight waits for a decision" in words(browser.get("/"))
    listed = words(browser.get("/first-sights/"))
    assert "svc-backup@ashbourne</a> at File services" in listed
    assert "Weight 55 of 100" in listed
    assert "Ashbourne into Coldharbour" in listed
    page = words(browser.get(reverse("first-sight", args=[found["ashbourne"].pk])))
    assert "35 points: the permission that covered it has lapsed" in page
    assert "A permission covered this account until 30 September 2026; it has lapsed and excuses nothing." in page
    assert "D3-RAPA" in page
    form = browser.get(reverse("first-sight-open", args=[found["ashbourne"].pk]) + "?stand=0.1.1", follow=True)
    assert form.status_code == 200
    shown = words(form)
    assert 'value="file-services" checked' in shown
    assert "Fernleigh" in shown, "the radius is there before anything is pressed"
    query = parse_qs(urlsplit(form.redirect_chain[-1][0]).query)
    assert (query["systems"], query["accounts"]) == (["file-services"], [ACCOUNT])
    sent = query | {"step": ["open"]}
    board = browser.post("/incidents/open/", sent)
    with inside("ashbourne"):
        incident = Incident.objects.get(reference=board.url.strip("/").split("/")[-1])
        now = Finding.objects.get()
        assert (now.state, now.incident_id, now.decided_by_name) == ("opened", incident.pk, "Priya Nair")
    with inside("coldharbour"):
        assert Finding.objects.get().state == "waiting", "each side decides its own"
    late = browser.post(reverse("first-sight-expect", args=[found["ashbourne"].pk]))
    assert (late.status_code, "Somebody has decided this before" in words(late)) == (409, True)
    # Coldharbour takes part: it may say that its own finding belongs there.
    other = client_of("coldharbour")
    assert "Join one" in words(other.get("/first-sights/"))
    joined = other.post(
        reverse("first-sight-join", args=[found["coldharbour"].pk]),
        {"incident": incident.reference, "stand": "0.1.1"},
        follow=True,
    )
    assert f"It belongs to {incident.reference} now." in words(joined)


def test_expected_leads_to_a_permission_filled_in_and_a_dismissal_says_why(found, inside, client_of, cast):
    browser = client_of("ashbourne")
    expect = reverse("first-sight-expect", args=[found["ashbourne"].pk])
    assert browser.post(expect, {"stand": "0.2.1"}).status_code == 409, "another than was shown"
    expected = browser.post(expect, {"stand": "0.1.1"}, follow=True)
    form = words(expected)
    assert "Propose a permission" in form
    assert ACCOUNT in form
    assert f'value="{cast.id("coldharbour")}" selected' in form
    other = client_of("coldharbour", "responder")
    nothing = reverse("first-sight-dismiss", args=[found["coldharbour"].pk])
    assert other.post(nothing, {"because": " "}).status_code == 422
    gone = other.post(nothing, {"because": "The restore drill of Tuesday", "stand": "0.1.1"}, follow=True)
    assert "The restore drill of Tuesday" in words(gone)
    with inside("ashbourne"):
        assert Finding.objects.get().state == "expected"


def test_what_is_another_organisations_is_not_there(found, inside, client_of, cast):
    for slug in ("gravenhurst", "northgate", "brackenfield"):
        browser = client_of(slug)
        assert "waits for a decision" not in words(browser.get("/"))
        assert "Nothing waits" in words(browser.get("/first-sights/"))
        trail = reverse("first-sight-account", args=["ashbourne", ACCOUNT])
        assert browser.get(trail).status_code == 404
        for finding in found.values():
            assert browser.get(reverse("first-sight", args=[finding.pk])).status_code == 404
            assert browser.post(reverse("first-sight-expect", args=[finding.pk])).status_code == 404
    trail = words(client_of("coldharbour").get(reverse("first-sight-account", args=["ashbourne", ACCOUNT])))
    assert "after its permission lapsed" in trail
    # Somebody else's finding named in the form of opening changes nothing.
    sent = {"title": "x", "systems": ["identity-platform"], "step": "open",
            "because_of": f"finding:{found['coldharbour'].pk}"}  # fmt: skip
    assert client_of("ashbourne").post("/incidents/open/", sent).status_code == 302
    with inside("coldharbour"):
        assert Finding.objects.get().state == "waiting"
