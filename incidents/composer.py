"""The drawer on the board in which the lead writes an update: whom it goes to stands there before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from incidents.forms import UpdateForm
from incidents.models import Incident, Standing

Row = Mapping[str, Any]


def composer_of(
    incident: Incident, sides: Sequence[Row], standings: Sequence[Row], *, me: UUID, may_lead: bool
) -> dict[str, Any] | None:
    """What `incidents/_composer.html` wants; None for whoever does not lead, and when it is over. Asks nothing."""
    if not may_lead or incident.status == Incident.Status.CLOSED:
        return None
    inside = [each for each in standings if each["word"] != Standing.Word.CUT_OFF and each["organisation_id"] != me]
    reading = {each["organisation_id"] for each in inside}
    people = sum(side["people_told"] for side in sides if side["organisation_id"] in reading)
    names = ", ".join(sorted(each["name"] for each in inside))
    told = ngettext("one person told so far", "%(n)s people told so far", people) % {"n": people}
    to = _("Goes to: %(names)s: %(told)s.") % {"names": names, "told": told} if names else _("Nobody else takes part.")
    return {"to": to, "href": reverse("incident-update", args=[incident.reference]), "fields": _fields(get_language())}


@lru_cache(64)
def _fields(language: str | None) -> SafeString:
    """The empty fields, in the language that is on: the same on each board."""
    return mark_safe(get_template("incidents/_composer_fields.html").render({"form": UpdateForm()}))  # noqa: S308 - ours
