"""B3 and B24: each address of the resolver × method × visitor against the table of `access.py`, and its headers.

What is not yours to see must answer exactly as what does not exist: the same status, bytes and number of queries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.gates.access import ROWS
from tests.gates.access_answers import METHODS, VISITORS, Row
from tests.gates.access_headers import check_answer, faults_of_page
from tests.gates.access_stage import Objects, quiet, stage, visitors

__all__ = ["quiet", "stage", "visitors"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]

ABSENT = {"reference": "INC-0000", "slug": "nowhere", "token": "never-made"}


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Every pattern with its name, the included ones too."""
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, route)
        else:
            assert isinstance(each, URLPattern)
            yield each.name or "", route


def test_an_inline_script_a_style_and_a_foreign_address_would_be_seen():
    assert faults_of_page('<p class="a"><a href="/x/">x</a> <script src="/static/a.js" defer></script>') == []
    assert faults_of_page('<a href="https://d3fend.mitre.org/x" rel="noreferrer noopener">D3-NI</a>') == []
    for planted in (
        "<script>1</script>", "<style>a{}</style>", '<p style="color:red">', '<a onclick="x()">', '<base href="/">',
        '<img src="https://elsewhere.example/a.png">', '<script src="//elsewhere.example/a.js"></script>',
        '<a href="https://elsewhere.example/">', '<a href="https://d3fend.mitre.org/x">', '<a href="javascript:1">',
    ):  # fmt: skip
        assert len(faults_of_page(planted)) == 1, planted


def test_every_address_has_a_row_and_every_row_an_address():
    found = dict(patterns(get_resolver()))
    assert "" not in found, f"an address without a name: {found['']}"
    assert len(found) == len(list(patterns(get_resolver()))), "two addresses share a name"
    rows = [row.name for row in ROWS]
    assert len(rows) == len(set(rows))
    assert found.keys() - set(rows) == set(), "addresses without a row in access.py"
    assert set(rows) - found.keys() == set(), "rows in access.py without an address"
    for row in ROWS:
        assert set(re.findall(r"<(?:\w+:)?(\w+)>", found[row.name])) == set(row.args), row.name
    print(f"\nB3: {len(ROWS)} addresses × {len(METHODS)} methods × {len(VISITORS)} visitors", end=" ")
    print(f"= {len(ROWS) * len(METHODS) * len(VISITORS)} answers", end="")


@dataclass(frozen=True)
class Asked:
    response: Any
    queries: int

    @property
    def seen(self) -> tuple[int, bytes]:
        return self.response.status_code, self.response.content


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves nothing behind, over both aliases."""
    with ExitStack() as stack:
        for alias in ("default", "auth"):
            stack.enter_context(transaction.atomic(using=alias))
        yield
        for alias in ("default", "auth"):
            transaction.set_rollback(True, using=alias)


def ask(client: Client, row: Row, method: str, args: dict[str, Any], stage: Objects) -> Asked:
    path = reverse(row.name, kwargs=args)
    body = stage[row.body] if isinstance(row.body, str) else row.body
    sent: dict[str, Any] = {"headers": row.headers}
    if method in {"GET", "HEAD", "OPTIONS"}:
        call: Callable[..., Any] = getattr(client, method.lower())
    elif path.startswith("/api/"):
        call = getattr(client, method.lower())
        sent |= {"data": json.dumps(body) if body is not None else "", "content_type": "application/json"}
    else:
        call = client.post if method == "POST" else getattr(client, method.lower())
        sent |= {"data": body or {}}
    with undone(), ExitStack() as stack:
        caught = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in ("default", "auth")]
        response = call(path, **sent)
    return Asked(response, sum(len(each) for each in caught))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_visitor_gets_the_answer_of_the_table(row, stage, visitors):
    args = {part: stage[thing] for part, thing in row.args.items()}
    wrong = []
    for method in METHODS:
        for visitor, status in row.expected(method).items():
            cache.clear()  # the rate limits of sign-in
            asked = ask(visitors[visitor], row, method, args, stage)
            check_answer(asked.response)
            if asked.response.status_code != status:
                wrong.append(f"{method} {visitor}: {asked.response.status_code}, not {status}")
            elif status == 404:
                wrong += differing(visitors[visitor], row, method, args, stage, asked)
    assert wrong == [], f"{row.name}:\n" + "\n".join(wrong)


def differing(client: Client, row: Row, method: str, args: dict[str, Any], stage: Objects, hidden: Asked) -> list[str]:
    """How the answer about a hidden object differs from the one about an object that does not exist."""
    found = []
    for part in args:
        absent = ask(client, row, method, args | {part: ABSENT.get(part) or uuid4()}, stage)
        if absent.seen != hidden.seen or abs(absent.queries - hidden.queries) > 1:
            found.append(f"{method}: absent {part} differs: {absent} and {hidden}")
    return found
