"""A decision on an exposure: accept, mitigate, patch, not ours, open again; by the system's owner or provider."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from monitoring.models import Exposure, ExposureDecision
from partners.models import Person
from portal import clock
from portal.ledger.record import Actor

Choice = ExposureDecision.Choice
WORDS = {
    Choice.PATCH: _("Patch it"),
    Choice.MITIGATE: _("Mitigate: something else keeps it safe"),
    Choice.ACCEPT: _("Accept the risk until a day"),
    Choice.NOT_US: _("It is not our product or version"),
    Choice.REOPEN: _("Open it again"),
}
DONE = {
    Choice.PATCH: _("to be patched"),
    Choice.MITIGATE: _("mitigated"),
    Choice.ACCEPT: _("accepted"),
    Choice.NOT_US: _("not ours"),
    Choice.REOPEN: _("open again"),
}
LONGEST_ACCEPTED_DAYS = 366


class DecisionForm(forms.Form):
    """What, why, who sees to it and until when."""

    choice = forms.ChoiceField(
        choices=list(WORDS.items()), error_messages={"required": _("Choose what you do about it.")}
    )
    reason = forms.CharField(max_length=2000, error_messages={"required": _("Say why, in a few words.")})
    responsible = forms.CharField(
        max_length=200, error_messages={"required": _("Name who sees to it: a person or a team.")}
    )
    until_on = forms.DateField(
        error_messages={"required": _("Say until when."), "invalid": _("Write a day, as in 2026-11-30.")}
    )

    def __init__(self, data: Any = None, *, decided: bool = False, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices = [(value, words) for value, words in WORDS.items() if decided or value != Choice.REOPEN]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]
        if (data or {}).get("choice") in {Choice.NOT_US, Choice.REOPEN}:
            self.fields["responsible"].required = self.fields["until_on"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        choice, until = cleaned.get("choice"), cleaned.get("until_on")
        if until is not None and choice:
            today = clock.now().date()
            if until < today:
                self.add_error("until_on", _("This day lies in the past."))
            elif (until - today).days > LONGEST_ACCEPTED_DAYS:
                self.add_error("until_on", _("At most a year from today."))
        return cleaned


def decide(
    exposure: Exposure, *, choice: str, reason: str, responsible: str, until_on: date | None, actor: Actor
) -> None:
    """Write a decision down; the last one counts. About the organisation behind several systems it is one for all.

    Raises:
        django.db.DatabaseError: 42501 when the person does not look after the register, or neither owns nor provides
        the system.
    """
    assert actor.person_id is not None  # pages are for people
    person = Person.objects.get(pk=actor.person_id)
    rows = [exposure]
    if exposure.component_id is None:
        same = {"label": exposure.label, "about": exposure.about, "confined_to": exposure.confined_to_id}
        rows = list(Exposure.objects.filter(component_id=None, state=Exposure.State.OPEN, **same))
    now = clock.now()
    ExposureDecision.objects.bulk_create(
        ExposureDecision(
            id=uuid4(),
            exposure=row,
            organisation_id=actor.organisation_id,
            person=person,
            person_name=person.name,
            choice=choice,
            responsible=responsible,
            until_on=until_on,
            reason=reason,
            at=now,
        )
        for row in rows
    )
