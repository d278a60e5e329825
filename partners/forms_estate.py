"""Forms of the register: what a system is, an organisation on it, a link. Shapes only; the database says who may."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.critical_dates import FORMATS
from partners.models import DataCategory, Dependency, Organisation, Participation, SharedSystem
from portal import clock

LONG, SHORT = 2000, 200
MOST_HOURS, MOST_PEOPLE = 24 * 366, 100_000_000
DATE = {"invalid": lazy("Write a day such as 3/5/2026 or 2026-05-03.")}
STATES = [(SharedSystem.Status.LIVE, lazy("In use")), *SharedSystem.Status.choices[1:]]  # live is the stream elsewhere
NUMBER = {
    "invalid": lazy("Write a whole number."),
    "min_value": lazy("Write a number that is not below zero."),
    "max_value": lazy("This number is too large."),
}


def words(*, most: int = SHORT, required: str | Promise = "") -> forms.CharField:
    """A line or a text; `required` is what is said when it is left empty."""
    return forms.CharField(
        max_length=most,
        required=bool(required),
        error_messages={
            "required": str(required),
            "max_length": lazy("Write at most %(limit_value)d characters; this is %(show_value)d."),
        },
    )


def whole(*, most: int = MOST_PEOPLE) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=most, error_messages=NUMBER)


def day() -> forms.DateField:
    return forms.DateField(required=False, input_formats=FORMATS, error_messages=DATE)


def choice(choices: Iterable[tuple[Any, Any]], *, required: str | Promise = "") -> forms.ChoiceField:
    messages: dict[str, Any] = {"required": required, "invalid_choice": lazy("Choose one of the list.")}
    return forms.ChoiceField(choices=list(choices), required=bool(required), error_messages=messages)


def data_categories() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=DataCategory.choices, required=False, error_messages={"invalid_choice": lazy("Choose from the list.")}
    )


class SeenForm(forms.Form):
    """A form about something that somebody else may change meanwhile; `seen` is its state when it was shown."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def is_stale(self, state: str) -> bool:
        return str(self.data.get("seen", "")) != state

    def keep_over(self, state: str, now: Mapping[str, Any]) -> None:
        """Somebody was quicker. What was typed stays; `now` is what stands there, and pressing again replaces it."""
        typed = self.data.copy()  # type: ignore[attr-defined]
        typed["seen"] = state
        self.data = typed
        self.add_error(None, _("Somebody changed this meanwhile. Nothing of yours is lost: look, and press again."))
        for name, value in now.items():
            field = self.fields.get(name)
            if field is None or name not in self.cleaned_data or self.cleaned_data[name] == value:
                continue
            self.add_error(name, _("Now there: %(value)s") % {"value": _shown(field, value)})


def _shown(field: forms.Field, value: Any) -> str:
    if value in (None, "", []):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    names = {str(code): str(name) for code, name in getattr(field, "choices", [])}
    listed = value if isinstance(value, list | tuple) else [value]
    return ", ".join(names.get(str(each), str(each)) for each in listed)


def in_their_order(chosen: list[str], before: list[str]) -> list[str]:
    """The same kinds as before are no change, in whatever order boxes are sent."""
    return before if set(chosen) == set(before) else chosen


