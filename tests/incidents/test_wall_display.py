"""A wall screen: paired by a code, shows one incident in one word an organisation, reads no table, changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from django.test import Client
from psycopg.sql import SQL, Identifier

from incidents.closing import close_incident
from incidents.models import Incident, Task
from incidents.opening import Opening, open_incident
from incidents.transitions import Answer, answer_task
from partners.acting import actor_of
from portal.tenancy.door import TICKET_SEED, ticket_of
from portal.tenancy.scope import at_the_door, organisation_scope
from tests import servers

pytestmark = pytest.mark.django_db(transaction=True)
WALL, ROWS = "/display/wall/", "/display/wall/rows/"
CODE = re.compile(r'class="pairing-code">([0-9A-Z]{4} [0-9A-Z]{4})<')
TITLE, REASON = "Seen by Priya Nair on her laptop", "Ring Tom on 01632 960999"


@pytest.fixture
def incident(cast, inside) -> Incident:
    with inside("ashbourne"):
        found = open_incident(
            Opening(title=TITLE, systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )
    with inside("dunmere"):
        actor = actor_of(cast.visitor("dunmere"))
        first = Task.objects.filter(incident=found, ready=True).order_by("position").first()
        answer_task(task_id=first.pk, to="blocked", actor=actor, answer=Answer(reason=REASON))
    return found


@pytest.fixture
def make(client_of, incident):
    """`make("dunmere")`: that organisation's incident manager makes a screen; its code."""

    def made(slug: str) -> str:
        answer = client_of(slug, fresh=True).post(f"/incidents/{incident.reference}/displays/", {"label": "Left wall"})
        assert answer.status_code == 200
        (code,) = CODE.findall(answer.content.decode())
        return code

    return made


def paired(code: str) -> Client:
    screen = Client()
    answer = screen.post("/display/", {"code": code})
    assert (answer.status_code, answer["Location"]) == (302, WALL)
    return screen


def shown(screen: Client, path: str = WALL) -> str:
    answer = screen.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_code_pairs_once_and_however_it_is_typed(make):
    code = make("ashbourne")
    assert paired(code.lower().replace(" ", "-")).get(WALL).status_code == 200
    assert Client().post("/display/", {"code": code}).status_code == 422
    assert Client().get(WALL).status_code == 401


def test_a_code_is_old_after_ten_minutes_and_guessing_is_slowed(make, owner_url):
    code = make("ashbourne")
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE incidents_walldisplay SET code_expires_at = now()")
    tries = [Client().post("/display/", {"code": code if n == 0 else f"AAAA{n:04}"}).status_code for n in range(12)]
    assert tries == [422] * 10 + [429] * 2
    with psycopg.connect(owner_url) as owner:
        (kept,) = owner.execute("SELECT code_digest::text FROM incidents_walldisplay").fetchone()
    assert code.replace(" ", "") not in kept


def test_only_a_manager_with_a_fresh_passkey_makes_one_and_a_stranger_none(client_of, incident, make):
    page = f"/incidents/{incident.reference}/displays/"
    assert client_of("ashbourne").post(page, {"label": "x"}).status_code == 403
    assert client_of("dunmere", "responder", fresh=True).post(page, {"label": "x"}).status_code == 403
    assert client_of("gravenhurst", fresh=True).post(page, {"label": "x"}).status_code == 404
    assert client_of("gravenhurst", fresh=True).get(page).status_code == 404
    make("dunmere")
    assert "Left wall" in client_of("dunmere", fresh=True).get(page).content.decode()
    assert "Left wall" not in client_of("ashbourne", fresh=True).get(page).content.decode()


@pytest.mark.parametrize("slug", ["ashbourne", "dunmere"])
def test_what_stands_on_it_has_no_name_no_number_and_nothing_that_somebody_wrote(cast, make, slug, incident, owner_url):
    body = shown(paired(make(slug))) + shown(paired(make(slug)), ROWS)
    assert incident.reference in body
    assert "Eastwick" in body
    assert "Gravenhurst" not in body
    people = [name for member in cast.members.values() for _pk, name, _role in member.people]
    with psycopg.connect(owner_url) as owner:
        kept = [
            words
            for (words,) in owner.execute(
                "SELECT phone FROM partners_dutydesk UNION SELECT address FROM partners_contactpoint"
                " UNION SELECT name FROM partners_dutydesk"
            ).fetchall()
        ]
    assert [each for each in [*people, *kept, TITLE, REASON, "Left wall"] if each in body] == []


def test_steps_are_on_an_overseers_wall_alone(make):
    overseer, partner = shown(paired(make("ashbourne"))), shown(paired(make("dunmere")))
    assert "wall__cell" in overseer
    assert "Blocked" in overseer
    assert "wall__cell" not in partner
    assert "Blocked" not in partner
    assert "no answer yet" in overseer
    assert "no answer yet" not in partner
    assert "have not answered" in partner


