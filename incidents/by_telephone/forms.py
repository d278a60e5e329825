"""The form for an answer that an organisation gave by telephone. What is allowed is judged by the database."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.by_telephone.writing import LONGEST_NAME, LONGEST_NUMBER, LONGEST_WORDS
from incidents.models import Task
from incidents.stop_confirmation import LONGEST

LONG = {"max_length": _("At most %(limit_value)s characters.")}
WORDS = {
    "acknowledged": _("They have it"),
    "in_progress": _("They are doing it"),
    "done": _("It is done"),
    "blocked": _("They are blocked"),
    "not_affected": _("It is not needed there"),
    "declined": _("They refuse"),
}
# As `sec.reported_arrows`: over an answer of the organisation's own it only goes on in its direction.
OVER_OWN = {
    "acknowledged": ("in_progress", "done", "blocked"),
    "in_progress": ("done", "blocked"),
    "blocked": ("in_progress", "done"),
}


def words_of(task: Task, *, own: bool) -> list[tuple[str, Any]]:
    """What can be written down now; `own`: the organisation itself has answered, whatever was reported since."""
    arrows = OVER_OWN.get(task.status, ()) if own else Task.MOVES[task.status]
    return [
        (status, words)
        for status, words in WORDS.items()
        if status in arrows and (task.ready or status not in {"in_progress", "done"})
    ]


class ReportForm(forms.Form):
    """Who said it, in which role, on which number; what."""

    status = forms.ChoiceField(error_messages={"required": _("Choose what they said.")})
    said_by = forms.CharField(max_length=LONGEST_NAME, error_messages={"required": _("Say who told you."), **LONG})
    said_role = forms.CharField(
        max_length=LONGEST_NAME, error_messages={"required": _("Say in which role, such as duty officer."), **LONG}
    )
    number = forms.CharField(
        max_length=LONGEST_NUMBER, error_messages={"required": _("Say which number you rang."), **LONG}
    )
    words = forms.CharField(required=False, max_length=LONGEST_WORDS, error_messages=LONG)
    confirm = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = choices  # type: ignore[attr-defined]
