"""Statements that are kept prepared: they give what a queryset gives, to each ticket its own, after a rollback too."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Incident, Participant
from portal.ledger.models import Event
from portal.postgres.prepared import Prepared, prepared_cursor
from portal.tenancy.scope import NoContext, at_the_door
from portal.tenancy.session_store import SessionStore
from tests.gates.access_stage import open_on

pytestmark = pytest.mark.django_db
SIDES = Prepared(Participant, "incident_id = %s", order="slug", columns=("slug", "organisation_id", "people_told"))
EVENTS = Prepared(Event, "incident_id = %s AND kind = ANY (%s)", order="pos DESC", limit=3)


def kept() -> list[int]:
    """How often each of the statements on sides that this connection keeps was run."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE 'SELECT %%FROM \"incidents_participant\"%%ORDER BY slug'",
            [],
        )
        return [times for (times,) in cursor.fetchall()]


def test_one_kept_statement_reads_for_each_ticket_what_is_its_own(cast, inside):
    with inside("ashbourne"):
        incident = open_on(cast, "identity-platform")
    read = {}
    for _ in range(7):  # from the sixth time on the server may take one plan for all
        for slug in ("ashbourne", "dunmere", "gravenhurst"):
            with inside(slug):
                read[slug] = [row["slug"] for row in SIDES.values(incident.pk)]
                told = Prepared(Incident, "reference = %s").first(incident.reference)
                assert (told is None) == (slug == "gravenhurst")
    assert len(read["ashbourne"]) > 2
    assert read["dunmere"] == ["dunmere"]
    assert read["gravenhurst"] == []
    with inside("ashbourne"):
        assert kept() == [21]


def test_it_gives_what_a_queryset_gives(cast, inside):
    with inside("ashbourne"):
        incident = open_on(cast, "identity-platform")
        kinds = ["incident.opened", "organisation.told", "tasks.ready"]
        wanted = list(Event.objects.filter(incident_id=incident.pk, kind__in=kinds).order_by("-pos")[:3])
        with CaptureQueriesContext(connections["default"]) as caught:
            events = EVENTS.all(incident.pk, kinds)
        assert len(caught) == 1
        assert events == wanted
        assert wanted
        for event, other in zip(events, wanted, strict=True):
            assert {f.attname: getattr(event, f.attname) for f in Event._meta.concrete_fields} == {
                f.attname: getattr(other, f.attname) for f in Event._meta.concrete_fields
            }
            assert isinstance(event.data, dict)
        for record, event in zip(EVENTS.records(incident.pk, kinds), wanted, strict=True):
            assert record._asdict() == {f.attname: getattr(event, f.attname) for f in Event._meta.concrete_fields}
        assert SIDES.values(incident.pk) == list(
            Participant.objects.filter(incident=incident).order_by("slug").values(*SIDES.columns.names)
        )
        assert EVENTS.first(uuid4(), kinds) is None
        assert EVENTS.all(incident.pk, []) == []


def test_a_value_is_never_part_of_the_statement(cast, inside):
    by_reference = Prepared(Incident, "reference = %s")
    with inside("ashbourne"):
        open_on(cast, "identity-platform")
        assert by_reference.all("x' OR 'a' = 'a") == []
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s", ["' OR true --"])
            assert cursor.fetchone() == ("' OR true --",)
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%OR true%"])
            assert cursor.fetchone() == (0,)


def test_outside_a_scope_nothing_is_asked():
    with pytest.raises(NoContext):
        SIDES.values(uuid4())
    with pytest.raises(NoContext):
        SessionStore("a" * 32).load()


def test_what_was_prepared_in_a_transaction_that_is_rolled_back_is_prepared_again(cast, inside):
    named = Prepared(Participant, "incident_id = %s AND slug <> ''")
    with inside("ashbourne"):
        incident = open_on(cast, "identity-platform")
        there = SIDES.values(incident.pk)
        with transaction.atomic(using="default"):
            assert len(named.all(incident.pk)) == len(there)
            transaction.set_rollback(True, using="default")
        assert SIDES.values(incident.pk) == there
        assert len(named.all(incident.pk)) == len(there)


def test_a_session_is_found_until_it_ends_and_its_key_is_given_up_then():
    with at_the_door():
        session = SessionStore()
        session["colour"] = "green"
        session.save()
        assert SessionStore(session.session_key).load() == {"colour": "green"}
        Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now())
        gone = SessionStore(session.session_key)
        assert (gone.load(), gone.session_key) == ({}, None)
        assert SessionStore("no-such-session-anywhere").load() == {}
        for odd in ("a" * 31 + "\0", "\ud800" * 32, "é" * 32, "'; SELECT 1; --", " " * 32):
            session = SessionStore(odd)
            assert (session.session_key, session.load(), session.session_key) == (odd, {}, None)


def test_no_value_of_another_statement_stays_with_the_connection(cast, inside):
    with inside("ashbourne"):
        for number in range(8):
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT %s", [f"a word that is nobody's {number}"])
            SIDES.values(uuid4())
        held = vars(connections["default"].connection._prepared)
        assert "a word that is nobody" not in repr(held)
        assert "incidents_participant" in repr(held)
