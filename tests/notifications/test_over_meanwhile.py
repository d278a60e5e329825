"""A message that waited says what is so when it goes out, or does not go: each kind, over and not over, side by side.

The texts themselves are made when they are sent; this is about what they tell of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from incidents.models import Incident
from incidents.transitions import Answer, answer_task
from notifications.deliveries import OVER
from notifications.models import Delivery
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
M = Delivery.Message
# They tell of what has happened, which stays so, or say that an earlier word is over.
STAY_SO = {
    M.STOOD_DOWN, M.BREAK_GLASS, M.BREAK_GLASS_DRILL, M.THEIR_BREAK_GLASS, M.THEIR_BREAK_GLASS_DRILL,
    M.EMERGENCY_ACCESS, M.ACCESS_CHANGED, M.MAIL_TRUST_CHANGED, M.HEADS_UP_OVER, M.CUT_CHANGED,
}  # fmt: skip


class Waiting:
    """Rows as they stand after a long wait, of Dunmere or of the lead, each with one message about it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        # All of them wait at once, which a person's own messages never do.
        stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER one_in_ten_minutes")
        # Planned work is kept for the morning: the night is over as well, at whatever hour this runs.
        stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER kept_quiet")
        self.open, self.other = stage.opens(), stage.opens()
        self.suspected, self.closed = stage.opens(suspected=True), stage.opens()
        stage.closes(self.closed)
        stage.owner("UPDATE notifications_planning SET state = 'done'")  # nothing but what stands here is sent
        self.lead, self.own = stage.ids["ashbourne"], stage.ids["dunmere"]
        self.written: dict[tuple[str, bool], UUID] = {}

    def put(self, table: str, **values: Any) -> UUID:
        statement = SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            Identifier(table), SQL(", ").join(map(Identifier, values)), SQL(", ").join(map(Placeholder, values))
        )
        ((pk,),) = self.stage.owner(statement, values)  # type: ignore[arg-type]
        return pk

    def about(
        self,
        message: str,
        *,
        over: bool,
        subject: UUID | None = None,
        data: dict[str, Any] | None = None,
        kind: str = "own_reference.written",
        incident: Incident | None = None,
        lead: bool = False,
        notice: bool = False,
        nth: int = 0,
        **more: Any,
    ) -> UUID:
        """One message that waits. `notice`: of no incident; `kind`: of the event, where that counts."""
        org, about = (self.lead if lead else self.own), None if notice else (incident or self.open)
        event = self.put(
            "ledger_event", id=uuid4(), kind=kind, at="now", actor_kind="system", incident_reference="",
            incident_id=about.pk if about else None, subject_id=subject, audience=[org], data=Jsonb(data or {}),
            actor_organisation_id=org,
        )  # fmt: skip
        points = self.stage.owner(
            "SELECT id, person_id FROM partners_contactpoint WHERE organisation_id = %s AND kind = 'email'"
            " AND trust = 'trusted' AND is_active AND person_id IS NOT NULL ORDER BY id",
            [org],
        )
        point, person = points[nth % len(points)]
        made = self.put(
            "notifications_delivery", id=uuid4(), organisation_id=org, incident_id=about.pk if about else None,
            incident_reference=about.reference if about else "PLN-WAITED", exercise=False, event_id=event, way="email",
            contact_point_id=point, person_id=person, message=message, code=uuid4().hex[:8],
            idempotency_key=uuid4().bytes, state="pending", created_at="yesterday", **more,
        )  # fmt: skip
        self.written[message, over] = made
        return made


