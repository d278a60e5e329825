"""The vault seen from outside: what the rows hold, what each role may, and which process starts with which key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.processes import environment_of, plan_from, shared_environment
from portal.vault.master import read_master_key
from tests.cast import Cast
from tests.portal.sealed_table import SealedTable, sealed_table


@pytest.fixture(scope="module")
def table() -> Iterator[SealedTable]:
    with sealed_table() as table:
        table.fill("dunmere", 0, 3)
        table.fill("gravenhurst", 3, 4)
        yield table


def test_no_row_of_the_database_holds_a_secret_in_plain(table: SealedTable) -> None:
    assert table.opened()[2] == "secret number 2"
    with table.connect() as owner:
        sealed = [value for (value,) in owner.execute("SELECT secret FROM vault_secret").fetchall()]
        rows = owner.execute(
            "SELECT s::text FROM vault_secret s UNION ALL SELECT k::text FROM vault_datakey k"
        ).fetchall()
    held = b"".join(sealed) + "".join(row for (row,) in rows).encode()
    assert (len(sealed), len(rows)) == (4, 6)
    for plain in (b"secret number", b"number 2"):
        assert plain not in held
        assert plain.hex().encode() not in held


REFUSED = {
    "portal_app": ["SELECT 1 FROM vault_datakey", "INSERT INTO vault_datakey SELECT * FROM vault_datakey"],
    "portal_sealer": ["SELECT 1 FROM vault_datakey"],
    "portal_worker": ["INSERT INTO vault_datakey (version) VALUES (9)", "SELECT 1 FROM vault_datakey"],
    "portal_auth": [],
}
FOR_NOBODY = [
    "UPDATE vault_datakey SET retired_at = now()",
    "DELETE FROM vault_datakey",
    "TRUNCATE vault_datakey",
    "ALTER TABLE vault_datakey DISABLE ROW LEVEL SECURITY",
]
VARIABLES = {role: f"DATABASE_URL_{role.removeprefix('portal_').upper()}" for role in REFUSED}


@pytest.mark.parametrize("role", REFUSED)
def test_postgresql_refuses_every_role_what_it_has_no_business_with(table: SealedTable, role: str) -> None:
    with table.connect(VARIABLES[role]) as connection:
        for statement in REFUSED[role] + FOR_NOBODY:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_job_reads_the_keys_of_the_organisation_it_is_in_and_of_no_other(table: SealedTable, cast: Cast) -> None:
    code = """
from portal.tenancy.scope import organisation_scope
sealed = bytes.fromhex(sys.argv[4])
with organisation_scope(sys.argv[1]):
    plain = open_sealed(sealed, organisation_id=UUID(sys.argv[2]), field="vault_secret.secret", row_id=0)
    assert plain == b"secret number 0"
    try:
        open_sealed(sealed, organisation_id=UUID(sys.argv[3]), field="vault_secret.secret", row_id=0)
    except VaultError as trouble:
        print(trouble)
"""
    with table.connect() as owner:
        (sealed,) = owner.execute("SELECT secret FROM vault_secret WHERE id = 0").fetchone()
    ticket, ids = cast.visitor("dunmere").ticket, (cast.id("dunmere"), cast.id("gravenhurst"))
    nowhere = {"BULKHEAD_PROCESS": "worker", "DATABASE_URL_AUTH": "postgres://nobody:x@127.0.0.1:1/none"}
    assert table.run(code, ticket, *ids, sealed.hex(), **nowhere)[0] == (
        "The organisation has no data key of version 1.\n"
    )


def test_two_who_seal_an_organisations_first_secret_at_once_use_one_key(table: SealedTable) -> None:
    code = """
from portal.vault import keys
found = keys._newest
def slowly(organisation):
    row = found(organisation)
    slowly.nones += row is None
    if row is None and slowly.nones == 2:  # asked for the last time before one is made
        print("none yet", flush=True)
        sys.stdin.readline()
    return row
slowly.nones = 0
keys._newest = slowly
print(seal(b"x", organisation_id=UUID(sys.argv[1]), field="vault_secret.secret", row_id=1)[:5].hex())
"""
    brackenfield = table.organisations["brackenfield"]
    both = [table.start(code, brackenfield, BULKHEAD_PROCESS="web") for _ in range(2)]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "none yet\n"
    for each in both:
        said, complained = each.communicate("\n", timeout=20)
        assert said == "0100000001\n", complained
    assert table.keys("brackenfield") == [(1, True, 60)]


@pytest.mark.parametrize("process", ["web", "worker", "scheduler", "live", "owner"])
@pytest.mark.parametrize("key", ["", "short", base64.b64encode(bytes(31)).decode(), "ab" * 32, "not base64! " * 3])
def test_a_process_that_opens_secrets_does_not_start_without_a_right_master_key(
    table: SealedTable, process: str, key: str
) -> None:
    lacks = not key and process in {"live", "owner"}
    said, complained = table.run("", status=0 if lacks else 1, BULKHEAD_PROCESS=process, MASTER_KEY=key)
    assert said == ""
    assert len(complained.strip().splitlines()) == (0 if lacks else 1)
    if not lacks:
        assert complained.startswith("MASTER_KEY is ")
        assert not key or key not in complained


def test_make_run_makes_a_master_key_once_and_hands_it_to_those_who_open_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BULKHEAD_VAR", str(tmp_path))
    shared = shared_environment(plan_from({}), {}, addresses={})
    assert read_master_key(shared["MASTER_KEY"])
    assert shared_environment(plan_from({}), {}, addresses={})["MASTER_KEY"] == shared["MASTER_KEY"]
    assert (tmp_path / "secrets" / "master_key").stat().st_mode & 0o777 == 0o600
    shared["MASTER_KEY_PREVIOUS"] = shared["MASTER_KEY"]
    for process in ("web", "worker", "scheduler", "owner"):
        assert {"MASTER_KEY", "MASTER_KEY_PREVIOUS"} <= environment_of(process, shared).keys()
    assert not [name for name in environment_of("live", shared) if name.startswith("MASTER_KEY")]
    assert shared_environment(plan_from({}), {"MASTER_KEY": "given"}, addresses={})["MASTER_KEY"] == "given"
