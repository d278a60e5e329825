"""The page on which an organisation says what it bases on a system, and who decides there for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners import standing
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_estate import StandingForm
from partners.forms_rows import Rows, ServiceRow
from partners.models import Participation, PublicService
from partners.systems import Changed
from partners.views_systems import system_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def own(request: HttpRequest, slug: str) -> HttpResponse:
    """One form: whether one stands there, who decides, and the services as rows."""
    system = system_or_404(slug)
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    stand = Participation.objects.filter(system=system, organisation_id=me).first()
    if stand is None:
        raise Http404
    services = list(PublicService.objects.filter(participation=stand))
    state = standing.state_of_stand(stand, services)
    now = _as_typed(stand)
    data = request.POST if request.method == "POST" else None
    form = StandingForm(data, initial={**now, "seen": state}, people=standing.people_who_decide())
    rows = Rows(ServiceRow, "service", data, standing.services_said(stand, services))
    status = 200
    if data is not None:
        status = 422
        if form.is_valid() & rows.is_valid():
            try:
                denied, seen = form.cleaned_data["answer"] == "denied", form.cleaned_data["seen"]
                standing.keep_standing(stand, form.columns(), rows.values(), denied=denied, seen=seen)
            except Changed:
                form.keep_over(state, now)
                form.add_error(None, _("Services now there: %(names)s.") % {"names": _names(services)})
                status = 409
            except NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                said = _("Written down. You count as standing on it until whoever runs it has taken you off, too.")
                messages.success(request, said if denied else _("Written down. Whoever runs the system can read it."))
                return redirect("system-detail", slug=system.slug)
    context = {
        "system": system,
        "form": form,
        "rows": rows,
        "row_errors": rows.errors(),
        "asked": not stand.confirmed_at and not stand.denied_at,
    }
    return render(request, "partners/system_standing.html", context, status=status)


def _as_typed(stand: Participation) -> dict[str, Any]:
    return {
        "answer": "denied" if stand.denied_at else stand.status,
        "left_on": stand.left_on,
        "data_categories": stand.data_categories,
        **{
            name: str(getattr(stand, f"{name}_id") or "")
            for name in ("decision_owner", "decision_deputy", "isolation_orderer")
        },
    }


def _names(services: list[PublicService]) -> str:
    return ", ".join(each.name for each in services) or _("none")
