"""What people type about their own ways to sign in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from partners.models import Authenticator, Person, SharedSystem
from partners.passkeys import COPIED

NOTHING, COPYING, SYSTEM, UNKNOWN = "nothing", "copying", "system", "unknown"


class WayForm(forms.Form):
    """How a passkey or app is called, and what it rides on; `systems` are those that the organisation can see."""

    label = forms.CharField(max_length=80, error_messages={"required": _("Give it a name, so that you know it again.")})
    needs = forms.ChoiceField(
        choices=[
            (NOTHING, _("Nothing that we share")),
            (COPYING, _("An account that copies passkeys, such as iCloud, Google or Microsoft")),
            (UNKNOWN, _("I do not know")),
            (SYSTEM, _("A shared system")),
        ],
        error_messages={"required": _("Say what it needs to work.")},
    )
    system = forms.ChoiceField(required=False)

    def __init__(self, data: Any = None, *, way: Authenticator, systems: list[SharedSystem]) -> None:
        needs = SYSTEM if way.rides_on_id else COPYING if way.rides_on_words else NOTHING if way.described_at else ""
        initial = {"label": way.label, "needs": needs, "system": str(way.rides_on_id or "")}
        super().__init__(data, initial=initial)
        self.fields["system"].choices = [("", _("Choose")), *((str(each.pk), each.name) for each in systems)]  # type: ignore[attr-defined]
        if not systems:
            self.fields["needs"].choices = self.fields["needs"].choices[:3]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("needs") == SYSTEM and not found.get("system"):
            self.add_error("system", _("Choose the system that it cannot work without."))
        return found

    @property
    def rides_on_id(self) -> UUID | None:
        return UUID(self.cleaned_data["system"]) if self.cleaned_data["needs"] == SYSTEM else None

    @property
    def is_known(self) -> bool:
        return self.cleaned_data["needs"] != UNKNOWN

    @property
    def words(self) -> str:
        return COPIED if self.cleaned_data["needs"] == COPYING else ""


class PasswordForm(forms.Form):
    """A new password."""

    password = forms.CharField(
        max_length=1000, strip=False, error_messages={"required": _("Type a password of 12 characters or more.")}
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        typed: str = self.cleaned_data["password"]
        validate_password(typed, user=self.person)
        return typed


class CodeForm(forms.Form):
    """A code of six digits."""

    code = forms.CharField(max_length=20, error_messages={"required": _("Type the six digits that the app shows.")})


class AppForm(PasswordForm, CodeForm):
    """An app and a password at once, for whoever has no device for a passkey."""

    field_order = ["password", "code"]
