"""Kept back only by two organisations, counted, ended by either; the map and the quality of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from monitoring.models import Finding, Suppression
from partners.models import SharedSystem
from tests.monitoring.sighting import Seen, judge, see
from tests.partners.raw import entered, owner

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/first-sights/kept-back/"


def words(response) -> str:
    return " ".join(response.content.decode().split())


def test_two_organisations_keep_back_what_is_counted_until_one_ends_it(inside, client_of, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    now = datetime.now(UTC)
    with inside("ashbourne"):
        see(Seen(a, c, now - timedelta(hours=9)))
    judge()
    with inside("ashbourne"):
        first = Finding.objects.get()
    ask = reverse("first-sight-suppress", args=[first.pk])
    said = {"reason": "The restore drill runs each night", "until": (now + timedelta(days=30)).date().isoformat()}
    said |= {"place": "file-02"}
    far = said | {"until": (now + timedelta(days=92)).date().isoformat()}
    lead = client_of("ashbourne", fresh=True)
    assert client_of("ashbourne").post(ask, said).status_code == 403, "a passkey used just now"
    for wrong in ({"reason": " "}, {"reason": "x" * 1001}, {"until": "soon"}, {"rule": "first-sihgt"}):
        assert lead.post(ask, said | wrong).status_code == 422
    assert lead.post(ask, far).status_code == 422
    with inside("ashbourne"):
        assert not Suppression.objects.exists(), "a rule that there is not is not every rule"
    assert lead.post(ask, said).status_code == 302
    with inside("ashbourne"):
        asked = Suppression.objects.get()
    agree = reverse("access-suppression-agree", args=[asked.pk])

    def again(hours: int, *places: str) -> str:
        """The same account for the first time once more."""
        owner("DELETE FROM monitoring_sight")
        with inside("ashbourne"):
            see(*(Seen(a, c, now - timedelta(hours=hours), place=place) for place in places or ["file-02"]))
        judge()
        with inside("ashbourne"):
            return Finding.objects.order_by("-made_at")[0].state

    assert again(7) == "waiting", "not before the other side has agreed"
    assert lead.post(agree).status_code == 422, "nobody agrees with themselves"
    assert client_of("gravenhurst", fresh=True).post(agree).status_code == 422
    other = client_of("coldharbour", fresh=True)
    assert "Ashbourne asks you to agree" in words(other.get(PAGE))
    assert other.post(agree).status_code == 302
    assert again(5) == "suppressed"
    assert again(1, "file-02", "web-01") == "waiting", "another place than was agreed to"
    assert "holds" in words(lead.get(PAGE))
    assert '<td data-label="Kept back">1</td>' in words(lead.get(PAGE))
    assert '<td data-label="Kept back"></td>' in words(other.get(PAGE)), "how often is not for the other side"
    with entered(cast.visitor("coldharbour").ticket) as sql:
        hidden = "SELECT count(*) FROM monitoring_finding WHERE suppression_id IS NOT NULL"
        assert sql.execute(hidden).fetchone() == (0,)
        assert "kept_back" not in [each.name for each in sql.execute("TABLE monitoring_suppression").description]
    with inside("coldharbour"):
        assert Finding.objects.exclude(state="waiting").count() == 0, "Coldharbour's own are Coldharbour's"
    quality = words(lead.get("/first-sights/quality/"))
    assert '<td data-label="Kept back">1</td>' in quality
    assert "Nothing is kept back" in words(client_of("gravenhurst").get(PAGE))
    assert other.post(reverse("access-suppression-end", args=[asked.pk])).status_code == 302
    assert again(3) == "waiting"


def test_what_is_asked_for_names_exactly_the_places_shown_and_nothing_of_a_third(inside, client_of, cast):
    a, c, d = cast.id("ashbourne"), cast.id("coldharbour"), cast.id("dunmere")
    now = datetime.now(UTC)
    with inside("ashbourne"):
        see(*(Seen(a, c, now - timedelta(hours=9), place=place) for place in ("file-02", "web-01")))
        see(*(Seen(a, org, now - timedelta(hours=3), account="jo@ashbourne") for org in (c, d)))
    judge()
    with inside("ashbourne"):
        two, wide = Finding.objects.order_by("first_at")
    lead = client_of("ashbourne", fresh=True)
    said = {"reason": "Drills", "until": (now + timedelta(days=3)).date().isoformat()}
    assert "At file-02, web-01 alone" in words(lead.get(reverse("first-sight", args=[two.pk])))
    # What came since the page was shown is nothing that somebody asked for.
    late = lead.post(reverse("first-sight-suppress", args=[two.pk]), said | {"place": ["file-02"]})
    assert (late.status_code, "Other places have come: look again" in words(late)) == (409, True)
    assert "Drills</textarea>" in words(late)
    said |= {"place": ["web-01", "file-02"]}
    assert lead.post(reverse("first-sight-suppress", args=[two.pk]), said).status_code == 302
    assert "file-02, web-01" in words(client_of("coldharbour").get(PAGE))
    assert "Not to be shown" not in words(lead.get(reverse("first-sight", args=[wide.pk])))
    assert lead.post(reverse("first-sight-suppress", args=[wide.pk]), said).status_code == 422
    with inside("coldharbour"):
        assert Suppression.objects.get().places == ["file-02", "web-01"]
    assert lead.post(reverse("first-sight-suppress", args=[uuid4()]), said).status_code == 404
    with inside("dunmere"):
        assert not Suppression.objects.exists()


def test_the_map_counts_accounts_by_pair_and_the_centre_sees_no_account(inside, client_of, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    at = datetime.now(UTC) - timedelta(minutes=2)
    with inside("northgate"):
        system = SharedSystem.objects.get(slug="file-services").pk
        see(
            Seen(a, c, at, place="file-services", system=system),
            Seen(a, c, at, account="t.adm@ashbourne", place="file-services", system=system, kind="failure"),
        )
    row = '<th scope="row">Ashbourne</th><td data-label="Reached">Coldharbour</td><td data-label="Got in">1</td>'
    for slug, how in (("ashbourne", "your own side"), ("northgate", "counts alone")):
        page = words(client_of(slug).get("/first-sights/map/"))
        assert row + '<td data-label="Failed">1</td>' in page
        assert how in page
        assert "svc-backup" not in page
    for slug, address in (("gravenhurst", ""), ("ashbourne", "?weeks=3&days=7")):
        assert "Nothing crossed in these days" in words(client_of(slug).get(f"/first-sights/map/{address}"))
