"""Guests: what an organisation chose for somebody from outside, for a time, by page and by raw SQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connections
from django.test import Client

from incidents.decisions.known import Known, say_known
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from incidents.updates import send_update
from partners.acting import actor_of
from portal.tenancy.door import Visitor
from portal.tenancy.scope import organisation_scope
from tests.gates.arranged import Arranged, arranged
from tests.gates.arranged_names import secret_of
from tests.gates.comparing import COMMANDS, Comparison
from tests.gates.matrix import MATRIX

SAID = {"name": "Ines Marlow", "email": "ines@first-response.example", "kind": "responder", "days": "3"}


@pytest.fixture
def incident(cast, inside) -> Incident:
    with inside("ashbourne"):
        actor = actor_of(cast.visitor("ashbourne"))
        found = open_incident(Opening(title="Breach", systems=("identity-platform",)), actor=actor)
        send_update(incident_id=found.pk, text="The directory is off", actor=actor, author_name="Ashbourne")
        return found


@pytest.fixture
def invited(client_of, incident, owner_url, cast):
    """`invited("dunmere", "tasks")`: a guest of that organisation; its browser, its id, and its grant's."""

    def made(slug: str, *what: str) -> tuple[Client, UUID, UUID]:
        answer = client_of(slug, fresh=True).post("/guests/", {**SAID, "incident": str(incident.pk), "what": what})
        assert answer.status_code == 302, answer.content.decode()
        with psycopg.connect(owner_url) as owner:
            person, grant = owner.execute("SELECT person_id, id FROM incidents_guestgrant").fetchone()
            owner.execute(
                "SELECT sec.mint('a guest', %s, 'session', %s, NULL, '1 day', 'guest', 'passkey', NULL)",
                [cast.id(slug), person],
            )
        visitor = Visitor(
            cast.id(slug), slug, cast[slug].name, "person", "a guest", person, role="guest", reach="guest", name="Ines"
        )
        return Client(**{"bulkhead.visitor": visitor}), person, grant

    return made


