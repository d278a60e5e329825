"""What removing standing access saves: by the register's own numbers, from starts that the viewer may name."""

from __future__ import annotations

import re

import pytest

from partners.models import StandingAccess
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db


def ng_adm(inside, slug):
    with inside(slug):
        return StandingAccess.objects.filter(name="NG-ADM")[0].pk


def said(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def sections(response):
    """Heading → text of each start's section."""
    parts = re.split(r"<h2[^>]*>From ([^<]+)</h2>", response.content.decode())[1:]
    plain = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", each)) for each in parts]
    return dict(zip(plain[::2], plain[1::2], strict=True))


def test_removing_ng_adm_protects_dunmere_eastwick_and_fernleigh(client_of, inside, cast, seal):
    """From the identity platform: the demonstration as DESIGN tells it."""
    response = client_of("ashbourne").get(f"/access/{ng_adm(inside, 'ashbourne')}/what-if/")
    assert response.status_code == 200
    found = sections(response)
    assert list(found) == ["Identity platform", "File services"]
    first = found["Identity platform"]
    for words in (
        "Dunmere , 61,300 people served",
        "Eastwick , 112,700 people served",
        "Fernleigh , 74,900 people served",
    ):
        assert words in first
    assert "7 organisations are reached with it, 4 without" in first.replace(" ,", ",")
    assert "one finance batch" in first
    assert "Backup vault" in first.partition("Out of reach then:")[2]
    second = found["File services"]
    assert "7 organisations are reached with it, 6 without" in second  # Brackenfield is in by the backups alone
    assert "Brackenfield , 88,400 people served" in second
    assert "Backup vault" in second.partition("Out of reach then:")[2]
    with inside("gravenhurst"):
        assert not Event.objects.filter(kind="estate.read").exists(), "nothing of it was shown"
    with inside("dunmere"):
        assert Event.objects.filter(kind="estate.read").exists(), "a wide read is recorded for whom it shows"


def test_brackenfield_starts_only_where_it_stands(client_of, inside):
    response = client_of("brackenfield").get(f"/access/{ng_adm(inside, 'brackenfield')}/what-if/")
    assert list(sections(response)) == ["Identity platform"]
    assert "It also opens links from 1 system that you do not stand on." in said(response)


def test_access_without_a_link_has_nothing_to_compare_and_a_stranger_sees_none(client_of, inside):
    with inside("ashbourne"):
        scan = StandingAccess.objects.get(name="svc-scan-2019").pk
    assert "Nothing to compare" in said(client_of("ashbourne").get(f"/access/{scan}/what-if/"))
    for slug in ("gravenhurst", "dunmere"):
        assert client_of(slug).get(f"/access/{scan}/what-if/").status_code == 404
