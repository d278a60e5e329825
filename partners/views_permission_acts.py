"""Buttons of a permission's page: name the owner and ask the other side, refuse a version, end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners import permissions, permitting
from partners.acting import may_approve, signed_in
from partners.approvals import NotAllowed
from partners.forms_permissions import BecauseForm, OwnerForm
from partners.permissions import Permission
from partners.stepping_up import fresh
from partners.views_permissions import page_of, permission_or_404

Act = Callable[[HttpRequest, Permission], str]


def _button(act: Act) -> Any:
    """Does it and says what changed, or shows the page again with what stood in the way and what was typed."""

    def view(request: HttpRequest, permission_id: UUID) -> HttpResponse:
        each = permission_or_404(permission_id)
        try:
            said = act(request, each)
        except NotAllowed as refused:
            typed = {name: request.POST.get(name, "") for name in ("owner", "reason", "because", "act")}
            context = page_of(request, permission_or_404(permission_id), trouble=str(refused), typed=typed)
            return render(request, "partners/permission.html", context, status=409)
        messages.success(request, said)
        return redirect("permission-detail", permission_id=each.id)

    return require_POST(signed_in(may=may_approve)(fresh(view)))


def _refusal(form: Any) -> NotAllowed:
    return NotAllowed(" ".join(str(one) for errors in form.errors.values() for one in errors))


def _take_up(request: HttpRequest, each: Permission) -> str:
    """Name one's own owner when one was chosen, then ask the other side when a reason was given."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    form = OwnerForm(request.POST, people=permitting.may_own(me))
    if not form.is_valid():
        raise _refusal(form)
    said = form.cleaned_data
    if said["owner"]:
        permitting.name_owner(each.id, version=said["version"], person=UUID(said["owner"]))
    elif not said["reason"]:
        raise NotAllowed(_("Choose who owns it on your side, or write why the other side should approve it now."))
    if not said["reason"]:
        return _("Written down. Ask the other side to approve it when both owners are named.")
    again = permissions.own_one(each.id)
    assert again is not None
    assert again.latest is not None
    if again.latest.number != said["version"]:
        raise NotAllowed(_("Somebody changed it meanwhile: look at it again."))
    permitting.ask(again, me=me, reason=said["reason"])
    return _("Asked. %(name)s has 30 minutes to approve: ring them now.") % {"name": again.other(me).name}


def _refuse(request: HttpRequest, each: Permission) -> str:
    form = BecauseForm(request.POST)
    if not form.is_valid():
        raise _refusal(form)
    version = form.cleaned_data["version"] or 0
    permitting.refuse(each.id, version=version, because=form.cleaned_data["because"])
    return _("Refused. What was approved before stays as it is; the other side reads why.")


def _end(request: HttpRequest, each: Permission) -> str:
    form = BecauseForm(request.POST)
    if not form.is_valid():
        raise _refusal(form)
    permitting.end(each.id, because=form.cleaned_data["because"])
    return _("Ended, at once. The way itself is open until both ends of the link say cut.")


permission_take_up = _button(_take_up)
permission_refuse = _button(_refuse)
permission_end = _button(_end)
