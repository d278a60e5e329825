"""Forms of a service's word. What is allowed is judged by `saying` and the database."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.planned_forms import LocalMoment
from incidents.services.saying import LONGEST, Said, State


class ServiceForm(forms.Form):
    """A tap sends service and state alone; the fold beneath also since when, a note and whom it is for."""

    service = forms.CharField(max_length=200, error_messages={"required": _("Choose a service.")})
    state = forms.ChoiceField(choices=State.choices, error_messages={"required": _("Choose one word.")})
    since = LocalMoment(required=False)
    note = forms.CharField(
        required=False, max_length=LONGEST, error_messages={"max_length": _("At most %(limit_value)s characters.")}
    )
    shared = forms.BooleanField(required=False)
    more = forms.BooleanField(required=False, widget=forms.HiddenInput)  # the fold was sent

    def said(self) -> Said:
        """Of a valid form."""
        found: dict[str, Any] = self.cleaned_data
        if not found["more"]:
            return Said(found["service"], found["state"])
        return Said(found["service"], found["state"], found["since"], found["note"], found["shared"])
