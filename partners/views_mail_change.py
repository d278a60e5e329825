"""Asking a second organisation to renew or to lift a mark on mail that two organisations set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from partners import mail_distrust
from partners.acting import may_approve, signed_in
from partners.approvals import NotAllowed
from partners.mail_marks import Mark, marks
from partners.models import MailDistrust, Organisation
from partners.stepping_up import fresh
from portal.pages import refuse

ACTS = [("renew", lazy("Go on for seven days")), ("lift", lazy("Trust it again"))]


class ChangeForm(forms.Form):
    """What is asked for, why, and which organisation decides."""

    act = forms.ChoiceField(choices=ACTS, error_messages={"required": lazy("Choose what you ask for.")})
    reason = forms.CharField(max_length=1000, error_messages={"required": lazy("Say why, in a few words.")})
    second = forms.ChoiceField(error_messages={"required": lazy("Choose the organisation that decides with you.")})

    def __init__(self, *args: Any, others: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].choices = list(others)  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_approve)
@fresh
def change(request: HttpRequest, mark_id: UUID) -> HttpResponse:
    """For those of the incident in which it was set, but for the organisation whose mail it is."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    mark = mark_by_two_or_404(mark_id, me=me)
    if not mark.in_force:
        return refuse(request, 409, _("This mark has ended already."))
    others = second_ones(mark, me=me)
    form = ChangeForm(request.POST if request.method == "POST" else None, others=others)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            mail_distrust.ask_to_change(
                mark, lift=said["act"] == "lift", reason=said["reason"], second=UUID(said["second"])
            )
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            name = dict(others)[said["second"]]
            messages.success(
                request, _("%(name)s is asked. The mark stays as it is until it approves.") % {"name": name}
            )
            return redirect("approval-list")
    payload = {"mark": str(mark.id)}
    context = {
        "mark": mark,
        "renewing": mail_distrust.effects_of_renewing(payload),
        "lifting": mail_distrust.effects_of_lifting(payload),
        "form": form,
    }
    return render(request, "partners/mail_change.html", context, status=status)


def mark_by_two_or_404(mark_id: UUID, *, me: UUID) -> Mark:
    """A mark set by two that the reader may change with another; absent and not theirs are the same 404."""
    for each in marks():
        if each.id == mark_id and each.by_two and each.organisation_id != me:
            return each
    raise Http404


def second_ones(mark: Mark, *, me: UUID) -> list[tuple[str, str]]:
    """Who can be the second organisation: `(id, name)` of those who may know of it, but for whose mail it is."""
    audience = MailDistrust.objects.values_list("audience", flat=True).get(pk=mark.id)
    known = Organisation.objects.filter(pk__in=audience).exclude(pk__in=[me, mark.organisation_id])
    return [(str(pk), name) for pk, name in known.order_by("name").values_list("pk", "name")]
