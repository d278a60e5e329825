"""Guests: an organisation's page to let them in and end it, and the guest's own page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import guests
from incidents.models import GuestGrant, Incident
from partners.acting import actor_of, may_open, signed_in
from partners.administering import NotThis, offer_link
from partners.approvals import NotAllowed
from partners.models import Person
from partners.stepping_up import fresh
from portal import clock
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]
GUEST = frozenset({"guest"})
DAYS = [("1", lazy("1 day")), ("3", lazy("3 days")), ("7", lazy("7 days")), ("14", lazy("14 days, the longest"))]


class ShareForm(forms.Form):
    """What is shared of which incident, and for how long."""

    incident = forms.ChoiceField(error_messages={"required": lazy("Choose the incident.")})
    what = forms.MultipleChoiceField(
        choices=list(guests.SHARED.items()), error_messages={"required": lazy("Choose what is shared.")}
    )
    days = forms.TypedChoiceField(coerce=int, choices=DAYS, initial="3")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open = list(Incident.objects.exclude(status=Incident.Status.CLOSED).only("reference", "title"))
        field: Any = self.fields["incident"]
        field.choices = [(str(each.pk), f"{each.reference} {each.title}") for each in self.open]

    @property
    def said(self) -> dict[str, Any]:
        return {
            "what": self.cleaned_data["what"],
            "until": clock.now() + timedelta(days=self.cleaned_data["days"]),
        }

    @property
    def chosen(self) -> Incident:
        return next(each for each in self.open if str(each.pk) == self.cleaned_data["incident"])


class InviteForm(ShareForm):
    """Who comes, and as what."""

    name = forms.CharField(max_length=200, error_messages={"required": lazy("Say who it is.")})
    email = forms.EmailField(
        max_length=254, error_messages={"required": lazy("Give the address they sign in with.")}
    )  # fmt: skip
    kind = forms.ChoiceField(choices=Person.GuestKind.choices, error_messages={"required": lazy("Choose a kind.")})
    field_order = ("name", "email", "kind", "incident", "what", "days")


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def guest_list(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("name", "email", "kind")}
        try:
            made = guests.invite(form.chosen, **said, **form.said)
        except NotAllowed as refused:
            form.add_error(None, str(refused)[:1].upper() + str(refused)[1:] + ".")
        else:
            messages.success(request, _("%(name)s is a guest now. Make the link that lets them in.") % said)
            return redirect("guest-detail", person_id=made)
    context = {"form": form, "guests": guests.guests()}
    return render(request, "guests/list.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def guest_detail(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """What is shared with this guest; the form shares more, or longer."""
    guest = _guest_or_404(request, person_id)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            guests.share(guest, form.chosen, **form.said)
        except NotAllowed as refused:
            return refuse(request, 409, str(refused))
        messages.success(request, _("Shared. What was shared of this incident before has ended."))
        return redirect("guest-detail", person_id=guest.pk)
    return _page(request, guest, form=form)


@require_POST
@signed_in(may=may_open)
@fresh
def guest_link(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A new enrolment link, shown in the answer to the button and never again."""
    guest = _guest_or_404(request, person_id)
    try:
        path = offer_link(guest, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except NotThis as refused:
        return refuse(request, 409, str(refused))
    return _page(request, guest, form=ShareForm(), link=request.build_absolute_uri(path))


@require_POST
@signed_in(may=may_open)
@fresh
def guest_end(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    grant = GuestGrant.objects.select_related("person", "incident").filter(pk=grant_id).first()
    if grant is None:
        raise Http404
    try:
        guests.end(grant)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    said = _("Ended. %(name)s reads nothing of %(reference)s any more.")
    messages.success(request, said % {"name": grant.person.name, "reference": grant.incident.reference})
    return redirect("guest-detail", person_id=grant.person_id)


def _guest_or_404(request: HttpRequest, person_id: UUID) -> Person:
    mine = Person.objects.filter(organisation_id=request.visitor.organisation_id)  # type: ignore[attr-defined]
    guest = mine.filter(pk=person_id, role=Person.Role.GUEST).first()
    if guest is None:
        raise Http404
    return guest


def _page(request: HttpRequest, guest: Person, *, form: ShareForm, link: str = "") -> HttpResponse:
    row = next((each for each in guests.guests() if each["id"] == guest.pk), None)
    context = {
        "guest": row or {"id": guest.pk, "name": guest.name, "kind": "", "email": guest.email, "grants": []},
        "enrolled": bool(row and row["enrolled"]),
        "active": guest.is_active,
        "form": form,
        "link": link,
    }
    return render(request, "guests/detail.html", context, status=422 if form.errors else 200)


@require_safe
@signed_in(reach=GUEST)
def guest_page(request: HttpRequest) -> HttpResponse:
    """Everything that this guest may read, on one page, with nothing to press."""
    visitor = request.visitor  # type: ignore[attr-defined]
    context = {"host": visitor.organisation_name, "incidents": guests.shared_with_me()}
    return render(request, "guests/page.html", context)