def opening(w: Waiting, over: bool) -> None:
    """Told by another way long ago, and the organisation has answered; or nobody has."""
    incident = w.open if over else w.other
    if over:
        w.stage.owner(
            "UPDATE incidents_participant SET acknowledged_at = now() WHERE incident_id = %s AND organisation_id = %s",
            [incident.pk, w.own],
        )
        w.about(M.OPENED, over=False, incident=incident, next_way="taken")
        w.stage.owner("UPDATE notifications_delivery SET state = 'claimed' WHERE message = 'opened'")
        w.stage.owner("UPDATE notifications_delivery SET state = 'accepted' WHERE message = 'opened'")
    w.about(M.OPENED, over=over, incident=incident, next_way="taken")


def lead_offered(w: Waiting, over: bool) -> None:
    offer = w.put(
        "incidents_handover", id=uuid4(), incident_id=w.open.pk, from_organisation_id=w.lead, to_organisation_id=w.own,
        kind="voluntary", reason="So", offered_at="now", expires_at="tomorrow", declined_because="",
        lapsed_at="now" if over else None,
    )  # fmt: skip
    w.about(M.LEAD_OFFERED, over=over, subject=offer)


def update_asked(w: Waiting, over: bool) -> None:
    asked = w.put(
        "incidents_updaterequest", id=uuid4(), incident_id=w.open.pk, organisation_id=w.own, asked_by_id=w.lead,
        question="How is it?", asked_at="now", answer="", answered_by="", answered_at="now" if over else None,
    )  # fmt: skip
    w.about(M.UPDATE_ASKED, over=over, subject=asked)


def update_due(w: Waiting, over: bool) -> None:
    ((promised,),) = w.stage.owner(
        "UPDATE incidents_incident SET next_update_at = date_trunc('hour', now()) WHERE id = %s"
        " RETURNING next_update_at - make_interval(hours => %s)",
        [w.open.pk, int(over)],
    )
    reminder = w.put(
        "incidents_updatereminder", id=uuid4(), incident_id=w.open.pk, lead_id=w.lead, promised_at=promised, stage="due"
    )
    w.about(M.UPDATE_DUE, over=over, subject=reminder, lead=True)


def steps_ready(w: Waiting, over: bool) -> None:
    tasks = w.stage.owner(
        "SELECT id::text FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready"
        " ORDER BY position LIMIT 1 OFFSET %s",
        [w.open.pk, w.own, int(over)],
    )
    w.about(M.STEPS_READY, over=over, data={"tasks": [tasks[0][0]]})
    if over:
        ((person,),) = w.stage.owner("SELECT id FROM partners_person WHERE name = 'Ben Ashcroft'")
        with w.stage.as_person("dunmere", "Ben Ashcroft"):
            by = replace(w.stage.actor("dunmere"), person_id=person)
            answer_task(task_id=UUID(tasks[0][0]), to="acknowledged", actor=by)


def decision_asked(w: Waiting, over: bool) -> None:
    asked = w.put(
        "incidents_decision", id=uuid4(), incident_id=w.open.pk, key=f"if-condition--{over}", turn=1, lap=0, why="",
        kind="choose", name="N", condition="", choices=Jsonb(["true"]), asked_at="now", chosen="true" if over else None,
    )  # fmt: skip
    w.about(M.DECISION_ASKED, over=over, subject=asked, lead=True)


def duty_due(w: Waiting, over: bool) -> None:
    """The clock of a closed incident runs on."""
    incident = w.open if over else w.closed
    ((duty,),) = w.stage.owner(
        "UPDATE incidents_duty SET state = %s, aware_at = now(), due_at = now() + interval '1 day' WHERE id ="
        " (SELECT id FROM incidents_duty WHERE incident_id = %s AND organisation_id = %s ORDER BY kind LIMIT 1)"
        " RETURNING id",
        ["closed" if over else "running", incident.pk, w.own],
    )
    w.about(M.DUTY_DUE, over=over, subject=duty, incident=incident)


def data_notice(w: Waiting, over: bool) -> None:
    notice = w.put(
        "incidents_datanotice", id=uuid4(), incident_id=w.open.pk, sender_id=w.lead, addressee_id=w.own, about="A",
        known="K", known_since="now", reference="", sent_by=uuid4(), sent_at="now", due_at="tomorrow", reminded=0,
        acknowledged_at="now" if over else None,
    )  # fmt: skip
    w.about(M.DATA_NOTICE, over=over, subject=notice)


