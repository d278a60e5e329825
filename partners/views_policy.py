"""How long an organisation's people stay signed in, and whether a password with a code is a way in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.acting import actor_of, may_administer, signed_in
from partners.forms_people import PolicyForm
from partners.models import SignInPolicy
from partners.stepping_up import fresh
from portal.ledger.record import record


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
@fresh
def policy(request: HttpRequest) -> HttpResponse:
    """The limits count from the next request of everybody, also in sessions that began before."""
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    kept = SignInPolicy.objects.filter(organisation_id=actor.organisation_id).first()
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        instance=kept or SignInPolicy(organisation_id=actor.organisation_id),
    )
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in PolicyForm.Meta.fields}
        SignInPolicy.objects.update_or_create(organisation_id=actor.organisation_id, defaults=values)
        record("sign_in_policy.changed", actor=actor, audience=[actor.organisation_id], **values)
        messages.success(request, _("Kept. It counts from the next page that anybody of you opens."))
        return redirect("sign-in-policy")
    return render(request, "partners/people_policy.html", {"form": form}, status=422 if form.errors else 200)
