"""What one organisation says silences no other: learning, made-up permissions, names, spellings, files of others."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from monitoring.models import Finding, Identifier, Sight
from partners.models import SharedSystem
from tests.monitoring.sighting import Seen, ask, judge, see, source

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 3, 12, 40, tzinfo=UTC)


def refused(kind: type[Exception], sql: str, values: list[object]) -> None:
    with pytest.raises(kind), transaction.atomic():
        ask(sql, values)


def test_one_sides_learning_and_a_made_up_permission_leave_the_other_side_its_finding(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    with inside("ashbourne"):
        learns = source()
        ask("SELECT sec.let_learn(%s, clock_timestamp() + interval '90 days')", [learns])
        see(Seen(a, c, NOON), of=learns)
        see(Seen(a, c, NOON, account="x@ashbourne", permission=uuid4()), of=learns)
        assert not Sight.objects.exclude(permission_id=None).exists(), "nobody has permitted that"
    assert judge() == 2
    with inside("coldharbour"):
        assert Finding.objects.count() == 2
    with inside("ashbourne"):
        assert not Finding.objects.exists(), "its own source learns"


def test_whoever_runs_a_system_tells_of_those_who_stand_on_it_there_and_of_nobody_else(inside, cast):
    a, b, c = (cast.id(each) for each in ("ashbourne", "brackenfield", "coldharbour"))
    with inside("northgate"):
        files = SharedSystem.objects.get(slug="file-services").pk  # Ashbourne and Coldharbour stand on it
        see(Seen(a, b, NOON, place="file-services", system=files))
        see(Seen(a, c, NOON, place="somewhere", system=files))
        see(Seen(a, c, NOON, place="file-services", system=files))
    with inside("ashbourne"):
        assert [(each.organisation_id, each.place) for each in Sight.objects.all()] == [(c, "file-services")]


def test_nobody_takes_a_name_away(inside, cast):
    claim = "SELECT sec.claim_name(%s, %s, sec.me(), NULL)"
    with inside("ashbourne"):
        for kind, name in (
            ("domain", "coldharbour.example"), ("realm", "ad.coldharbour.example"), ("netbios", "coldharbour"),
            ("host", "file-02.coldharbour.example"),
        ):  # fmt: skip
            refused(IntegrityError, claim, [kind, name])
        ask(claim, ["domain", "mail.ashbourne.example"])
        ask(claim, ["tenant", "11111111-2222-3333-4444-555555555555"])
    with inside("coldharbour"):
        refused(IntegrityError, claim, ["tenant", "11111111-2222-3333-4444-555555555555"])
    with inside("ashbourne", "observer"):
        refused(DatabaseError, claim, ["host", "web-09"])
    with inside("gravenhurst"):
        assert not Identifier.objects.filter(organisation_id=cast.id("ashbourne")).exists()


def test_a_spelling_takes_nothing_from_what_waits_for_its_finding(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    with inside("ashbourne"):
        see(Seen(a, c, NOON, account="x2@ashbourne"))
    judge()
    with inside("ashbourne"):
        see(Seen(a, c, NOON, account="x1@ashbourne"))
        ask("SELECT sec.learn_aliases(%s::uuid[], %s, %s)", [[a], ["x1@ashbourne"], ["x2@ashbourne"]])
    assert judge() == 1
    with inside("coldharbour"):
        assert {each.account for each in Finding.objects.all()} == {"x1@ashbourne", "x2@ashbourne"}


def test_a_file_that_is_kept_for_somebody_is_no_body_to_hand_over(inside, cast, owner_url):
    name, hand_over = "ab" * 32, "SELECT sec.hand_over_intake(%s, 'body', 'normal', %s, 1, 0, 1, '{0,0,0,0}', '[]')"
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE files_storedfile DISABLE TRIGGER USER")
        owner.execute(
            "INSERT INTO files_storedfile (id, organisation_id, purpose, owner_id, storage_name, name, size, sha256,"
            " content_type, state, uploaded_at) VALUES (%s, %s, 'evidence', %s, %s, 'x', 1, '', 'text/plain', 'kept',"
            " now())",
            [uuid4(), cast.id("coldharbour"), uuid4(), name],
        )
        owner.execute("ALTER TABLE files_storedfile ENABLE TRIGGER USER")
    with inside("ashbourne"):
        own = source()
        refused(DatabaseError, hand_over, [own, name])
        ask(hand_over, [own, "cd" * 32])
        refused(DatabaseError, hand_over, [own, "cd" * 32])
