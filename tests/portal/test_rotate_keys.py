"""`manage.py rotate_keys` for real, as the owner in a process of its own: also when it is killed half-way."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from portal.vault.master import new_master_key, read_master_key
from portal.vault.rotation import BATCH
from tests.portal.sealed_table import SealedTable, sealed_table
from tests.servers import MASTER_KEY

ROTATE = "call_command('rotate_keys', *sys.argv[1:])"
REAL_ROWS = """
import datetime as dt
from uuid import uuid4
from partners.models import Authenticator, IdentityProvider, Person
organisation, kind = UUID(sys.argv[1]), "partners_authenticator.secret"
person, pk = Person.objects.filter(organisation_id=organisation).first(), uuid4()
seed = seal(b"a seed", organisation_id=organisation, field=kind, row_id=pk)
Authenticator.objects.create(id=pk, organisation_id=organisation, person=person, kind="totp", label="App", secret=seed,
                             created_at=dt.datetime.now(dt.UTC))
secret = seal(b"a client's secret", organisation_id=organisation, field="partners_identityprovider.client_secret",
              row_id=organisation)
IdentityProvider.objects.create(organisation_id=organisation, issuer="https://idp.example", client_id="c",
                                client_secret=secret)
call_command("rotate_keys", "--organisation", "dunmere", verbosity=0)
app, provider = Authenticator.objects.get(pk=pk), IdentityProvider.objects.get(pk=organisation)
names = {"organisation_id": organisation, "field": kind, "row_id": pk}
assert bytes(app.secret) != seed and bytes(provider.client_secret) != secret
print(open_sealed(app.secret, **names), open_sealed(
    provider.client_secret, organisation_id=organisation, field="partners_identityprovider.client_secret",
    row_id=organisation))
"""
COMMAND = """
import os
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


# Each test starts several processes; a busy machine takes long.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def table() -> Iterator[SealedTable]:
    with sealed_table() as table:
        yield table


def wait_until_blocked(table: SealedTable) -> None:
    """Return when a session of the database waits for another one's row."""
    with table.connect() as owner:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            (waiting,) = owner.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            if waiting:
                return
            time.sleep(0.05)
    raise AssertionError("nothing was blocked")


def test_one_organisations_secrets_are_sealed_again_and_nobody_elses(table: SealedTable) -> None:
    table.fill("dunmere", 0, 5)
    table.fill("gravenhurst", 5, 8)
    before = table.opened()
    table.run(ROTATE, "--organisation", "dunmere")
    assert table.versions("dunmere") == {2: 5}
    assert table.versions("gravenhurst") == {1: 3}
    assert table.keys("dunmere") == [(1, False, 60), (2, True, 60)]
    assert table.opened() == before
    table.run(ROTATE)
    assert (table.versions("dunmere"), table.versions("gravenhurst")) == ({3: 5}, {2: 3})
    assert table.opened() == before
    assert before[7] == "secret number 7"


def test_the_products_own_columns_are_rotated(table: SealedTable) -> None:
    said, _ = table.run(REAL_ROWS, table.organisations["dunmere"])
    assert said.splitlines() == [
        f"{table.organisations['dunmere']}: key 2, 2 secrets sealed again, keys retired: 1.",
        "b'a seed' b\"a client's secret\"",
    ]


def test_a_run_that_is_killed_half_way_leaves_all_readable_and_the_next_one_ends_it(table: SealedTable) -> None:
    total = 2 * BATCH + 20
    table.fill("dunmere", 0, total)
    before = table.opened()
    with table.connect() as somebody, somebody.transaction(force_rollback=True):
        somebody.execute("SELECT 1 FROM vault_secret WHERE id = %s FOR UPDATE", [BATCH + 10])
        rotation = table.start(ROTATE)
        wait_until_blocked(table)
        rotation.send_signal(signal.SIGKILL)
        assert rotation.wait(10) == -signal.SIGKILL
        rotation.communicate()
    assert table.versions("dunmere") == {1: BATCH + 20, 2: BATCH}, "it was not killed half-way"
    assert table.keys("dunmere") == [(1, True, 60), (2, True, 60)]
    assert table.opened() == before
    table.run(ROTATE)
    assert table.versions("dunmere") == {2: total}, "it was begun afresh instead of ended"
    assert table.keys("dunmere") == [(1, False, 60), (2, True, 60)]
    assert table.opened() == before


def test_a_secret_that_is_changed_while_its_batch_waits_is_not_overwritten(table: SealedTable) -> None:
    table.fill("dunmere", 0, 3)
    changed = table.seal("dunmere", 1, "changed meanwhile")
    with table.connect() as somebody:
        with somebody.transaction():
            somebody.execute("UPDATE vault_secret SET secret = %s WHERE id = 1", [changed])
            rotation = table.start(ROTATE)
            wait_until_blocked(table)
        rotation.communicate(timeout=30)
    assert rotation.returncode == 0
    assert table.versions("dunmere") == {2: 3}
    assert table.opened()[1] == "changed meanwhile"


