"""Approvals: what waits for a second person, what one's own organisation asked, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from partners import approvals, isolation
from partners.acting import may_approve, signed_in
from partners.models import Approval, CallBack
from partners.stepping_up import fresh
from portal import clock
from portal.tenancy.freshness import is_fresh

SHOWN = 50
LONGEST = 1000
SAID = {
    Approval.State.APPROVED: lazy("Approved"),
    Approval.State.REFUSED: lazy("Refused"),
    Approval.State.WITHDRAWN: lazy("Taken back"),
    Approval.State.CARRIED_OUT: lazy("Approved and done"),
}


class BecauseForm(forms.Form):
    """Why somebody says no."""

    because = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Say why not, in a few words.")})


@require_safe
@signed_in(may=may_approve)
def approval_list(request: HttpRequest) -> HttpResponse:
    return render(request, "partners/approvals.html", page_of(request))


def page_of(request: HttpRequest, **more: Any) -> dict[str, Any]:
    """Everything that the page wants, in a fixed number of queries. `more` is what went wrong just now."""
    visitor = request.visitor  # type: ignore[attr-defined]
    found = Approval.objects.select_related("about", "requesting_organisation", "deciding_organisation")
    rows = [_shown(each, visitor) for each in found.order_by("-requested_at")[:SHOWN]]
    return {
        "mine": [row for row in rows if row["may_decide"]],
        "asked": [row for row in rows if row["open"] and not row["may_decide"]],
        "decided": [row for row in rows if not row["open"]],
        "calls": _calls({row["about_id"] for row in rows if row["may_decide"] and row["kind"] == isolation.LIFT.name}),
        "is_fresh": is_fresh(),
        "trouble": None,
        **more,
    }


def _shown(approval: Approval, visitor: Any) -> dict[str, Any]:
    me: UUID = visitor.organisation_id
    lapsed = approval.state == Approval.State.WAITING and approval.expires_at <= clock.now()
    state = _("Lapsed: nobody decided in time") if lapsed else str(SAID.get(Approval.State(approval.state), ""))
    deciding = approval.deciding_organisation
    return {
        "id": str(approval.pk),
        "kind": approval.kind,
        "title": approvals.title_of(approval),
        "about_id": approval.about_id,
        "about": approval.about.name if approval.about else "",
        "incident": approval.incident_reference,
        "effects": approval.effects,
        "reason": approval.reason,
        "asked_by": approval.requested_by_name,
        "asked_for": approval.requesting_organisation.name,
        "asked_at": approval.requested_at,
        "expires_at": approval.expires_at,
        "open": approval.state == Approval.State.WAITING and not lapsed,
        "state": state,
        "decided_by": approval.decided_by_name,
        "decided_for": deciding.name if deciding else "",
        "decided_at": approval.decided_at,
        "because": approval.decided_because,
        "may_decide": approvals.may_decide(approval, person_id=visitor.person_id, organisation_id=me),
        "may_withdraw": approval.requesting_organisation_id == me,
    }


def _calls(about: set[UUID | None]) -> dict[UUID, list[CallBack]]:
    """The call-backs that appeals of these organisations rest on, newest first."""
    found: dict[UUID, list[CallBack]] = {}
    for call in CallBack.objects.filter(about_id__in=about, purpose=CallBack.Purpose.APPEAL)[:SHOWN]:
        found.setdefault(call.about_id, []).append(call)
    return found


def _decision(act: Callable[[HttpRequest, Approval], str], *, needs_passkey: bool = True) -> Any:
    """A button of the page: does it and says what changed, or shows the page again with what stood in the way."""

    def view(request: HttpRequest, approval_id: UUID) -> HttpResponse:
        approval = Approval.objects.filter(pk=approval_id).first()
        if approval is None:
            raise Http404
        try:
            said = act(request, approval)
        except approvals.NotAllowed as refused:
            trouble = {"id": str(approval_id), "words": str(refused), "typed": request.POST.get("because", "")}
            return render(request, "partners/approvals.html", page_of(request, trouble=trouble), status=409)
        messages.success(request, said)
        return redirect("approval-list")

    return require_POST(signed_in(may=may_approve)(fresh(view) if needs_passkey else view))


def _approve(request: HttpRequest, approval: Approval) -> str:
    approvals.approve(approval)
    return _("Approved, and done: %(what)s") % {"what": " ".join(approval.effects)}


def _refuse(request: HttpRequest, approval: Approval) -> str:
    form = BecauseForm(request.POST)
    if not form.is_valid():
        raise approvals.NotAllowed(" ".join(map(str, form.errors["because"])))
    approvals.refuse(approval, because=form.cleaned_data["because"])
    return _("Refused. Nothing was changed; %(name)s reads why.") % {"name": approval.requested_by_name}


def _withdraw(request: HttpRequest, approval: Approval) -> str:
    approvals.withdraw(approval)
    return _("Taken back. Nothing was changed.")


approve = _decision(_approve)
refuse = _decision(_refuse)
withdraw = _decision(_withdraw, needs_passkey=False)
