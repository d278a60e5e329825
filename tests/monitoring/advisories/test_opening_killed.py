"""A process dies between the two writes of an opening because of an exposure: neither is there; again opens one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from incidents.models import Incident
from monitoring.advisories import opening
from monitoring.models import ExposureIncident
from portal import failpoints
from portal.mail_sink import Mailbox
from tests.api.asking import send
from tests.monitoring.advisories.conftest import document
from tests.notifications.conftest import mail, stage  # noqa: F401
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
WRITTEN = (
    "incidents_incident", "incidents_participant", "incidents_task", "monitoring_exposureincident", "ledger_event",
    "api_replay", "notifications_planning",
)  # fmt: skip


def in_a_child(client: Client, *asked: Any, **headers: str) -> int:
    """Ask in a process of its own, with its own connections; how that process ended, as waitpid has it."""
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            send(client, *asked, **headers)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1]


def asked_again(client: Client, *asked: Any, **headers: str) -> Any:
    """Sent again; 409 as long as the database has not noticed that nobody is there any more."""
    until = time.monotonic() + 10
    while (response := send(client, *asked, **headers)).status_code == 409 and time.monotonic() < until:
        time.sleep(0.05)
    return response


def test_killed_between_the_incident_and_its_link_neither_is_kept_and_the_same_request_opens_exactly_one(
    stage: Stage,  # noqa: F811
    mail: Mailbox,  # noqa: F811
    operator,
    api_of,
    settings,
    monkeypatch,
    tmp_path: Path,
):
    def dies(point: str) -> None:
        """What this process has written at that moment, before it dies."""
        (tmp_path / "written").write_text(f"{Incident.objects.count()} {ExposureIncident.objects.count()}")
        failpoints._die_once(point)

    def rows() -> dict[str, int]:
        return {table: stage.owner(f"SELECT count(*) FROM {table}")[0][0] for table in WRITTEN}

    operator(document("kev"), document("nvd"))
    ((exposure,),) = stage.owner("SELECT id FROM monitoring_exposure WHERE label = 'CVE-2099-10001'")
    northgate, asked = api_of("northgate"), ("post", f"/exposures/{exposure}/open/", {"severity": 2})
    before = rows()
    settings.FAILPOINT, settings.FAILPOINT_MARK = "before link", str(tmp_path / "hit")
    assert settings.FAILPOINT in failpoints.OF_REQUESTS
    monkeypatch.setattr(opening, "reach", dies)

    ended = in_a_child(northgate, *asked, Idempotency_Key="edge-9")
    assert os.WIFSIGNALED(ended)
    assert os.WTERMSIG(ended) == signal.SIGKILL
    assert Path(settings.FAILPOINT_MARK).exists(), "the point was reached"
    assert (tmp_path / "written").read_text() == "1 0", "after the first write and before the second"
    assert rows() == before, "neither the incident nor its link, no event, no message, no answer that was kept"

    first = asked_again(northgate, *asked, Idempotency_Key="edge-9")
    assert first.status_code == 201, first.content
    assert "Idempotent-Replayed" not in first.headers, "it did the work: nothing of the first try counts"
    again = send(northgate, *asked, Idempotency_Key="edge-9")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    reference = first.json()["reference"]
    assert again.json()["reference"] == reference
    after = rows()
    assert {table: after[table] - before[table] for table in ("incidents_incident", "monitoring_exposureincident")} == {
        "incidents_incident": 1,
        "monitoring_exposureincident": 1,
    }
    linked = stage.owner(
        "SELECT i.reference, l.exposure_id FROM monitoring_exposureincident l JOIN incidents_incident i"
        " ON i.id = l.incident_id"
    )
    assert linked == [(reference, exposure)]
    stage.works()
    assert mail.messages(), "and everybody is told of the one"
    for slug in ("ashbourne", "gravenhurst"):  # who takes part and runs nothing of the system, and the stranger
        assert send(api_of(slug), *asked, Idempotency_Key="edge-9").status_code == 404


def test_production_has_no_such_point():
    assert opening.reach is failpoints._pass
