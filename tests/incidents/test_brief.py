"""The brief for one's own chief executive: six sentences, nothing guessed, no other organisation but who leads."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from incidents.models import Incident
from incidents.transitions import Answer, answer_task
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def page(client: Any, incident: Incident) -> str:
    shown = client.get(f"/incidents/{incident.reference}/brief/")
    assert shown.status_code == 200
    return html.unescape(shown.content.decode())


def sentences(client: Any, incident: Incident) -> list[str]:
    listed = re.search(r'<ol id="brief".*?</ol>', page(client, incident), re.S)
    assert listed
    return re.findall(r"<li>(.*?)</li>", listed[0])


def test_six_sentences_about_oneself_and_none_about_others(
    stage: Stage, incident: Incident, client_of: Callable[..., Any]
) -> None:
    six = sentences(client_of("dunmere"), incident)
    assert len(six) == 6
    assert six[0].startswith("Ashbourne opened an incident at ")
    assert ", on Identity platform" in six[0]
    assert six[1].startswith(
        "Nothing has been reported at Dunmere; we are in it because Dunmere uses the Finance ledger"
    )
    assert six[2].startswith("No service of ours is recorded as standing on it"), "it stands on the ledger alone"
    assert re.fullmatch(r"Of our \d+ steps none is done yet\.", six[3])
    assert six[4].startswith("No step of ours is blocked; somebody of ours has still to accept “Confirm a safe way")
    assert six[5] == "The lead has not said yet when the next update comes."
    own = " ".join(sentences(client_of("brackenfield"), incident))
    assert "Services of ours that stand on it: " in own
    for others in ("Coldharbour", "Eastwick", "Fernleigh", "Northgate"):
        assert others not in " ".join(six) + own


def test_what_is_overdue_is_said_to_be(stage: Stage, incident: Incident, client_of: Callable[..., Any]) -> None:
    stage.owner(
        "UPDATE incidents_task SET acknowledge_by = now() - interval '12 minutes'"
        " WHERE incident_id = %s AND organisation_id = %s AND position = 1",
        [incident.pk, stage.ids["dunmere"]],
    )
    six = sentences(client_of("dunmere"), incident)
    assert six[3].endswith("none is done yet, one is overdue.")
    assert six[4] == (
        "Nobody of ours has accepted “Confirm a safe way to reach you”, 12 min overdue: have somebody do it now."
    )


def test_what_blocks_us_is_what_the_chief_executive_is_asked(
    stage: Stage, incident: Incident, client_of: Callable[..., Any]
) -> None:
    ((task,),) = stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready"
        " ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["dunmere"]],
    )
    with stage.acting("dunmere") as actor:
        answer_task(task_id=task, to="blocked", actor=actor, answer=Answer(reason="Nobody has the safe's code."))
    asked = sentences(client_of("dunmere"), incident)[4]
    assert asked.startswith(
        "We need you to clear what blocks “Confirm a safe way to reach you”: Nobody has the safe's code"
    )
    assert "safe's code" not in " ".join(sentences(client_of("eastwick"), incident))


def test_the_line_names_nobody_and_the_stranger_has_no_brief(
    stage: Stage, incident: Incident, client_of: Callable[..., Any]
) -> None:
    shown = page(client_of("eastwick"), incident)
    line = re.search(r'<p id="line"[^>]*>(.*?)</p>', shown)
    assert line
    assert line[1].startswith(f"{incident.reference} · Open · 7 of 7 organisations not answered · contained at 0 · ")
    names = ("Ashbourne", "Brackenfield", "Coldharbour", "Dunmere", "Eastwick", "Fernleigh", "Northgate")
    assert [name for name in names if name in line[1]] == []
    assert client_of("gravenhurst").get(f"/incidents/{incident.reference}/brief/").status_code == 404
