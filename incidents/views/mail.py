"""Mail in one incident: what is not trusted, who has told its staff, and asking for a mark for all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from incidents.isolating import second_ones
from incidents.isolating_forms import LocalTimeField, SecondForm
from incidents.mail import may_be_marked, notices_in
from incidents.models import Incident
from incidents.views.boards import header
from incidents.views.finding import overseen_or_404
from partners import mail_distrust
from partners.acting import may_approve, signed_in
from partners.approvals import NotAllowed
from partners.stepping_up import fresh


class MarkForAllForm(SecondForm):
    """A participant's mail domain, since when, and which organisation decides."""

    domain = forms.ChoiceField(error_messages={"required": lazy("Choose whose mail.")})
    since = LocalTimeField(
        required=False, error_messages={"invalid": lazy("Give the day and the time, such as 2026-05-03 08:40.")}
    )
    field_order = ("domain", "reason", "since", "second")

    def __init__(self, *args: Any, domains: list[tuple[str, str, UUID]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whose = {domain: pk for domain, _name, pk in domains}
        self.fields["domain"].choices = [(domain, f"{name} ({domain})") for domain, name, _pk in domains]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("domain") and said.get("second") == str(self.whose[said["domain"]]):
            self.add_error("second", _("Nobody decides about their own mail: choose another organisation."))
        return said


@require_safe
@signed_in
def mail(request: HttpRequest, reference: str) -> HttpResponse:
    """For who oversees the incident: marks on participants' mail, and who has told its staff of each."""
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = overseen_or_404(reference, me=visitor.organisation_id)
    context = {
        "incident": header(incident),
        "shown": notices_in(incident, visitor),
        "may_ask": _may_ask(incident, visitor.organisation_id) and may_approve(visitor),
    }
    return render(request, "incidents/mail.html", context)


def _may_ask(incident: Incident, me: UUID) -> bool:
    return incident.status != Incident.Status.CLOSED and bool(may_be_marked(incident, me=me))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_approve)
@fresh
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask a second organisation to approve a mark for all on a participant's mail."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    incident = overseen_or_404(reference, me=me)
    domains = may_be_marked(incident, me=me)
    if incident.status == Incident.Status.CLOSED or not domains:
        raise Http404
    others = second_ones(incident, but={me})
    data = request.POST if request.method == "POST" else None
    about = request.GET.get("about", "")
    initial = {"domain": next((domain for domain, _name, _pk in domains if domain == about), domains[0][0])}
    form = MarkForAllForm(data, domains=domains, others=others, initial=initial)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            mail_distrust.ask_to_mark(
                form.whose[said["domain"]],
                said["domain"],
                incident=incident.pk,
                reason=said["reason"],
                second=UUID(said["second"]),
                since=said["since"],
            )
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            name = dict(others)[said["second"]]
            messages.success(
                request, _("%(name)s is asked. Nothing has changed yet; it lapses in 30 minutes.") % {"name": name}
            )
            return redirect("approval-list")
    context = {"incident": header(incident), "effects": mail_distrust.effects_of_any_mark(), "form": form}
    return render(request, "incidents/mail_ask.html", context, status=status)
