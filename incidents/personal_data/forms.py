"""Forms of the pages on personal data. What is allowed is judged by `saying`, `notices`, `reports` and the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import DataPosition, SharedWith
from incidents.personal_data.bodies import BODIES, OTHER
from incidents.personal_data.categories import CATEGORIES
from incidents.personal_data.notices import LONGEST_ABOUT, LONGEST_KNOWN, LONGEST_REFERENCE
from incidents.personal_data.reports import LONGEST_NAME
from incidents.personal_data.saying import LONGEST, State, Touched
from incidents.planned_forms import LocalMoment

LONG = {"max_length": _("At most %(limit_value)s characters.")}
RANGES = [
    ("", _("Not said")), ("unknown", _("Not known yet")), ("1-99", _("1 to 99")), ("100-999", _("100 to 999")),
    ("1000-9999", _("1,000 to 9,999")), ("10000-99999", _("10,000 to 99,999")), ("100000+", _("100,000 or more")),
]  # fmt: skip
STATES = [
    (State.ASSESSING, _("Assessing"), _("We are finding out")),
    (State.NONE, _("No personal data"), _("Say how you know; leave the rest empty")),
    (State.PERSONAL, _("Personal data"), _("Choose the categories; “Not yet known” is one too")),
]
TOUCHES = [
    (Touched.CONFIDENTIALITY, _("Confidentiality: somebody may have read or taken it")),
    (Touched.INTEGRITY, _("Integrity: it may have been changed")),
    (Touched.AVAILABILITY, _("Availability: it cannot be reached, or is lost")),
]
SHARES = [
    (SharedWith.NOBODY, _("Only your own organisation")),
    (SharedWith.LEAD, _("The lead and the deputy lead too")),
    (SharedWith.ALL, _("Everybody who takes part")),
]


def _shares() -> forms.ChoiceField:
    return forms.ChoiceField(choices=SHARES, required=False)


class PositionForm(forms.Form):
    """How things stand with personal data at one's own organisation."""

    state = forms.ChoiceField(
        choices=[(value, words) for value, words, _hint in STATES],
        error_messages={"required": _("Choose how things stand.")},
    )
    categories = forms.MultipleChoiceField(choices=list(CATEGORIES.items()), required=False)
    people = forms.ChoiceField(choices=RANGES, required=False)
    records = forms.ChoiceField(choices=RANGES, required=False)
    touched = forms.MultipleChoiceField(choices=TOUCHES, required=False)
    words = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)
    shared = _shares()
    was_shared = forms.CharField(required=False, widget=forms.HiddenInput)  # when the page was opened

    @classmethod
    def of(cls, position: DataPosition | None) -> PositionForm:
        """Unbound, with what was said last."""
        named = ("state", "categories", "people", "records", "touched", "words", "shared")
        found = {name: getattr(position, name) for name in named} if position else {"shared": ""}
        return cls(initial={**found, "was_shared": found["shared"]})

    def clean(self) -> dict[str, Any]:
        """A choice that nobody touched changes nothing: a colleague may have stopped sharing since it was opened."""
        said = super().clean() or {}
        if said.pop("was_shared", "") == said.get("shared"):
            said["shared"] = None
        return said


class NoticeForm(forms.Form):
    """What is told to another organisation whose data one holds. Of a correction the addressee is given."""

    addressee = forms.ChoiceField(error_messages={"required": _("Choose whom you tell.")})
    about = forms.CharField(max_length=LONGEST_ABOUT, error_messages={"required": _("Say which data."), **LONG})
    known = forms.CharField(
        max_length=LONGEST_KNOWN, error_messages={"required": _("Say what is known of it."), **LONG}
    )
    known_since = LocalMoment()
    reference = forms.CharField(required=False, max_length=LONGEST_REFERENCE, error_messages=LONG)

    def __init__(self, data: Any = None, *, whom: Sequence[tuple[str, str]], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["addressee"].choices = [("", _("Choose")), *whom]  # type: ignore[attr-defined]


class ReportForm(forms.Form):
    """That a body outside was told."""

    body = forms.ChoiceField(
        choices=[("", _("Choose")), *((key, each.name) for key, each in BODIES.items()), (OTHER, _("Another body"))],
        error_messages={"required": _("Choose who was told.")},
    )
    body_name = forms.CharField(required=False, max_length=LONGEST_NAME, error_messages=LONG)
    route = forms.CharField(required=False, max_length=LONGEST_NAME, error_messages=LONG)
    reference = forms.CharField(required=False, max_length=LONGEST_REFERENCE, error_messages=LONG)
    told_at = LocalMoment()
    told_by = forms.CharField(max_length=LONGEST_NAME, error_messages={"required": _("Say who told them."), **LONG})
    words = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)
    follows = forms.UUIDField(required=False, widget=forms.HiddenInput)
    shared = _shares()
