"""Forms of the pages of standing access: shapes only; the rules stand in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partners.forms_permissions import A_DAY, LONGEST, words
from partners.models import Organisation, StandingAccess
from partners.permissions import today
from partners.standing_access import Answer, Line, Said


class LineForm(forms.Form):
    """One account or group as the provider describes it. `council` is asked for once, when it is new."""

    council = forms.ChoiceField(error_messages={"required": _("Choose whose systems it is good in.")})
    name = words(_("Write the account or group as the directory knows it."), longest=200)
    kind = forms.ChoiceField(
        choices=StandingAccess.Kind.choices, error_messages={"required": _("Say whether it is a group or an account.")}
    )
    rights = words(_("Say what it may do."), longest=1000)
    privileged = forms.BooleanField(required=False)
    why = words(_("Say what it is needed for."), longest=1000)
    approved_by = words(longest=200)
    approved_on = forms.DateField(required=False, error_messages={"invalid": A_DAY})
    systems = forms.MultipleChoiceField(required=False)
    link_group = forms.ChoiceField(required=False)
    links = forms.MultipleChoiceField(required=False)
    last_used_on = forms.DateField(required=False, error_messages={"invalid": A_DAY})

    def __init__(
        self,
        *args: Any,
        councils: Sequence[Organisation] | None,
        systems: Mapping[UUID, str],
        links: Mapping[UUID, str],
        groups: Iterable[str],
        **kwargs: Any,
    ) -> None:
        """`councils` None: it is a change of a line that exists."""
        super().__init__(*args, **kwargs)
        choices: dict[str, list[tuple[str, Any]]] = {
            "systems": sorted(((str(pk), name) for pk, name in systems.items()), key=lambda each: each[1].casefold()),
            "links": sorted(((str(pk), name) for pk, name in links.items()), key=lambda each: each[1].casefold()),
            "link_group": [("", _("None")), *((each, each) for each in sorted(groups))],
        }
        if councils is None:
            del self.fields["council"]
        else:
            choices["council"] = [("", _("Choose")), *((str(each.pk), each.name) for each in councils)]
        for name, each in choices.items():
            self.fields[name].choices = each  # type: ignore[attr-defined]

    def _not_in_future(self, name: str) -> Any:
        day = self.cleaned_data[name]
        if day and day > today():
            raise forms.ValidationError(_("That day has not been yet."))
        return day

    def clean_last_used_on(self) -> Any:
        return self._not_in_future("last_used_on")

    def clean_approved_on(self) -> Any:
        return self._not_in_future("approved_on")

    def line(self) -> Line:
        said = self.cleaned_data
        return Line(
            **{name: said[name] for name in Line.__slots__ if name not in {"systems", "links"}},
            systems=tuple(UUID(each) for each in said["systems"]),
            links=tuple(UUID(each) for each in said["links"]),
        )


def initial_of(line: StandingAccess) -> dict[str, Any]:
    """What a line says, as the form's first values."""
    plainly = [name for name in Line.__slots__ if name not in {"systems", "links"}]
    return {
        **{name: getattr(line, name) for name in plainly},
        "systems": [str(each) for each in line.system_ids],
        "links": [str(each) for each in line.links],
    }


def answers_in(posted: QueryDict, lines: Iterable[StandingAccess]) -> tuple[list[Said], list[str]]:
    """What was said of which line, and what is wrong with it. Fields are `answer-<id>`, `read-<id>`, `note-<id>`."""
    found, wrong = [], []
    for line in lines:
        answer = posted.get(f"answer-{line.pk}", "")
        note = posted.get(f"note-{line.pk}", "").strip()
        read = posted.get(f"read-{line.pk}", "")
        if not answer:
            if note:
                wrong.append(str(_("%(name)s: choose an answer beside your note.") % {"name": line.name}))
            continue
        if answer not in Answer.values or not read.isdecimal() or len(read) > 9:
            wrong.append(str(_("%(name)s: choose one of the three answers.") % {"name": line.name}))
        elif len(note) > LONGEST or "\0" in note:
            wrong.append(str(_("%(name)s: the note is too long, or holds an odd sign.") % {"name": line.name}))
        else:
            found.append(Said(line.pk, int(read), answer, note))
    return found, wrong