def words(answer, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_guest_reads_what_was_ticked_and_no_other_page(invited, incident):
    guest, *_ = invited("dunmere", "tasks", "updates")
    body = words(guest.get("/guest/"))
    assert "Shared with you by Dunmere" in body
    assert incident.reference in body
    assert "The directory is off" in body
    assert "Confirm" in body
    assert "legal deadlines" not in body
    for name in ("Eastwick", "Brackenfield", "Gravenhurst", "Northgate"):
        assert name not in body
    assert guest.get("/").headers["Location"] == "/guest/"
    for path in (
        "/incidents/",
        f"/incidents/{incident.reference}/",
        "/my-tasks/",
        "/partners/",
        "/systems/",
        "/guests/",
    ):
        assert "This sign-in does not reach this page" in words(guest.get(path), 403), path
    assert guest.post("/guest/").status_code == 405
    for path in ("/api/v1/incidents/", "/api/v1/events/", f"/api/v1/incidents/{incident.reference}/tasks/"):
        assert guest.get(path).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_whoever_reads_the_updates_reads_what_is_known_as_it_was_said_last(invited, incident, inside):
    with inside("ashbourne"):
        say_known(incident, Known(["Files on FS-01 are locked."]))
        say_known(incident, Known(["Files on FS-02 are locked."], ["It came by VPN."], ["Whether data was taken."]))
    guest, *_ = invited("dunmere", "updates")
    body = words(guest.get("/guest/"))
    for said in ("What we know", "Files on FS-02 are locked.", "It came by VPN.", "Whether data was taken."):
        assert said in body
    assert "FS-01" not in body


@pytest.mark.django_db(transaction=True)
def test_whoever_reads_steps_alone_does_not(invited, incident, inside):
    with inside("ashbourne"):
        say_known(incident, Known(["Files on FS-02 are locked."]))
    guest, *_ = invited("dunmere", "tasks")
    assert "FS-02" not in words(guest.get("/guest/"))


SUSPECTED = (
    "INSERT INTO partners_isolation (id, organisation_id, step, incident_reference, reason, suspected_from, pressed_by,"
    " pressed_by_name, pressing_organisation_id, started_at, lifted_by_name, audience)"
    " SELECT gen_random_uuid(), o.id, 2, '', 'Phishing', now() - interval '1 hour', p.id, p.name, o.id, now(), '',"
    " ARRAY[o.id] FROM partners_organisation o JOIN partners_person p ON p.organisation_id = o.id"
    " WHERE o.slug = %s LIMIT 1"
)


@pytest.mark.django_db(transaction=True)
def test_a_guest_reads_which_words_may_be_an_intruders_and_of_nobody_elses_trouble(invited, incident, owner_url):
    guest, *_ = invited("dunmere", "updates")
    assert "may have been compromised" not in words(guest.get("/guest/"))
    with psycopg.connect(owner_url) as owner:
        owner.execute(SUSPECTED, ["ashbourne"])  # whose words are shared
        owner.execute(SUSPECTED, ["eastwick"])
    body = words(guest.get("/guest/"))
    assert body.count("may have been compromised") == 1
    assert "when whoever wrote it may have been compromised" in body
    assert "Eastwick" not in body
    with organisation_scope("a guest"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT organisation_id FROM sec.not_trusted(%s)", [incident.pk])
        assert cursor.fetchall() == [(incident.lead_id,)]


@pytest.mark.django_db(transaction=True)
def test_whoever_may_read_no_words_reads_of_nobodys_trouble(invited, incident, owner_url):
    guest, *_ = invited("dunmere", "tasks")
    with psycopg.connect(owner_url) as owner:
        owner.execute(SUSPECTED, ["ashbourne"])
    assert "compromised" not in words(guest.get("/guest/"))
    with organisation_scope("a guest"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM sec.not_trusted(%s)", [incident.pk])
        assert cursor.fetchall() == []


@pytest.mark.django_db(transaction=True)
def test_ending_it_is_one_button_and_in_force_at_the_next_look(invited, client_of, owner_url):
    guest, person, grant = invited("dunmere", "tasks")
    for slug in ("gravenhurst", "ashbourne"):
        other = client_of(slug, fresh=True)
        assert other.post(f"/guests/shared/{grant}/end/").status_code == 404
        assert other.get(f"/guests/{person}/").status_code == 404
        assert "Ines" not in words(other.get("/guests/"))
    assert words(guest.get("/guest/"))
    host = client_of("dunmere", fresh=True)
    assert host.post(f"/guests/shared/{grant}/end/").status_code == 302
    assert guest.get("/guest/").status_code == 302  # its ticket has ended
    assert host.post(f"/guests/shared/{grant}/end/").status_code == 409
    with psycopg.connect(owner_url) as owner:
        assert owner.execute("SELECT is_active FROM partners_person WHERE id = %s", [person]).fetchone() == (False,)
        events = owner.execute(
            "SELECT kind, data -> 'shared', data ->> 'guest', cardinality(audience) FROM ledger_event"
            " WHERE kind LIKE 'guest.%' ORDER BY pos"
        ).fetchall()
    assert events == [("guest.invited", ["tasks"], "responder", 1), ("guest.ended", ["tasks"], "responder", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_longer_time_is_asked_for_again_and_a_link_lets_them_in_once(invited, client_of, incident, owner_url):
    guest, person, _ = invited("dunmere", "tasks")
    host = client_of("dunmere", fresh=True)
    again = {"incident": str(incident.pk), "what": ["duties"], "days": "14"}
    assert host.post(f"/guests/{person}/", again).status_code == 302
    body = words(guest.get("/guest/"))
    assert "legal deadlines" in body
    assert "Confirm a safe way" not in body
    with psycopg.connect(owner_url) as owner:
        kept = owner.execute(
            "SELECT ended_at IS NULL, ends_at < now() + interval '14 days 1 hour' FROM incidents_guestgrant"
            " ORDER BY made_at"
        ).fetchall()
        assert kept == [(False, True), (True, True)]
    link = words(host.post(f"/guests/{person}/link/"))
    assert link.count("/sign-in/link/") == 1


@pytest.mark.django_db
def test_who_may_and_what_must_be_said(client_of, incident):
    said = {**SAID, "incident": str(incident.pk), "what": ["tasks"]}
    assert client_of("dunmere").post("/guests/", said).status_code == 403
    assert client_of("dunmere", "responder", fresh=True).post("/guests/", said).status_code == 403
    host, stranger = client_of("dunmere", fresh=True), client_of("gravenhurst", fresh=True)
    assert "an incident that" not in words(stranger.post("/guests/", said), 422)
    for wrong in ({"what": []}, {"days": "15"}, {"kind": "friend"}, {"email": "x"}, {"name": ""}):
        assert host.post("/guests/", said | wrong).status_code == 422
    assert host.post("/guests/", said).status_code == 302
    assert "address already" in words(host.post("/guests/", said), 422)


# By raw SQL, over rows that the owner arranged. Coldharbour is deputy lead of INC-LED and oversees everybody's steps;
# Dunmere takes part in INC-LED and in INC-APART.
def of(world: Arranged, reference: str, slug: str = "") -> str:
    own = f" AND x.organisation_id = '{world.ids[slug]}'" if slug else ""
    return f"x.incident_id = '{world.ids[reference]}'{own}"


@pytest.fixture(scope="module")
def world() -> Iterator[Arranged]:
    with arranged(f"bulkhead_test_guests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as made:
        yield made


def let_in(
    world: Arranged, slug: str, shared: dict[str, tuple[str, ...]], *, ends: str = "tomorrow"
) -> tuple[str, UUID]:
    """A guest with a ticket and grants, written by the owner; the ticket, and who it is."""
    owner, person, ticket = world.log_in("owner"), uuid4(), f"guest-{uuid4()}"
    owner.execute(
        "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass, guest_kind,"
        " access_ends_at) VALUES (%s, %s, 'Guest', %s, 'guest', '', true, false, 'police', %s)",
        [person, world.ids[slug], f"{person}@guest.example", ends],
    )
    for reference, what in shared.items():
        owner.execute(
            "INSERT INTO incidents_guestgrant (id, incident_id, organisation_id, person_id, tasks, updates, duties,"
            " made_by, made_at, ends_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now(), %s)",
            [uuid4(), world.ids[reference], world.ids[slug], person, *(kind in what for kind in ("tasks", "updates",
             "duties")), uuid4(), ends],
        )  # fmt: skip
    owner.execute(
        "SELECT sec.mint(%s, %s, 'session', %s, NULL, '1 day', 'guest', 'passkey')", [ticket, world.ids[slug], person]
    )
    return ticket, person


def reached(world: Arranged, ticket: str) -> dict[str, set]:
    comparison = Comparison(world)
    found = {
        (table, command): comparison.reached(table, "portal_app", ticket, command)
        for table in [*MATRIX, "incidents_guestgrant"]
        if table in comparison.tables
        for command in COMMANDS
        if table in MATRIX or command == "select"
    }
    return {f"{command} {table}": keys for (table, command), keys in found.items() if keys}


def expected(world: Arranged, rules: dict[str, str]) -> dict[str, set]:
    comparison = Comparison(world)
    return {f"select {table}": comparison.by_rule(table, rule, None) for table, rule in rules.items()}


@pytest.mark.parametrize("slug", ["dunmere", "coldharbour"])
def test_by_raw_sql_a_guest_reads_exactly_the_granted_rows(world: Arranged, slug: str):
    ticket, person = let_in(world, slug, {"INC-LED": ("tasks", "updates", "duties")})
    assert reached(world, ticket) == expected(
        world,
        {
            "incidents_incident": f"x.id = '{world.ids['INC-LED']}'",
            "incidents_participant": of(world, "INC-LED", slug),
            "incidents_task": of(world, "INC-LED", slug),
            "incidents_update": of(world, "INC-LED"),
            "incidents_knowncard": of(world, "INC-LED"),
            "incidents_duty": of(world, "INC-LED", slug),
            "incidents_guestgrant": f"x.person_id = '{person}'",
        },
    )


def test_each_kind_is_for_itself_and_so_is_each_incident(world: Arranged):
    ticket, person = let_in(world, "dunmere", {"INC-LED": ("updates",), "INC-APART": ("duties",)})
    assert reached(world, ticket) == expected(
        world,
        {
            "incidents_incident": f"x.id IN ('{world.ids['INC-LED']}', '{world.ids['INC-APART']}')",
            "incidents_update": of(world, "INC-LED"),
            "incidents_knowncard": of(world, "INC-LED"),
            "incidents_duty": of(world, "INC-APART", "dunmere"),
            "incidents_guestgrant": f"x.person_id = '{person}'",
        },
    )


GONE = {
    "the grant has run out": "UPDATE incidents_guestgrant SET ends_at = now() WHERE person_id = %s",
    "the grant was ended": "UPDATE incidents_guestgrant SET ended_at = now() WHERE person_id = %s",
    "the person's time is over": "UPDATE partners_person SET access_ends_at = now() WHERE id = %s",
    "the person is switched off": "UPDATE partners_person SET is_active = false WHERE id = %s",
    "the person is no guest any more": "UPDATE partners_person SET role = 'observer' WHERE id = %s",
}


def reads(world: Arranged, ticket: str) -> list[int]:
    """How many rows of each table that a guest can be let read."""
    tables = [
        f"(SELECT count(*) FROM incidents_{each})"
        for each in ("incident", "participant", "task", "update", "knowncard", "duty")
    ]
    with world.entered("portal_app", ticket) as connection:
        return list(connection.execute(f"SELECT {', '.join(tables)}").fetchone())


@pytest.mark.parametrize("gone", GONE)
def test_after_its_end_a_guest_reads_nothing(world: Arranged, gone: str):
    ticket, person = let_in(world, "coldharbour", {"INC-LED": ("tasks", "updates", "duties")})
    assert all(reads(world, ticket))
    world.log_in("owner").execute(GONE[gone], [person])
    assert reads(world, ticket) == [0, 0, 0, 0, 0, 0]


def test_under_step_three_its_guests_read_nothing_either(world: Arranged):
    ticket, _ = let_in(world, "coldharbour", {"INC-LED": ("tasks", "updates", "duties")})
    owner = world.log_in("owner")
    owner.execute("UPDATE sec.org_state SET own_tasks_at = now() WHERE org_id = %s", [world.ids["coldharbour"]])
    try:
        assert reads(world, ticket) == [0, 0, 0, 0, 0, 0]
    finally:
        owner.execute("UPDATE sec.org_state SET own_tasks_at = NULL WHERE org_id = %s", [world.ids["coldharbour"]])


def test_no_answer_to_a_guest_holds_what_stays_at_home_and_no_function_lets_it_act(world: Arranged):
    ticket, _ = let_in(world, "coldharbour", {"INC-LED": ("tasks", "updates", "duties")})
    others = [secret_of(slug) for slug in ("ashbourne", "brackenfield", "dunmere", "gravenhurst", "northgate")]
    with world.entered("portal_app", ticket) as connection:
        for table in (
            "incidents_incident",
            "incidents_participant",
            "incidents_task",
            "incidents_update",
            "incidents_knowncard",
            "incidents_duty",
        ):
            said = connection.execute(f"SELECT string_agg(x::text, ' ') FROM {table} x").fetchone()[0]
            assert [each for each in others if each in said] == []
    for act in (
        "SELECT sec.invite_guest('x', 'x@x.example', 'police', '{i}', '{{tasks}}', now() + interval '1 day')",
        "SELECT sec.make_display('{i}', 'x', sha256('x'))",
        "SELECT sec.offer_lead('{i}', '{i}', 'x')",
    ):
        with world.entered("portal_app", ticket) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(act.format(i=world.ids["INC-LED"]))
