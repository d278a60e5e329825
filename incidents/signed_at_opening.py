"""Who had agreed to what when an incident opened, or when it joined: as it was then, whatever is signed later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, SignedAtOpening, Step, Task
from portal.postgres.prepared import Prepared

Word = SignedAtOpening.Word
Said = tuple[SignedAtOpening, Mapping[str, Any]]  # and one of its steps
_OF_INCIDENT = Prepared(
    SignedAtOpening,
    "incident_id = %s",
    columns=("organisation_id", "word", "version", "signed_at", "valid_until", "reservation", "steps"),
)
ORDER = (Word.NONE, Word.VOID, Word.LAPSED, Word.OTHER, Word.SIGNED)


def signatures_of(incident: Incident) -> list[SignedAtOpening]:
    """As far as the reader may see them: its own, or everybody's for whoever oversees. One query."""
    return _OF_INCIDENT.records(incident.pk)


def board_block(incident: Incident, names: Mapping[UUID, str], *, me: UUID, oversees: bool) -> dict[str, Any] | None:
    """`{"summary", "href", "rows"}` for the board; None when nothing is known. Whoever needs a look stands first."""
    rows = [each for each in signatures_of(incident) if oversees or each.organisation_id == me]
    if not rows:
        return None
    not_signed = _("had not signed")  # most, where nobody has agreed on anything beforehand
    rows.sort(key=lambda each: (ORDER.index(Word(each.word)), names.get(each.organisation_id, "")))
    return {
        "summary": _summary(rows) if oversees else _own_words(rows[0]),
        "href": reverse("playbook-detail", args=[incident.playbook_id]),
        "rows": [_row(each, names.get(each.organisation_id, ""), not_signed) for each in rows],
    }


def _summary(rows: Collection[SignedAtOpening]) -> str:
    signed = sum(1 for each in rows if each.word == Word.SIGNED)
    said = ngettext(
        "Plan signed beforehand by %(signed)s of one organisation",
        "Plan signed beforehand by %(signed)s of %(n)s organisations",
        len(rows),
    ) % {"signed": signed, "n": len(rows)}
    with_reservation = sum(1 for each in rows if _has_reservation(each))
    if not with_reservation:
        return said
    return (
        said
        + ", "
        + ngettext("one with a reservation", "%(n)s with a reservation", with_reservation) % {"n": with_reservation}
    )


def _own_words(row: SignedAtOpening) -> str:
    return _("Your organisation and this plan: %(words)s") % {"words": words_of(row)}


def words_of(row: SignedAtOpening) -> str:
    """In a few words, for a table."""
    said = {"version": row.version[:10], "day": f"{row.signed_at:%-d %B %Y}" if row.signed_at else ""}
    if row.word == Word.SIGNED:
        return _("signed this version on %(day)s") % said
    if row.word == Word.OTHER:
        return _("signed another version (%(version)s) on %(day)s") % said
    if row.word == Word.VOID:
        return _("signed a version (%(version)s) on %(day)s that was not to be run any more") % said
    if row.word == Word.LAPSED and row.valid_until:
        return _("signed on %(day)s, expired on %(until)s") % {**said, "until": f"{row.valid_until:%-d %B %Y}"}
    return _("had not signed")


def _has_reservation(row: SignedAtOpening) -> bool:
    return bool(row.reservation) or any(each["reservation"] for each in row.steps)


def _row(row: SignedAtOpening, name: str, not_signed: str) -> dict[str, Any]:
    return {
        "name": name,
        "words": not_signed if row.word == Word.NONE else words_of(row),
        "alarm": row.word != Word.SIGNED,
        "reservation": row.reservation,
        "steps": [
            {
                "title": each["title"],
                "reservation": each["reservation"],
                "agreed": _until(each["agreed_until"]) if each["agreed_until"] else "",
            }
            for each in row.steps
        ],
    }


def _until(day: str) -> str:
    return _("may be done without asking again until %(day)s") % {"day": _day(day)}


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %B %Y}"


def agreed_on(task: Task, names: Mapping[UUID, str], *, me: UUID) -> list[str]:
    """Who had agreed beforehand that this step may be done, in sentences, for the page of a task. Two queries.

    On an organisation's own task its own word and reservation; on the provider's and the lead's also the others' who
    said so of this step, or put a reservation to it in another version.
    """
    rows = [each for each in SignedAtOpening.objects.filter(incident=task.incident_id) if each.steps]
    for_others = task.step.audience not in {"all", "each", "councils"}
    of_this = _of_step(rows, task.step_id)
    own = [pair for pair in of_this if pair[0].organisation_id == task.organisation_id]
    others = [pair for pair in of_this if pair[0].organisation_id != task.organisation_id] if for_others else []
    others.sort(key=lambda pair: names.get(pair[0].organisation_id, ""))
    return list(_sentences([*own, *others], names, task.step_id, me=me))


def own_agreed_on(incident_id: UUID, step_id: UUID, *, me: UUID) -> list[str]:
    """The same on the card of one's own task. Two queries."""
    rows = SignedAtOpening.objects.filter(incident=incident_id, organisation_id=me)
    return list(_sentences(_of_step(rows, step_id), {}, step_id, me=me))


def _of_step(rows: Iterable[SignedAtOpening], step_id: UUID) -> list[Said]:
    """What was said of a step, in whichever version of the playbook."""
    this = Step.objects.filter(pk=step_id)
    of_plan = Step.objects.filter(
        cacao_step_id=Subquery(this.values("cacao_step_id")[:1]),
        playbook__cacao_id=Subquery(this.values("playbook__cacao_id")[:1]),
    )
    same = {str(pk) for pk in of_plan.values_list("pk", flat=True)}
    return [(row, each) for row in rows for each in row.steps if each["step"] in same]


def _sentences(found: Iterable[Said], names: Mapping[UUID, str], step_id: UUID, *, me: UUID) -> Iterable[str]:
    for row, each in found:
        name = _("Your organisation") if row.organisation_id == me else names.get(row.organisation_id, _("Somebody"))
        if each["agreed_until"]:
            yield _("%(name)s agreed beforehand on %(day)s that this may be done, until %(until)s.") % {
                "name": name,
                "day": _day(each["agreed_on"]),
                "until": _day(each["agreed_until"]),
            }
        if each["reservation"] and each["step"] == str(step_id):
            yield _("%(name)s signed with a reservation: %(words)s") % {"name": name, "words": each["reservation"]}
        elif each["reservation"]:
            said = {"name": name, "version": row.version[:10], "words": each["reservation"]}
            yield _("%(name)s signed another version (%(version)s) with a reservation to this step: %(words)s") % said
