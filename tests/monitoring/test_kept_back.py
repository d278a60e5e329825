"""Kept back only by two organisations, counted, ended by either; the map and the quality of rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from monitoring.models import Finding, Suppression
from partners.models import SharedSystem
from tests.monitoring.sighting import Seen, judge, see
from tests.partners.raw import owner

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
    far = said | {"until": (now + timedelta(days=92)).date().isoformat()}
    lead = client_of("ashbourne", fresh=True)
    assert client_of("ashbourne").post(ask, said).status_code == 403, "a passkey used just now"
    for wrong in (far, said | {"reason": " "}, said | {"until": "soon"}):
        assert lead.post(ask, wrong).status_code == 422
    assert lead.post(ask, said).status_code == 302
    with inside("ashbourne"):
        asked = Suppression.objects.get()
    agree = reverse("access-suppression-agree", args=[asked.pk])

    def again(hours: int) -> str:
        with inside("ashbourne"):
            see(Seen(a, c, now - timedelta(hours=hours), place="file-02" if hours == 9 else f"web-{hours}"))
            owner("UPDATE monitoring_suppression SET place = ''")
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
    assert "holds" in words(lead.get(PAGE))
    with inside("ashbourne"):
        assert Suppression.objects.get().kept_back == 1
    with inside("coldharbour"):
        assert Finding.objects.exclude(state="waiting").count() == 0, "Coldharbour's own are Coldharbour's"
    quality = words(lead.get("/first-sights/quality/"))
    assert '<td data-label="Kept back">1</td>' in quality
    assert "Nothing is kept back" in words(client_of("gravenhurst").get(PAGE))
    assert other.post(reverse("access-suppression-end", args=[asked.pk])).status_code == 302
    assert again(3) == "waiting"


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
