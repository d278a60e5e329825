"""How these tests ask and what they expect of every refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
from django.db import connections
from django.test import Client

from portal import clock
from portal.tenancy.scope import organisation_scope

ROOT = "/api/v1"
OPENING = {"title": "Intruder in the shared directory", "systems": ["identity-platform"]}
COUNTED = (
    "incidents_incident", "incidents_participant", "incidents_task", "incidents_tasknote", "incidents_workorder",
    "incidents_ownreference", "incidents_update", "incidents_incidentsystem", "incidents_playbook", "incidents_step",
    "incidents_duty", "ledger_event", "api_replay",
)  # fmt: skip


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Ask; `body` is bytes as they are, or something to make JSON of."""
    if method in {"get", "head", "options"}:
        return getattr(client, method)(f"{ROOT}{path}", headers=_named(headers))
    data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
    return client.generic(method.upper(), f"{ROOT}{path}", data, "application/json", headers=_named(headers))


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def opened(client: Client, **more: Any) -> dict[str, Any]:
    response = send(client, "post", "/incidents/", {**OPENING, **more})
    assert response.status_code == 201, response.content
    return response.json()


def planned_body(**changes: Any) -> dict[str, Any]:
    """Work on the identity platform, which Northgate may announce, tomorrow for two hours."""
    begins = clock.now() + timedelta(days=1)
    details = {
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "stops": "Signing in",
        "ask": "Night desk, 01632 960100",
    }
    return {
        "kind": "planned",
        "title": "New directory",
        "systems": ["identity-platform"],
        "planned": details,
        **changes,
    }


def tasks(client: Client, reference: str) -> list[dict[str, Any]]:
    return send(client, "get", f"/incidents/{reference}/tasks/").json()["results"]


def check_problem(response: Any, status: int, *pointers: str) -> dict[str, Any]:
    """The answer is a problem document of this status that points at these places, among others."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = orjson.loads(response.content)
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"]
    found = [each["pointer"] for each in problem.get("errors", [])]
    assert set(pointers) <= set(found), problem
    assert all(each["detail"] for each in problem.get("errors", []))
    return problem


def rows(ticket: str) -> dict[str, int]:
    """How many rows there are for whoever holds the ticket, in every table that the API writes."""
    sql = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in COUNTED)
    with organisation_scope(ticket), connections["default"].cursor() as cursor:
        cursor.execute(sql)
        return dict(zip(COUNTED, cursor.fetchone(), strict=True))
