"""Keys that playbooks are signed with: one's own, and whose are trusted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import signing, trusting
from incidents.forms_signing import EndForm, KeyForm, TrustForm
from incidents.models import SigningKey, TrustedKey
from partners.acting import may_administer, may_approve, signed_in
from partners.approvals import NotAllowed
from partners.models import Organisation
from partners.stepping_up import fresh

ENDED_SHOWN = 20


@require_safe
@signed_in
def signing_keys(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, trouble: str = "", at: str = "", typed: str = "") -> HttpResponse:
    """`trouble` is what stood in the way of a button; `at` names the row it belongs to, '' for one's own key."""
    visitor = request.visitor  # type: ignore[attr-defined]
    me: UUID = visitor.organisation_id
    own = [_own(key) for key in SigningKey.objects.filter(organisation_id=me)]
    listed = TrustedKey.objects.select_related("added_by", "vouched_by", "ended_by")
    rows = [_listed(row, me) for row in listed.filter(ended_at=None)]
    context = {
        "key": next((key for key in own if not key["ended"]), None),
        "former": [key for key in own if key["ended"]],
        "form": KeyForm(),
        "trusted": rows,
        "ended": [_listed(row, me) for row in listed.exclude(ended_at=None).order_by("-ended_at")[:ENDED_SHOWN]],
        "administers": may_administer(visitor),
        "may_trust": may_approve(visitor),
        "trouble": {"words": trouble, "at": at, "typed": typed},
    }
    return render(request, "playbooks/keys.html", context, status=409 if trouble else 200)


def _own(key: SigningKey) -> dict[str, Any]:
    return {
        "id": str(key.pk),
        "algorithm": key.get_algorithm_display(),
        "thumbprint": signing.in_groups(key.thumbprint),
        "public_key": key.public_key,
        "made_at": key.made_at,
        "ended": key.get_ended_display() if key.ended else "",
        "ended_at": key.ended_at,
        "exposed": key.ended == SigningKey.Ended.EXPOSED,
    }


def _listed(row: TrustedKey, me: UUID) -> dict[str, Any]:
    may_end = row.added_by_id == me or (row.for_all and me in {row.vouched_by_id, row.owner_organisation_id})
    return {
        "id": str(row.pk),
        "owner": row.owner,
        "outside": row.owner_organisation_id is None,
        "thumbprint": signing.in_groups(row.thumbprint),
        "since": row.since,
        "who": _("%(a)s and %(b)s, for everybody") % {"a": row.added_by.name, "b": row.vouched_by.name}
        if row.vouched_by
        else _("your organisation, for itself alone"),
        "reason": row.reason,
        "may_end": may_end and row.ended_at is None,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by.name if row.ended_by else "",
        "ended_because": row.ended_because,
    }


@require_POST
@signed_in(may=may_administer)
@fresh
def signing_key_make(request: HttpRequest) -> HttpResponse:
    """Make the first key, or one in place of the present one."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, trouble=_("Choose a kind of key."))
    try:
        signing.make_key(
            SigningKey.Algorithm(form.cleaned_data["algorithm"]),
            organisation_id=request.visitor.organisation_id,  # type: ignore[attr-defined]
        )
    except NotAllowed as refused:
        return _page(request, trouble=str(refused))
    messages.success(request, _("Made. Your incident managers can sign playbooks with it now."))
    return redirect("signing-keys")


@require_POST
@signed_in(may=may_administer)
@fresh
def signing_key_end(request: HttpRequest, key_id: UUID) -> HttpResponse:
    exposed = request.POST.get("how") == "exposed"
    try:
        signing.retire_key(key_id, exposed=exposed)
    except NotAllowed as refused:
        return _page(request, trouble=str(refused))
    words = _("Everybody reads that this key is no longer secret. Signatures by it count for nothing.")
    messages.success(request, words if exposed else _("Nothing is signed with it any more. Its signatures stay right."))
    return redirect("signing-keys")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_approve)
@fresh
def trusted_key_add(request: HttpRequest) -> HttpResponse:
    """Put a key on the list: for one's own organisation at once, for everybody by asking a second one."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    others = list(Organisation.objects.filter(status="current"))
    form = TrustForm(request.POST if request.method == "POST" else None, me=me, others=others)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            if said["reach"] == "own":
                trusting.trust(form.owner_name, said["der"], organisation_id=form.owner_id, reason=said["reason"])
                messages.success(request, _("On the list, for your organisation alone."))
                return redirect("signing-keys")
            second = UUID(said["second"])
            trusting.ask(
                form.owner_name, said["der"], organisation_id=form.owner_id, reason=said["reason"], second=second
            )
            name = form.names[said["second"]]
            messages.success(request, _("Asked. It counts when %(name)s has approved it.") % {"name": name})
            return redirect("approval-list")
        except NotAllowed as refused:
            form.add_error("public_key", str(refused))
    return render(request, "playbooks/key_trust.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@signed_in(may=may_approve)
@fresh
def trusted_key_end(request: HttpRequest, row_id: UUID) -> HttpResponse:
    form = EndForm(request.POST)
    if not form.is_valid():
        return _page(request, trouble=" ".join(map(str, form.errors["reason"])), at=str(row_id))
    try:
        trusting.distrust(row_id, reason=form.cleaned_data["reason"])
    except NotAllowed as refused:
        return _page(request, trouble=str(refused), at=str(row_id), typed=form.cleaned_data["reason"])
    messages.success(request, _("Off the list."))
    return redirect("signing-keys")