def test_what_a_slow_request_sealed_with_the_old_key_opens_and_the_next_run_takes_it_along(table: SealedTable) -> None:
    table.fill("dunmere", 0, 1)
    slow = table.seal("dunmere", 1, "slow")
    table.run(ROTATE)
    with table.connect() as owner:
        owner.execute("INSERT INTO vault_secret VALUES (1, %s, %s)", [table.organisations["dunmere"], slow])
    assert table.opened() == {0: "secret number 0", 1: "slow"}
    table.run(ROTATE)
    assert table.versions("dunmere") == {3: 2}
    assert table.opened() == {0: "secret number 0", 1: "slow"}


def test_a_value_that_does_not_open_is_named_and_keeps_the_old_key_in_use(table: SealedTable) -> None:
    table.fill("dunmere", 0, BATCH + 2)
    with table.connect() as owner:
        owner.execute("UPDATE vault_secret SET secret = set_byte(secret, 20, 255 - get_byte(secret, 20)) WHERE id = 1")
    said, complained = table.run(COMMAND, "rotate_keys", status=1)
    assert "row 1: " in complained
    assert "1 values could not be opened" in complained
    assert "secret number" not in said + complained
    assert table.versions("dunmere") == {1: 1, 2: BATCH + 1}
    assert table.keys("dunmere") == [(1, True, 60), (2, True, 60)]
    with table.connect() as owner:
        owner.execute("UPDATE vault_secret SET secret = NULL WHERE id = 1")
    table.run(ROTATE)
    assert table.keys("dunmere") == [(1, False, 60), (2, True, 60)]


def test_two_rotations_do_not_run_at_once(table: SealedTable) -> None:
    table.fill("dunmere", 0, 1)
    with table.connect() as somebody, somebody.transaction(force_rollback=True):
        somebody.execute("SELECT 1 FROM vault_secret FOR UPDATE")
        rotation = table.start(ROTATE)
        wait_until_blocked(table)
        _, complained = table.run(COMMAND, "rotate_keys", status=1)
        assert complained.strip() == "CommandError: Another rotation of keys is running on this database."
    rotation.communicate(timeout=30)
    assert table.versions("dunmere") == {2: 1}


def test_a_new_master_key_takes_over_one_organisation_after_another(table: SealedTable) -> None:
    table.fill("dunmere", 0, 1)
    table.fill("gravenhurst", 1, 2)
    before, fresh = table.opened(), new_master_key()
    both = {"MASTER_KEY": fresh, "MASTER_KEY_PREVIOUS": MASTER_KEY}
    assert table.opened(**both) == before
    said, _ = table.run(ROTATE, "--master", "--organisation", "dunmere", **both)
    assert said == "Wrapped 1 data keys under MASTER_KEY.\n"
    assert table.opened(**both) == before
    alone = table.opened(MASTER_KEY=fresh)
    assert alone[0] == before[0]
    assert alone[1].startswith("VaultError: Data key 1 is wrapped by master key ")
    table.run(ROTATE, "--master", **both)
    assert table.run(ROTATE, "--master", **both)[0] == "Wrapped 0 data keys under MASTER_KEY.\n"
    assert table.opened(MASTER_KEY=fresh) == before
    assert set(table.opened(MASTER_KEY=MASTER_KEY).values()) == {
        f"VaultError: Data key 1 is wrapped by master key {read_master_key(fresh).id}, which is not here."
    }


def test_a_portal_with_another_master_key_does_not_start(table: SealedTable) -> None:
    table.fill("dunmere", 0, 1)
    table.run(COMMAND, "prepare")
    _, complained = table.run(COMMAND, "prepare", status=1, MASTER_KEY=new_master_key())
    assert complained.startswith("CommandError: MASTER_KEY is not the key of this database: 1 data keys are wrapped")
    assert len(complained.strip().splitlines()) == 1
    _, complained = table.run(COMMAND, "prepare", status=1, MASTER_KEY="")
    assert "MASTER_KEY" in complained


def test_the_owner_can_forget_an_organisation_and_nobody_elses_secrets_are_touched(table: SealedTable) -> None:
    table.fill("dunmere", 0, 2)
    table.fill("gravenhurst", 2, 3)
    table.run(ROTATE, "--organisation", "dunmere")
    table.run("assert forget(UUID(sys.argv[1])) == 2", table.organisations["dunmere"])
    assert table.keys("dunmere") == [(1, False, 0), (2, False, 0)]
    gone = "VaultError: The key of this secret was forgotten on purpose: nobody can open it again."
    assert table.opened() == {0: gone, 1: gone, 2: "secret number 2"}
    table.run(ROTATE, "--organisation", "dunmere")
    table.fill("dunmere", 3, 4)
    assert table.keys("dunmere")[2] == (3, True, 60), "a forgotten number was given away again"
    assert table.opened()[3] == "secret number 3"


def test_only_the_owner_rotates_and_forgets(table: SealedTable) -> None:
    _, complained = table.run(COMMAND, "rotate_keys", status=1, BULKHEAD_PROCESS="web")
    assert complained.strip() == "CommandError: Only the owner of the database rotates keys."
    forget = "from portal.vault import keys\nkeys.forget(UUID(sys.argv[1]))"
    _, complained = table.run(forget, table.organisations["dunmere"], status=1, BULKHEAD_PROCESS="web")
    assert "Only the owner of the database may forget" in complained
