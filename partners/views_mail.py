"""Mail that is not trusted: what holds now, marking, renewing, lifting, and the notice to one's own staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from partners import mail_distrust
from partners.acting import may_answer, may_approve, may_open, signed_in
from partners.approvals import NotAllowed
from partners.mail_marks import Mark, ending, marks
from partners.models import MailNotice, Organisation
from partners.stepping_up import fresh
from portal import clock
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
    """The notice about one mark; several stand on the page, so that ids carry the mark's."""

    text = forms.CharField(max_length=5000, error_messages={"required": lazy("A notice has its words.")})
    people = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        error_messages={"required": lazy("Say how many people it went to."), "invalid": lazy("Write a whole number.")},
    )

    def __init__(self, mark_id: UUID, data: Any = None, **more: Any) -> None:
        super().__init__(data, auto_id=f"%s-{mark_id}", **more)
        self.mark_id = mark_id


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
    return _page(request)


def _page(
    request: HttpRequest,
    *,
    form: MarkForm | None = None,
    notice: NoticeForm | None = None,
    problem: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `form` and `notice` as somebody has filled them in. The errors of `problem` stand at the top."""
    visitor = request.visitor  # type: ignore[attr-defined]
    issued: dict[UUID, MailNotice] = {}
    for each in MailNotice.objects.order_by("issued_at"):
        issued[each.mark_id] = each
    known = list(marks())
    context = {
        "shown": [
            {
                "mark": each,
                "issued": issued.get(each.id),
                "notice": notice
                if notice and notice.mark_id == each.id
                else NoticeForm(each.id, initial={"text": notice_of(each)}),
                "may_change": each.mine and each.isolation_id is None and not each.by_two and may_open(visitor),
                "by_two_href": reverse("mail-distrust-change", args=[each.id])
                if each.by_two and each.organisation_id != visitor.organisation_id and may_approve(visitor)
                else "",
            }
            for each in known
            if each.in_force
        ],
        "warnings": ending(known, me=visitor.organisation_id, now=clock.now()),
        "ended": [each for each in known if not each.in_force],
        "form": (form or MarkForm()) if may_open(visitor) else None,
        "may_issue": may_answer(visitor),
        "problem": problem,
    }
    return render(request, "partners/mail.html", context, status=status)


@require_POST
@signed_in
@fresh
def mail_act(request: HttpRequest) -> HttpResponse:
    """Mark, renew, lift, or write down that the notice went out. The database says who may."""
    match request.POST.get("act", ""):
        case "renew" | "lift" as act:
            return _change(request, act)
        case "notice":
            return _issue(request)
    form = MarkForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, problem=form, status=422)
    said = form.cleaned_data
    whose, since = form.whose[said["domain"]], said["since"]
    own = whose == request.visitor.organisation_id  # type: ignore[attr-defined]
    try:
        mail_distrust.mark(
            whose,
            said["domain"],
            for_all=own,
            reason=said["reason"],
            since=since.replace(tzinfo=LOCAL) if since else None,
        )
    except NotAllowed as refused:
        form.add_error(None, str(refused))
        return _page(request, form=form, problem=form, status=409)
    done = _("Marked for everybody, for seven days.") if own else _("Marked for your organisation, for seven days.")
    return _done(request, done)


def _change(request: HttpRequest, act: str) -> HttpResponse:
    try:
        mark_id = _mark_in(request)
        if act == "renew":
            until = local_time(mail_distrust.renew(mark_id), "%-d %B %Y, %H:%M")
            return _done(request, _("The mark holds until %(until)s.") % {"until": until})
        mail_distrust.lift(mark_id)
        return _done(request, _("The mark is lifted. That mail is used again, unless another mark holds."))
    except NotAllowed as refused:
        return _refused(request, refused)


def _issue(request: HttpRequest) -> HttpResponse:
    """What was typed is kept, whatever is wrong with it."""
    try:
        notice = NoticeForm(_mark_in(request), request.POST)
    except NotAllowed as refused:
        return _refused(request, refused)
    if not notice.is_valid():
        return _page(request, notice=notice, problem=notice, status=422)
    said = notice.cleaned_data
    try:
        mail_distrust.issue_notice(notice.mark_id, text=said["text"], people=said["people"])
    except NotAllowed as refused:
        notice.add_error(None, str(refused))
        return _page(request, notice=notice, problem=notice, status=409)
    return _done(request, _("It is written down that your staff was told."))


def _mark_in(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("mark", ""))
    except ValueError:
        raise NotAllowed(_("No mark that you know of.")) from None


def _refused(request: HttpRequest, refused: NotAllowed) -> HttpResponse:
    """The page with the sentence, and with no form that somebody did not send."""
    problem = forms.Form({})
    problem.add_error(None, str(refused))
    return _page(request, problem=problem, status=409)


def _done(request: HttpRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("mail-distrust")
