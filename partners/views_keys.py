"""Keys for machines: who has one, making one, revoking one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.acting import actor_of, may_administer, signed_in
from partners.administering import NotThis
from partners.forms_people import KeyForm
from partners.key_making import keys_in_force, offer_key, revoke_key
from partners.models import ApiKey, Person
from partners.stepping_up import fresh
from portal.pages import ago, local_time

GET_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
@signed_in
def key_list(request: HttpRequest) -> HttpResponse:
    return render(request, "partners/keys.html", _page(request))


def _page(request: HttpRequest, *, fresh_key: str = "") -> dict[str, Any]:
    administers = may_administer(request.visitor)  # type: ignore[attr-defined]
    rows = list(_rows(keys_in_force(), administers=administers))
    return {"keys": rows, "fresh_key": fresh_key, "administers": administers}


def _rows(keys: Iterable[ApiKey], *, administers: bool) -> Iterable[dict[str, str]]:
    for key in keys:
        yield {
            "id": str(key.pk),
            "name": key.label,
            "account": key.service_account.name if key.service_account else "",
            "prefix": f"bh_{key.pk.hex[:4]}",
            "scopes": ", ".join(key.scopes),
            "made": local_time(key.created_at, "%-d %B %Y"),
            "used": _("%(time)s ago") % {"time": ago(key.last_used_at)} if key.last_used_at else _("never"),
            "expires": local_time(key.expires_at, "%-d %B %Y"),
            "revoke_url": reverse("key-revoke", args=[key.pk]) if administers else "",
        }


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def make(request: HttpRequest) -> HttpResponse:
    """The key is in the answer to the button, and can never be read again."""
    accounts = list(Person.objects.filter(role=Person.Role.SERVICE_ACCOUNT, is_active=True))
    form = KeyForm(request.POST if request.method == "POST" else None, accounts=accounts)
    if request.method == "POST" and form.is_valid():
        try:
            _key, text = offer_key(
                label=form.cleaned_data["label"],
                scopes=form.cleaned_data["scopes"],
                lifetime=form.lifetime(),
                service_account=form.account(),
                actor=actor_of(request.visitor),  # type: ignore[attr-defined]
            )
        except NotThis as refused:
            form.add_error("label", str(refused))
        else:
            return render(request, "partners/keys.html", _page(request, fresh_key=text))
    context = {"form": form, "accounts": bool(accounts)}
    return render(request, "partners/keys_make.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    key = ApiKey.objects.filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise Http404
    if request.method == "POST":
        revoke_key(key, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        messages.success(request, _("Revoked. The next call with it is refused."))
        return redirect("key-list")
    words = {
        "title": _("Revoke the key “%(name)s”?") % {"name": key.label},
        "effects": [
            _("Whatever uses it is refused from its next call on, and its live streams end."),
            _("It cannot be made to work again: make a new one first, if a machine must go on."),
        ],
        "button": _("Revoke"),
    }
    context = {"act": words, "back": reverse("key-list"), "trouble": "", "form": None, "name": key.label}
    return render(request, "partners/people_confirm.html", context)
