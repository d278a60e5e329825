"""The pages of the organisations: everybody by name, and one of them."""

from __future__ import annotations

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from partners.acting import signed_in
from partners.models import ContactPoint, DutyDesk, Organisation, Participation, Person

NO_PAGES = {"next": None, "previous": None}


@require_safe
@signed_in
def organisation_list(request: HttpRequest) -> HttpResponse:
    """Everybody in the partnership by name; contacts only of one's own."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    shared = dict(
        Participation.objects.values_list("organisation_id").annotate(n=Count("id")).values_list("organisation_id", "n")
    )
    ways = ContactPoint.objects.filter(is_active=True, host="", trust="trusted").count()
    desk = DutyDesk.objects.filter(organisation_id=me).first()
    rows = [
        {
            "name": each.name,
            "href": reverse("organisation-detail", args=[each.slug]),
            "kind": each.get_kind_display(),
            "standing": _standing(each),
            "systems": shared.get(each.pk, 0),
            "duty": desk.name if desk and each.pk == me else "",
            "contact_state": _ways(ways) if each.pk == me else _("theirs alone"),
            "contact_alarm": each.pk == me and ways < 2,
        }
        for each in Organisation.objects.all()
    ]
    return render(request, "partners/organisations.html", {"organisations": rows, "page": NO_PAGES})


def _ways(count: int) -> str:
    return ngettext("%(n)s trusted way", "%(n)s trusted ways", count) % {"n": count} if count else _("no trusted way")


def _standing(organisation: Organisation) -> str:
    if organisation.status != Organisation.Status.FORMER:
        return ""
    return _("left in %(year)s") % {"year": organisation.left_on.year} if organisation.left_on else _("former")


@require_safe
@signed_in
def organisation_detail(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        raise Http404
    own = organisation.pk == request.visitor.organisation_id  # type: ignore[attr-defined]
    facts: list[tuple[str, ...]] = [(_("Kind"), organisation.get_kind_display())]
    if organisation.people_served:
        facts.append((_("People served"), f"{organisation.people_served:,}"))
    desk = DutyDesk.objects.filter(organisation=organisation).first()
    if desk:
        facts.append((_("Duty desk"), f"{desk.name}, {desk.phone}"))
    stands = Participation.objects.filter(organisation=organisation).select_related("system")
    context = {
        "organisation": {
            "name": organisation.name,
            "kind": organisation.get_kind_display(),
            "standing": _standing(organisation),
            "own": own,
        },
        "facts": facts,
        "systems": [
            {
                "name": stand.system.name,
                "href": reverse("system-detail", args=[stand.system.slug]),
                "services": ", ".join(stand.services),
                "note": _("left, still connected") if stand.status == "left_connected" else "",
            }
            for stand in sorted(stands, key=lambda stand: stand.system.name)
        ],
        "people": [
            {"name": person.name, "role": person.duty or person.get_role_display(), "on_duty": "duty" in person.duty}
            for person in Person.objects.filter(organisation=organisation, is_active=True, break_glass=False)
        ],
        "contacts_href": reverse("contact-list") if own else "",
    }
    return render(request, "partners/organisation.html", context)