def test_it_reaches_no_other_page_and_changes_nothing(make, incident):
    screen = paired(make("ashbourne"))
    for path in ("/incidents/", f"/incidents/{incident.reference}/", "/my-tasks/", "/partners/", "/systems/"):
        assert screen.get(path).status_code == 302, path
    assert "Ashbourne" not in screen.get("/").content.decode()
    for path in (WALL, ROWS):
        for method in ("post", "put", "patch", "delete"):
            assert getattr(screen, method)(path).status_code == 405
    for path, method in (
        ("/api/v1/incidents/", "get"),
        ("/api/v1/events/", "get"),
        ("/api/v1/incidents/", "post"),
        ("/api/v1/live/tickets/", "post"),
        (f"/api/v1/incidents/{incident.reference}/updates/", "post"),
    ):
        answer = getattr(screen, method)(path, *(({},) if method == "post" else ()))
        assert answer.status_code in {401, 403}, path
    assert screen.post(f"/incidents/{incident.reference}/close/", {"outcome": "resolved"}).status_code == 302
    assert shown(screen)


ENDS = {
    "revoked": None,
    "closed": None,
    "seven days": "UPDATE sec.grant_token SET expires_at = now() WHERE born = 'display'",
    "run out in its row": "UPDATE incidents_walldisplay SET expires_at = now()",
    "isolated": "UPDATE sec.org_state SET isolated_at = now()",
    "own tasks only": "UPDATE sec.org_state SET own_tasks_at = now()",
}


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_at_the_next_refresh(client_of, cast, inside, make, incident, owner_url, end):
    screen, page = paired(make("ashbourne")), f"/incidents/{incident.reference}/displays/"
    assert screen.get(ROWS).status_code == 200
    if end == "revoked":
        (form,) = re.findall(r'action="([^"]+/end/)"', client_of("ashbourne", fresh=True).get(page).content.decode())
        for slug in ("gravenhurst", "dunmere"):
            assert client_of(slug, fresh=True).post(form).status_code == 404
        assert screen.get(ROWS).status_code == 200
        assert client_of("ashbourne", fresh=True).post(form).status_code == 302
    elif end == "closed":
        with inside("ashbourne"):
            close_incident(incident_id=incident.pk, outcome="resolved", actor=actor_of(cast.visitor("ashbourne")))
    else:
        with psycopg.connect(owner_url) as owner:
            owner.execute(ENDS[end])
    for path in (ROWS, WALL):
        answer = screen.get(path)
        assert answer.status_code == 401
        assert "This screen shows no incident" in answer.content.decode()
        assert incident.reference not in answer.content.decode()


@pytest.fixture
def as_screen(make, owner_url) -> Iterator[psycopg.Connection]:
    """A log-in as the application's role, with the ticket of a screen that Ashbourne has paired."""
    screen = paired(make("ashbourne"))
    with at_the_door():
        ticket = ticket_of(screen.session[TICKET_SEED])
    url = servers.database_url("DATABASE_URL_APP", owner_url.rpartition("/")[2])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT set_config('app.ticket', %s, false)", [ticket])
        yield connection


def test_by_raw_sql_it_reads_no_row_of_any_table_and_writes_none(as_screen, owner_url, incident, cast):
    with psycopg.connect(owner_url) as owner:
        tables = owner.execute(
            "SELECT c.oid::regclass::text, (SELECT array_agg(a.attname::text) FROM pg_attribute a"
            " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v')"
            " AND c.relnamespace IN ('public'::regnamespace, 'sec'::regnamespace)"
        ).fetchall()
    assert len(tables) > 50
    reached = []
    for table, columns in tables:
        for column in columns:
            for sql in (
                SQL("SELECT count({}) FROM {}").format(Identifier(column), SQL(table)),
                SQL("UPDATE {} SET {} = {}").format(SQL(table), Identifier(column), Identifier(column)),
            ):
                try:
                    cursor = as_screen.execute(sql)
                except psycopg.errors.InsufficientPrivilege:
                    continue
                except psycopg.errors.GeneratedAlways:
                    continue
                found = cursor.fetchone()[0] if cursor.description else cursor.rowcount
                if found:
                    reached.append((table, column, found))
        try:
            if as_screen.execute(SQL("DELETE FROM {}").format(SQL(table))).rowcount:
                reached.append((table, "delete", 1))
        except psycopg.errors.InsufficientPrivilege:
            pass
    assert reached == []
    (document,) = as_screen.execute("SELECT sec.wall()").fetchone()
    assert document["reference"] == incident.reference
    insert = (
        "INSERT INTO ledger_event (id, kind, at, actor_kind, incident_reference, actor_organisation_id, audience)"
        " VALUES (gen_random_uuid(), 'x.y', now(), 'person', '', %s, %s)"
    )
    for sql, parameters in (
        (insert, [cast.id("ashbourne"), [cast.id("ashbourne")]]),
        ("SELECT sec.make_display(%s, 'x', sha256('x'))", [incident.pk]),
        ("SELECT sec.offer_lead(%s, %s, 'x')", [incident.pk, cast.id("dunmere")]),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_screen.execute(sql, parameters)


def test_the_document_is_for_screens_alone(inside, cast, incident):
    for slug in ("ashbourne", "gravenhurst"):
        with organisation_scope(cast.visitor(slug).ticket), connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.wall()")
            assert cursor.fetchone() == (None,)