def statement_asked(w: Waiting, over: bool) -> None:
    statement = w.put(
        "incidents_statement", id=uuid4(), incident_id=w.open.pk, organisation_id=w.lead, title="T", audience="press",
        status="asked", version=1, written_by=uuid4(), at="now", withdrawn_because="",
    )  # fmt: skip
    version = w.put(
        "incidents_statementversion", id=uuid4(), statement_id=statement, number=1, incident_id=w.open.pk, text="T",
        organisation_id=w.lead, hours=4, asked=[], written_by=uuid4(), at="now", asked_at="now", issued=False,
    )  # fmt: skip
    w.put(
        "incidents_statementask", id=uuid4(), version_id=version, statement_id=statement, incident_id=w.open.pk,
        organisation_id=w.own, author_id=w.lead, newest=True, answer="agrees" if over else "", reason="",
        earlier=Jsonb([]), asked_at="now", due_at="tomorrow", reminded=0,
    )  # fmt: skip
    w.about(M.STATEMENT_ASKED, over=over, subject=statement)


def cut_asked(w: Waiting, over: bool) -> None:
    cut = w.put(
        "incidents_plannedcut", id=uuid4(), incident_id=w.open.pk, planner_id=w.lead, once=uuid4(), what="link",
        links=[], systems=[], title="T", how="H", ask="A", status="planned", revision=1, starts_at="now",
        planned_at="now", decided_by_name="", decided_because="",
    )  # fmt: skip
    w.put(
        "incidents_plannedcutside", id=uuid4(), cut_id=cut, incident_id=w.open.pk, planner_id=w.lead, revision=1,
        organisation_id=w.own, slug="dunmere", name="Dunmere", asked=True, systems=[], services=[], loses=[],
        runs_an_end=False, critical=False, fallback="", answer="agrees" if over else "", reason="",
    )  # fmt: skip
    w.about(M.CUT_ASKED, over=over, subject=cut)


def answered_for(w: Waiting, over: bool) -> None:
    incident = w.open if over else w.other
    ((task,),) = w.stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s ORDER BY position LIMIT 1",
        [w.open.pk, w.own],
    )
    w.put(
        "incidents_reportedanswer", id=uuid4(), incident_id=incident.pk, task_id=task, organisation_id=w.own,
        reporter_id=w.lead, status="done", was_status="waiting", was_reason="", said_role="Duty", words="",
        written_by=uuid4(), written_by_name="Lead", at="now", version=1, settled="confirmed" if over else "",
    )  # fmt: skip
    w.about(M.ANSWERED_FOR, over=over, incident=incident)


def heads_up(w: Waiting, over: bool) -> None:
    word = w.put(
        "incidents_headsup", id=uuid4(), incident_id=w.open.pk, text="T", exercise=False, sent_at="now",
        recipients=[w.own], ended_at="now" if over else None,
    )  # fmt: skip
    w.about(M.HEADS_UP, over=over, subject=word, notice=True)


def advisories(w: Waiting, over: bool) -> None:
    ((system,),) = w.stage.owner("SELECT id FROM partners_sharedsystem ORDER BY slug LIMIT 1")
    exposure = w.put(
        "monitoring_exposure", id=uuid4(), system_id=system, component_id=uuid4(), label="CVE-2099-1", title="T",
        about="A", installed="", state="retracted" if over else "open", certainty="confirmed", severity="critical",
        exploited=True, ransomware=False, shared_by=1, priority=1, action="", due_on="today", found_at="now",
        changed_at="now", retracted_because="", retracted_at="now" if over else None,
    )  # fmt: skip
    w.about(M.ADVISORIES, over=over, data={"count": 1, "exposures": [str(exposure)]}, notice=True)


