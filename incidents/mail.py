"""Mail that is not trusted, within one incident: whose the lead may mark for all, and who has told its own staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse

from incidents.isolating import asks_for
from incidents.models import Incident, Standing
from partners.acting import may_approve
from partners.mail_marks import Mark, marks
from partners.models import Organisation
from portal.tenancy.door import Visitor


def may_be_marked(incident: Incident, *, me: UUID) -> list[tuple[str, str, UUID]]:
    """Mail domains that the organisation `me` may ask to mark for all: `(domain, organisation's name, its id)`.

    The lead speaks about every other participant, the deputy about the lead alone.
    """
    sides = Standing.objects.filter(incident=incident).values_list("organisation_id", "name")
    speaks = {pk: name for pk, name in sides if pk != me and asks_for(incident, pk) == me}
    domains = Organisation.objects.filter(pk__in=speaks).values_list("pk", "mail_domains")
    return sorted((domain, speaks[pk], pk) for pk, own in domains for domain in own)


def notices_in(incident: Incident, visitor: Visitor) -> list[dict[str, Any]]:
    """For each mark for all on a participant's mail: who of the participants has told its staff. For overseers alone.

    A list of `{mark, said: list of {name, issued}, told, of, href}`; that and nothing more is known of others' notices.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT mark_id, organisation_id, issued FROM sec.mail_notices_in(%s)", [incident.pk])
        found = cursor.fetchall()
    if not found:
        return []
    names = dict(Standing.objects.filter(incident=incident).values_list("organisation_id", "name"))
    known = {mark.id: mark for mark in marks()}
    shown = []
    for mark_id in dict.fromkeys(mark for mark, _, _ in found):
        said = [(names.get(pk, ""), issued) for mark, pk, issued in found if mark == mark_id]
        shown.append(
            {
                "mark": known[mark_id],
                "said": [{"name": name, "issued": issued} for name, issued in sorted(said, key=lambda each: each[0])],
                "told": sum(issued for _, issued in said),
                "of": len(said),
                "change_href": _change_href(known[mark_id], visitor),
            }
        )
    return shown


def _change_href(mark: Mark, visitor: Visitor) -> str:
    """Whoever may ask for a change of a mark by two: nobody about the own mail."""
    may = mark.by_two and mark.organisation_id != visitor.organisation_id and may_approve(visitor)
    return reverse("mail-distrust-change", args=[mark.id]) if may else ""
