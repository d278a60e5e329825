"""Rules for the organisations of the cast. Only the owner writes rules, so they are there for a whole file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests import servers
from tests.cast import Cast
from tests.conftest import database_name

CONFIRMED = {
    "name": "Intruder confirmed",
    "source": "Sentinel",
    "conditions": [{"pointer": "/rule", "equals": "confirmed"}],
    "mapping": {
        "title": {"pointer": "/title"},
        "systems": {"pointer": "/assets", "words": {"idp": "identity-platform", "files": "file-services"}},
        "accounts": {"pointer": "/accounts"},
        "severity": {"pointer": "/severity", "words": {"high": 2}},
        "reference": {"pointer": "/case"},
    },
    "action": "open",
    "dedupe": "/case",
    "window_minutes": 60,
}
WORDS: dict[str, Any] = {"conditions": [], "mapping": {"title": {"pointer": "/title"}}, "dedupe": ""}
TESTS = {**WORDS, "name": "Tests", "conditions": [{"pointer": "/test", "equals": True}], "action": "suppress"}
SEEN = {**CONFIRMED, "name": "Seen", "conditions": [{"pointer": "/rule", "equals": "seen"}], "action": "queue"}
HUNCH = {**CONFIRMED, "name": "Hunch", "conditions": [{"pointer": "/rule", "equals": "hunch"}], "action": "suspected"}
RULES = [
    ("ashbourne", TESTS),
    ("ashbourne", CONFIRMED),
    ("ashbourne", SEEN),
    ("coldharbour", CONFIRMED),
    ("coldharbour", HUNCH),
]


def write_rules(cast: Cast) -> None:
    """Write RULES into this worker's database, in their order, committed."""
    with psycopg.connect(servers.database_url("DATABASE_URL", database_name())) as owner:
        for position, (slug, rule) in enumerate(RULES):
            owner.execute(
                "INSERT INTO monitoring_alertrule (id, organisation_id, name, source, position, conditions, mapping,"
                " action, dedupe, window_minutes, is_active) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true)",
                [uuid4(), cast.id(slug), rule["name"], rule.get("source", "Sentinel"), position,
                 json.dumps(rule["conditions"]), json.dumps(rule["mapping"]), rule["action"], rule["dedupe"],
                 rule.get("window_minutes", 60)],
            )  # fmt: skip


@pytest.fixture(scope="module")
def rules(cast: Cast) -> Iterator[None]:
    write_rules(cast)
    yield
    with psycopg.connect(servers.database_url("DATABASE_URL", database_name())) as owner:
        owner.execute("DELETE FROM monitoring_alertrule")


# Rules for tools whose payloads are read by themselves: nothing is mapped.
BY_TOOL: list[tuple[str, dict[str, Any]]] = [
    ("ashbourne", {"name": f"Every {tool}", "tool": tool, **more})
    for tool, more in (
        ("alertmanager", {}),
        ("sentinel", {}),
        ("elastic", {}),
        ("ocsf", {"severities": {"critical": 1}}),
    )
] + [
    (
        "coldharbour",
        {"name": "Elastic", "tool": "elastic", "severities": {"low": 4}, "hosts": {"FS-01": "file-services"}},
    ),
    ("brackenfield", {"name": "Alertmanager", "tool": "alertmanager", "joins": "/groupKey"}),
]


def write_tool_rules(cast: Cast) -> None:
    """Write BY_TOOL into this worker's database, committed."""
    with psycopg.connect(servers.database_url("DATABASE_URL", database_name())) as owner:
        for position, (slug, rule) in enumerate(BY_TOOL):
            owner.execute(
                "INSERT INTO monitoring_alertrule (id, organisation_id, name, source, position, conditions, mapping,"
                " action, dedupe, window_minutes, is_active, tool, severities, hosts, joins)"
                " VALUES (%s, %s, %s, %s, %s, '[]', '{}', 'open', '', 60, true, %s, %s, %s, %s)",
                [uuid4(), cast.id(slug), rule["name"], rule["name"], position, rule["tool"],
                 json.dumps(rule.get("severities", {})), json.dumps(rule.get("hosts", {})), rule.get("joins", "")],
            )  # fmt: skip


@pytest.fixture(scope="module")
def tool_rules(cast: Cast) -> Iterator[None]:
    write_tool_rules(cast)
    yield
    with psycopg.connect(servers.database_url("DATABASE_URL", database_name())) as owner:
        owner.execute("DELETE FROM monitoring_alertrule")
