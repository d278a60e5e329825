"""Mail that is not trusted: what holds now, marking, renewing, lifting, and the notice to one's own staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from partners import mail_distrust
from partners.acting import may_answer, may_open, signed_in
from partners.approvals import NotAllowed
from partners.mail_marks import Mark, marks
from partners.models import MailNotice, Organisation
from partners.stepping_up import fresh
from portal.pages import LOCAL, local_time


class MarkForm(forms.Form):
    """One's own domain for all, or another's for oneself."""

    domain = forms.ChoiceField(error_messages={"required": lazy("Choose whose mail.")})
    reason = forms.CharField(max_length=1000, error_messages={"required": lazy("Say why, in a few words.")})
    since = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whose: dict[str, UUID] = {}
        choices = []
        for pk, name, domains in Organisation.objects.values_list("pk", "name", "mail_domains"):
            for domain in domains:
                self.whose[domain] = pk
                choices.append((domain, f"{name} ({domain})"))
        self.fields["domain"].choices = choices  # type: ignore[attr-defined]


class NoticeForm(forms.Form):
    text = forms.CharField(max_length=5000)
    people = forms.IntegerField(min_value=1, max_value=1_000_000)


def notice_of(mark: Mark) -> str:
    """Words to copy for one's own staff; they are changed before use."""
    said = {"name": mark.what, "since": local_time(mark.suspected_from, "%-d %B %Y, %H:%M")}
    until = local_time(mark.until, "%-d %B %Y, %H:%M") if mark.until else _("we tell you otherwise")
    return "\n".join(
        [
            _("Do not trust mail of %(name)s that came after %(since)s.") % said,
            _("Open no link and no file in it, and do not answer it."),
            _("Pay no invoice and change no bank details because of such a mail. Ring them first."),
            _("If you opened one already, ring our duty desk now: [number]."),
            _("This holds until %(until)s.") % {"until": until},
        ]
    )


@require_safe
@signed_in
def mail_list(request: HttpRequest) -> HttpResponse:
    return _page(request, MarkForm())


def _page(request: HttpRequest, form: MarkForm, status: int = 200) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    issued: dict[UUID, MailNotice] = {}
    for notice in MailNotice.objects.order_by("issued_at"):
        issued[notice.mark_id] = notice
    known = list(marks())
    context = {
        "shown": [
            {
                "mark": each,
                "issued": issued.get(each.id),
                "notice": notice_of(each),
                "may_change": each.mine and each.isolation_id is None and not each.by_two and may_open(visitor),
            }
            for each in known
            if each.in_force
        ],
        "ended": [each for each in known if not each.in_force],
        "form": form if may_open(visitor) else None,
        "may_issue": may_answer(visitor),
    }
    return render(request, "partners/mail.html", context, status=status)


@require_POST
@signed_in
@fresh
def mail_act(request: HttpRequest) -> HttpResponse:
    """Mark, renew, lift, or write down that the notice went out. The database says who may."""
    visitor = request.visitor  # type: ignore[attr-defined]
    act, form = request.POST.get("act", ""), MarkForm(request.POST)
    try:
        if act in {"renew", "lift", "notice"}:
            _change(act, request)
        elif not form.is_valid():
            return _page(request, form, status=422)
        else:
            said = form.cleaned_data
            whose, since = form.whose[said["domain"]], said["since"]
            mail_distrust.mark(
                whose,
                said["domain"],
                for_all=whose == visitor.organisation_id,
                reason=said["reason"],
                since=since.replace(tzinfo=LOCAL) if since else None,
            )
    except NotAllowed as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=409)
    messages.success(request, _("Done. It holds from now on."))
    return redirect("mail-distrust")


def _change(act: str, request: HttpRequest) -> None:
    try:
        mark_id = UUID(request.POST.get("mark", ""))
    except ValueError:
        raise NotAllowed(_("No mark that you know of.")) from None
    if act == "renew":
        mail_distrust.renew(mark_id)
    elif act == "lift":
        mail_distrust.lift(mark_id)
    else:
        notice = NoticeForm(request.POST)
        if not notice.is_valid():
            raise NotAllowed(_("A notice has its words, and how many people it went to."))
        mail_distrust.issue_notice(mark_id, text=notice.cleaned_data["text"], people=notice.cleaned_data["people"])
