"""Forms of the decision log and the card. What is allowed is judged by `writing`, `known` and the database."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.decisions.known import LISTS, LONGEST_LINE, MOST_LINES, Known
from incidents.decisions.writing import LONGEST, LONGEST_CHANGE, LONGEST_NAME, Taken
from incidents.models import KnownCard, LogEntry
from incidents.planned_forms import LocalMoment

LONG = {"max_length": _("At most %(limit_value)s characters.")}
SHARES = [
    (LogEntry.Shared.NOBODY, _("Only your own organisation")),
    (LogEntry.Shared.LEAD, _("Lead, deputy lead and provider too")),
    (LogEntry.Shared.ALL, _("Everybody who takes part")),
]
OWN, INCIDENT = "own", "incident"
WHOSE = [
    (INCIDENT, _("For the incident, as its lead"), _("Deputy lead and provider read it at once")),
    (OWN, _("For our own organisation"), _("Nobody else reads it before you share it")),
]
COPIED = (
    "known", "options", "decision", "why", "dissent", "decided_by", "decided_role", "decided_at", "review_at",
)  # fmt: skip


def _words(missing: Any, most: int = LONGEST) -> forms.CharField:
    return forms.CharField(max_length=most, error_messages={"required": missing, **LONG})


class DecisionForm(forms.Form):
    """A decision, or with `revises` a revision of one, which says what is different."""

    whose = forms.ChoiceField(
        choices=[(value, words) for value, words, _hint in WHOSE],
        error_messages={"required": _("Choose for whom it was decided.")},
    )
    decision = _words(_("Say what was decided."))
    known = _words(_("Say what was known then, also where it was little."))
    options = _words(_("Say what could have been done, also nothing."))
    why = _words(_("Say why."))
    dissent = forms.CharField(required=False, max_length=LONGEST, error_messages=LONG)
    decided_by = _words(_("Say who decided."), LONGEST_NAME)
    decided_role = _words(_("Say in which role."), LONGEST_NAME)
    decided_at = LocalMoment()
    review_at = LocalMoment(required=False)
    change = _words(_("Say what is different, and why."), LONGEST_CHANGE)
    shared = forms.ChoiceField(choices=SHARES, required=False)

    def __init__(
        self, data: Any = None, *, leads: bool, judges: bool, revises: LogEntry | None = None, name: str = "", now: Any
    ) -> None:
        initial = {each: getattr(revises, each) for each in COPIED} if revises else {"decided_at": now}
        super().__init__(data, initial={"decided_by": name, "shared": "", "whose": OWN, **initial})
        self.revises = revises
        if revises is not None:
            del self.fields["shared"], self.fields["whose"]
        else:
            del self.fields["change"]
            if not judges:  # to share it is for a role that may judge
                del self.fields["shared"]
            if not leads:
                del self.fields["whose"]

    def taken(self) -> Taken:
        """What was said, once the form is valid."""
        said = dict(self.cleaned_data)
        whose = said.pop("whose", OWN)
        as_lead = self.revises.as_lead if self.revises else whose == INCIDENT
        shared = said.pop("shared", None) if self.revises is None else None
        if as_lead and not shared:  # the lead's is never for itself alone
            shared = None
        return Taken(**said, as_lead=as_lead, shared=shared, revises=self.revises.pk if self.revises else None)


class Lines(forms.CharField):
    """One thing a line; empty lines are left out."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=MOST_LINES * (LONGEST_LINE + 2), error_messages=LONG)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class KnownForm(forms.Form):
    known = Lines()
    believed = Lines()
    not_known = Lines()

    @classmethod
    def of(cls, card: KnownCard | None) -> KnownForm:
        """Unbound, with the lines of the newest card."""
        return cls(initial={name: getattr(card, name) for name in LISTS} if card else {})

    def said(self) -> Known:
        return Known(**self.cleaned_data)
