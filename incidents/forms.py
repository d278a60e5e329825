"""Forms of the incident pages: shapes only; what is known and allowed is judged by `opening` and `transitions`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.left_untold import LeftUntold
from incidents.models import Incident
from incidents.opening import Confirmed, Opening
from incidents.playbook_choices import ChoosesPlaybook
from incidents.preview_untold import problem_of
from partners.models import Organisation, Person, SharedSystem
from portal.tenancy.door import Visitor

SEVERITIES = [
    ("", _("Not estimated yet")),
    ("1", _("1, national emergency")),
    ("2", _("2, highly significant")),
    ("3", _("3, significant")),
    ("4", _("4, substantial")),
    ("5", _("5, moderate")),
    ("6", _("6, localised")),
]


class OpenForm(ChoosesPlaybook):
    """The three steps of opening, in one form. Choices are what this organisation may name."""

    systems = forms.MultipleChoiceField(required=False)
    accounts = forms.CharField(required=False, max_length=4000)
    confirmed = forms.MultipleChoiceField(required=False)
    reported_by = forms.CharField(required=False, max_length=200)
    title = forms.CharField(max_length=200, error_messages={"required": _("Say in a few words what happened.")})
    summary = forms.CharField(required=False, max_length=4000)
    severity = forms.ChoiceField(required=False, choices=SEVERITIES)
    exercise = forms.BooleanField(required=False)
    # What it was opened because of, in a room above: `name:id` (`incidents.from_above`).
    because_of = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    tell_people = forms.MultipleChoiceField(required=False)  # of one's own, when it is only suspected
    untold = forms.MultipleChoiceField(required=False)  # with a reason each: `untold-because-SLUG`

    def __init__(self, *args: Any, visitor: Visitor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visitor = visitor
        self.known_systems = list(SharedSystem.objects.only("slug", "name", "description"))
        field = self.fields["systems"]
        field.choices = [(system.slug, system.name) for system in self.known_systems]  # type: ignore[attr-defined]
        organisations = Organisation.objects.values_list("slug", "name")
        self.fields["confirmed"].choices = list(organisations)  # type: ignore[attr-defined]
        self.fields["untold"].choices = list(organisations)  # type: ignore[attr-defined]
        self.offer_playbooks()
        everybody = Person.objects.filter(is_active=True, break_glass=False)
        people = [person for person in everybody if person.pk != visitor.person_id]
        named = [(str(person.pk), f"{person.name}, {person.duty or person.role}") for person in people]
        self.fields["tell_people"].choices = named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        accounts = [line.strip() for line in cleaned.get("accounts", "").splitlines() if line.strip()]
        cleaned["accounts"] = accounts
        if not (cleaned.get("systems") or accounts or cleaned.get("confirmed")):
            self.add_error("systems", _("Name at least one system, account or organisation."))
        own = self.visitor.organisation_slug in (cleaned.get("confirmed") or [])
        if own and not cleaned.get("reported_by", "").strip():
            self.add_error("reported_by", _("Who saw it? Give a name and a role."))
        ticked = set(cleaned.get("untold", ()))
        for slug, name in self.fields["untold"].choices:  # type: ignore[attr-defined]
            if problem := problem_of(slug in ticked, self.why_untold(slug), name):
                self.add_error("untold", problem)
        return cleaned

    def why_untold(self, slug: str) -> str:
        return str(self.data.get(f"untold-because-{slug}", "")).strip()

    def opening(self, *, suspected: bool = False) -> Opening:
        """What was filled in, as `open_incident` wants it."""
        said = self.cleaned_data
        return Opening(
            title=said.get("title") or str(_("Untitled")),
            systems=tuple(said["systems"]),
            accounts=tuple(said["accounts"]),
            confirmed=tuple(Confirmed(slug, said.get("reported_by", "")) for slug in said["confirmed"]),
            summary=said.get("summary", ""),
            severity=int(said["severity"]) if said.get("severity") else None,
            exercise=said["exercise"],
            suspected=suspected,
            tell_people=tuple(UUID(person) for person in said["tell_people"]) if suspected else (),
            playbook=said.get("playbook", ""),
            untold=tuple(LeftUntold(slug, self.why_untold(slug)) for slug in said.get("untold", ())),
        )


class CloseForm(forms.Form):
    """How an incident ended, and what everybody is told."""

    outcome = forms.ChoiceField(choices=Incident.Outcome.choices, error_messages={"required": _("Say how it ended.")})
    words = forms.CharField(required=False, max_length=2000)


class UpdateForm(forms.Form):
    """An update to all participants."""

    text = forms.CharField(max_length=4000, error_messages={"required": _("Write what everybody should know.")})
    next_in = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", _("Not decided")),
            ("15", _("In 15 minutes")),
            ("30", _("In 30 minutes")),
            ("60", _("In one hour")),
            ("120", _("In two hours")),
            ("240", _("In four hours")),
        ],
    )


class HeadsUpForm(forms.Form):
    """A word to members outside."""

    words = forms.CharField(max_length=600, error_messages={"required": _("Write what they should know.")})


class AskForm(forms.Form):
    """A question to one participant."""

    question = forms.CharField(max_length=300, error_messages={"required": _("Write what you want to know.")})


class AnswerUpdateForm(forms.Form):
    """The answer of whoever was asked."""

    answer = forms.CharField(max_length=2000, error_messages={"required": _("Write how things stand.")})


class DecideForm(forms.Form):
    """How the plan goes on. `choices`: values with their words; "" is one of them where no case fits."""

    chosen = forms.ChoiceField(required=False)
    why = forms.CharField(max_length=600, error_messages={"required": _("Say why: it goes into the record.")})

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = choices  # type: ignore[attr-defined]

    def clean_chosen(self) -> str:
        chosen = str(self.cleaned_data.get("chosen", ""))
        if "chosen" not in self.data or chosen not in dict(self.fields["chosen"].choices):  # type: ignore[attr-defined]
            raise forms.ValidationError(_("Choose one."))
        return chosen


class LetInForm(forms.Form):
    """An organisation that no path reaches, and who may agree to it."""

    organisation = forms.ChoiceField(error_messages={"required": _("Choose an organisation.")})
    because = forms.CharField(max_length=1000, error_messages={"required": _("Say why: the organisation reads it.")})
    asked = forms.ChoiceField(
        choices=[
            ("both", _("The organisation itself, and deputy lead or provider: whoever answers first")),
            ("quietly", _("Deputy lead or provider alone: the organisation hears nothing before")),
        ],
        initial="both",
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = choices  # type: ignore[attr-defined]


class WidenForm(forms.Form):
    """A further attacked system."""

    systems = forms.MultipleChoiceField(error_messages={"required": _("Choose at least one system.")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = list(SharedSystem.objects.values_list("slug", "name"))
        self.fields["systems"].choices = choices  # type: ignore[attr-defined]
