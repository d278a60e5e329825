"""Forms of planned cuts. Times are typed and shown as local time; what is allowed is judged by the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.planned_cuts.choosing import Choice, choice_of
from incidents.planned_cuts.planning import LONGEST, LONGEST_ASK, Plan
from incidents.planned_forms import LocalMoment

LONG = {"max_length": _("At most %(limit_value)s characters.")}


class PlanForm(forms.Form):
    """What is cut, when, for how long, what is done, whom to ask. `shown`: who was shown to be concerned."""

    what = forms.ChoiceField(error_messages={"required": _("Choose what is cut."), "invalid_choice": _("Choose anew.")})
    starts_at = LocalMoment()
    ends_at = LocalMoment(required=False)
    how = forms.CharField(max_length=LONGEST, error_messages={"required": _("Say what is done."), **LONG})
    ask = forms.CharField(
        max_length=LONGEST_ASK, error_messages={"required": _("Give a name and a number to ask."), **LONG}
    )
    why = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20_000)

    def __init__(
        self, data: Any = None, *, choices: Sequence[Choice], initial: Any = None, changes: bool = False
    ) -> None:
        super().__init__(data, initial={"once": uuid4, **(initial or {})})
        self.known = list(choices)
        self.fields["what"].choices = [("", _("Choose")), *((each.key, each.words) for each in choices)]  # type: ignore[attr-defined]
        self.fields["why"].required = changes
        self.fields["why"].error_messages["required"] = _("Say why it is changed: everybody who is asked reads it.")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        begins, ends = said.get("starts_at"), said.get("ends_at")
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("The end comes after the start."))
        return said

    @property
    def choice(self) -> Choice | None:
        """What is chosen, also while the rest is not filled in yet."""
        return choice_of(self.data.get("what", "") if self.is_bound else self.initial.get("what", ""), self.known)

    def plan(self) -> Plan:
        """Of a valid form."""
        said = self.cleaned_data
        assert self.choice is not None
        named = ("how", "ask", "starts_at", "ends_at", "why", "once")
        return Plan(self.choice, **{name: said[name] for name in named})


class AnswerForm(forms.Form):
    """Agreed, or objected to with a reason. `seen`: the revision on the page."""

    say = forms.ChoiceField(choices=[("agrees", "agrees"), ("objects", "objects")])
    why = forms.CharField(
        max_length=LONGEST,
        error_messages={"required": _("Say why you object: planner, lead and provider read it."), **LONG},
    )
    seen = forms.IntegerField(min_value=1, max_value=32767, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].required = self.data.get("say") != "agrees"


class StepForm(forms.Form):
    """It goes ahead, is done or called off. `objected`: when the newest objection that was read was made."""

    step = forms.ChoiceField(choices=[(each, each) for each in ("decided", "done", "called_off")])
    words = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)
    seen = forms.IntegerField(min_value=1, max_value=32767, widget=forms.HiddenInput)
    objected = forms.DateTimeField(required=False, widget=forms.HiddenInput)
