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
from incidents.decisions.known import Known, say_known
from incidents.models import Incident, Task
from incidents.opening import Opening, open_incident
from incidents.transitions import Answer, answer_task
from partners.acting import actor_of
from partners.models import Person, SignInLink
from partners.people import make_sign_in_link
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


def test_whoever_was_signed_in_in_that_browser_is_not_any_more(make, owner_url):
    with at_the_door():
        link = make_sign_in_link(Person.objects.get(name="Priya Nair"), SignInLink.Purpose.DEMONSTRATION)
    browser = Client()
    assert browser.post(link).status_code == 302
    assert browser.get("/incidents/").status_code == 200
    assert browser.post("/display/", {"code": make("ashbourne")}).status_code == 302
    assert browser.get("/incidents/").status_code == 302
    with psycopg.connect(owner_url) as owner:
        (left,) = owner.execute("SELECT count(*) FROM partners_personsession WHERE ended_at IS NULL").fetchone()
    assert left == 0


@pytest.mark.usefixtures("time_stands")
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


def test_what_stands_on_it_has_no_name_no_number_and_nothing_that_somebody_wrote(cast, make, incident, owner_url):
    overseer, partner = shown(paired(make("ashbourne"))), shown(paired(make("dunmere")), ROWS)
    people = [name for member in cast.members.values() for _pk, name, _role in member.people]
    with psycopg.connect(owner_url) as owner:
        kept = [
            words
            for (words,) in owner.execute(
                "SELECT phone FROM partners_dutydesk UNION SELECT address FROM partners_contactpoint"
                " UNION SELECT name FROM partners_dutydesk"
            ).fetchall()
        ]
    for body in (overseer, partner):
        assert incident.reference in body
        assert "Eastwick" in body
        assert "Gravenhurst" not in body
        assert [each for each in [*people, *kept, TITLE, REASON, "Left wall"] if each in body] == []
    # Steps are on an overseer's wall alone, and so is whose silence it is.
    for words in ("wall__cell", "Blocked", "no answer yet"):
        assert words in overseer
        assert words not in partner
    assert "have not answered" in partner


def test_the_card_of_what_is_known_stands_on_the_walls_of_those_who_take_part(make, incident, inside):
    screens = [paired(make(slug)) for slug in ("ashbourne", "dunmere")]
    assert not any("What we know" in shown(screen) for screen in screens)
    with inside("ashbourne"):
        say_known(incident, Known(["Files on FS-01 are locked."]))
        say_known(incident, Known(["Files on FS-02 are locked."], ["It came by VPN."], ["Whether data was taken."]))
    for screen in screens:
        body = shown(screen, ROWS)
        for said in ("What we know", "Files on FS-02 are locked.", "It came by VPN.", "Whether data was taken."):
            assert said in body
        assert "FS-01" not in body


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


def is_over(screen: Client, reference: str) -> None:
    for path in (ROWS, WALL):
        answer = screen.get(path)
        assert answer.status_code == 401
        assert "This screen shows no incident" in answer.content.decode()
        assert reference not in answer.content.decode()


def test_it_ends_at_the_next_refresh(client_of, cast, inside, make, incident, owner_url):
    page, host = f"/incidents/{incident.reference}/displays/", client_of("ashbourne", fresh=True)
    revoked = paired(make("ashbourne"))
    (form,) = re.findall(r'action="([^"]+/end/)"', host.get(page).content.decode())
    for slug in ("gravenhurst", "dunmere"):
        assert client_of(slug, fresh=True).post(form).status_code == 404
    assert shown(revoked, ROWS)
    assert host.post(form).status_code == 302
    is_over(revoked, incident.reference)
    for end in (
        "UPDATE sec.grant_token SET expires_at = now() WHERE born = 'display'",
        "UPDATE incidents_walldisplay SET expires_at = now()",
    ):
        screen = paired(make("ashbourne"))
        with psycopg.connect(owner_url) as owner:
            owner.execute(end)
        is_over(screen, incident.reference)
    screen = paired(make("ashbourne"))
    for column in ("isolated_at", "own_tasks_at"):
        with psycopg.connect(owner_url) as owner:
            owner.execute(f"UPDATE sec.org_state SET {column} = now()")
        is_over(screen, incident.reference)
        with psycopg.connect(owner_url) as owner:
            owner.execute(f"UPDATE sec.org_state SET {column} = NULL")
    assert shown(screen)
    with inside("ashbourne"):
        close_incident(incident_id=incident.pk, outcome="resolved", actor=actor_of(cast.visitor("ashbourne")))
    is_over(screen, incident.reference)
    assert host.post(page, {"label": "x"}).status_code == 409


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
            " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) FROM pg_class c"
            " WHERE c.relkind IN ('r', 'p', 'v') AND c.relnamespace IN ('public'::regnamespace, 'sec'::regnamespace)"
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
