"""What is taken along: contact sheet, wallet card, offline pack. Each needs the passkey, and is recorded."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partners import approvals
from partners.acting import actor_of, signed_in
from partners.approvals import NotAllowed
from partners.duty import rota_now, who_is_on_duty
from partners.freshness import in_words, of_point
from partners.models import ContactPoint, Contractor, DutyDesk, OfflinePack, Person, ToldAlongside
from partners.phone_numbers import spaced
from partners.slowing import PACKS, slowed_after
from partners.stepping_up import fresh
from portal import clock
from portal.ledger.record import record
from portal.pages import refuse
from portal.tenancy.door import Visitor


def may_take(visitor: Visitor) -> bool:
    """Whether this person may take contacts out of the portal: everybody who acts for the organisation."""
    return visitor.kind == "person" and visitor.role not in {"", "observer", "guest", "service_account"}


@require_safe
@signed_in
def papers(request: HttpRequest) -> HttpResponse:
    """What there is to take along, and whether the pack is up to date."""
    pack = OfflinePack.objects.only("organisation_id", "built_at", "checked_at").first()
    context = {
        "pack": None
        if pack is None
        else {"built_at": pack.built_at, "checked_at": pack.checked_at, "changed": changed_since(pack.built_at)},
        "may": may_take(request.visitor),  # type: ignore[attr-defined]
    }
    return render(request, "partners/papers.html", context)


def changed_since(at: Any) -> bool:
    """Whether something of the register that this organisation reads has changed since then. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM partners_change c WHERE c.at > %s)", [at])
        return bool(cursor.fetchone()[0])


@require_safe
@signed_in(may=may_take)
@fresh
def sheet(request: HttpRequest) -> HttpResponse:
    """One A4 page of one's own contacts, to print."""
    _taken(request, "contact_sheet")
    return render(request, "partners/contact_sheet.html", sheet_of(request.visitor))  # type: ignore[attr-defined]


@require_safe
@signed_in(may=may_take)
@fresh
def card(request: HttpRequest) -> HttpResponse:
    """A card of 85.6 by 54 mm (ISO/IEC 7810, ID-1) for the wallet."""
    _taken(request, "wallet_card")
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    desk = DutyDesk.objects.filter(organisation_id=visitor.organisation_id).first()
    numbers = [(desk.name, desk.phone)] if desk else []
    numbers += [(each.name, spaced(each.number)) for each in Contractor.objects.all()]
    points = ContactPoint.objects.filter(is_active=True, person=None, kind=ContactPoint.Kind.PHONE, is_private=False)
    numbers += [(point.label, spaced(point.address)) for point in points]
    context = {
        "name": visitor.name,
        "organisation": visitor.organisation_name,
        "address": settings.PORTAL_URL,
        "numbers": numbers[:4],
    }
    return render(request, "partners/wallet_card.html", context)


@require_POST
@signed_in(may=may_take)
@fresh
@slowed_after(PACKS)
def pack(request: HttpRequest) -> HttpResponse:
    """The offline pack as one file that needs nothing else."""
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    try:
        page = approvals.call("SELECT sec.take_pack()", [])
    except NotAllowed as refused:
        return refuse(request, 403, str(refused))
    if page is None:
        return refuse(request, 409, _("The pack has not been made yet. It is within a day."))
    answer = HttpResponse(page, content_type="text/html; charset=utf-8")
    day = f"{clock.now():%Y-%m-%d}"
    answer["Content-Disposition"] = f'attachment; filename="bulkhead-{visitor.organisation_slug}-{day}.html"'
    return answer


def _taken(request: HttpRequest, what: str) -> None:
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    record("papers.taken", actor=actor_of(visitor), audience=[visitor.organisation_id], object=what)


def sheet_of(visitor: Visitor) -> dict[str, Any]:
    """What `partners/contact_sheet.html` wants. Private numbers stay masked: paper is found by others."""
    now = clock.now()
    names = dict(Person.objects.values_list("pk", "name"))
    whose = who_is_on_duty(rota_now(now), now)
    desk = DutyDesk.objects.filter(organisation_id=visitor.organisation_id).first()
    return {
        "organisation": visitor.organisation_name,
        "address": settings.PORTAL_URL,
        "now": now,
        "desk": {"name": desk.name, "number": desk.phone} if desk else None,
        "on_duty": names.get(whose.person_id, "") if whose and whose.person_id else "",
        "contacts": [
            {
                "person": point.person.name if point.person else _("Duty desk"),
                "label": point.label,
                "way": str(point.get_kind_display()),
                "address": point.address
                if point.is_private or point.kind == ContactPoint.Kind.EMAIL
                else spaced(point.address),
                "tested": in_words(of_point(point, now), point),
            }
            for point in ContactPoint.objects.filter(is_active=True, host="").select_related("person")
        ],
        "contractors": [
            {"name": each.name, "number": spaced(each.number), "hours": each.hours, "script": each.script}
            for each in Contractor.objects.all()
        ],
        "alongside": [
            {"role": str(each.get_role_display()), "name": names.get(each.person_id, "")}
            for each in ToldAlongside.objects.all()
        ],
    }
