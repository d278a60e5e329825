"""What a task's page says of an answer by telephone, and the notice to the organisation in whose name it stands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.by_telephone.forms import ReportForm, words_of
from incidents.models import Incident, ReportedAnswer, ReportedVoice, Task
from incidents.transitions import UNDO_WITHIN
from partners.acting import may_answer, may_open
from portal import clock
from portal.pages import local_time
from portal.tenancy.door import Visitor

Settled = ReportedAnswer.Settled
MOST = 5


def reported_on(task: Task, visitor: Visitor, *, number: str, form: ReportForm | None = None) -> dict[str, Any]:
    """`{"reports", "form"}` for `incidents/_reported.html`. One query."""
    incident = task.incident
    leads = visitor.organisation_id in {incident.lead_id, incident.deputy_lead_id}
    may = leads and may_open(visitor) and visitor.organisation_id != task.organisation_id
    found = list(ReportedAnswer.objects.filter(task=task).select_related("reporter", "voice").order_by("-at"))
    standing = next((each for each in found if report_stands(each, task)), None)
    reports = [_shown(each, task, visitor) for each in found[:MOST]]
    if standing in found[MOST:]:  # under many that were taken back
        reports.append(_shown(standing, task, visitor))
    open_now = incident.status != Incident.Status.CLOSED and incident.suspended_at is None
    counts = standing is not None and not standing.settled and standing.version == task.version
    own_word = standing.was_status if standing and counts else task.status
    choices = words_of(task, own=own_word != Task.Status.WAITING) if may and open_now else []
    if not choices:
        return {"reports": reports, "form": None, "asked": []}
    return {
        "reports": reports,
        "form": form or ReportForm(choices=choices, initial={"number": number}),
        "asked": [each for each in task.asks if each["deciding"]],
        "typed": task.step.typed_confirmation,
    }


def _shown(report: ReportedAnswer, task: Task, visitor: Visitor) -> dict[str, Any]:
    stands = report_stands(report, task)
    own = report.organisation_id == visitor.organisation_id and may_answer(visitor)
    wrote = report.written_by == visitor.person_id and clock.now() - report.at < UNDO_WITHIN
    wrote_it = {"name": report.written_by_name, "organisation": report.reporter.name}
    return {
        "id": str(report.pk),
        "told": _told(report),
        "written": _("Written down by %(name)s, %(organisation)s") % wrote_it,
        "at": report.at,
        "answer": dict(Task.Status.choices)[report.status],
        "words": report.words,
        "stands": stands,
        "settled": str(Settled(report.settled).label) if report.settled else "",
        "may_settle": stands and own and not report.settled,
        "may_take_back": stands and wrote and not report.settled and not own,
    }


def _told(report: ReportedAnswer) -> str:
    voice = voice_of(report)
    if voice is None:
        return _("Told by telephone by %(role)s") % {"role": report.said_role}
    said = {"who": voice.said_by, "role": report.said_role, "number": voice.number}
    return _("Told by telephone by %(who)s, %(role)s, on %(number)s") % said


def voice_of(report: ReportedAnswer) -> ReportedVoice | None:
    """Who said it, on which number; None for readers other than its organisation's and the reporter's people."""
    try:
        return report.voice
    except ReportedVoice.DoesNotExist:
        return None


def report_stands(report: ReportedAnswer, task: Task) -> bool:
    """Whether the answer that the task has now is this one."""
    checked = task.status == Task.Status.VERIFIED and task.version == report.version + 1
    return task.reported_id == report.pk and (task.version == report.version or checked)


def written_in_our_name(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """For board and *My tasks*: each answer in one's own name that nobody at home has judged yet. One query."""
    found = (
        ReportedAnswer.objects.filter(incident=incident, organisation_id=me, settled="", task__reported_id=F("id"))
        .filter(Q(task__version=F("version")) | Q(task__status="verified", task__version=F("version") + 1))
        .select_related("reporter", "task", "voice")
        .order_by("at")[:MOST]
    )
    return [
        {
            "title": _("%(name)s has written down an answer in your name") % {"name": each.reporter.name},
            "words": _("“%(title)s”: %(answer)s, told by %(who)s by telephone at %(time)s.")
            % {
                "title": each.task.title,
                "answer": dict(Task.Status.choices)[each.status].lower(),
                "who": voice.said_by if (voice := voice_of(each)) else each.said_role,
                "time": local_time(each.at),
            },
            "link": _("Say whether it is right"),
            "href": reverse("task-detail", args=[each.task_id]) + "#reported",
        }
        for each in found
    ]
