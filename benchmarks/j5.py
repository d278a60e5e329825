"""`J5`: pages and lists at 10,000 incidents with 396,000 tasks, over one connection that stays open.

`J5 list` is the API's list of fifty, `J5 board` the whole page of an incident of 33 organisations with 12 steps each as
its lead's incident manager gets it, `J5 deep` the list's page 180 beside its first. Ours is the web process of
`make run` with row security on; the limit reads the same rows by `values()` and orjson as the owner of the tables
(`limits/j5_values.py`), in the same server. The `info` lines are the medians in milliseconds by themselves.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from urllib.parse import urlsplit

import django
import psycopg

django.setup()

from django.conf import settings
from django.http import HttpRequest

from benchmarks.data import LEAD
from benchmarks.j1 import ORGANISATIONS, STEPS, Opener, load_partnership, start_web
from benchmarks.j5_data import fill
from benchmarks.result import report, take_turns
from partners.keys import make_key
from partners.models import Organisation, Person, PersonSession
from partners.sessions import start_session
from portal.children import free_port
from portal.processes import WEB_THREADS, WEB_WORKERS
from portal.tenancy.scope import at_the_door
from portal.var_folder import root

ROUNDS, WARM_UP = 101, 20
DEEP = 180  # pages of fifty
LIST = "/api/v1/incidents/?limit=50"


class Asker:
    """One client of one server with one open connection."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = headers

    def get(self, path: str) -> tuple[float, bytes]:
        """Milliseconds from the first byte sent to the last byte of the answer, and the body.

        Raises:
            RuntimeError: the answer is not 200.
        """
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        response = self.connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - began) * 1000
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {body[:300]!r}")
        return took, body

    def timing(self, path: str) -> Callable[[], float]:
        return lambda: self.get(path)[0]


def start_limit(stack: ExitStack) -> int:
    """The limit in the product's server, with as many workers and threads; its port."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS), "--blocking-threads-idle-timeout", "600",
        "benchmarks.limits.j5_values:application",
    ]  # fmt: skip
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    server = stack.enter_context(subprocess.Popen(command, cwd=root(), env=environ, stdout=sys.stderr))
    stack.callback(server.terminate)
    for _ in range(200):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
            return port
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("the limit did not start")


def accept(port: int, reference: str) -> None:
    """Every organisation accepts its first step: until then it is one line of the board, afterwards a cell a step."""
    with at_the_door():
        found = {
            each.slug: make_key(each, label="J5", scopes=["answer", "read"])[1] for each in Organisation.objects.all()
        }
    for slug, key in found.items():
        own = Asker(port, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        first = json.loads(own.get(f"/api/v1/incidents/{reference}/tasks/?limit=1")[1])["results"][0]
        own.connection.request("POST", f"/api/v1/tasks/{first['id']}/acknowledge/", b"{}", own.headers)
        response = own.connection.getresponse()
        if response.status != 200 or json.loads(response.read())["organisation"] != slug:
            raise RuntimeError(f"{slug} could not accept: {response.status}")


def cookie_of_manager() -> str:
    """A signed-in session of the lead's incident manager, as the browser sends it."""
    with at_the_door():
        person = Person.objects.get(organisation__slug=LEAD, role="incident_manager")
        request = HttpRequest()
        request.META.update(REMOTE_ADDR="127.0.0.1", SERVER_NAME="localhost", SERVER_PORT="80")
        request.session = import_module(settings.SESSION_ENGINE).SessionStore()
        start_session(request, person, born=PersonSession.Born.LINK)
        request.session.save()
        return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


def deep_page(asker: Asker) -> str:
    """The address of the list's page 180, come to page by page."""
    path = LIST
    for _ in range(DEEP - 1):
        address = urlsplit(json.loads(asker.get(path)[1])["next"])
        path = f"{address.path}?{address.query}"
    return path


def run(rounds: int = ROUNDS) -> None:
    key = load_partnership()
    with ExitStack() as stack:
        port = start_web(stack)
        _, reference = Opener(port, key).open()
        owner = stack.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
        accept(port, reference)
        fill(owner, reference)
        tool = Asker(port, {"Authorization": f"Bearer {key}"})
        person = Asker(port, {"Cookie": cookie_of_manager(), "Host": f"localhost:{port}"})
        limit = Asker(start_limit(stack), {})
        board, deep = f"/incidents/{reference}/", deep_page(tool)
        check(tool, person, limit, board=board, deep=deep, reference=reference)
        for name, ours, theirs in (
            ("J5 list", tool.timing(LIST), limit.timing("/list/")),
            ("J5 board", person.timing(board), limit.timing(f"/tasks/{reference}/")),
            ("J5 deep", tool.timing(deep), tool.timing(LIST)),
        ):
            take_turns(WARM_UP, ours, theirs)
            mine, least = take_turns(rounds, ours, theirs)
            report(name, ours=mine, limit=least, unit="ms", better="low")


def check(tool: Asker, person: Asker, limit: Asker, *, board: str, deep: str, reference: str) -> None:
    """Both sides must show the same incidents and tasks.

    Raises:
        RuntimeError: they do not.
    """
    ours, theirs = json.loads(tool.get(LIST)[1])["results"], json.loads(limit.get("/list/")[1])
    if [each["reference"] for each in ours] != [each["reference"] for each in theirs]:
        raise RuntimeError("the lists differ")
    if [each["tasks"]["total"] for each in ours] != [each["tasks"]["tasks_total"] for each in theirs]:
        raise RuntimeError("the counters differ")
    tasks, page = json.loads(limit.get(f"/tasks/{reference}/")[1]), person.get(board)[1].decode()
    if len(tasks) != ORGANISATIONS * STEPS:
        raise RuntimeError(f"the limit reads {len(tasks)} tasks")
    if missing := [each["id"] for each in tasks if each["id"] not in page]:
        raise RuntimeError(f"{len(missing)} tasks are not on the board")
    if len(json.loads(tool.get(deep)[1])["results"]) != 50:
        raise RuntimeError("the deep page is not full")


if __name__ == "__main__":
    run()
