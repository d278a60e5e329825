"""Forms of one's own books. What is allowed is judged by `situation`, `costs` and the database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import SituationReport
from incidents.own_books.costs import LONGEST as LONGEST_WHAT
from incidents.own_books.costs import LONGEST_SHORT, Line
from incidents.own_books.situation import LETTERS, LONGEST

LONG = {"max_length": _("At most %(limit_value)s characters.")}


class SituationForm(forms.Form):
    """Seven answers; what is not known yet stays empty."""

    major = forms.ChoiceField(
        choices=[("yes", _("Yes, declared")), ("standby", _("Standby")), ("no", _("No"))],
        error_messages={"required": _("Say whether a major incident is declared.")},
    )
    shared = forms.ChoiceField(choices=SituationReport.Shared.choices, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for _letter, field, _question in LETTERS[1:]:
            self.fields[field] = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)

    @classmethod
    def of(cls, report: SituationReport | None) -> SituationForm:
        """Unbound, with what was said last."""
        return cls(initial={field: getattr(report, field) for _letter, field, _q in LETTERS} if report else None)


class CostForm(forms.Form):
    """A day, what it was, and hours with a grade or pounds."""

    on = forms.DateField(error_messages={"required": _("Give the day."), "invalid": _("A day such as 2026-12-01.")})
    what = forms.CharField(max_length=LONGEST_WHAT, error_messages={"required": _("Say what it was."), **LONG})
    hours = forms.DecimalField(
        required=False, min_value=Decimal("0.01"), max_value=10_000, max_digits=7, decimal_places=2
    )
    grade = forms.CharField(required=False, max_length=LONGEST_SHORT, error_messages=LONG)
    pounds = forms.DecimalField(
        required=False, min_value=Decimal("0.01"), max_value=1_000_000_000, max_digits=12, decimal_places=2
    )
    invoice = forms.CharField(required=False, max_length=LONGEST_SHORT, error_messages=LONG)
    once = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = uuid4

    def line(self) -> Line:
        """Of a valid form."""
        said = self.cleaned_data
        pence = None if said["pounds"] is None else int(said["pounds"] * 100)
        return Line(said["on"], said["what"], said["hours"], said["grade"], pence, said["invoice"], said["once"])
