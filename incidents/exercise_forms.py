"""The one-step form of an exercise: a system, a plan, and what comes in it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.exercises import Planned
from incidents.forms import SEVERITIES
from incidents.playbook_choices import ChoosesPlaybook
from partners.models import SharedSystem

INJECTS = 3
LONGEST_MINUTES = 60
BEGINS = (
    (2, lazy("A colleague finds sign-ins at night that nobody can explain.")),
    (5, lazy("A newspaper rings the press desk and asks whether it is true.")),
)


class ExerciseForm(ChoosesPlaybook):
    """Choices are the systems that this organisation may name, and the playbooks that can be run."""

    system = forms.ChoiceField(error_messages={"required": lazy("Choose a system.")})
    severity = forms.ChoiceField(required=False, choices=SEVERITIES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = dict(SharedSystem.objects.filter(is_portal=False).order_by("name").values_list("slug", "name"))
        self.fields["system"].choices = list(self.names.items())  # type: ignore[attr-defined]
        self.offer_playbooks()
        for nth in range(1, INJECTS + 1):
            minute, text = BEGINS[nth - 1] if nth <= len(BEGINS) else (None, "")
            self.fields[f"minute_{nth}"] = forms.IntegerField(
                required=False, min_value=0, max_value=LONGEST_MINUTES, initial=minute
            )
            self.fields[f"text_{nth}"] = forms.CharField(required=False, max_length=600, initial=text)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for nth in range(1, INJECTS + 1):
            if f"minute_{nth}" in self.errors or f"text_{nth}" in self.errors:
                continue
            if said.get(f"text_{nth}") and said.get(f"minute_{nth}") is None:
                self.add_error(f"minute_{nth}", _("Say after how many minutes it comes."))
        return said

    def injects(self) -> list[Planned]:
        said = self.cleaned_data
        return [
            Planned(said[f"minute_{nth}"], said[f"text_{nth}"].strip())
            for nth in range(1, INJECTS + 1)
            if said[f"text_{nth}"].strip()
        ]

    def pairs(self) -> list[tuple[Any, Any]]:
        """The bound fields of each inject: minute and words."""
        return [(self[f"minute_{nth}"], self[f"text_{nth}"]) for nth in range(1, INJECTS + 1)]
