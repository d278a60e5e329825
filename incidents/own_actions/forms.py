"""The form of *We did something ourselves*. What is allowed is judged by `writing` and the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.own_actions.writing import LONGEST_STOPS, LONGEST_TITLE, LONGEST_WORDS, Deed
from incidents.planned_forms import LocalMoment

LONG = {"max_length": _("At most %(limit_value)s characters.")}
OTHER = "other"


class OwnActionForm(forms.Form):
    """`what`: one of the common ones, or `other`, in words of one's own."""

    what = forms.ChoiceField(error_messages={"required": _("Choose what you did, or say it in your own words.")})
    title = forms.CharField(required=False, max_length=LONGEST_TITLE, error_messages=LONG)
    done_at = LocalMoment()
    touches = forms.ChoiceField(required=False)
    stops = forms.CharField(required=False, max_length=LONGEST_STOPS, error_messages=LONG)
    words = forms.CharField(required=False, max_length=LONGEST_WORDS, error_messages=LONG)
    apart = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, common: list[tuple[str, str]], touchables: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [*common, (OTHER, _("Something else"))]  # type: ignore[attr-defined]
        self.fields["touches"].choices = [("", _("Not known, or nothing of these")), *touchables]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("what") == OTHER and not said.get("title") and "title" not in self.errors:
            self.add_error("title", _("Say in a few words what you did."))
        return said

    def deed(self) -> Deed:
        said = self.cleaned_data
        about, _colon, key = said["touches"].partition(":")
        return Deed(
            title=said["title"] if said["what"] == OTHER else said["what"],
            done_at=said["done_at"],
            about=about,
            about_id=UUID(key) if key else None,
            stops=said["stops"],
            words=said["words"],
        )
