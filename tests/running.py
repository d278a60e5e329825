"""The product as it really runs: web, live, worker, scheduler and mail sink, and a browser to look at it."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.children import dies_with_parent
from tests import servers

CHROMIUM = [
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_SECONDS = 120  # the supervisor itself waits as long
products_begun = itertools.count()


@dataclass
class Running:
    """One running product. `demo` is its demo.json; `log(name)` the end of a process's log."""

    supervisor: subprocess.Popen[bytes]
    var: Path
    url: str
    live_url: str
    database_url: str
    demo: dict[str, Any]

    def key(self, slug: str) -> str:
        return next(each["key"] for each in self.demo["api_keys"] if each["organisation"] == slug)

    def sign_in_url(self, name: str) -> str:
        """A fresh one-time link: links work once, and several tests share this product."""
        return next(each["sign_in_url"] for each in self.demo["people"] if each["name"] == name)

    def pids(self, word: str) -> list[int]:
        """Process ids of the supervisor's children whose command names `word`."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
                command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, IndexError):
                continue
            if parent == self.supervisor.pid and word in command:
                found.append(int(path.parent.name))
        return found

    def kill(self, word: str) -> int:
        """SIGKILL the children that match; returns how many there were."""
        pids = self.pids(word)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def mail(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.demo['mail_url'].rstrip('/')}/messages.json", timeout=5) as answer:
            found = json.load(answer)
        return found["messages"] if isinstance(found, dict) else found


def wait_for(what: Callable[[], Any], *, seconds: float = 15, every: float = 0.1) -> Any:
    """The first true answer of `what`; an AssertionError when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(every)


# The month's test of contacts comes at a minute that is drawn: near the end of a month, while others look at pages.
NO_MONTHLY_TEST = """
CREATE FUNCTION public.not_while_others_look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.due_at := NEW.due_at + interval '60 days'; RETURN NEW; END $$;
CREATE TRIGGER not_while_others_look BEFORE INSERT ON notifications_contacttest FOR EACH ROW
    WHEN (NEW.month IS NOT NULL AND NEW.state = 'planned') EXECUTE FUNCTION public.not_while_others_look();
"""


def start_product(var: Path, database: str) -> Running:
    """Start everything through the supervisor on free ports, over a fresh copy of the template."""
    servers.copy_template(database)
    with psycopg.connect(servers.database_url("DATABASE_URL", database)) as owner:
        owner.execute(NO_MONTHLY_TEST)
    static = servers.ROOT / "var" / "static"
    assert static.is_dir(), "the front end is not built: `make assets` builds it"
    var.mkdir(parents=True, exist_ok=True)
    (var / "static").symlink_to(static)
    port = two_free_ports()
    names = ("DATABASE_URL", "DATABASE_URL_APP", "DATABASE_URL_AUTH", "DATABASE_URL_WORKER", "DATABASE_URL_SEALER")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        **{name: servers.database_url(name, database) for name in names},
        "VALKEY_URL": os.environ["VALKEY_URL"].rpartition("/")[0] + f"/{broker_of_its_own()}",
        "BULKHEAD_VAR": str(var),
        "ACCESS_FOLDER": str(var / "logs"),  # not there until a test makes it
        "PORT": str(port),
        "DEMO": "1",
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    output = (var / "supervisor.log").open("wb")
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "portal.supervisor"], cwd=servers.ROOT, env=environment, stdout=output, stderr=output,
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )  # fmt: skip
    url = f"http://localhost:{port}"

    def ready() -> bool:
        assert supervisor.poll() is None, (var / "supervisor.log").read_text()
        return f"Bulkhead is ready: {url}" in (var / "supervisor.log").read_text()

    try:
        wait_for(ready, seconds=START_SECONDS)
    except AssertionError as late:
        supervisor.kill()
        raise AssertionError((var / "supervisor.log").read_text()) from late
    demo = json.loads((var / "demo.json").read_text())
    return Running(supervisor, var, url, demo["live_url"], environment["DATABASE_URL"], demo)


def broker_of_its_own() -> int:
    """A database of Valkey that no other running product has: a worker takes what is in it for its own.

    0 belongs to the tests themselves. At most two products of a test process run at a time.
    """
    return 1 + _process() * 3 + next(products_begun) % 3


def _process() -> int:
    """Which of up to four test processes this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4


def two_free_ports() -> int:
    """A port whose next one is free too.

    Below the range that systems give out by themselves, so that no connection of somebody else takes it before it is
    used, and apart from those of the other test processes.
    """
    while True:
        port = 20000 + _process() * 3000 + random.randrange(0, 2998, 2)
        if _is_free(port) and _is_free(port + 1):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def a_product(var: Path, name: str) -> Iterator[Running]:
    """The whole product over a database of its own, stopped at the end."""
    database = f"bulkhead_test_{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    running = start_product(var, database)
    try:
        yield running
    finally:
        running.supervisor.send_signal(signal.SIGTERM)
        try:
            running.supervisor.wait(10)
        except subprocess.TimeoutExpired:
            running.supervisor.kill()
        servers.drop(database)


@pytest.fixture(scope="session")
def shared_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole product, once per worker that asks for it."""
    with a_product(tmp_path_factory.mktemp("product") / "var", "live") as running:
        yield running


@pytest.fixture(scope="module")
def product(shared_product: Running) -> Running:
    """The product that several modules share, and what they leave open. Each comes to it an hour after the others:
    beyond twenty an hour an organisation's openings start as suspected."""
    with psycopg.connect(shared_product.database_url) as connection:
        connection.execute("UPDATE incidents_incident SET opened_at = opened_at - interval '1 hour'")
    return shared_product


@pytest.fixture(scope="module")
def fresh_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole product for one module alone: no incident is open."""
    with a_product(tmp_path_factory.mktemp("fresh") / "var", "fresh") as running:
        yield running


def chromium_path() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no Chromium was found: install your system's chromium package"
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright, whose event loop ends with the module: Django refuses queries beside it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only browser tests pay for it

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM)
        yield chromium
        chromium.close()
