"""The search page. What is typed stands in the address, so that it can be gone back to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from incidents.errors import Invalid
from incidents.searching import LONGEST, SHORTEST, Found, search
from partners.acting import signed_in

KINDS = {
    "incident": lazy("Incidents"),
    "task": lazy("Tasks"),
    "update": lazy("Updates"),
    "own_action": lazy("Done without being asked"),
    "note": lazy("Your organisation's notes"),
}


@require_safe
@signed_in
def search_page(request: HttpRequest) -> HttpResponse:
    words, trouble, found, status = request.GET.get("q", "")[: LONGEST * 2], "", [], 200
    if words:
        try:
            found = search(words, me=request.visitor.organisation_id)  # type: ignore[attr-defined]
        except Invalid:
            status = 422
            trouble = _("Type between %(least)s and %(most)s characters.") % {"least": SHORTEST, "most": LONGEST}
    context = {
        "words": words,
        "trouble": trouble,
        "groups": [
            {"title": title, "rows": rows}
            for kind, title in KINDS.items()
            if (rows := [_row(each) for each in found if each.kind == kind])
        ],
    }
    return render(request, "incidents/search.html", context, status=status)


def _row(found: Found) -> dict[str, object]:
    return {
        "href": href_of(found),
        "title": found.title,
        "excerpt": found.excerpt,
        "reference": found.incident,
        "at": found.at,
    }


def href_of(found: Found) -> str:
    if found.kind == "task":
        return reverse("task-detail", args=[found.object_id])
    if found.kind == "own_action":
        return reverse("incident-own-actions", args=[found.incident])
    if found.kind == "note" and found.is_of_task:
        return reverse("task-detail", args=[found.object_id])
    if found.kind == "note":
        return reverse("incident-own-actions", args=[found.incident])
    return reverse("incident-board", args=[found.incident])
