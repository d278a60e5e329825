"""A change by an account of which nobody knew whose it is: its own side hears of it when the log is sent again."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from monitoring.access.ingest import source_named, take_stream
from monitoring.models import AccessChange, Finding
from monitoring.records.reading import reader_of
from partners.models import SharedSystem
from tests.api.asking import send
from tests.monitoring.sighting import judge
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 3, 12, 40, tzinfo=UTC)


def line(account: str, action: str, **more: Any) -> bytes:
    said = {"at": AT.isoformat(), "account": account, "action": action, "target": "nightly", "resource": "file-02"}
    return json.dumps({**said, "resource_organisation": "coldharbour", **more}).encode() + b"\n"


def take(*lines: bytes) -> tuple[int, int]:
    reader = reader_of("normal", now=lambda: AT + timedelta(days=1))
    totals = take_stream(source_named("SIEM", "normal"), reader, list(lines), nullcontext)
    return totals.accepted, totals.duplicates


def rules(inside, slug) -> list[list[str]]:
    """Of the findings with changes, without the sights that came with them."""
    with inside(slug):
        return [
            [each for each in found.rules if each != "first-sight"]
            for found in Finding.objects.filter(changes__gt=0).order_by("first_at", "id")
        ]


def test_its_own_side_is_told_once_its_log_is_sent_again_and_whoever_was_told_is_not_told_twice(inside, cast):
    with inside("coldharbour"):
        system = SharedSystem.objects.get(slug="file-services").slug
        there = {"resource": system, "system": system}
        lines = [
            line("ann@ash.example", "backup-deleted", **there),
            line("ann@ash.example", "group-changed", target="admins", at=(AT + timedelta(hours=3)).isoformat()),
            line("bob@nobody.example", "backup-deleted", **there),
        ]
        assert take(*lines) == (3, 0)
        assert set(AccessChange.objects.values_list("home", flat=True)) == {None}
    judge()
    assert rules(inside, "coldharbour") == [["backup-deleted"]] * 2, "on a shared system, by whom nobody knows"
    with inside("ashbourne", role="administrator"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name('domain', 'ash.example', sec.me(), NULL)")
    with inside("ashbourne"):
        assert not AccessChange.objects.exists(), "a claim alone shows nothing of another's log"
        # Telling of the very same oneself gives nothing either: it is for whoever told of it first.
        take(*lines)
        assert not AccessChange.objects.exists()
    judge()
    assert rules(inside, "ashbourne") == []
    for _ in range(2):
        with inside("coldharbour"):
            assert take(*lines) == (0, 3)
        judge()
    with inside("ashbourne"):
        assert [(each.account, each.home_id) for each in AccessChange.objects.all()] == [
            ("ann@ash.example", cast.id("ashbourne"))
        ] * 2
    assert rules(inside, "ashbourne") == [["backup-deleted"], ["rights-changed"]]
    assert rules(inside, "coldharbour") == [["backup-deleted"], ["backup-deleted"], ["rights-changed"]]
    assert rules(inside, "gravenhurst") == []
    assert owner("SELECT count(*) FROM monitoring_accesschange WHERE home_id IS NULL") == [(1,)]


def test_once_it_is_known_who_was_cut_off_the_place_hears_that_too_and_once(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    owner(
        "INSERT INTO partners_isolation (id, organisation_id, step, incident_reference, reason, pressed_by,"
        " pressed_by_name, pressing_organisation_id, started_at, lifted_by_name, audience)"
        " VALUES (gen_random_uuid(), %s, 4, '', 'x', gen_random_uuid(), 'x', %s, %s, '', %s::uuid[])",
        [a, a, AT - timedelta(hours=1), [a, c]],
    )
    with inside("coldharbour"):
        system = SharedSystem.objects.get(slug="file-services").slug
        lines = [line("ann@ash.example", "backup-deleted", resource=system, system=system)]
        take(*lines)
    judge()
    assert rules(inside, "coldharbour") == [["backup-deleted"]]
    with inside("ashbourne", role="administrator"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name('domain', 'ash.example', sec.me(), NULL)")
    for _ in range(2):
        with inside("coldharbour"):
            take(*lines)
        judge()
        owner("UPDATE monitoring_accesschange SET noted_at = NULL")
        judge()
    during = ["backup-deleted", "during-isolation"]
    assert rules(inside, "ashbourne") == [during]
    assert sorted(rules(inside, "coldharbour")) == [["backup-deleted"], during]
    assert rules(inside, "gravenhurst") == []
    assert owner("SELECT max(changes) FROM monitoring_finding") == [(1,)], "one change, counted once in each"


def test_who_was_told_first_reads_whose_account_it_was_once_that_is_known_of_every_change(inside, client_of, api_of):
    def said(slug: str) -> dict[str, Any]:
        """What the list, its API and OCSF say of the findings with changes, and the whole of their page."""
        client = client_of(slug)
        with inside(slug):
            pks = [str(pk) for pk in Finding.objects.filter(changes__gt=0).values_list("pk", flat=True)]
        shown = send(api_of(slug), "get", "/access-findings/").json()["results"]
        ocsf = send(api_of(slug), "get", "/access-findings/ocsf/").json()["results"]
        return {
            "list": client.get("/first-sights/").content.decode(),
            "page": "".join(client.get(f"/first-sights/{pk}/").content.decode() for pk in pks),
            "home": [each["home"] for each in shown if each["changes"]],
            "ocsf": [each["evidences"][0]["actor"]["user"].get("org") for each in ocsf if each["unmapped"]["changes"]],
        }

    with inside("coldharbour"):
        there = {"resource": "file-services", "system": "file-services"}
        first = line("ann@ash.example", "account-created", **there)
        later = line("ann@ash.example", "role-changed", at=(AT + timedelta(minutes=5)).isoformat(), **there)
        take(first, later)
    judge()
    before = said("coldharbour")
    assert (before["home"], before["ocsf"]) == ([None], [None]), "both changes are one finding"
    for where in ("list", "page"):
        assert "an unknown organisation into Coldharbour" in before[where]
    trail = "/first-sights/accounts/ashbourne/ann@ash.example/"
    assert client_of("coldharbour").get(trail).status_code == 404
    with inside("ashbourne", role="administrator"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name('domain', 'ash.example', sec.me(), NULL)")
    assert said("coldharbour")["home"] == [None], "a claim alone tells nothing of what was taken before"
    with inside("coldharbour"):
        take(first)
    judge()
    assert said("coldharbour")["home"] == [None], "of the other change nobody knows it yet"
    with inside("coldharbour"):
        take(first, later)
    judge()
    after = said("coldharbour")
    assert (after["home"], after["ocsf"]) == (["ashbourne"], [{"name": "ashbourne"}])
    for where in ("list", "page"):
        assert "Ashbourne into Coldharbour" in after[where]
        assert "unknown organisation" not in after[where]
    assert trail in after["page"]
    assert "role changed" in client_of("coldharbour").get(trail).content.decode()
    assert said("ashbourne")["home"] == ["ashbourne"]
    stranger = said("gravenhurst")
    assert (stranger["home"], stranger["ocsf"]) == ([], [])
    assert not any("ann@ash.example" in str(each) for each in stranger.values())
    assert client_of("gravenhurst").get(trail).status_code == 404
