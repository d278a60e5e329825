"""Forms of the pages on which an organisation looks after its own people, keys and sign-in: shapes only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.administering import ROLES, Who
from partners.keys import SCOPES
from partners.models import CallBack, Organisation, Person, SignInPolicy

Role = Person.Role
NAME = {"required": _("Write a name.")}
WHAT_SCOPES_ALLOW = {
    "suspect": _("Report a suspicion"),
    "open": _("Open and lead incidents"),
    "answer": _("Answer your own tasks"),
    "orders": _("Take and answer work orders with your own tool"),
    "read": _("Read incidents and the partnership"),
    "playbooks": _("Bring playbooks in"),
    "access-events": _("Send records of sign-ins"),
    "estate": _("Read and write the register of systems"),
    "contacts": _("Read your contacts"),
    "audit": _("Read your record of events"),
}
DAYS = [("30", _("30 days")), ("90", _("90 days")), ("180", _("180 days")), ("365", _("A year"))]


def role_choices(*, service: bool) -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in ROLES if service or role != Role.SERVICE_ACCOUNT]


class PersonForm(forms.Form):
    """A person as an administrator describes them. `email` is asked for once, when they are added."""

    name = forms.CharField(max_length=200, error_messages=NAME)
    email = forms.EmailField(max_length=254, required=False)
    role = forms.ChoiceField(error_messages={"required": _("Choose a role.")})
    duty = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, person: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["role"].choices = role_choices(service=person is None)  # type: ignore[attr-defined]
        if person is not None:
            del self.fields["email"]
            if person.break_glass or person.role in {Role.SERVICE_ACCOUNT, Role.GUEST}:
                del self.fields["role"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        adds = self.person is None and cleaned.get("role") != Role.SERVICE_ACCOUNT
        if adds and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("Write an e-mail address. It is a name to sign in with; nothing is sent to it."))
        return cleaned

    def who(self) -> Who:
        said = self.cleaned_data
        role = said.get("role") or (self.person.role if self.person else "")
        return Who(name=said["name"], role=role, duty=said["duty"], email=said.get("email", ""))


class ResetForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        error_messages={"required": _("Say how you made sure who they are, as at the first enrolment.")},
    )


class BreakGlassForm(forms.Form):
    name = forms.CharField(max_length=200, error_messages={"required": _("Give the account a name, not a person's.")})


class PolicyForm(forms.ModelForm):
    """The limits of an organisation's sessions; what is allowed stands on the model and in the database."""

    class Meta:
        model = SignInPolicy
        fields = ["idle_minutes", "absolute_hours", "allow_password"]


class KeyForm(forms.Form):
    """What a new key is for. `service_account` is one of the own organisation's."""

    label = forms.CharField(max_length=100, error_messages={"required": _("Say what the key is for.")})
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {WHAT_SCOPES_ALLOW[scope]}") for scope in sorted(SCOPES)],
        error_messages={"required": _("Choose at least one scope.")},
    )
    days = forms.ChoiceField(choices=DAYS, initial="90")
    service_account = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, accounts: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accounts = {str(each.pk): each for each in accounts}
        choices = [("", _("None")), *((pk, each.name) for pk, each in self.accounts.items())]
        self.fields["service_account"].choices = choices  # type: ignore[attr-defined]

    def lifetime(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["days"]))

    def account(self) -> Person | None:
        return self.accounts.get(self.cleaned_data["service_account"])


class CallForm(forms.Form):
    """What came of ringing an organisation's registered number."""

    outcome = forms.ChoiceField(
        choices=CallBack.Outcome.choices, error_messages={"required": _("Say what came of the call.")}
    )
    spoke_with = forms.CharField(max_length=200, error_messages={"required": _("Write whom you spoke with.")})
    note = forms.CharField(max_length=1000, required=False)


class EmergencyForm(forms.Form):
    """Whom to let in, and which other organisation is asked to approve."""

    name = forms.CharField(max_length=200, error_messages={"required": _("Write the name as it was spoken.")})
    reason = forms.CharField(max_length=1000, error_messages={"required": _("Say why every other way in is lost.")})
    second = forms.ChoiceField(error_messages={"required": _("Choose who approves.")})

    def __init__(self, *args: Any, others: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = {each.slug: each for each in others}
        self.fields["second"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")), *((each.slug, each.name) for each in others),
        ]  # fmt: skip

    def second_organisation(self) -> Organisation:
        return self.others[self.cleaned_data["second"]]
