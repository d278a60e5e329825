"""Statements that somebody who can send any SQL would try. None may succeed: each is refused, or reaches no row.

Most stand in `hostile_sql/`, a file a subject; here are those that offer a row in one variation after the other. In
each `me` and `other` are organisations, `task` is the other's, `own` one's own finished one, `incident` is Ashbourne's,
`apart` one of which the asker knows nothing, `system` one on which the asker does not stand; `duty` and `entry` are the
other's, `notice` goes from Eastwick to Coldharbour, `report` is Eastwick's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EVERYBODY = ("ashbourne", "brackenfield", "dunmere", "northgate", "gravenhurst", "forged", "nobody")
MEMBERS = EVERYBODY[:5]
WHO = {
    "everybody": EVERYBODY,
    "members": MEMBERS,  # with a ticket
    "inside": MEMBERS[:4],  # take part in Ashbourne's incident
    "lead": MEMBERS[:1],
    "others": MEMBERS[1:],
    "unseeing": ("brackenfield", "dunmere", "gravenhurst"),  # see their own side alone
}


@dataclass(frozen=True)
class Attempt:
    """`answers`: it may answer something, as EXPLAIN does, but nothing may be different afterwards."""

    what: str
    sql: str
    by: tuple[str, ...]
    roles: tuple[str, ...] = ("portal_app",)
    answers: bool = False


def attempts() -> Iterator[Attempt]:
    for path in sorted((Path(__file__).parent / "hostile_sql").glob("*.sql")):
        first, *blocks = path.read_text().split("\n\n")
        assert first.startswith("-- roles: "), path  # else its attempts would be tried by nobody
        roles = tuple(first.removeprefix("-- roles: ").split())
        for block in blocks:
            title, sql = block.removeprefix("-- ").split("\n", 1)
            who, what = title.split(": ", 1)
            yield Attempt(what, sql, WHO[who.split(",")[0]], roles, answers="may answer" in who)
    for who, what, table, row in OFFERED:
        columns, values = ", ".join(row), ", ".join(row.values())
        yield Attempt(what, f"INSERT INTO {table} ({columns}) VALUES ({values})", WHO[who])


Values = dict[str, str]  # column -> SQL
EVENT: Values = {
    "id": "gen_random_uuid()",
    "kind": "'task.completed'",
    "at": "now()",
    "actor_organisation_id": "%(me)s",
    "actor_kind": "'person'",
    "incident_id": "%(incident)s",
    "incident_reference": "'INC-X'",
    "audience": "ARRAY[%(me)s]::uuid[]",
}
SIDE: Values = {
    "id": "gen_random_uuid()",
    "incident_id": "%(incident)s",
    "organisation_id": "%(stranger)s",
    "slug": "'s'",
    "name": "'S'",
    "kind": "'council'",
    "role": "'participant'",
    "is_provider": "false",
    "exposure": "'none'",
    "because": "'so'",
    "other_paths": "'[]'",
    "joined_at": "now()",
    **dict.fromkeys(("duty_name", "duty_phone", "told_by", "not_told_because"), "''"),
    **dict.fromkeys(("tasks_total", "tasks_open", "tasks_waiting", "tasks_settled", "tasks_blocked"), "0"),
    **dict.fromkeys(("containing_open", "people_told", "people_seen"), "0"),
}
TASK: Values = {
    "id": "gen_random_uuid()",
    "incident_id": "%(incident)s",
    "organisation_id": "%(other)s",
    "step_id": "%(step)s",
    "position": "99",
    "title": "'Planted'",
    "containing": "true",
    "status": "'waiting'",
    "ready": "true",
    "version": "1",
    "changed_at": "now()",
    **dict.fromkeys(("reason", "previous_status", "previous_reason"), "''"),
}
NOW, SOMEBODY = "now()", "gen_random_uuid()"
ALL = "(SELECT participants FROM incidents_incident WHERE id = %(incident)s)"
ME, OTHER, STRANGER = ({"organisation_id": f"%({who})s"} for who in ("me", "other", "stranger"))

NAMED = {"data": """'{"organisation": "eastwick", "step": 4}'"""}
AT_HOME = {"incident_id": "NULL", "incident_reference": "''"}
# Each wakes people with a message, or says that two persons have agreed.
SAID_BY_FUNCTIONS = (
    "organisation.isolated", "organisation.reconnected", "break_glass.used", "break_glass.drilled",
    "emergency_access.given", "lead.offered", "approval.given", "guest.invited", "display.paired", "link.reconnected",
    "number.read", "call_back.recorded", "call.ended", "headsup.received", "headsup.sent", "webhook.made",
    "exercise.suspended", "exercise.resumed",
    "duty.changed", "duty.catalogued", "duty.reminded", "duty.overdue", "duty.goes_on",
    "technique.named", "technique.changed", "technique.observed", "technique.set_aside",
    "situation_report.shared", "cut.moved", "cut.asked", "cut.told", "cut.answered", "service.said",
    "data_position.said", "data_notice.sent", "data_notice.acknowledged", "data_notice.unreached",
    "outside_report.shared",
    "decision.written", "decision.shared", "known_card.revised", "statement.asked", "statement.issued",
    "access.first_sight", "access.settled", "access.name_claimed", "advisory.matched", "advisory.decided",
    "update.asked",
    "update.given", "update.due", "answer.given", "answer.reported", "ladder.climbed",
)  # fmt: skip

OFFERED: list[tuple[str, str, str, Values]] = [
    ("everybody", "acts as another", "ledger_event", EVENT | {"actor_organisation_id": "%(other)s"}),
    ("everybody", "acts as nobody", "ledger_event", EVENT | {"actor_organisation_id": "NULL"}),
    ("everybody", "tells a stranger", "ledger_event", EVENT | {"audience": "ARRAY[%(me)s, %(stranger)s]::uuid[]"}),
    (
        "everybody",
        "tells another at home",
        "ledger_event",
        EVENT | {"incident_id": "NULL", "audience": "ARRAY[%(me)s, %(other)s]::uuid[]"},
    ),
    (
        "everybody",
        "tells only another at home",
        "ledger_event",
        EVENT | {"incident_id": "NULL", "audience": "ARRAY[%(other)s]::uuid[]"},
    ),
    ("everybody", "records of an incident not its own", "ledger_event", EVENT | {"incident_id": "%(apart)s"}),
    ("others", "stands everybody down", "ledger_event", EVENT | {"kind": "'incident.closed'", "audience": ALL}),
    ("others", "wakes everybody", "ledger_event", EVENT | {"kind": "'incident.widened'", "audience": ALL}),
    ("others", "gives out tasks by an event", "ledger_event", EVENT | {"kind": "'tasks.assigned'", "audience": ALL}),
    ("others", "writes an update by an event", "ledger_event", EVENT | {"kind": "'update.sent'", "audience": ALL}),
    (
        "inside",
        "says that another's message is dead",
        "ledger_event",
        EVENT | {"kind": "'delivery.dead'", "data": """'{"organisation": "eastwick"}'""", "audience": ALL},
    ),
    ("inside", "says that nobody's message is dead", "ledger_event", EVENT | {"kind": "'delivery.dead'"}),
    *(
        (
            "inside",
            f"says {kind} in words of its own",
            "ledger_event",
            EVENT | {"kind": f"'{kind}'", "audience": ALL} | NAMED,
        )
        for kind in SAID_BY_FUNCTIONS
    ),
    *(
        ("members", f"says {kind} at home", "ledger_event", EVENT | {"kind": f"'{kind}'"} | NAMED | AT_HOME)
        for kind in SAID_BY_FUNCTIONS
    ),
    ("others", "joins", "incidents_participant", SIDE | ME),
    ("members", "joins what it knows nothing of", "incidents_participant", SIDE | ME | {"incident_id": "%(apart)s"}),
    ("others", "lets a friend join", "incidents_participant", SIDE),
    ("lead", "adds somebody who has been told", "incidents_participant", SIDE | {"told_at": NOW}),
    ("lead", "adds somebody who has been told by it", "incidents_participant", SIDE | {"told_by": "'telephone'"}),
    ("lead", "adds somebody who could not be told", "incidents_participant", SIDE | {"not_told_because": "'x'"}),
    ("lead", "adds somebody who has answered", "incidents_participant", SIDE | {"acknowledged_at": NOW}),
    ("lead", "adds somebody who has looked", "incidents_participant", SIDE | {"seen_at": NOW}),
    ("lead", "adds somebody whose people know", "incidents_participant", SIDE | {"people_told": "9"}),
    ("lead", "adds somebody with settled tasks", "incidents_participant", SIDE | {"tasks_settled": "9"}),
    ("others", "gives out tasks", "incidents_task", TASK),
    ("others", "gives itself a task", "incidents_task", TASK | ME),
    ("inside", "gives a stranger a task", "incidents_task", TASK | STRANGER),
    ("members", "adds a verified task", "incidents_task", TASK | {"status": "'verified'"}),
    ("members", "adds a verified task of its own", "incidents_task", TASK | ME | {"status": "'verified'"}),
    ("members", "adds a task that was answered", "incidents_task", TASK | {"acknowledged_at": NOW}),
    ("members", "adds a task that was done", "incidents_task", TASK | {"done_at": NOW}),
    ("members", "adds a task with a reason", "incidents_task", TASK | {"reason": "'they refuse'"}),
    ("members", "adds a task with somebody's answer", "incidents_task", TASK | {"changed_by_id": SOMEBODY}),
    ("members", "adds a task that can be undone", "incidents_task", TASK | ME | {"previous_status": "'done'"}),
]