def contact_test(w: Waiting, over: bool) -> None:
    test = w.put(
        "notifications_contacttest", id=uuid4(), organisation_id=w.own, due_at="now", state="running", because=""
    )
    made = w.about(M.CONTACT_TEST, over=over, notice=True)
    ((point,),) = w.stage.owner("SELECT contact_point_id FROM notifications_delivery WHERE id = %s", [made])
    w.put(
        "notifications_contacttestask", id=uuid4(), test_id=test, organisation_id=w.own, contact_point_id=point,
        delivery_id=made, digest=uuid4().bytes, asked_at="now", answered_at="now" if over else None,
    )  # fmt: skip


def planned(message: str) -> Callable[[Waiting, bool], None]:
    def arrange(w: Waiting, over: bool) -> None:
        work = uuid4()
        w.about(message, over=over, subject=work, kind="planned.announced", notice=True)
        if over:
            w.put(
                "ledger_event", id=uuid4(), kind="planned.finished", at="tomorrow", actor_kind="system", data=Jsonb({}),
                actor_organisation_id=w.own, incident_reference="", subject_id=work, audience=[w.own],
            )  # fmt: skip

    return arrange


KINDS: dict[str, Callable[[Waiting, bool], None]] = {
    M.OPENED: opening,
    M.SUSPECTED: lambda w, over: (
        w.about(M.SUSPECTED, over=over, incident=w.open if over else w.suspected, lead=True) and None
    ),
    M.LEAD_OFFERED: lead_offered,
    M.LEADS_NOW: lambda w, over: w.about(M.LEADS_NOW, over=over, lead=not over) and None,
    M.UPDATE_ASKED: update_asked,
    M.UPDATE_DUE: update_due,
    M.STEPS_READY: steps_ready,
    M.DECISION_ASKED: decision_asked,
    M.DUTY_DUE: duty_due,
    M.DATA_NOTICE: data_notice,
    M.STATEMENT_ASKED: statement_asked,
    M.CUT_ASKED: cut_asked,
    M.ANSWERED_FOR: answered_for,
    M.HEADS_UP: heads_up,
    M.ADVISORIES: advisories,
    M.CONTACT_TEST: contact_test,
    M.PLANNED: planned(M.PLANNED),
    M.PLANNED_CHANGED: planned(M.PLANNED_CHANGED),
}


def test_every_kind_is_one_that_can_be_over_or_one_that_stays_so():
    assert not KINDS.keys() & STAY_SO
    assert KINDS.keys() | STAY_SO == set(M)


def test_what_is_over_is_not_sent_and_what_is_not_goes_out(stage: Stage, mail: Mailbox):
    waiting = Waiting(stage)
    for arrange in KINDS.values():
        arrange(waiting, True)
        arrange(waiting, False)
    # Steps that a tool has taken: nobody there may have heard of them.
    task = stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND status = 'waiting' LIMIT 1",
        [waiting.other.pk, waiting.own],
    )[0][0]
    with stage.acting("dunmere") as actor:
        answer_task(task_id=task, to="acknowledged", actor=actor)
    by_a_tool = waiting.about(M.STEPS_READY, over=False, data={"tasks": [str(task)]}, incident=waiting.other)
    # Of an incident that was closed nothing goes but the stand-down and a legal clock, whatever it tells of.
    late = waiting.about(M.CUT_CHANGED, over=True, incident=waiting.closed)
    stays = waiting.about(M.STOOD_DOWN, over=False, incident=waiting.closed)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.sends()
    rows = dict(stage.owner("SELECT id, state || error FROM notifications_delivery"))
    came = {key: rows[pk] for key, pk in waiting.written.items()}
    wanted = {key: f"superseded{OVER}" if key[1] else "accepted" for key in came}
    assert came == wanted
    assert rows[by_a_tool] == "accepted"
    assert (rows[late], rows[stays]) == (f"superseded{OVER}", "accepted")
    assert len(mail.messages()) == sum(state == "accepted" for state in rows.values()) - 1


