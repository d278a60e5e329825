"""Gate: imports point one way, every process has our Celery app, every job a name and a queue, migrations go back."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import servers

# Whoever is imported first decides which app a shared task belongs to.
ENTRANCES = {
    "manage.py": "import manage; sys.argv = ['manage.py', 'help', 'migrate']; manage.main()",
    "portal.wsgi": "import portal.wsgi",
    "portal.asgi": "import portal.asgi",
    "portal.celery": "import portal.celery; portal.celery.app.loader.import_default_modules()",
}
LOOK = """
import json, sys
{entrance}
from celery import current_app, shared_task
@shared_task(name="gate.planted")
def planted(): pass
import incidents.jobs, notifications.jobs
jobs = {{name: job for name, job in current_app.tasks.items() if not name.startswith(("celery.", "gate."))}}
queue_of = lambda name: current_app.amqp.router.route({{}}, name)["queue"].name
print()
print(json.dumps({{
    "app": planted.app.main, "broker": current_app.conf.broker_url,
    "jobs": {{name: [job.app.main, getattr(job, "queue", "") or queue_of(name)] for name, job in jobs.items()}},
    "consumed": sorted(current_app.amqp.queues),
}}))
"""
OUR_APPS = ("partners", "tenancy", "vault", "ledger", "files", "api", "incidents", "notifications", "monitoring")
# Those that build on the others go first, in a test of their own.
UPPER = ("notifications", "monitoring")
DOWN = f"""
import django, json, os
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
for app in os.environ["APPS_BACK"].split():
    if any(label == app for label, _ in MigrationRecorder(connection).applied_migrations()):
        call_command("migrate", app, "zero", verbosity=0)  # and whatever builds on it
with connection.cursor() as cursor:
    cursor.execute("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                   " WHERE n.nspname IN ('public', 'sec') AND c.relkind IN ('r', 'v', 'S')"
                   " AND c.relname ~ '^({"|".join(OUR_APPS)})_'"
                   " UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'sec'"
                   " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    print(json.dumps([name for (name,) in cursor.fetchall()]))
"""
# By Django's own command, and not ours, which makes models anew more seldom: the template was made by that one.
UP_TO = """
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
executor.migrate(None, plan=plan[:-{left}])
print(len(MigrationExecutor(connection).migration_plan(executor.loader.graph.leaf_nodes())))
"""
UP = """
import django
django.setup()
from django.core.management import call_command
from django.core.management.commands.migrate import Command
call_command(Command(), verbosity=0)
print("true")
"""


def run(code: str, **more: str) -> Any:
    """The last line that a fresh Python prints, as JSON."""
    environment = {name: value for name, value in os.environ.items() if name != "BULKHEAD_PROCESS"}
    environment |= {"DJANGO_SETTINGS_MODULE": "portal.settings", **more}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_imports_point_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=servers.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_a_shared_task_belongs_to_our_app_whatever_is_started(entrance: str) -> None:
    found = run(LOOK.format(entrance=ENTRANCES[entrance]))
    assert found["app"] == "bulkhead"
    assert found["broker"].startswith("redis://")
    assert "incidents.advance" in found["jobs"]
    assert "notifications.deliver" in found["jobs"]
    for name, (app, queue) in found["jobs"].items():
        assert re.fullmatch(r"(partners|incidents|notifications|monitoring)\.[a-z_]+", name), name
        assert app == "bulkhead"
        assert queue in found["consumed"], f"no worker takes {name} from the queue {queue}"


@dataclass
class WayBack:
    """A database for the owner alone that had the whole demonstration in it, and what was there."""

    url: str
    before: set[str]

    def go(self, *apps: str) -> list[str]:
        """Take everything of these rooms back, and whatever builds on it; the tables and functions that are left."""
        left: list[str] = run(DOWN, DATABASE_URL=self.url, BULKHEAD_PROCESS="owner", APPS_BACK=" ".join(apps))
        return left


@pytest.fixture(scope="module")
def way_back() -> Iterator[WayBack]:
    name = f"bulkhead_test_back_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    servers.copy_template(name)
    url = servers.database_url("DATABASE_URL", name)
    yield WayBack(url, schema_of(url))
    servers.drop(name)


def schema_of(url: str) -> set[str]:
    with psycopg.connect(url) as owner:
        return {line for (line,) in owner.execute((servers.ROOT / "tests/gates/schema.sql").read_text()).fetchall()}


def test_migrations_go_back_with_rows_in_the_tables(way_back: WayBack) -> None:
    left = way_back.go(*UPPER)
    assert [name for name in left if name.startswith(UPPER)] == []
    assert len(left) > 50, "the rooms below are there still"
    assert len(way_back.before) > 500


def test_and_the_rooms_below_leave_nothing(way_back: WayBack) -> None:
    assert way_back.go(*OUR_APPS, "sessions", "auth", "contenttypes") == []


@pytest.mark.timeout(120)  # Django makes every model anew nearly each time
@pytest.mark.parametrize("left", [80, 30])
def test_and_forth_again_as_django_does_it(way_back: WayBack, left: int) -> None:
    assert run(UP_TO.format(left=left), DATABASE_URL=way_back.url, BULKHEAD_PROCESS="owner") == left


@pytest.mark.timeout(120)
def test_and_forth_again_to_the_very_same_schema_as_django_makes_it(way_back: WayBack) -> None:
    run(UP, DATABASE_URL=way_back.url, BULKHEAD_PROCESS="owner")
    after = schema_of(way_back.url)
    assert sorted(way_back.before - after) == []
    assert sorted(after - way_back.before) == []
