"""The form of a rule. What a rule may say is checked by the same code that checks a file of rules."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.named import all_to_run
from monitoring.alert_rules.lines import NotALine, conditions_from, conditions_to, pairs_from, pairs_to
from monitoring.alert_rules.writing import FIELDS
from monitoring.loading import LONGEST_WINDOW, rule_problems
from monitoring.models import AlertRule
from monitoring.rules import LONGEST
from monitoring.tools import TOOLS
from partners.models import SharedSystem
from portal.documents import Refused, read_json

MOST_LETTERS = 10_000
ACTIONS = [
    ("open", lazy("Open an incident, or join one on the same systems")),
    ("suspected", lazy("Open a suspected incident, or join one on the same systems")),
    ("queue", lazy("Keep it here for a person")),
    ("suppress", lazy("Leave it out")),
]


def _area(**more: Any) -> forms.CharField:
    return forms.CharField(required=False, max_length=MOST_LETTERS, strip=False, **more)


class RuleForm(forms.Form):
    """One rule, as lines that a person can write."""

    name = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Give the rule a name.")})
    source = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Say what you call the tool.")})
    tool = forms.ChoiceField(required=False)
    conditions = _area()
    action = forms.ChoiceField(choices=ACTIONS, error_messages={"required": lazy("Say what is to become of it.")})
    severities = _area()
    hosts = _area()
    playbook = forms.ChoiceField(required=False)
    dedupe = forms.CharField(required=False, max_length=LONGEST)
    joins = forms.CharField(required=False, max_length=LONGEST)
    window_minutes = forms.IntegerField(min_value=1, max_value=LONGEST_WINDOW)
    mapping = _area()
    is_active = forms.BooleanField(required=False)
    sample = forms.CharField(required=False, max_length=200_000, strip=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tools = [(each.slug, each.name or _("Any tool that sends JSON")) for each in TOOLS.values()]
        plans = [(each.slug, each.name) for each in all_to_run()]
        self.fields["tool"].choices = [("", _("Whatever the tool is")), *tools]  # type: ignore[attr-defined]
        self.fields["playbook"].choices = [("", _("The usual one")), *plans]  # type: ignore[attr-defined]

    def clean_conditions(self) -> list[dict[str, Any]]:
        return _read(conditions_from, self.cleaned_data["conditions"])

    def clean_hosts(self) -> dict[str, str]:
        found: dict[str, str] = _read(pairs_from, self.cleaned_data["hosts"])
        known = set(SharedSystem.objects.filter(slug__in=found.values()).values_list("slug", flat=True))
        if unknown := sorted(set(found.values()) - known):
            raise forms.ValidationError(_("No system of yours is called “%(name)s”.") % {"name": unknown[0]})
        return found

    def clean_severities(self) -> dict[str, int]:
        found = _read(pairs_from, self.cleaned_data["severities"])
        if not all(value in {"1", "2", "3", "4", "5", "6"} for value in found.values()):
            raise forms.ValidationError(_("Severities are 1, the worst, to 6."))
        return {word.lower(): int(value) for word, value in found.items()}

    def clean_mapping(self) -> dict[str, Any]:
        return _object(self.cleaned_data["mapping"])

    def clean_sample(self) -> dict[str, Any]:
        return _object(self.cleaned_data["sample"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in rule_problems(self.values()):
                place = problem.pointer.split("/")[1] if problem.pointer else ""
                self.add_error(place if place in self.fields else None, problem.detail)
        return cleaned

    def values(self) -> dict[str, Any]:
        """The columns of the rule."""
        return {name: self.cleaned_data[name] for name in FIELDS}


def _read(reader: Any, text: str) -> Any:
    try:
        return reader(text)
    except NotALine as line:
        raise forms.ValidationError(_("This line cannot be read: %(line)s") % {"line": str(line)[:80]}) from None


def _object(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = read_json(text.encode())
    except Refused as refused:
        raise forms.ValidationError(_("This is no JSON: %(why)s") % {"why": refused.problems[0].detail}) from None
    if not isinstance(found, dict):
        raise forms.ValidationError(_("This must be a JSON object, in braces."))
    return found


def initial_of(rule: AlertRule) -> dict[str, Any]:
    """The form's content for a rule that is there."""
    return {
        **{name: getattr(rule, name) for name in FIELDS},
        "conditions": conditions_to(rule.conditions),
        "severities": pairs_to(rule.severities),
        "hosts": pairs_to(rule.hosts),
        "mapping": json.dumps(rule.mapping, indent=2, ensure_ascii=False) if rule.mapping else "",
        "version": rule.version,
    }
