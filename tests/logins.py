"""Other log-ins for the connection of one process, for tests and for what `scripts/prove` does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from django.db import connections


@contextmanager
def logged_in(url: str) -> Iterator[None]:
    """Run the block with `default` logged in otherwise, as `portal_worker` say."""
    login, before = urlsplit(url), connections["default"]
    settings = {**before.settings_dict, "USER": login.username, "PASSWORD": unquote(login.password or "")}
    connections["default"] = type(before)(settings, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before
