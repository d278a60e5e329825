"""Forms of provider assurance: shapes only; who may and what fits is the database's to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.contracts import ACTIVITIES, ONE_OF_TWO, PARTIES, PARTS
from partners.models import Assessment, Contract, Finding, FindingMove, Organisation
from portal import clock

LONG = 4000
What = FindingMove.What
WHEN: dict[str, Any] = {
    What.PLANNED: _("Say for which day to come it is planned."),
    What.CONFIRMED: _("Say on which day it was tested again."),
    What.FAILED: _("Say on which day it was tested again."),
}
DAY = {"invalid": _("Write a day such as 2026-10-15.")}


class AssessmentForm(forms.Form):
    """What was looked at, by whom, and what came of it. Without `done_on` it is planned."""

    kind = forms.ChoiceField(choices=Assessment.Kind.choices, error_messages={"required": _("Choose what it is.")})
    title = forms.CharField(max_length=200, error_messages={"required": _("Give it a title.")})
    scope = forms.CharField(max_length=LONG, error_messages={"required": _("Say what is looked at, and what is not.")})
    assessor = forms.CharField(max_length=200, required=False)
    done_on = forms.DateField(required=False, error_messages=DAY)
    retest_due_on = forms.DateField(required=False, error_messages=DAY)
    summary = forms.CharField(max_length=LONG, required=False)

    def clean_done_on(self) -> Any:
        day = self.cleaned_data["done_on"]
        if day and day > clock.now().date():
            raise forms.ValidationError(_("This day is still to come. Leave it empty while it is planned."))
        return day


class ShareForm(forms.Form):
    """With whom to share, of those who do not read it yet."""

    organisations = forms.MultipleChoiceField(error_messages={"required": _("Choose at least one organisation.")})

    def __init__(self, *args: Any, others: Iterable[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = {each.slug: each for each in others}
        choices = [(slug, each.name) for slug, each in self.others.items()]
        self.fields["organisations"].choices = choices  # type: ignore[attr-defined]

    def chosen(self) -> list[Organisation]:
        return [self.others[slug] for slug in self.cleaned_data["organisations"]]


class FindingForm(forms.Form):
    """What is wrong, how bad, and by when it is mended."""

    title = forms.CharField(max_length=200, error_messages={"required": _("Say in a few words what is wrong.")})
    detail = forms.CharField(max_length=LONG, required=False)
    severity = forms.ChoiceField(choices=Finding.Severity.choices, error_messages={"required": _("Say how bad it is.")})
    due_on = forms.DateField(error_messages={"required": _("Say by when it has to be mended."), **DAY})
    assessment = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, assessments: Iterable[Assessment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.assessments = {str(each.pk): each for each in assessments}
        choices = [("", _("None")), *((pk, each.title) for pk, each in self.assessments.items())]
        self.fields["assessment"].choices = choices  # type: ignore[attr-defined]

    def clean_due_on(self) -> Any:
        day = self.cleaned_data["due_on"]
        if day < clock.now().date():
            raise forms.ValidationError(_("This day lies in the past."))
        return day


class MoveForm(forms.Form):
    """What is said of a finding. Which of it is needed depends on the act."""

    act = forms.ChoiceField(choices=What.choices)
    words = forms.CharField(max_length=LONG, error_messages={"required": _("Say it in a few words.")})
    day = forms.DateField(error_messages=DAY)
    vouched_by = forms.CharField(max_length=200, error_messages={"required": _("Write who tested it: name and role.")})

    def __init__(self, data: Any = None, *, act: str = "", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.said_act = act or (data or {}).get("act", "")
        tests = self.said_act in {What.CONFIRMED, What.FAILED}
        self.fields["words"].required = self.said_act != What.RETEST_ASKED
        self.fields["day"].required = tests or self.said_act == What.PLANNED
        self.fields["vouched_by"].required = tests
        self.fields["day"].error_messages["required"] = WHEN.get(self.said_act, "")

    def clean_day(self) -> Any:
        day, today = self.cleaned_data["day"], clock.now().date()
        late = day and (day < today if self.said_act == What.PLANNED else day > today)
        if late and self.said_act in WHEN:
            raise forms.ValidationError(WHEN[self.said_act])
        return day


class ContractForm(forms.Form):
    """A contract record; beside these a choice for each part of each activity, named `detect-responsible` and so on."""

    read = forms.IntegerField(min_value=0, max_value=10**6, required=False)  # the version that was on the page
    hours_to_notify = forms.IntegerField(min_value=0, max_value=8760, required=False)
    liability = forms.CharField(max_length=LONG, required=False)
    liability_cap = forms.IntegerField(min_value=0, max_value=10**12, required=False)
    insurer = forms.CharField(max_length=200, required=False)
    insured_sum = forms.IntegerField(min_value=0, max_value=10**12, required=False)
    insured_until = forms.DateField(required=False, error_messages=DAY)
    exit_terms = forms.CharField(max_length=LONG, required=False)
    valid_from = forms.DateField(required=False, error_messages=DAY)
    valid_until = forms.DateField(required=False, error_messages=DAY)

    def __init__(self, data: Any = None, *, names: dict[str, str], contract: Contract | None = None) -> None:
        initial = {name: getattr(contract, name) for name in self.base_fields if name != "read"} if contract else {}
        had = contract.responsibilities if contract else {}
        for code in ACTIVITIES:
            initial |= {f"{code}-{part}": value for part, value in zip(PARTS, had.get(code, ()), strict=False)}
        super().__init__(data, initial=initial)
        self.names = names
        for code, words in ACTIVITIES.items():
            for part, does in PARTS.items():
                allowed = ONE_OF_TWO if part == "accountable" else PARTIES
                self.fields[f"{code}-{part}"] = forms.ChoiceField(
                    label=f"{words}: {does}",
                    choices=[("", _("Choose")), *((each, names[each]) for each in allowed)],
                    error_messages={"required": _("%(activity)s: choose who.") % {"activity": f"{words}, {does}"}},
                )

    @property
    def grid(self) -> list[dict[str, Any]]:
        """A row of four bound fields for each activity."""
        return [
            {"what": words, "fields": [self[f"{code}-{part}"] for part in PARTS]} for code, words in ACTIVITIES.items()
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        begins, ends = said.get("valid_from"), said.get("valid_until")
        if begins and ends and ends < begins:
            self.add_error("valid_until", _("It ends before it begins."))
        return said

    def record(self) -> dict[str, Any]:
        """As `sec.write_contract` wants it."""
        said = self.cleaned_data
        duties = {code: [said[f"{code}-{part}"] for part in PARTS] for code in ACTIVITIES}
        return {**{name: said[name] for name in self.base_fields}, "responsibilities": duties}
