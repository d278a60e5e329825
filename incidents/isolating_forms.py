"""Forms of isolation and of the call-back that an appeal rests on: shapes only, the database judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import CallBack
from portal import clock
from portal.pages import LOCAL

LONGEST = 1000
SINCE_FORMS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class LocalTimeField(forms.DateTimeField):
    """A past moment as the clock on the wall shows it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=SINCE_FORMS, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        said = super().to_python(value)
        return said.replace(tzinfo=LOCAL) if said else None

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value > clock.now():
            raise forms.ValidationError(_("That is still to come. Give a time in the past, or leave it empty."))


class PressForm(forms.Form):
    """Why a step is taken, and since when the organisation may have been compromised."""

    reason = forms.CharField(max_length=LONGEST, error_messages={"required": _("Say why, in a few words.")})
    since = LocalTimeField(
        required=False, error_messages={"invalid": _("Give the day and the time, such as 2026-05-03 08:40.")}
    )


class SecondForm(forms.Form):
    """Why, and which organisation's people are asked to be the second."""

    reason = forms.CharField(max_length=LONGEST, error_messages={"required": _("Say why, in a few words.")})
    second = forms.ChoiceField(error_messages={"required": _("Choose the organisation that decides with you.")})

    def __init__(self, *args: Any, others: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].choices = list(others)  # type: ignore[attr-defined]


class IsolateForm(SecondForm):
    """A step against another participant."""

    step = forms.TypedChoiceField(coerce=int, error_messages={"required": _("Choose how far it is cut off.")})
    since = LocalTimeField(
        required=False, error_messages={"invalid": _("Give the day and the time, such as 2026-05-03 08:40.")}
    )

    def __init__(self, *args: Any, steps: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].choices = list(steps)  # type: ignore[attr-defined]


class CallForm(forms.Form):
    """What came of calling an organisation back at its registered number."""

    outcome = forms.ChoiceField(
        choices=CallBack.Outcome.choices, error_messages={"required": _("Say what came of the call.")}
    )
    spoke_with = forms.CharField(required=False, max_length=200)
    note = forms.CharField(required=False, max_length=LONGEST)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("outcome") in {"reached", "refused"} and not said.get("spoke_with", "").strip():
            self.add_error("spoke_with", _("Say with whom you spoke: name and role."))
        return said
