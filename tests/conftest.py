"""Fixtures of the suite: the cast, who asks, and databases that behave as the product's own.

Every test runs as `portal_app` and `portal_auth` with real log-ins on a copy of the template (`tests/servers.py`).
`@pytest.mark.django_db` rolls back; `@pytest.mark.django_db(transaction=True)` commits and gets a fresh copy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connections
from django.test import Client, TestCase, TransactionTestCase
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

import portal.celery  # noqa: F401 - a shared task must find our app
from portal import clock
from portal.tenancy.scope import organisation_scope
from tests import servers
from tests.cast import Cast, read_cast

pytest_plugins = ["tests.running"]
REVIEWED = "reviewed list"
# The same examples in every run, as long as they take; `--hypothesis-profile=explore` looks for others.
set_hypothesis_home_dir(servers.ROOT / "var" / "cache" / "hypothesis")
settings.register_profile("explore", deadline=None)
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Both aliases belong to every test that touches the database; a committing one asks for a fresh copy."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        fixtures = getattr(item, "fixturenames", ())
        if "transactional_db" in fixtures and (marker is None or not marker.kwargs.get("transaction")):
            item.add_marker(pytest.mark.django_db(transaction=True, databases="__all__"), append=False)
        elif marker is not None and "databases" not in marker.kwargs:
            item.add_marker(pytest.mark.django_db(*marker.args, databases="__all__", **marker.kwargs), append=False)


def database_name() -> str:
    return f"bulkhead_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def fresh_copy() -> None:
    """Give this worker a database as the template has it."""
    for connection in connections.all():
        connection.close()
    servers.copy_template(database_name())


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: no migration, no owner, only a copy of the template for this worker."""
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.settings_dict["NAME"] = database_name()
        fresh_copy()
    # Django would TRUNCATE, which no role of the product may; the copy is thrown away instead.
    TransactionTestCase._fixture_teardown = lambda self: fresh_copy()  # type: ignore[method-assign]
    # Django would run deferred triggers at the end of a rolled-back test, outside every scope; `seal` runs them inside.
    TestCase._should_check_constraints = lambda self, connection: False  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        for connection in connections.all():
            connection.close()
        servers.drop(database_name())


@pytest.fixture
def fresh_database(transactional_db: None) -> None:
    """For tests that commit: this worker's database is as the template has it, and will be again."""


@pytest.fixture(scope="session")
def cast(django_db_setup: None, django_db_blocker: Any) -> Cast:
    """The demonstration partnership, read once as the owner: organisations and people by name."""
    return read_cast(servers.database_url("DATABASE_URL", os.environ["BULKHEAD_TEMPLATE"]))


@pytest.fixture
def time_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's clock stands still, so that no window in which tries are counted ends between two of them."""
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)


@pytest.fixture
def inside(cast: Cast) -> Callable[..., AbstractContextManager[None]]:
    """`with inside("dunmere"):` runs the block as that organisation, for the ORM and for PostgreSQL."""

    def enter(slug: str, role: str = "incident_manager", *, fresh: bool = False) -> AbstractContextManager[None]:
        return organisation_scope(cast.visitor(slug, role, fresh=fresh).ticket)

    return enter


@pytest.fixture
def client_of(cast: Cast) -> Callable[..., Client]:
    """`client_of("dunmere", "responder")` is a browser in which that person is signed in already.

    With `fresh=True` a passkey was used in it just now, as step-up wants it.
    """

    def client(slug: str, role: str = "incident_manager", *, fresh: bool = False) -> Client:
        return Client(**{"bulkhead.visitor": cast.visitor(slug, role, fresh=fresh)})  # type: ignore[arg-type]

    return client


@pytest.fixture
def api_of(cast: Cast) -> Callable[..., Client]:
    """`api_of("dunmere")` speaks with a real key; `scopes=` narrows it, `expired=True` lets it be a day old."""

    def client(slug: str, scopes: list[str] | None = None, *, expired: bool = False) -> Client:
        url = servers.database_url("DATABASE_URL", str(connections["default"].settings_dict["NAME"]))
        key = cast.make_key(url, slug, scopes, expired=expired)
        return Client(headers={"Authorization": f"Bearer {key}"})

    return client


@pytest.fixture
def seal() -> Callable[[], None]:
    """Let the deferred triggers fire now: a rolled-back test never commits. Never done in application code."""

    def now() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    return now


@pytest.fixture
def reviewed_list(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """`reviewed_list("functions that run as the owner", 33)` prints a gate's list and its length after the run."""
    return lambda name, length: record_property(REVIEWED, (name, length))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """However a list of exceptions grows, it grows in sight."""
    found = {
        tuple(value)
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in getattr(report, "user_properties", ())
        if name == REVIEWED
    }
    if found:
        terminalreporter.section("reviewed by hand")
        for name, length in sorted(found):
            terminalreporter.write_line(f"{length:5}  {name}")


@pytest.fixture
def owner_url() -> str:
    """The owner's address of this worker's database, for arranging and looking from outside in gates."""
    return servers.database_url("DATABASE_URL", database_name())
