"""Cutting a link and connecting it again: each end for itself, who vouched, two organisations or two persons."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction
from django.test import Client

from incidents.blast_radius import blast_radius
from incidents.register import walkable_estate
from partners.models import Dependency, EdgeMove, SharedSystem
from portal import clock
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
CHECKED = {"act": "assured", "words": "New keys, logs of a week read", "vouched_by": "Mara Voss, head of security"}
CUT = {"act": "cut", "words": "The nightly file carried the intruder"}
AGREED = {"act": "agreed"}


@pytest.fixture
def edge(inside) -> Dependency:
    """From File services, which Northgate runs, to the Finance ledger, which is Dunmere's."""
    with inside("dunmere"):  # who runs one end knows the other by name alone
        return Dependency.objects.get(target__slug="finance-ledger")


@pytest.fixture
def both_at_northgate(inside) -> Dependency:
    with inside("northgate"):
        return Dependency.objects.get(source__slug="identity-platform", target__slug="file-services")


def says(client: Client, edge: Dependency, end: str, what: dict[str, str]) -> int:
    return client.post(f"/partners/links/{edge.pk}/moves/", {"end": end, **what}).status_code


def page(client: Client, edge: Dependency) -> str:
    answer = client.get(f"/partners/links/{edge.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def northgate(client_of) -> Client:
    return client_of("northgate", fresh=True)


@pytest.fixture
def dunmere(client_of) -> Client:
    return client_of("dunmere", fresh=True)


def reached(inside, slug: str = "northgate") -> set[str]:
    """Whom the identity platform reaches now."""
    with inside(slug):
        start = SharedSystem.objects.get(slug="identity-platform").pk
        estate = walkable_estate([start], reason="what-if")
        radius = blast_radius(estate, on=clock.now().date(), starts=[start])
        names = {each.id: each.slug for each in estate.organisations}
        return {names[each.organisation] for each in radius.organisations}


def test_isolate_assure_reconnect_pair_by_pair(inside, edge, northgate, dunmere, seal):
    assert "In use" in page(northgate, edge)
    assert says(northgate, edge, "source", CUT) == 302
    assert "Cut at one end: it is still walked" in page(dunmere, edge)
    assert {"dunmere", "eastwick"} <= reached(inside)
    assert says(dunmere, edge, "target", CUT) == 302
    assert "Cut by both ends" in page(northgate, edge)
    assert not {"dunmere", "eastwick"} & reached(inside)
    assert says(northgate, edge, "source", AGREED) == 409
    assert says(northgate, edge, "source", CHECKED) == 302
    body = page(dunmere, edge)
    assert "checked by one end, File services" in body
    assert "Mara Voss, head of security" in body
    assert "Northgate IT Services" in body
    assert says(northgate, edge, "source", AGREED) == 409
    assert says(dunmere, edge, "target", CHECKED) == 302
    assert "checked by both ends" in page(northgate, edge)
    assert says(northgate, edge, "source", AGREED) == 302
    assert "agrees to connect again" in page(dunmere, edge)
    assert not {"dunmere", "eastwick"} & reached(inside)
    assert says(dunmere, edge, "target", AGREED) == 302
    assert "connected again by both ends" in page(northgate, edge)
    assert {"dunmere", "eastwick"} <= reached(inside)
    for slug in ("northgate", "dunmere"):
        with inside(slug):
            seal()
            events = Event.objects.filter(subject_id=edge.pk, kind__startswith="link.").order_by("pos")
            kinds = [kind.removeprefix("link.") for kind in events.values_list("kind", flat=True)]
            assert kinds == ["cut", "cut", "assured", "assured", "agreed", "agreed", "reconnected"]
            assert "Mara" not in str(list(events.values_list("data", flat=True)))
    for slug in ("gravenhurst", "eastwick"):
        with inside(slug):
            assert not Event.objects.filter(kind__startswith="link.").exists()


def test_a_new_cut_takes_an_assurance_back(edge, northgate, dunmere):
    for client, end in ((northgate, "source"), (dunmere, "target")):
        assert says(client, edge, end, CUT) == 302
        assert says(client, edge, end, CUT) == 409
        assert says(client, edge, end, CHECKED) == 302
    assert says(northgate, edge, "source", CUT) == 302
    assert says(northgate, edge, "source", CHECKED) == 302
    # Dunmere was checked before that cut: it looks again first.
    assert says(northgate, edge, "source", AGREED) == 409
    assert says(dunmere, edge, "target", CHECKED) == 302
    assert says(northgate, edge, "source", AGREED) == 302
    assert says(dunmere, edge, "target", AGREED) == 302


def test_a_link_cut_at_one_end_alone_needs_both_ends_too(edge, northgate, dunmere):
    assert says(dunmere, edge, "target", CHECKED) == 409  # nothing is cut
    assert says(northgate, edge, "source", CUT) == 302
    assert says(northgate, edge, "source", CHECKED) == 302
    assert says(northgate, edge, "source", AGREED) == 409
    assert says(dunmere, edge, "target", CHECKED) == 302
    assert says(dunmere, edge, "target", AGREED) == 302
    assert "In use" not in page(dunmere, edge)
    assert says(northgate, edge, "source", AGREED) == 302
    assert "In use" in page(dunmere, edge)


def test_where_one_organisation_runs_both_ends_two_persons_agree(client_of, both_at_northgate, northgate):
    second = client_of("northgate", "administrator", fresh=True)
    for what in (CUT, CHECKED):
        for end in ("source", "target"):
            assert says(northgate, both_at_northgate, end, what) == 302
    assert says(northgate, both_at_northgate, "source", AGREED) == 302
    assert says(northgate, both_at_northgate, "target", AGREED) == 409
    assert says(second, both_at_northgate, "target", AGREED) == 302
    assert "connected again by both ends" in page(northgate, both_at_northgate)


def test_each_end_speaks_for_itself_and_a_stranger_finds_no_such_link(client_of, edge, northgate, dunmere):
    assert says(northgate, edge, "target", CUT) == 409
    assert says(dunmere, edge, "source", CUT) == 409
    assert says(dunmere, edge, "both", CUT) == 409
    assert says(client_of("dunmere"), edge, "target", CUT) == 403
    assert says(client_of("dunmere", "responder", fresh=True), edge, "target", CUT) == 403
    stranger = client_of("gravenhurst", fresh=True)
    assert says(stranger, edge, "target", CUT) == 404
    assert stranger.get(f"/partners/links/{edge.pk}/").status_code == 404
    # Ashbourne stands on File services and neither owns nor provides it: it sees the state, and may say nothing.
    standing = client_of("ashbourne", fresh=True)
    assert says(standing, edge, "source", CUT) == 409
    assert says(northgate, edge, "source", CUT) == 302
    body = page(standing, edge)
    assert "Cut at one end" in body
    assert CUT["words"] not in body
    assert "Our end is cut" not in body


def test_what_is_missing_is_refused(edge, northgate):
    assert says(northgate, edge, "source", {"act": "cut", "words": " "}) == 409
    assert says(northgate, edge, "source", CUT) == 302
    assert says(northgate, edge, "source", {"act": "assured", "words": "x", "vouched_by": ""}) == 409
    assert says(northgate, edge, "source", {"act": "open"}) == 409
    assert says(northgate, edge, "source", {"act": "cut", "words": "x\0"}) == 422


def raw(sql: str, *parameters: object) -> object:
    """Rows as the application's role in the scope that is open, or the state of what it was refused with."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", "")


def test_by_raw_sql_nobody_writes_a_move_or_cuts_without_one(inside, edge, northgate):
    assert says(northgate, edge, "source", CUT) == 302
    seen = {}
    for slug in ("northgate", "dunmere", "ashbourne", "eastwick", "gravenhurst"):
        with inside(slug, fresh=True):
            seen[slug] = len(raw("SELECT id FROM partners_edgemove"))
            for act in (
                "UPDATE partners_dependency SET cut_source_at = NULL",
                "DELETE FROM partners_edgemove",
                "UPDATE partners_edgemove SET vouched_by = 'x'",
                "INSERT INTO partners_edgemove (id) VALUES (gen_random_uuid())",
            ):
                assert raw(act) == "42501", (slug, act)
    assert seen == {"northgate": 1, "dunmere": 1, "ashbourne": 0, "eastwick": 0, "gravenhurst": 0}
    with inside("gravenhurst", fresh=True):
        assert raw("SELECT sec.move_edge(%s, 'target', 'cut', 'x', '')", edge.pk) == "42501"
        assert raw("SELECT sec.move_edge(gen_random_uuid(), 'target', 'cut', 'x', '')") == "42501"
        assert raw("SELECT * FROM sec.edge_ends(%s)", edge.pk) == []
    with inside("northgate"):
        assert raw("SELECT sec.move_edge(%s, 'source', 'assured', 'x', 'x')", edge.pk) == "42501"  # no passkey just now


@pytest.mark.django_db(transaction=True)
def test_an_assurance_counts_for_seven_days(client_of, inside, owner_url):
    with inside("dunmere"):
        edge = Dependency.objects.get(target__slug="finance-ledger")
    northgate, dunmere = client_of("northgate", fresh=True), client_of("dunmere", fresh=True)
    for client, end in ((northgate, "source"), (dunmere, "target")):
        assert says(client, edge, end, CUT) == 302
        assert says(client, edge, end, CHECKED) == 302
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_edgemove SET at = at - interval '7 days 1 minute'")
    assert says(northgate, edge, "source", AGREED) == 409
    assert says(northgate, edge, "source", CHECKED) == 302
    assert says(northgate, edge, "source", AGREED) == 409  # Dunmere's is too old still
    assert says(dunmere, edge, "target", CHECKED) == 302
    assert says(dunmere, edge, "target", AGREED) == 302
    with inside("northgate"):
        assert EdgeMove.objects.filter(what="agreed").count() == 1
