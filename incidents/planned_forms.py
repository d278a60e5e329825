"""Forms of planned work. Times are typed and shown as local time; what is allowed is judged by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.planned import Announcement, may_be_worked_on
from portal.pages import LOCAL

FORM = "%Y-%m-%dT%H:%M"
LONGEST = 4000
WHEN = {"required": _("Give a day and a time."), "invalid": _("Give a day and a time, such as 2026-12-01T20:00.")}


class LocalMoment(forms.DateTimeField):
    """A local wall-clock time as the browser's own field sends it; becomes an instant."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=[FORM, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], error_messages=WHEN, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        return found.replace(tzinfo=LOCAL) if found is not None else None

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(LOCAL).strftime(FORM) if isinstance(value, datetime) else value


class PlannedForm(forms.Form):
    """Announce work: on what, when, what stops, what to do meanwhile, whom to ask."""

    systems = forms.MultipleChoiceField(
        error_messages={
            "required": _("Choose at least one system."),
            "invalid_choice": _("Only whoever hosts or administers a system announces work on it."),
        }
    )
    title = forms.CharField(max_length=200, error_messages={"required": _("Say in a few words what is done.")})
    starts_at = LocalMoment()
    ends_at = LocalMoment()
    stops = forms.CharField(max_length=LONGEST, error_messages={"required": _("Say what will not work.")})
    fallback = forms.CharField(required=False, max_length=LONGEST)
    ask = forms.CharField(max_length=200, error_messages={"required": _("Give a name and a number to ask.")})
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, me: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_systems = list(may_be_worked_on(me).only("slug", "name", "description"))
        choices = [(system.slug, system.name) for system in self.known_systems]
        self.fields["systems"].choices = choices  # type: ignore[attr-defined]
        self.fields["once"].initial = uuid4

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("The end comes after the start."))
        return cleaned

    def announcement(self) -> Announcement:
        said = self.cleaned_data
        return Announcement(
            title=said["title"],
            systems=tuple(said["systems"]),
            starts_at=said["starts_at"],
            ends_at=said["ends_at"],
            stops=said["stops"],
            fallback=said["fallback"],
            ask=said["ask"],
            once=said["once"],
        )


class MoveForm(forms.Form):
    """How the work goes on. Which fields are needed follows from the act."""

    NEEDS: ClassVar[dict[str, frozenset[str]]] = {
        "started": frozenset(),
        "moved": frozenset({"words", "starts_at", "ends_at"}),
        "extended": frozenset({"words", "ends_at"}),
        "finished": frozenset(),
        "cancelled": frozenset({"words"}),
    }

    act = forms.ChoiceField(choices=[(each, each) for each in NEEDS])
    words = forms.CharField(
        max_length=LONGEST, error_messages={"required": _("Say why: everybody whom it reaches reads it.")}
    )
    starts_at = LocalMoment()
    ends_at = LocalMoment()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needs = self.NEEDS.get(self.data.get("act", ""))
        for name in ("words", "starts_at", "ends_at"):
            self.fields[name].required = needs is None or name in needs


class AnswerForm(forms.Form):
    """Known, or objected to with a reason."""

    say = forms.ChoiceField(choices=[("known", "known"), ("objects", "objects")])
    # The window of the times on the page.
    seen = forms.IntegerField(min_value=0, max_value=32767, required=False, widget=forms.HiddenInput)
    why = forms.CharField(
        max_length=LONGEST, error_messages={"required": _("Say why you object: whoever announced it reads it.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].required = self.data.get("say") != "known"

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("seen") is None:
            raise forms.ValidationError(_("Look at the times again, then answer."))
        return said
