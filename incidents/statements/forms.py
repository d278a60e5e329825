"""Forms of the statements register. What is allowed is judged by `saying` and the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.statements.saying import LONGEST, LONGEST_REASON, LONGEST_TITLE, USUAL_HOURS, Audience, Draft

LONG = {"max_length": _("At most %(limit_value)s characters.")}
AUDIENCES = [
    (Audience.LINES, _("Lines to take"), _("What everybody says when they are asked")),
    (Audience.PRESS, _("Press"), ""),
    (Audience.STAFF, _("Staff"), ""),
    (Audience.RESIDENTS, _("Residents"), ""),
    (Audience.MEMBERS, _("Elected members"), ""),
]
AUDIENCE_WORDS: dict[str, Any] = {value: words for value, words, _hint in AUDIENCES}
HOURS = [(1, _("Within one hour")), (4, _("Within 4 hours")), (24, _("Within a day")), (72, _("Within three days"))]


class TextForm(forms.Form):
    """The text, who must agree, and by when: also of another version."""

    text = forms.CharField(max_length=LONGEST, error_messages={"required": _("Write the words."), **LONG})
    must_agree = forms.MultipleChoiceField(required=False)
    hours = forms.TypedChoiceField(choices=HOURS, coerce=int, initial=USUAL_HOURS)

    def __init__(self, data: Any = None, *, whom: Sequence[tuple[str, str]], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["must_agree"].choices = list(whom)  # type: ignore[attr-defined]


class StatementForm(TextForm):
    title = forms.CharField(max_length=LONGEST_TITLE, error_messages={"required": _("Give it a name."), **LONG})
    audience = forms.ChoiceField(
        choices=[(value, words) for value, words, _hint in AUDIENCES],
        error_messages={"required": _("Choose for whom it is.")},
    )
    field_order = ("title", "audience", "text", "must_agree", "hours")

    def draft(self) -> Draft:
        return Draft(**self.cleaned_data)


class ActForm(forms.Form):
    """One press on the page of a statement: which, about which version, and what it needs."""

    ACTS = ("ask", "agree", "object", "issue", "withdraw")

    act = forms.ChoiceField(choices=[(each, each) for each in ACTS])
    version = forms.IntegerField(min_value=1, max_value=32767)
    reason = forms.CharField(required=False, max_length=LONGEST_REASON, error_messages=LONG)
    decision = forms.UUIDField(required=False)
