"""What can be said of a duty on its page. What is allowed when is judged by the database."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.duties.saying import Saying
from incidents.models import Duty
from incidents.planned_forms import LocalMoment

LONGEST = 2000


class SayForm(forms.Form):
    """One act with the fields that it needs; the others are not there."""

    FIELDS: ClassVar[dict[str, tuple[str, ...]]] = {
        "aware": ("moment", "words", "sure"),
        "correct": ("moment", "words", "delay", "sure"),
        "report": ("moment", "route", "reference", "delay"),
        "no_report": ("words",),
        "follow_up": ("moment", "reference", "words"),
        "close": (),
        "reopen": ("words",),
        "share": ("whom",),
    }
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"reference", "delay", "whom", "sure"})

    moment = LocalMoment()
    words = forms.CharField(max_length=LONGEST, error_messages={"required": _("Say who decided, and why.")})
    route = forms.CharField(max_length=200, error_messages={"required": _("Say by which route it was reported.")})
    reference = forms.CharField(max_length=100)
    delay = forms.CharField(max_length=LONGEST)
    whom = forms.ChoiceField(choices=Duty.Shared.choices)
    sure = forms.BooleanField()
    asks_sure = False  # whether the time that was said looks like a slip

    def __init__(self, *args: Any, act: str, **kwargs: Any) -> None:
        kwargs["auto_id"] = f"{act}-%s"
        super().__init__(*args, **kwargs)
        self.act = act
        for name in list(self.fields):
            if name not in self.FIELDS[act]:
                del self.fields[name]
            elif name in self.OPTIONAL:
                self.fields[name].required = False

    def saying(self) -> Saying:
        return Saying(self.act, **self.cleaned_data)
