"""Documents of the five kinds, brought by an organisation or without one, and the job that matches them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitoring.advisories.normal import Advisory
from monitoring.advisories.reading import read_parsed
from monitoring.advisories.settling import match_due
from monitoring.advisories.storing import AT_ONCE, row_of
from monitoring.models import Exposure
from tests.notifications.stage import as_worker

DATA = Path(__file__).parents[2] / "data" / "advisories"
TABLES = ("exposuredecision", "exposuresource", "exposure", "advisorykey", "advisory", "watchedkey", "advisoryalias")


def document(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())


@pytest.fixture
def owner(owner_url: str) -> Iterator[psycopg.Connection]:
    """The operator's hand: it loads what is for all, and looks from outside."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def operator(owner: psycopg.Connection) -> Callable[..., Counter[str]]:
    """`operator(document, …)` keeps documents for all and matches what is due; what became of them."""

    def load(*documents: Any) -> Counter[str]:
        advisories = [each for one in documents for each in read_parsed(one)]
        assert len(advisories) < AT_ONCE
        rows = json.dumps([row_of(each) for each in advisories])
        outcomes = owner.execute("SELECT outcome FROM sec.advisories_kept(NULL, NULL, %s)", [rows]).fetchall()
        match()
        return Counter(outcome for (outcome,) in outcomes)

    return load


@pytest.fixture
def exposure(operator: Callable[..., Counter[str]], inside: Callable[..., Any]) -> Exposure:
    """One of a system that Northgate runs, which is exploited."""
    operator(document("kev"), document("nvd"))
    with inside("northgate"):
        return Exposure.objects.get(label="CVE-2099-10001")


def match() -> int:
    with as_worker():
        return match_due()


def only(name: str) -> Advisory:
    (advisory,) = read_parsed(document(name))
    return advisory
