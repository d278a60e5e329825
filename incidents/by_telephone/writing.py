"""Writing down what an organisation said by telephone, and what it says of that. The database judges and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import ReportedAnswer, Task
from incidents.planned import missing_right
from incidents.running.answering import read_answers
from incidents.transitions import NEEDS_REASON, record_reported, standing_word
from partners import approvals
from portal.ledger.record import Actor

LONGEST_NAME, LONGEST_NUMBER, LONGEST_WORDS = 200, 60, 600
ANSWERS = ("acknowledged", "in_progress", "done", "blocked", "not_affected", "declined")
Settled = ReportedAnswer.Settled


@dataclass(frozen=True, slots=True)
class Said:
    """Who of the organisation said it, in which role, on which number it was rung, and what.

    `confirm` and `answers` as `transitions.Answer` has them: they ask for them on the telephone.
    """

    status: str
    said_by: str
    said_role: str
    number: str
    words: str = ""
    confirm: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic(using="default")
def report_task(*, task_id: UUID, said: Said, actor: Actor) -> ReportedAnswer:
    """Answer another organisation's task as it said by telephone. The same again is the one that stands.

    Raises:
        Task.DoesNotExist: unknown or not visible. NotYours: neither lead nor deputy lead, one's own task, or a key.
        Invalid: something is missing. WrongMoment: it has answered itself, or no arrow leads there.
    """
    task = Task.objects.select_related("step").get(pk=task_id)
    if faults := faults_of(said):
        raise Invalid(faults)
    found = _deciding(task, said) if said.status == Task.Status.DONE else []
    before, was = standing_word(task), task.status
    made = ReportedAnswer.objects.get(
        pk=_asked(
            "SELECT sec.report_task(%s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
            [
                task_id, said.status, said.said_by, said.said_role, said.number, said.words, said.confirm,
                orjson.dumps(found).decode(),
            ],
        )
    )  # fmt: skip
    version = task.version
    task.refresh_from_db()
    if task.version != version:
        record_reported(task, actor=actor, was=was, before=before)
    return made


@transaction.atomic(using="default")
def settle_report(*, report_id: UUID, how: str, actor: Actor) -> ReportedAnswer:
    """Its organisation says that it is right, or that it is not: then its own last word stands. Twice changes nothing.

    Whoever wrote it takes it back within a minute, and what was reported before stands again. Looks at the run are kept
    out meanwhile.

    Raises:
        ReportedAnswer.DoesNotExist: unknown or not visible. Invalid: no such word. NotYours: not of this organisation.
        WrongMoment: it does not stand any more, or the plan has gone on by it.
    """
    if how not in {Settled.CONFIRMED, Settled.CORRECTED, Settled.TAKEN_BACK}:
        raise Invalid([Fault("/how", "One of: confirmed, corrected, taken_back.")])
    report = ReportedAnswer.objects.get(pk=report_id)
    task = Task.objects.get(pk=report.task_id)
    before, was = standing_word(task), task.status
    if _asked("SELECT sec.settle_report(%s, %s)", [report_id, how]):
        task.refresh_from_db()
        if how != Settled.CONFIRMED:
            record_reported(task, actor=actor, was=was, before=before, undone=how)
    report.refresh_from_db()
    return report


def faults_of(said: Said) -> list[Fault]:
    """What is not valid, before anybody is asked."""
    faults = []
    if said.status not in ANSWERS:
        faults.append(Fault("/status", f"One of: {', '.join(ANSWERS)}."))
    for name, value, most, wanted in (
        ("said_by", said.said_by, LONGEST_NAME, "Say who told you."),
        ("said_role", said.said_role, LONGEST_NAME, "Say in which role, such as duty officer."),
        ("number", said.number, LONGEST_NUMBER, "Say which number you rang."),
    ):
        if not 0 < len(value.strip()) <= most:
            faults.append(Fault(f"/{name}", f"{wanted} At most {most} characters."))
    if len(said.words) > LONGEST_WORDS:
        faults.append(Fault("/words", f"At most {LONGEST_WORDS} characters."))
    if said.status in NEEDS_REASON and not said.words.strip():
        faults.append(Fault("/words", "Say why, in their words."))
    return faults


def _deciding(task: Task, said: Said) -> list[dict[str, str]]:
    """The answers that the plan goes on by; what would stay at home is not for the lead to write."""
    asked = [each for each in task.asks if each["deciding"]]
    read = read_answers(asked, said.answers)
    return [{"name": each["name"], "kind": each["kind"], "value": read[each["name"]]} for each in asked]


def _asked(sql: str, params: list[Any]) -> Any:
    try:
        return approvals.call(sql, params)
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused
