"""The history of one object of the register, for its page."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from partners.models import Change, Import, Person
from portal.pages import local_time

SHOWN = 20
AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
A_DAY = re.compile(r"\d{4}-\d\d-\d\d(T|$)")
CALLED = ("name", "product", "label", "title")  # what a row of the register is called by, whichever it has
UNSAID = frozenset({"id", "version"})


def history_of(
    *objects: UUID,
    me: UUID,
    fields: Mapping[str, Any],
    names: Mapping[str, str],
    kinds: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The newest changes first, as `partners/_history.html` wants them. Two queries, three when one came with a file.

    Args:
        objects: whose history; of several, `kinds` says what each is called by its kind.
        me: the viewer's organisation; of other organisations no person is named.
        fields: how each field is called; what is not there is called by its own name.
        names: what an id or a code inside a field reads as.
    """
    changes = list(Change.objects.filter(object_id__in=objects).select_related("organisation")[:SHOWN])
    people = dict(
        Person.objects.filter(pk__in={each.person_id for each in changes if each.organisation_id == me}).values_list(
            "pk", "name"
        )
    )
    files = _files({each.import_id for each in changes if each.import_id and each.organisation_id == me})
    return [
        {
            "at": each.at,
            "who": _who(each, people),
            "what": _named(each, _what(each, files), kinds),
            "fields": [
                {
                    "name": str(fields.get(name, name.removesuffix("_id").replace("_", " ").capitalize())),
                    "was": _shown(each.before.get(name), names),
                    "now": _shown(each.after.get(name), names),
                }
                for name in sorted({*each.before, *each.after} - UNSAID)
                if each.what == Change.What.CHANGED
            ],
        }
        for each in changes
    ]


def _files(ids: Collection[UUID]) -> dict[UUID, str]:
    """What the own files were called that changes came with."""
    return dict(Import.objects.filter(pk__in=ids).values_list("pk", "file_name")) if ids else {}


def _what(change: Change, files: Mapping[UUID, str]) -> str:
    done = str(change.get_what_display())
    if change.import_id is None or change.import_id not in files:
        return done
    name = files[change.import_id] or _("of a key")
    return _("%(done)s with the file %(name)s") % {"done": done, "name": name}


def _named(change: Change, words: str, kinds: Mapping[str, Any] | None) -> str:
    if not kinds or change.kind not in kinds:
        return words
    row = {**change.before, **change.after}
    name = next((str(row[field]) for field in CALLED if row.get(field)), "")
    return f"{kinds[change.kind]}{' ' if name else ''}{name}: {words}"


def _who(change: Change, people: Mapping[UUID, str]) -> str:
    if change.organisation is None:
        return _("the register's operator")
    person = people.get(change.person_id) if change.person_id else None
    return f"{person}, {change.organisation.name}" if person else change.organisation.name


def _shown(value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if value is True or value is False:
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_shown(each, names) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{names.get(key, key)}: {_shown(each, names)}" for key, each in value.items())
    text = str(value)
    if A_DAY.match(text):
        return _day(text)
    return names.get(text, _("not shown to you") if AN_ID.fullmatch(text) else text)


def _day(text: str) -> str:
    """A day or a moment as a row keeps it, for people; what only looks like one stays."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return local_time(at, "%-d %B %Y, %H:%M") if "T" in text and at.tzinfo else f"{at:%-d %B %Y}"
