"""The pages of a word to members outside an incident."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from incidents import heads_up
from incidents.forms import HeadsUpForm
from incidents.views.boards import header
from incidents.views.finding import overseen_or_404
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.stepping_up import fresh


@require_safe
@signed_in
def received(request: HttpRequest) -> HttpResponse:
    """Whatever one's own organisation was let know, as a member outside."""
    return render(request, "incidents/heads_up_list.html", {"received": heads_up.received()})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@fresh
def send(request: HttpRequest, reference: str) -> HttpResponse:
    """Write one and see to how many it goes before it goes."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    incident = overseen_or_404(reference, me=me)
    if incident.lead_id != me:
        raise Http404
    form = HeadsUpForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                count = heads_up.send(incident, words=form.cleaned_data["words"])
            except NotAllowed as refused:
                form.add_error("words", str(refused))
            else:
                said = ngettext("Sent to one member.", "Sent to %(n)s members.", count) % {"n": count}
                messages.success(request, said + " " + _("They read no name and no reference."))
                return redirect("incident-board", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "count": heads_up.outside_of(incident),
        "sent": heads_up.sent_of(incident),
    }
    return render(request, "incidents/heads_up.html", context, status=status)
