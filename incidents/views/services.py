"""*Our services*: one tap on a word each; those of others for whoever oversees the incident."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.services.forms import ServiceForm
from incidents.services.saying import say_service
from incidents.services.shown import WORDS, services_page
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, signed_in
from portal import clock
from portal.pages import local_time, refuse


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def services(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    answers = may_answer(visitor)
    if request.method == "POST" and not answers:
        return refuse(request, 403)
    form, status = ServiceForm(), 200
    if request.method == "POST":
        form, status = ServiceForm(request.POST), 422
        if form.is_valid():
            said = form.said()
            try:
                new = say_service(incident, said)
            except Invalid as wrong:
                for fault in wrong.faults:
                    form.add_error(fault.pointer.strip("/"), fault.detail)
            except NotYours as wrong:
                return refuse(request, 403, str(wrong))
            except WrongMoment as wrong:
                form.add_error(None, str(wrong))
                status = 409
            else:
                told = {
                    "name": said.service,
                    "word": WORDS[said.state]["word"],
                    "at": local_time(clock.now(), "%H:%M:%S"),
                }
                sent, same = _("%(name)s: %(word)s, written down at %(at)s."), _("%(name)s: %(word)s, as before.")
                messages.success(request, (sent if new else same) % told)
                return redirect("incident-services", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "wrong": form["service"].value() if form.errors else "",
        "may_answer": answers and incident.suspended_at is None,
        "oversees": visitor.organisation_id in incident.overseers,
        **services_page(incident, me=visitor.organisation_id),
    }
    return render(request, "incidents/services.html", context, status=status)
