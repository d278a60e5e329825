"""What the database refuses by itself: nothing but SQL, as the application's role, with tickets of every kind."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from portal.tenancy.door import ticket_of
from tests.partners.raw import entered, owner, refused

pytestmark = pytest.mark.django_db

NEW = (
    "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass, access_ends_at)"
    " VALUES (gen_random_uuid(), %(org)s, 'N', 'n@n.example', 'responder', '', true, false, NULL)"
)
STATEMENTS = {
    "add a person": NEW,
    "change a role": "UPDATE partners_person SET role = 'administrator' WHERE id = %(person)s",
    "switch off": "UPDATE partners_person SET is_active = false WHERE id = %(person)s",
    "rules of signing in": "INSERT INTO partners_signinpolicy (organisation_id, idle_minutes, absolute_hours,"
    " allow_password) VALUES (%(org)s, 60, 12, true)",
}
DENIED = {"42501", "no row"}


@pytest.fixture
def ashbourne(cast: Any) -> dict[str, Any]:
    person = next(pk for pk, _, role in cast["ashbourne"].people if role == "responder")
    return {"org": cast.id("ashbourne"), "person": person}


def test_an_administrator_with_a_passkey_used_just_now_may(cast, ashbourne):
    for what, sql in STATEMENTS.items():
        with entered(cast.visitor("ashbourne", "administrator", fresh=True).ticket) as connection:
            assert refused(connection, sql, ashbourne) == "", what


def tickets(cast: Any, api_of: Any) -> dict[str, str]:
    """Everybody who may not, whatever they send."""
    guest = f"guest-{uuid4()}"
    person = cast.visitor("ashbourne", "administrator").person_id
    owner(
        "SELECT sec.mint(%s, %s, 'session', %s, NULL, interval '1 hour', 'guest', 'passkey', %s)",
        [guest, cast.id("ashbourne"), person, uuid4()],
    )
    key = api_of("ashbourne").defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    return {
        "an administrator whose passkey was used too long ago": cast.visitor("ashbourne", "administrator").ticket,
        "an incident manager": cast.visitor("ashbourne", fresh=True).ticket,
        "an administrator of another organisation": cast.visitor("brackenfield", "administrator", fresh=True).ticket,
        "the stranger": cast.visitor("gravenhurst", "administrator", fresh=True).ticket,
        "a key": ticket_of(key.split("_")[2]),
        "a guest": guest,
    }


def test_nobody_else_may(cast, ashbourne, api_of):
    for who, ticket in tickets(cast, api_of).items():
        for what, sql in STATEMENTS.items():
            with entered(ticket) as connection:
                assert refused(connection, sql, ashbourne) in DENIED, (who, what)


def test_nobody_else_says_that_it_is_a_drill_or_lets_anybody_in(cast, api_of):
    for who, ticket in tickets(cast, api_of).items():
        with entered(ticket) as connection:
            assert refused(connection, "SELECT sec.break_glass_drilled()") == "42501", who
            assert refused(connection, "SELECT sec.emergency_enrol(%s)", [uuid4()]) == "42501", who
            assert refused(connection, "SELECT sec.break_glass_used(%s)", [uuid4()]) == "42501", who
            assert refused(connection, "SELECT sec.registered_number(%s, 'emergency')", [cast.id("dunmere")]) == (
                "" if "manager" in who or who == "the stranger" or "another" in who else "42501"
            ), who


def test_ways_in_are_the_own_peoples_alone(cast):
    for slug in ("ashbourne", "gravenhurst"):
        with entered(cast.visitor(slug, "administrator").ticket) as connection:
            found = {row[0] for row in connection.execute("SELECT person_id FROM sec.ways_in()").fetchall()}
        assert found == {pk for pk, _, _ in cast[slug].people}
    with entered(cast.visitor("ashbourne", "responder").ticket) as connection:
        seen = connection.execute("SELECT count(last_seen), count(sessions) FROM sec.ways_in()").fetchone()
    assert seen == (0, 0), "when somebody was here is for administrators"


SIGNING_IN = {
    "a passkey": "INSERT INTO partners_authenticator (id, organisation_id, person_id, kind, label, rides_on_words,"
    " created_at, credential_id, public_key, sign_count, backed_up, last_step) VALUES (gen_random_uuid(), %(org)s,"
    " %(person)s, 'passkey', 'x', '', now(), 'x', 'x', 0, false, 0)",
    "an app": "INSERT INTO partners_authenticator (id, organisation_id, person_id, kind, label, rides_on_words,"
    " created_at, secret, sign_count, backed_up, last_step) VALUES (gen_random_uuid(), %(org)s, %(person)s, 'totp',"
    " 'x', '', now(), 'x', 0, false, 0)",
    "a recovery code": "INSERT INTO partners_recoverycode (id, person_id, digest, created_at)"
    " VALUES (gen_random_uuid(), %(person)s, 'x', now())",
    "a password": "INSERT INTO partners_credential (person_id, password) VALUES (%(person)s, 'x')",
    "a provider": "INSERT INTO partners_federatedidentity (id, organisation_id, person_id, issuer, subject, linked_at)"
    " VALUES (gen_random_uuid(), %(org)s, %(person)s, 'x', 'x', now())",
    "an enrolment link": "INSERT INTO partners_signinlink (id, person_id, purpose, digest, expires_at)"
    " VALUES (gen_random_uuid(), %(person)s, 'enrolment', 'x', now())",
    "a spoken code": "INSERT INTO partners_signinlink (id, person_id, purpose, digest, expires_at)"
    " VALUES (gen_random_uuid(), %(person)s, 'emergency', 'y', now())",
    "a session": "INSERT INTO partners_personsession (id, organisation_id, person_id, born, started_at, last_seen_at,"
    " ends_at, browser, ended_because) VALUES (gen_random_uuid(), %(org)s, %(person)s, 'passkey', now(), now(), now(),"
    " '', '')",
}


@pytest.mark.parametrize(
    ("role", "break_glass", "let_in"),
    [
        ("service_account", False, set()),
        ("administrator", True, {"a passkey", "an enrolment link", "a session"}),
        ("administrator", False, set(SIGNING_IN)),
    ],
)
def test_who_can_have_which_way_to_sign_in(cast, role, break_glass, let_in):
    """Whoever writes it, the owner too."""
    with entered(role="owner") as connection:
        (person,) = connection.execute(
            "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)"
            " VALUES (gen_random_uuid(), %s, 'N', 'n@n.example', %s, '', true, %s) RETURNING id",
            [cast.id("ashbourne"), role, break_glass],
        ).fetchone()
        who = {"org": cast.id("ashbourne"), "person": person}
        got = {what for what, sql in SIGNING_IN.items() if refused(connection, sql, who) == ""}
    assert got == let_in


def test_rows_stay_what_they_are(cast, ashbourne):
    """No third break-glass account, no break-glass account that turns into a person, none that is no administrator."""
    making = NEW.replace("'responder', '', true, false", "'administrator', '', true, true")
    with entered(cast.visitor("ashbourne", "administrator", fresh=True).ticket) as connection:
        for nth in range(4):
            already = connection.execute("SELECT count(*) FROM partners_person WHERE break_glass").fetchone()[0]
            expected = "" if already < 2 else "23514"
            sql = making.replace("n@n.example", f"n{nth}@n.example")
            assert refused(connection, sql, ashbourne) == expected
        for change in ("break_glass = false", "role = 'responder'", "role = 'service_account'"):
            assert refused(connection, f"UPDATE partners_person SET {change} WHERE break_glass") == "23514", change
        who = [ashbourne["person"]]
        for change in ("break_glass = true", "role = 'service_account'"):
            assert refused(connection, f"UPDATE partners_person SET {change} WHERE id = %s", who) == "23514", change


def test_a_key_is_tied_to_a_service_account_of_its_own_organisation(cast):
    with entered(role="owner", commits=False) as connection:
        accounts = {
            slug: connection.execute(
                "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)"
                " VALUES (gen_random_uuid(), %s, 'N', 'n@n.example', 'service_account', '', true, false) RETURNING id",
                [cast.id(slug)],
            ).fetchone()[0]
            for slug in ("ashbourne", "gravenhurst")
        }
        sql = (
            "INSERT INTO partners_apikey (id, organisation_id, label, scopes, created_at, expires_at,"
            " service_account_id) VALUES (gen_random_uuid(), %s, 'k', '{read}', now(), now(), %s)"
        )
        person = next(pk for pk, _, role in cast["ashbourne"].people if role == "responder")
        org = cast.id("ashbourne")
        assert refused(connection, sql, [org, accounts["ashbourne"]]) == ""
        assert refused(connection, sql, [org, accounts["gravenhurst"]]) == "23514"
        assert refused(connection, sql, [org, person]) == "23514"