def test_what_speaks_for_more_than_one_thing_is_over_with_the_last_of_them(stage: Stage, mail: Mailbox):
    """Each of these is over as far as its first subject goes, and still has something to say."""
    w = Waiting(stage)
    speaks: dict[str, UUID] = {}
    answered = stage.ids["dunmere"]
    asked = w.put(
        "incidents_updaterequest", id=uuid4(), incident_id=w.open.pk, organisation_id=answered, asked_by_id=w.lead,
        question="How is it?", asked_at="now", answer="", answered_by="", answered_at="now",
    )  # fmt: skip
    # Another message was held back because this one was on its way.
    speaks["held back"] = w.about(M.UPDATE_ASKED, over=False, subject=asked)
    held_back = w.about(M.STEPS_READY, over=False, data={"tasks": []})
    stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER USER")
    stage.owner(
        "UPDATE notifications_delivery SET state = 'skipped', created_at = created_at + interval '6 minutes',"
        " error = 'They had a message within ten minutes: this waits in the page.' WHERE id = %s",
        [held_back],
    )
    stage.owner("ALTER TABLE notifications_delivery ENABLE TRIGGER USER, DISABLE TRIGGER one_in_ten_minutes")
    # Of two clocks that go on after the closing one was reported meanwhile.
    stage.owner(
        "UPDATE incidents_duty SET state = 'running', aware_at = now(), due_at = now() + interval '1 day'"
        " WHERE incident_id = %s AND organisation_id = %s",
        [w.closed.pk, w.lead],
    )
    ((reported,),) = stage.owner(
        "UPDATE incidents_duty SET state = 'reported' WHERE id = (SELECT id FROM incidents_duty WHERE incident_id = %s"
        " AND organisation_id = %s ORDER BY id LIMIT 1) RETURNING id",
        [w.closed.pk, w.lead],
    )
    w.put(
        "incidents_duty", id=uuid4(), incident_id=w.closed.pk, organisation_id=w.lead, kind="own", hours=24,
        state="running", aware_at="now", due_at="tomorrow", decision="",
    )  # fmt: skip
    speaks["goes on"] = w.about(
        M.DUTY_DUE, over=False, subject=reported, incident=w.closed, kind="duty.goes_on", lead=True
    )
    # Fifty exposures are named at most, and these are gone.
    gone = [str(uuid4()) for _ in range(50)]
    speaks["fifty"] = w.about(M.ADVISORIES, over=False, data={"count": 60, "exposures": gone}, notice=True, nth=1)
    fewer = w.about(M.ADVISORIES, over=True, data={"count": 49, "exposures": gone[1:]}, notice=True, nth=1)
    # Whoever sent it never came back to say so: it may have gone out, and what went out is stood down.
    speaks["perhaps sent"] = w.about(M.OPENED, over=False, incident=w.closed, attempts=1)
    never_sent = w.about(M.OPENED, over=True, incident=w.closed, nth=1)
    # A tool says that it is blocked: nobody there has heard that a person is needed.
    ((task,),) = stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND status = 'waiting' LIMIT 1",
        [w.other.pk, w.own],
    )
    with stage.acting("dunmere") as actor:
        answer_task(task_id=task, to="blocked", actor=actor, answer=Answer(reason="The console is down."))
    speaks["blocked by a tool"] = w.about(M.STEPS_READY, over=False, data={"tasks": [str(task)]}, incident=w.other)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.sends()
    states = dict(stage.owner("SELECT id, state FROM notifications_delivery"))
    assert {name: states[pk] for name, pk in speaks.items()} == dict.fromkeys(speaks, "accepted")
    assert (states[fewer], states[never_sent]) == ("superseded", "superseded")
    assert len(mail.messages()) >= len(speaks)
