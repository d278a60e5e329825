"""Forms of contacts and of duty: shapes only. Who may write is asked by the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.validators import validate_email
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from partners import sealed_ways
from partners.contacts import Said
from partners.duty import LOCAL
from partners.models import ContactPoint, Contractor, Person, ToldAlongside
from partners.phone_numbers import NotANumber, normalised

Kind = ContactPoint.Kind
WEEKDAYS = [
    (0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday")), (5, _("Saturday")),
    (6, _("Sunday")),
]  # fmt: skip
SEVERITIES = [("", _("Always")), *((str(n), _("Category %(n)s or worse") % {"n": n}) for n in range(1, 7))]
FOUR_DIGITS = 4
LONGEST = 254


class ContactForm(forms.Form):
    """One way to reach a person or the desk. `people` and `systems` are (id, name), as far as the viewer may choose."""

    person = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(choices=Kind.choices, error_messages={"required": _("Choose the way.")})
    label = forms.CharField(
        max_length=200, error_messages={"required": _("Say what it is, such as “Tom’s own telephone”.")}
    )
    address = forms.CharField(max_length=2048, required=False)
    rides_on = forms.ChoiceField(required=False)
    is_private = forms.BooleanField(required=False)
    order = forms.IntegerField(min_value=1, max_value=99, initial=1)

    def __init__(
        self,
        *args: Any,
        people: list[tuple[str, str]],
        systems: list[tuple[str, str]],
        point: ContactPoint | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.point = point
        self.sealable: sealed_ways.Sealable | None = None  # of a channel, the address that was typed
        self.fields["kind"].choices = _kinds(point)  # type: ignore[attr-defined]
        self.fields["person"].choices = people  # type: ignore[attr-defined]
        self.fields["rides_on"].choices = [("", _("Nothing shared")), *systems]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        kind, address = said.get("kind"), said.get("address", "")
        if kind in sealed_ways.SEALED:
            self._seal(str(kind), address, private=bool(said.get("is_private")))
            return said
        if len(address) > LONGEST:
            self.add_error("address", now("This is too long for an address or a number."))
            return said
        keeps = bool(self.point and self.point.is_private and said.get("is_private") and self.point.kind == kind)
        if not address and not keeps:
            self.add_error("address", now("Write the address or the number."))
        elif kind == Kind.EMAIL:
            try:
                validate_email(address)
            except forms.ValidationError:
                self.add_error("address", now("Write an e-mail address, such as duty@council.example."))
            if said.get("is_private"):
                self.add_error("is_private", now("An address of e-mail cannot be private: messages are sent to it."))
        elif address:
            try:
                said["address"] = normalised(address)
            except NotANumber as wrong:
                self.add_error("address", str(wrong))
        if said.get("is_private") and sum(sign.isdigit() for sign in said.get("label", "")) > FOUR_DIGITS:
            self.add_error("label", now("Leave the number out of the name: everybody of yours reads the name."))
        return said

    def _seal(self, kind: str, address: str, *, private: bool) -> None:
        if private:
            self.add_error("is_private", now("This is for numbers. The address of a channel is never shown anyway."))
        if address and kind in sealed_ways.CHANNELS:
            try:
                self.sealable = sealed_ways.channel(kind, address.strip())
            except sealed_ways.NotAnAddress as wrong:
                self.add_error("address", str(wrong))
        elif self.point is None:
            self.add_error("address", now("Copy the whole address of the channel’s webhook; it begins with https."))

    def said(self) -> Said:
        said = self.cleaned_data
        return Said(
            person_id=UUID(said["person"]) if said["person"] else None,
            kind=said["kind"],
            label=said["label"],
            address=said["address"],
            rides_on_id=UUID(said["rides_on"]) if said["rides_on"] else None,
            is_private=said["is_private"],
            order=said["order"],
        )


class JudgeForm(forms.Form):
    """How far a person trusts one contact of their own organisation, and why."""

    trust = forms.ChoiceField(
        choices=ContactPoint.Trust.choices, error_messages={"required": _("Say how far it is to be trusted.")}
    )
    because = forms.CharField(max_length=500, error_messages={"required": _("Say why, in a few words.")})


def _kinds(point: ContactPoint | None) -> list[tuple[str, Any]]:
    """What may be chosen: a channel stays one, and a browser is added where it stands."""
    if point is not None and point.kind in sealed_ways.SEALED:
        return [(point.kind, Kind(point.kind).label)]
    channels = [kind for kind in settings.BESIDE_WAYS if kind in sealed_ways.CHANNELS] if point is None else []
    return [(kind.value, kind.label) for kind in (Kind.EMAIL, Kind.PHONE, Kind.SMS, *map(Kind, channels))]


class _WhoseForm(forms.Form):
    """Choices of a person or a contractor, as `person:id` and `contractor:id`."""

    whose = forms.ChoiceField(error_messages={"required": _("Choose who is on duty.")})

    def __init__(self, *args: Any, people: list[Person], contractors: list[Contractor], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["whose"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((f"person:{each.pk}", each.name) for each in people),
            *((f"contractor:{each.pk}", each.name) for each in contractors),
        ]

    def whose_id(self) -> dict[str, UUID]:
        what, _sign, pk = self.cleaned_data["whose"].partition(":")
        return {f"{what}_id": UUID(pk)}


class ShiftForm(_WhoseForm):
    """A line of the weekly pattern, for one weekday or several."""

    weekdays = forms.MultipleChoiceField(
        choices=WEEKDAYS, error_messages={"required": _("Choose at least one weekday.")}
    )
    starts = forms.TimeField(error_messages={"required": _("Write when it begins, such as 08:00.")})
    ends = forms.TimeField(error_messages={"required": _("Write when it ends, such as 17:30.")})
    order = forms.IntegerField(min_value=1, max_value=99, initial=1)


class OverrideForm(_WhoseForm):
    """An exception, in local time."""

    starts = forms.DateTimeField(error_messages={"required": _("Write when it begins, such as 2026-12-24 08:00.")})
    ends = forms.DateTimeField(error_messages={"required": _("Write when it ends, such as 2026-12-27 08:00.")})
    note = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        begins, ends = self._local("starts"), self._local("ends")
        if begins and ends and not begins < ends <= begins + timedelta(days=92):
            self.add_error("ends", now("It ends after it begins, and within three months."))
        said["starts_at"], said["ends_at"] = begins, ends
        return said

    def _local(self, name: str) -> datetime | None:
        typed = self.cleaned_data.get(name)
        return typed.replace(tzinfo=LOCAL) if typed else None


class ContractorForm(forms.Form):
    name = forms.CharField(max_length=200, error_messages={"required": _("Write who answers.")})
    number = forms.CharField(max_length=40, error_messages={"required": _("Write the number to ring.")})
    hours = forms.CharField(max_length=200, required=False)
    script = forms.CharField(
        max_length=2000, error_messages={"required": _("Write what a caller says to them, word for word.")}
    )

    def clean_number(self) -> str:
        try:
            return normalised(self.cleaned_data["number"])
        except NotANumber as wrong:
            raise forms.ValidationError(str(wrong)) from None


class AlongsideForm(forms.Form):
    role = forms.ChoiceField(choices=ToldAlongside.Role.choices)
    person = forms.ChoiceField(error_messages={"required": _("Choose a person.")})
    severity = forms.ChoiceField(choices=SEVERITIES, required=False)

    def __init__(self, *args: Any, people: list[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", _("Choose")), *((str(each.pk), each.name) for each in people)]  # type: ignore[attr-defined]
