"""The administrator's page for the organisation's own identity provider: look, pin, test, switch off.

Nothing here holds a transaction while the network is asked: rights are asked in a scope of their own first, and what is
written is written at the door.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from partners.acting import may_administer, signed_in
from partners.federation import redirect_uri_of
from partners.models import IdentityProvider, Participation
from partners.oidc.metadata import Metadata
from partners.oidc.refusals import OidcRefused, ProviderAway
from partners.pinning import NotPinned, Wish, look, pin, switch
from partners.providers import check_provider, metadata_of, state_of, unusable
from partners.stepping_up import fresh
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import at_the_door, organisation_scope

PAGE = "partners/identity_provider.html"


class IssuerForm(forms.Form):
    issuer = forms.CharField(
        max_length=1024, label=lazy("Issuer"), error_messages={"required": lazy("Enter the issuer's address.")}
    )


class PinForm(forms.Form):
    """What an administrator adds to what the provider has said; the first two fields bring that back."""

    issuer = forms.CharField(max_length=1024, widget=forms.HiddenInput)
    fingerprint = forms.RegexField(r"^[0-9a-f]{64}\Z", widget=forms.HiddenInput)
    client_id = forms.CharField(
        max_length=255, label=lazy("Client id"), error_messages={"required": lazy("Enter the client id.")}
    )
    client_secret = forms.CharField(max_length=1024, required=False, label=lazy("Client secret"), strip=False)
    rides_on = forms.ChoiceField(required=False, label=lazy("Which shared system does it stand on?"))

    def __init__(self, *args: Any, systems: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rides_on"].choices = [("", _("None of them")), *systems]  # type: ignore[attr-defined]


@own_scope
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
def identity_provider(request: HttpRequest) -> HttpResponse:
    """One page, five buttons: look, pin, test, switch on, switch off."""
    visitor: Any = request.visitor  # type: ignore[attr-defined]
    with organisation_scope(visitor.ticket):
        refusal: HttpResponse = fresh(lambda request: HttpResponse())(request)
        systems = _systems(visitor.organisation_id)
    if refusal.status_code != 200:
        return refusal
    act = request.POST.get("act", "")
    if act == "look":
        return _look(request, systems)
    if act == "pin":
        return _pin(request, systems)
    if act in {"on", "off", "test"}:
        with at_the_door():
            _do(request, act)
        return redirect("identity-provider")
    return _page(request, status=200 if request.method != "POST" else 422)


def _look(request: HttpRequest, systems: list[tuple[str, str]]) -> HttpResponse:
    form = IssuerForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    try:
        found = look(form.cleaned_data["issuer"])
    except (OidcRefused, ProviderAway) as wrong:
        form.add_error("issuer", str(wrong))
        return _page(request, form=form, status=422)
    with at_the_door():
        row = IdentityProvider.objects.filter(pk=_me(request)).first()
    same = row is not None and row.issuer == found.issuer
    start = {
        "issuer": found.issuer,
        "fingerprint": found.fingerprint,
        "client_id": row.client_id if row is not None and same else "",
        "rides_on": row.rides_on_id if row is not None else "",
    }
    return _page(request, found=found, pin_form=PinForm(initial=start, systems=systems))


def _pin(request: HttpRequest, systems: list[tuple[str, str]]) -> HttpResponse:
    form, visitor = PinForm(request.POST, systems=systems), request.visitor  # type: ignore[attr-defined]
    if not form.is_valid():
        if "issuer" in form.errors or "fingerprint" in form.errors:
            return _page(request, status=422)
        return _page(request, found=_seen(form.data.get("issuer", "")), pin_form=form, status=422)
    said = form.cleaned_data
    with at_the_door():
        row = IdentityProvider.objects.filter(pk=visitor.organisation_id).first()
        # An empty field keeps the secret that is there, as long as it is the same provider's.
        kept = row is not None and row.issuer == said["issuer"] and not said["client_secret"]
        wish = Wish(
            issuer=said["issuer"],
            client_id=said["client_id"],
            client_secret=None if kept else said["client_secret"],
            rides_on=UUID(said["rides_on"]) if said["rides_on"] else None,
            fingerprint=said["fingerprint"],
        )
        try:
            pin(visitor.organisation_id, wish, administrator=visitor.person_id)
        except (OidcRefused, ProviderAway, NotPinned) as wrong:
            messages.error(request, str(wrong))
        else:
            messages.success(request, _("Pinned. Your people can connect it on their account pages."))
    return redirect("identity-provider")


def _seen(issuer: str) -> Metadata | None:
    try:
        return look(issuer)
    except (OidcRefused, ProviderAway):
        return None


def _do(request: HttpRequest, act: str) -> None:
    visitor: Any = request.visitor  # type: ignore[attr-defined]
    row = IdentityProvider.objects.select_related("organisation").filter(pk=visitor.organisation_id).first()
    if row is None:
        return
    if act != "test":
        switch(row.pk, on=act == "on", administrator=visitor.person_id)
        messages.success(request, _("Switched on.") if act == "on" else _("Switched off. Passkeys go on working."))
        return
    check_provider(row)
    state = state_of(row)
    if unusable(row) or row.trouble:
        messages.error(request, state)
    else:
        messages.success(request, state)


def _page(request: HttpRequest, *, form: IssuerForm | None = None, found: Metadata | None = None,
          pin_form: PinForm | None = None, status: int = 200) -> HttpResponse:  # fmt: skip
    visitor: Any = request.visitor  # type: ignore[attr-defined]
    with at_the_door():
        row = IdentityProvider.objects.select_related("organisation").filter(pk=visitor.organisation_id).first()
        state = state_of(row) if row is not None else ""
    context = {
        "provider": row,
        "pinned": metadata_of(row) if row is not None and row.metadata else None,
        "state": state,
        "callback": redirect_uri_of(visitor.organisation_slug),
        "form": form or IssuerForm(initial={"issuer": row.issuer if row is not None else ""}),
        "found": found,
        "pin_form": pin_form,
        "rides_on": "",
    }
    with organisation_scope(visitor.ticket):
        if row is not None and row.rides_on_id:
            context["rides_on"] = dict(_systems(row.pk)).get(str(row.rides_on_id), _("a shared system"))
        return render(request, PAGE, context, status=status)


def _systems(organisation_id: UUID) -> list[tuple[str, str]]:
    """The shared systems that the organisation stands on."""
    rows = Participation.objects.filter(organisation_id=organisation_id).select_related("system")
    return sorted(((str(each.system_id), each.system.name) for each in rows), key=lambda pair: pair[1])


def _me(request: HttpRequest) -> UUID:
    return request.visitor.organisation_id  # type: ignore[attr-defined]
