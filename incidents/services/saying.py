"""Saying how one of one's own services stands. A function of the database writes; every change is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connections

from incidents.errors import Fault, Invalid
from incidents.models import Incident, ServiceStatus
from incidents.personal_data.saying import asked
from portal import clock
from portal.postgres.prepared import prepared_cursor

LONGEST = 1000
State = ServiceStatus.State


@dataclass(frozen=True, slots=True)
class Said:
    """One word on one service. `since` None: as before while the word is the same, else now. `note` None: as before
    while the word is the same, else none. `shared`: whether lead, deputy lead and provider read the note; None: as
    `note`."""

    service: str
    state: str
    since: datetime | None = None
    note: str | None = None
    shared: bool | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Of one organisation's services. What nobody has said anything of is in `total` alone."""

    total: int
    working: int
    difficulty: int
    down: int
    critical_down: int


def own_services() -> dict[str, bool]:
    """The services that one's own participations name, and whether lives hang on each; those first. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT service, critical FROM sec.own_services() ORDER BY NOT critical, service")
        return dict(cursor.fetchall())


def say_service(incident: Incident, said: Said) -> bool:
    """Say it for one's own organisation; whether it is anything new. What was said before is kept.

    Raises:
        Invalid: no service of one's own, too long, or only in the future.
        NotYours: a role that does not answer, or a key without that scope.
        WrongMoment: the exercise is put aside.
    """
    faults = []
    named = {*own_services(), *ServiceStatus.objects.filter(incident=incident).values_list("service", flat=True)}
    if said.service not in named:
        faults.append(Fault("/service", "No participation of yours names this service."))
    if said.state not in State.values:
        faults.append(Fault("/state", "Working, with difficulty, not working, or not known yet."))
    if said.note is not None and len(said.note.strip()) > LONGEST:
        faults.append(Fault("/note", f"At most {LONGEST} characters."))
    if said.since is not None and said.since > clock.now():
        faults.append(Fault("/since", "Say since when: not in the future."))
    if faults:
        raise Invalid(faults)
    new: bool = asked(
        "SELECT sec.say_service(%s, %s, %s, %s, %s, %s)",
        [incident.pk, said.service, said.state, said.since, said.note, said.shared],
        "service.said",
    )
    return new


def counted(incident: Incident) -> dict[object, Count]:
    """By organisation id: of everybody who has said something for whoever oversees, else of one's own. One query."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, total, working, difficulty, down, critical_down FROM sec.services_counted(%s)",
            [incident.pk],
        )
        return {row[0]: Count(*row[1:]) for row in cursor.fetchall()}
