"""Forms of the pages of webhooks: shapes only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.hook_kinds import ALL, BY_SUBJECT
from notifications.hooks import Wish, trouble_with_address


class HookForm(forms.Form):
    """What a tool is told of, and where."""

    label = forms.CharField(max_length=100, error_messages={"required": _("Say which tool it is for.")})
    address = forms.CharField(max_length=2048, error_messages={"required": _("Write the address of the tool.")})
    kinds = forms.MultipleChoiceField(
        choices=[
            (ALL, _("Everything")),
            *((subject, [(kind, kind) for kind in kinds]) for subject, kinds in BY_SUBJECT.items()),
        ],
        error_messages={"required": _("Choose at least one kind of event.")},
    )
    answers = forms.BooleanField(required=False)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        if trouble := trouble_with_address(address):
            raise forms.ValidationError(trouble)
        return address

    def wish(self) -> Wish:
        said: dict[str, Any] = self.cleaned_data
        return Wish(said["label"], said["address"], [ALL] if ALL in said["kinds"] else said["kinds"], said["answers"])


class ChangeForm(HookForm):
    """The same of one that is there. No address means that it stays: the page cannot show it."""

    address = forms.CharField(max_length=2048, required=False)
    state = forms.ChoiceField(choices=[("on", _("On")), ("off", _("Off"))])

    def clean_address(self) -> str:
        return super().clean_address() if self.cleaned_data["address"].strip() else ""


class ReplayForm(forms.Form):
    """A time of the log, in local time."""

    since = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"])
    until = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"])
    all = forms.BooleanField(required=False)
