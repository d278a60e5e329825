"""What callers send with a task: answers, notes, reasons."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incidents.api.forms import LONGEST_TEXT
from incidents.models import Task
from incidents.transitions import LONGEST_WHY
from portal.api.fields import OPTIONAL, Strict, Text

BIGGEST_NUMBER = 2**63
LONGEST_NAME = 205  # of a variable of a playbook, with its underscores


@extend_schema_field({"type": ["string", "number", "boolean"], "maxLength": LONGEST_TEXT, "pattern": "^[^\\u0000]*$"})
class AnswerField(serializers.Field):
    """One answer to a question of a step: text, a number, true or false."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and len(data) <= LONGEST_TEXT:
            return data
        if isinstance(data, bool | float) or (isinstance(data, int) and -BIGGEST_NUMBER <= data < BIGGEST_NUMBER):
            return data
        raise serializers.ValidationError(f"Text of at most {LONGEST_TEXT} characters, a number, true or false.")

    def to_representation(self, value: Any) -> Any:
        return value


class AnswersField(serializers.DictField):
    """The answers by the name of the question; at most 50."""

    child = AnswerField()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (len(data) > 50 or any(not 0 < len(key) <= LONGEST_NAME for key in data)):
            raise serializers.ValidationError(f"At most 50 answers with names of 1 to {LONGEST_NAME} characters.")
        return super().to_internal_value(data)


class NoteForm(Strict):
    """Stays with the organisation that writes it."""

    note = Text(max_length=LONGEST_TEXT, allow_blank=True, **OPTIONAL)
    answers = AnswersField(**OPTIONAL)


class CompleteForm(NoteForm):
    """`confirm`: the name of a service that stops and has no recorded fallback, where the task asks for it."""

    answers = AnswersField(
        help_text="To what the step asks, by the names in `details.asks`, each as its `type` says: text, a number, "
        "true or false, a dictionary as JSON in a text. What is missing or does not fit is refused at `/answers/NAME`. "
        "Only what is `needed` leaves your organisation.",
        **OPTIONAL,
    )
    confirm = Text(max_length=LONGEST_TEXT, allow_blank=True, **OPTIONAL)


class CheckForm(NoteForm):
    """A note on a task is kept by the organisation whose task it is; whoever checks it writes an update instead."""

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        kept = [name for name in ("note", "answers") if said.get(name)]
        if kept:
            raise serializers.ValidationError(
                dict.fromkeys(kept, "Only the organisation whose task it is keeps notes.")
            )
        return said


class ReasonForm(NoteForm):
    reason = Text(max_length=LONGEST_TEXT, help_text="The lead, the deputy lead and the provider read it.")


class DeclineForm(ReasonForm):
    locals()["as"] = serializers.ChoiceField(
        [Task.Status.DECLINED.value, Task.Status.NOT_AFFECTED.value], help_text="Default: declined.", **OPTIONAL
    )


class ExemptForm(Strict):
    reason = Text(max_length=LONGEST_WHY, help_text="Why: the organisation, the deputy lead and the provider read it.")
