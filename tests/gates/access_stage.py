"""The stage of the access tests: one incident with answers, and twelve visitors who look at it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from incidents import drafts
from incidents.models import Incident, Playbook, Task
from incidents.opening import Opening, open_incident
from incidents.planned import Announcement, announce
from incidents.playbooks import keep_playbook
from incidents.transitions import answer_task
from incidents.writing import edits
from notifications import calls
from partners import permitting, standing_access, work
from partners.acting import actor_of
from partners.assurance import attach
from partners.importing.reading import Row, Table
from partners.importing.storing import keep_file
from partners.isolation import ask_to_isolate, press
from partners.models import Assessment, ContactPoint, Dependency, Finding
from portal import clock
from portal.files.receiving import Received
from portal.files.store import Incoming
from tests.gates.access_sights import ACCOUNT
from tests.incidents.playbooks import tool_document
from tests.partners.permitted import line, terms

Objects = dict[str, Any]


@pytest.fixture
def quiet() -> Iterator[None]:
    """Thousands of refusals are the point here, and not worth a log line each."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def open_on(cast: Any, *systems: str) -> Incident:
    """Ashbourne opens an incident. Inside its scope."""
    opening = Opening(title="Intruder", systems=systems)
    return open_incident(opening, actor=actor_of(cast.visitor("ashbourne")))


def for_a_tool(cast: Any) -> UUID:
    """A task of Dunmere's whose step carries a command, in an exercise of Ashbourne's. Inside its scope."""
    lead = cast.visitor("ashbourne")
    keep_playbook(tool_document(), organisation_id=lead.organisation_id)
    opening = Opening(title="Dry run", systems=("identity-platform",), playbook="for-tools", exercise=True)
    incident = open_incident(opening, actor=actor_of(lead))
    return Task.objects.get(incident=incident, organisation_id=cast.id("dunmere"), title="A").pk


def attached(assessment: Assessment) -> UUID:
    """A file of evidence. Inside its owner's scope."""
    incoming = Incoming()
    incoming.write(b"as found")
    return attach(assessment.pk, Received(incoming, "report.txt", "text/plain"))


@pytest.fixture
def stage(cast: Any, inside: Any, seal: Any, settings: Any, tmp_path: Any, waiting_finding: UUID) -> Objects:
    """The incident that Ashbourne has opened on the identity platform, and what else the rows name."""
    settings.FILES_ROOT = tmp_path / "files"
    with inside("northgate"):
        assessment = Assessment.objects.get(kind="architecture")
        finding = Finding.objects.get(assessment=assessment)
        evidence = attached(assessment)
        seal()
    with inside("ashbourne"):
        incident = open_on(cast, "identity-platform")
        contact = ContactPoint.objects.filter(person=None)[0]
        order = for_a_tool(cast)
        draft = drafts.begin("Loss of mail", actor=actor_of(cast.visitor("ashbourne")))
        outline = drafts.outline_in(draft)
        draft_step = edits.add(outline, "act", outline.main.id).id
        drafts.save(draft, outline, seen=1, actor=actor_of(cast.visitor("ashbourne")))
        playbook = Playbook.objects.filter(slug="shared-platform-containment").order_by("-version")[0]
        dependency = Dependency.objects.get(source__slug="identity-platform", target__slug="remote-access")
        file = keep_file(
            Table(["name"], [Row(2, ["Parking"])], "CSV"), kind="systems", file_name="list.csv",
            organisation_id=cast.id("ashbourne"), person_id=None,
        )  # fmt: skip
        file.state, file.mapping, file.checked_at = "checked", {"name": 0}, clock.now()
        file.save(update_fields=["state", "mapping", "checked_at"])
        item = work.raise_own("x", "x", "Ring the alarm centre")
        calls.ask(incident, cast.id("dunmere"))
        (call,) = calls.waiting()
        seal()
    with inside("northgate"):
        begins = clock.now() + timedelta(days=1)
        said = Announcement(title="W", systems=("identity-platform",), starts_at=begins,
                            ends_at=begins + timedelta(hours=1), stops="S", ask="A")  # fmt: skip
        announced = announce(said, me=cast.id("northgate"))
        seal()
    with inside("dunmere"):
        dunmere = actor_of(cast.visitor("dunmere"))
        waiting, accepted, done = Task.objects.filter(incident=incident, ready=True).order_by("position")[:3]
        answer_task(task_id=accepted.pk, to="acknowledged", actor=dunmere)
        answer_task(task_id=done.pk, to="done", actor=dunmere)
        seal()
    with inside("ashbourne"):
        owner = cast.visitor("ashbourne").person_id
        permission = permitting.propose(terms(owner), other=cast.id("dunmere"), side="grantee")
        seal()
    with inside("northgate", fresh=True):
        access = standing_access.keep(line("stage", group="NG-ADM"), council=cast.id("ashbourne"))
        seal()
    with inside("ashbourne", "administrator", fresh=True):
        step = press(cast.id("ashbourne"), 1, reason="Odd sign-ins")
        seal()
    with inside("ashbourne", fresh=True):
        who = {"incident": incident.pk, "second": cast.id("northgate")}
        approval = ask_to_isolate(cast.id("dunmere"), 2, reason="Odd mail", **who)
        seal()
    return {
        "incident": incident.reference,
        "planned": announced.reference,
        "waiting": waiting.pk,
        "accepted": accepted.pk,
        "done": done.pk,
        "order": order,
        "contact": contact.pk,
        "work": item,
        "call": call.id,
        "dependency": dependency.pk,
        "northgate": "northgate",
        "ashbourne": "ashbourne",
        "assessment": assessment.pk,
        "finding": finding.pk,
        "evidence": evidence,
        "playbook": playbook.pk,
        "draft": draft.pk,
        "draft-step": draft_step,
        "playbook-slug": playbook.slug,
        "playbook-document": playbook.document,
        "system": "identity-platform",
        "dunmere": "dunmere",
        "technique": "T1486",
        "opened": "opened",
        "any": "any",
        "token": "never-made",
        "person": next(pk for pk, _, role in cast["ashbourne"].people if role == "responder"),
        "step": 2,
        "isolation": step,
        "approval": approval,
        "file": file.pk,
        "file-seen": {"checked_at": file.checked_at.isoformat()},
        "permission": permission,
        "access": access,
        "first-sight": waiting_finding,
        "account": ACCOUNT,
        "isolate": {"step": 3, "reason": "Odd", "second": str(cast.id("brackenfield"))},
        "lift": {"reason": "All clear", "second": str(cast.id("brackenfield"))},
        "hand-over": {"to": str(cast.id("dunmere")), "reason": "Sleep"},
    }


@pytest.fixture
def visitors(client_of: Any, api_of: Any) -> dict[str, Client]:
    return {
        "nobody": Client(),
        "stranger": client_of("gravenhurst", fresh=True),
        "partner": client_of("dunmere", fresh=True),
        "lead": client_of("ashbourne", fresh=True),
        "observer": client_of("ashbourne", "observer"),
        "provider": client_of("northgate", fresh=True),
        "key": api_of("ashbourne"),
        "partner-key": api_of("dunmere"),
        "narrow-key": api_of("ashbourne", ["audit"]),
        "strange-key": api_of("gravenhurst"),
        "administrator": client_of("ashbourne", "administrator", fresh=True),
        "tired": client_of("ashbourne"),
    }
