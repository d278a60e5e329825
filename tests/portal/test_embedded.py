"""Each of these runs real servers: PostgreSQL and Valkey out of the wheels, in a folder of the test's own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from portal import unprivileged
from portal.embedded import EmbeddedError, EmbeddedServers
from portal.embedded_postgres import SUPERUSER
from portal.roles import ALL_ROLES, SERVING_ROLES
from portal.var_folder import root

HOLDER = """
import sys, time
from pathlib import Path
from portal.embedded import EmbeddedServers
servers = EmbeddedServers(Path(sys.argv[1]), durable=False)
servers.start()
print(servers.postgres.process.pid, flush=True)
time.sleep(60)
"""


def servers_over(base: Path) -> EmbeddedServers:
    return EmbeddedServers(base, durable=False)


def remember(servers: EmbeddedServers, word: str) -> list[str]:
    """Write a word as the owner and answer all that are there."""
    with psycopg.connect(servers.environment()["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS word (at serial, word text)")
        connection.execute("INSERT INTO word (word) VALUES (%s)", [word])
        return [word for (word,) in connection.execute("SELECT word FROM word ORDER BY at")]


@pytest.fixture
def holder(tmp_path):
    """Another process that runs servers over `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=root(), stdout=subprocess.PIPE, text=True
    )
    process.postgres_pid = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with servers_over(tmp_path_factory.mktemp("embedded")) as servers:
        yield servers


def test_a_second_start_keeps_data_and_secrets(tmp_path):
    with servers_over(tmp_path) as servers:
        assert remember(servers, "first") == ["first"]
        passwords = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    with servers_over(tmp_path) as servers:
        assert remember(servers, "second") == ["first", "second"]
        assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == passwords


def test_stopping_leaves_no_process(tmp_path):
    with servers_over(tmp_path) as servers:
        numbers = [server.process.pid for server in servers.servers]
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_after_kill_9_of_the_portal_the_next_start_works_and_has_the_data(tmp_path, holder):
    holder.kill()
    holder.wait()
    # At once, while the orphaned PostgreSQL may still be on its way out.
    with servers_over(tmp_path) as servers:
        assert remember(servers, "after") == ["after"]


def test_after_kill_9_of_postgresql_it_recovers_and_keeps_what_was_committed(tmp_path):
    with servers_over(tmp_path) as servers:
        remember(servers, "committed")
        port = servers.postgres.port
        servers.postgres.process.kill()
        servers.postgres.process.wait()
        assert servers.revive() == ["postgres"]
        assert servers.postgres.port == port
        assert remember(servers, "later") == ["committed", "later"]


def test_a_process_number_that_now_belongs_to_somebody_else_does_not_stop_the_start(tmp_path):
    with servers_over(tmp_path) as servers:
        remember(servers, "kept")
        servers.postgres.process.kill()
        servers.postgres.process.wait()
    note = tmp_path / "postgres" / "postmaster.pid"
    _, *rest = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getppid()), *rest, ""]))
    with servers_over(tmp_path) as servers:
        assert remember(servers, "again") == ["kept", "again"]


def test_the_lock_refuses_a_second_start_and_names_the_process(tmp_path, holder):
    with pytest.raises(EmbeddedError, match=f"process {holder.pid}"):
        servers_over(tmp_path).start()
    os.kill(holder.postgres_pid, 0)  # and the first one was not disturbed


def test_data_of_another_major_version_is_refused_with_a_sentence(tmp_path):
    servers_over(tmp_path).__enter__().stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="holds data of PostgreSQL 17"):
        servers_over(tmp_path).start()


def test_an_interrupted_initdb_is_done_again(tmp_path):
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with servers_over(tmp_path) as servers:
        assert remember(servers, "here") == ["here"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_namespaces_runs_it_as_nobody_and_moves_the_data(tmp_path, monkeypatch):
    with servers_over(tmp_path) as servers:
        remember(servers, "as root")
    homes = Path(tempfile.mkdtemp())  # pytest's own folder lets nobody in
    homes.chmod(0o711)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(unprivileged, "HOMES", homes)
            patch.setattr(unprivileged, "namespaces_work", lambda: False)
            with servers_over(tmp_path) as servers:
                assert remember(servers, "as nobody") == ["as root", "as nobody"]
                assert Path(f"/proc/{servers.postgres.process.pid}").stat().st_uid == unprivileged.NOBODY
        monkeypatch.setattr(unprivileged, "HOMES", homes)
        with servers_over(tmp_path) as servers:  # it stays where it is, also where namespaces work
            assert remember(servers, "again") == ["as root", "as nobody", "again"]
    finally:
        shutil.rmtree(homes)


def test_root_with_neither_way_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(unprivileged.shutil, "which", lambda name: None)
    with pytest.raises(EmbeddedError, match="as an ordinary user, or set DATABASE_URL"):
        servers_over(tmp_path).start()


def test_every_role_logs_in_and_none_is_powerful(running):
    for role in ALL_ROLES:
        with psycopg.connect(running.database_url(role.name)) as connection:
            assert connection.execute(
                "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone() == (False, False, False, False, role.may_create_databases)
            assert connection.execute(
                "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
                " WHERE r.rolname = current_user"
            ).fetchone() == (0,)


def test_serving_roles_are_limited_in_time_and_may_make_nothing(running):
    for role in SERVING_ROLES:
        with psycopg.connect(running.database_url(role.name), autocommit=True) as connection:
            for statement in ("CREATE TABLE mine ()", "CREATE TEMPORARY TABLE mine ()", "CREATE SCHEMA mine"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
            if role.serves:
                limits = connection.execute(
                    "SELECT current_setting('statement_timeout'), current_setting('jit'),"
                    " current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_timeout')"
                ).fetchone()
                assert limits == ("15s", "off", "15s", "30s")


def test_a_copy_of_the_database_is_as_closed_as_the_first(running):
    running.copy_database("copy")
    running.copy_database("copy")  # a copy from before is replaced
    connection = psycopg.connect(running.database_url("portal_app", "copy"), autocommit=True)
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TEMPORARY TABLE mine ()")


def test_secrets_are_private_and_on_no_command_line(running):
    for path in (running.base / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        for server in running.servers:
            assert path.read_bytes() not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()


def test_valkey_asks_for_its_password(running):
    assert Redis.from_url(running.valkey.url).ping()
    with pytest.raises(AuthenticationError):
        Redis(port=running.valkey.port, retry=Retry(NoBackoff(), 0)).ping()


def test_servers_die_with_the_process_that_started_them(holder):
    os.kill(holder.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{holder.postgres_pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{holder.postgres_pid}").exists()


def test_the_superuser_is_in_no_environment(running):
    assert not any(f"//{SUPERUSER}:" in address for address in running.environment().values())