class SystemForm(SeenForm):
    """A system as whoever runs it describes it. `provider` and `owner` are ids; '' is somebody outside, or unknown."""

    name = words(required=lazy("Give the system a name."))
    spoken = words()
    description = words(most=LONG)
    provider = choice([])
    owner = choice([])
    hosting = words()
    administered_by = words()
    status = choice(STATES, required=lazy("Say whether it is in use."))
    safety_critical = forms.BooleanField(required=False)
    people_dependent = whole()
    cut_stops = words(most=LONG)
    data_categories = data_categories()
    recovery_time_hours = whole(most=MOST_HOURS)
    recovery_point_hours = whole(most=MOST_HOURS)
    account_realms = words(most=LONG)
    checked = forms.BooleanField(required=False)

    def __init__(self, *args: Any, organisations: list[Organisation], me: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.me = str(me)
        names = [(str(each.pk), each.name) for each in organisations]
        self.fields["provider"].choices = [("", _("Somebody outside the partnership")), *names]  # type: ignore[attr-defined]
        self.fields["owner"].choices = [("", _("Unknown")), *names]  # type: ignore[attr-defined]

    def clean_account_realms(self) -> list[str]:
        realms = re.split(r"[\s,;]+", self.cleaned_data["account_realms"].strip().lower())
        return [each.removeprefix("@") for each in dict.fromkeys(realms) if each]

    def clean_data_categories(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["data_categories"]
        if DataCategory.NONE in chosen and len(chosen) > 1:
            raise forms.ValidationError(_("Either there are no data about people, or name them."))
        return chosen

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        runs = {cleaned.get("provider"), cleaned.get("owner")}
        if self.initial.get("adding") and not self.errors and self.me not in runs:
            self.add_error("owner", _("Add systems that you own or provide; others are added by whoever runs them."))
        return cleaned

    def columns(self) -> dict[str, Any]:
        """What the row holds, by column."""
        said = {name: value for name, value in self.cleaned_data.items() if name not in {"seen", "checked"}}
        said["data_categories"] = in_their_order(said["data_categories"], self.initial.get("data_categories") or [])
        said |= {"provider_id": said.pop("provider") or None, "owner_id": said.pop("owner") or None}
        return said


class StandingForm(SeenForm):
    """What an organisation says of its own standing on a system; services stand in rows beside it."""

    ANSWERS = [
        ("live", lazy("Yes, we stand on it")),
        ("left_connected", lazy("We have left, and are still connected")),
        ("denied", lazy("No: we do not use it and are not connected")),
    ]
    answer = choice(ANSWERS, required=lazy("Say whether you stand on it."))
    left_on = day()
    decision_owner = choice([])
    decision_deputy = choice([])
    isolation_orderer = choice([])
    data_categories = data_categories()

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("decision_owner", "decision_deputy", "isolation_orderer"):
            self.fields[name].choices = [("", _("Unknown")), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("left_on") and cleaned.get("answer") == "live":
            self.add_error("left_on", _("Only who has left has such a day."))
        if cleaned.get("left_on") and cleaned["left_on"] > clock.now().date():
            self.add_error("left_on", _("This day is still to come."))
        owner = cleaned.get("decision_owner")
        if owner and owner == cleaned.get("decision_deputy"):
            self.add_error("decision_deputy", _("The deputy is somebody else."))
        return cleaned

    def columns(self) -> dict[str, Any]:
        said = self.cleaned_data
        denied = said["answer"] == "denied"
        return {
            "status": Participation.Status.LIVE if denied else said["answer"],
            "left_on": said["left_on"],
            "data_categories": in_their_order(said["data_categories"], self.initial.get("data_categories") or []),
            **{f"{name}_id": said[name] or None for name in ("decision_owner", "decision_deputy", "isolation_orderer")},
        }


class AddedForm(forms.Form):
    """An organisation that stands on the system, too."""

    organisation = choice([], required=lazy("Choose an organisation."))

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(each.slug, each.name) for each in organisations]
        self.fields["organisation"].choices = [("", _("Choose")), *names]  # type: ignore[attr-defined]


class LinkForm(SeenForm):
    """A link between the system and another one, and the barrier on it. `other` is asked for once, when it is added."""

    direction = choice(
        [("in", lazy("From the other one into this one")), ("out", lazy("From this one into the other one"))],
        required=lazy("Say in which direction an intruder would go."),
    )
    other = choice([], required=lazy("Choose the other system."))
    kind = choice(Dependency.Kind.choices, required=lazy("Choose what kind of link it is."))
    label = words()
    group = words()
    phrase = words()
    stops = words()
    carries = forms.BooleanField(required=False)
    note = words(most=LONG)
    barrier = choice(Dependency.Barrier.choices, required=lazy("Say whether something stands in the way."))
    tested_by = words()
    test_method = words(most=LONG)
    tested_on = day()
    valid_until = day()
    checked = forms.BooleanField(required=False)

    def __init__(self, *args: Any, others: list[tuple[str, str]] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if others is None:
            del self.fields["direction"], self.fields["other"]
        else:
            self.fields["other"].choices = [("", _("Choose")), *others]  # type: ignore[attr-defined]

    def clean_phrase(self) -> str:
        phrase: str = self.cleaned_data["phrase"]
        if phrase and "{source}" not in phrase:
            raise forms.ValidationError(_("Write {source} where the name of the first system belongs."))
        return phrase

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("barrier") != Dependency.Barrier.TESTED:
            return cleaned
        asked = {
            "tested_by": _("Say who tested it."),
            "test_method": _("Say how it was tested."),
            "tested_on": _("Say on which day."),
            "valid_until": _("Say until when the test counts, at most three years."),
        }
        for name, missing in asked.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, missing)
        if self.errors:
            return cleaned
        tested, until = cleaned["tested_on"], cleaned["valid_until"]
        today = clock.now().date()
        if tested > today:
            self.add_error("tested_on", _("This day is still to come."))
        elif until < today:
            self.add_error("valid_until", _("This day is past: such a test stops nothing."))
        elif (until.year - 3, until.month, until.day) > (tested.year, tested.month, tested.day):
            self.add_error("valid_until", _("A test counts for at most three years."))
        return cleaned

    def columns(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name] for name in ("kind", "label", "group", "phrase", "stops", "carries", "note")
        }
