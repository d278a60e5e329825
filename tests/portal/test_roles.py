"""`manage.py roles` against a real server that has none of the serving roles yet."""

import os
import subprocess
import sys

import psycopg
import pytest

from portal.embedded import EmbeddedServers
from portal.embedded_postgres import SUPERUSER
from portal.roles import SERVING_ROLES, RoleError, missing_roles, passwords_from
from portal.var_folder import root


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with EmbeddedServers(tmp_path_factory.mktemp("roles"), durable=False, valkey=False) as servers:
        yield servers


@pytest.fixture
def administrator(server):
    """A superuser's connection to a server without the serving roles."""
    with psycopg.connect(server.database_url(SUPERUSER), autocommit=True) as connection:
        for role in SERVING_ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role.name}")
        yield connection


def run_roles(server, **environ):
    return subprocess.run(
        [sys.executable, "manage.py", "roles"],
        cwd=root(),
        env={**os.environ, **server.environment(), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def logs_in(server, role):
    with psycopg.connect(server.database_url(role.name)) as connection:
        return connection.info.user == role.name


def test_whoever_may_creates_what_is_missing_and_a_second_run_changes_nothing(server, administrator):
    done = run_roles(server, DATABASE_URL=server.database_url(SUPERUSER))
    assert done.returncode == 0, done.stderr
    assert "Created portal_app, portal_auth, portal_worker, portal_sealer." in done.stdout
    assert all(logs_in(server, role) for role in SERVING_ROLES)
    assert "Every role is there." in run_roles(server).stdout


def test_whoever_may_not_gets_sql_that_an_administrator_can_run(server, administrator):
    done = run_roles(server)
    assert done.returncode == 1
    assert "have an administrator run the SQL above" in done.stderr
    assert missing_roles(administrator, SERVING_ROLES) == list(SERVING_ROLES)
    administrator.execute(done.stdout)
    assert all(logs_in(server, role) for role in SERVING_ROLES)
    limits = administrator.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'portal_app'").fetchone()
    assert "statement_timeout=15s" in limits[0]


def test_the_printed_sql_gives_no_password_away(server, administrator):
    printed = run_roles(server).stdout
    assert "SCRAM-SHA-256$" in printed
    assert not any(password in printed for password in passwords_from(server.environment()).values())


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "DATABASE_URL_APP is not set"),
        ("postgres://somebody:x@db/bulkhead", "must log in as portal_app"),
        ("postgres://portal_app@db/bulkhead", "has no password"),
    ],
)
def test_an_address_that_does_not_fit_its_role_is_refused(address, sentence):
    with pytest.raises(RoleError, match=sentence):
        passwords_from({"DATABASE_URL_APP": address})


def test_passwords_are_decoded_as_they_stand_in_an_address():
    role = SERVING_ROLES[0]
    assert passwords_from({role.variable: f"postgres://{role.name}:a%2Fb%40c@db/x"}, [role]) == {role.name: "a/b@c"}
