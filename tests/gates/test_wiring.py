"""Gate: imports point one way, every process has our Celery app, every job has a name and a queue, migrations reverse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests import servers

ENTRANCES = {
    "manage.py": "import manage, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'portal.settings'); django.setup()",
    "portal.wsgi": "import portal.wsgi",
    "portal.asgi": "import portal.asgi",
    "portal.celery": "import portal.celery, django; django.setup(); portal.celery.app.loader.import_default_modules()",
}
# Apps in which the last migration depends on others: Django itself sorts out the order when they go down.
EVERY_JOB = """
import json, os, sys
{entrance}
from celery import current_app, shared_task
@shared_task(name="gate.probe")
def probe(): pass
current_app.loader.import_default_modules()
current_app.finalize()
route = current_app.amqp.router.route
print(json.dumps({{
    "app": probe.app.main,
    "broker": current_app.conf.broker_url,
    "jobs": {{name: (job.queue if hasattr(job, "queue") and job.queue else route({{}}, name)["queue"].name)
              for name, job in current_app.tasks.items() if not name.startswith(("celery.", "gate."))}},
}}))
"""


def python(code: str, **more: str) -> Any:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **more}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=servers.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_imports_point_one_way() -> None:
    command = [os.path.join(os.path.dirname(sys.executable), "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=servers.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
