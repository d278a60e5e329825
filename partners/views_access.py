"""Pages of standing access: a council attests line by line, a provider keeps what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from partners import standing_access
from partners.acting import may_approve, may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_access import answers_in
from partners.history import history_of
from partners.models import Attestation, StandingAccess
from partners.next_door import names_next_door
from partners.permissions import today
from partners.standing_access import SAYS, Answer, flags, is_due
from partners.stepping_up import fresh

FIELDS = {"answer": lazy("Council says"), "last_used_on": lazy("Last used")}


def line_or_404(line_id: UUID) -> StandingAccess:
    """A line of one's own access, or of access into one's own organisation."""
    line = StandingAccess.objects.select_related("provider", "council").filter(pk=line_id).first()
    if line is None:
        raise Http404
    return line


@require_safe
@signed_in
def access_list(request: HttpRequest) -> HttpResponse:
    return render(request, "partners/access.html", page_of(request))


def page_of(request: HttpRequest, *, wrong: list[str] | None = None, posted: Mapping[str, Any] | None = None) -> Any:
    """Everything that the page wants; `posted` is what was typed and `wrong` what is wrong with it. Four queries."""
    visitor = request.visitor  # type: ignore[attr-defined]
    me: UUID = visitor.organisation_id
    names = standing_access.system_names()
    lines = list(standing_access.lines_of())
    into = [shown(line, names, posted=posted) for line in lines if line.council_id == me]
    ours = [shown(line, names) for line in lines if line.provider_id == me]
    return {
        "into": sorted(into, key=lambda each: (not each["due"], not each["flags"])),
        "ours": ours,
        "flagged": sum(1 for each in ours if each["flags"]),
        "due": sum(1 for each in into if each["due"]),
        "answers": [(answer.value, answer.label) for answer in Answer],
        "may_attest": may_approve(visitor),
        "may_keep": may_open(visitor),
        "wrong": wrong or [],
    }


def shown(
    line: StandingAccess, names: Mapping[UUID, str], *, posted: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    day, typed = today(), posted or {}
    systems = [names[each] for each in line.system_ids if each in names]
    return {
        "id": str(line.pk),
        "href": reverse("access-detail", args=[line.pk]),
        "name": line.name,
        "kind": str(line.get_kind_display()).lower(),
        "provider": line.provider.name,
        "council": line.council.name,
        "rights": line.rights,
        "privileged": line.privileged,
        "why": line.why,
        "approved": _approved(line),
        "systems": ", ".join(sorted(systems)) or _("none named"),
        "used": f"{line.last_used_on:%-d %B %Y}" if line.last_used_on else _("not known"),
        "said": str(SAYS[line.answer]),
        "said_at": line.answered_at,
        "note": line.answer_note,
        "version": line.version,
        "flags": flags(line, day),
        "due": is_due(line, day),
        "answer": typed.get(f"answer-{line.pk}", ""),
        "typed_note": typed.get(f"note-{line.pk}", ""),
    }


def _approved(line: StandingAccess) -> str:
    if not line.approved_by:
        return _("nobody knows by whom")
    return f"{line.approved_by}, {line.approved_on:%-d %B %Y}" if line.approved_on else line.approved_by


@require_POST
@signed_in(may=may_approve)
@fresh
def access_attest(request: HttpRequest) -> HttpResponse:
    """One form for all lines: what is left open is left for later."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    posted: QueryDict = request.POST
    answers, wrong = answers_in(posted, standing_access.lines_of(council=me))
    if not answers and not wrong:
        wrong = [_("Choose an answer for at least one line.")]
    if not wrong:
        try:
            due = standing_access.attest(answers, me=me)
        except NotAllowed as refused:
            return render(request, "partners/access.html", page_of(request, wrong=[str(refused)]), status=409)
        said = ngettext("%(n)s line attested.", "%(n)s lines attested.", len(answers)) % {"n": len(answers)}
        left = ngettext("%(n)s is still due.", "%(n)s are still due.", due) % {"n": due} if due else _("None is due.")
        messages.success(request, f"{said} {left}")
        return redirect("access-list")
    return render(request, "partners/access.html", page_of(request, wrong=wrong, posted=posted.dict()), status=422)


@require_safe
@signed_in
def access_detail(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """One line for both ends; what the council's people said is for the council alone."""
    visitor = request.visitor  # type: ignore[attr-defined]
    line = line_or_404(line_id)
    names = names_next_door()
    mine = line.provider_id == visitor.organisation_id
    attested = Attestation.objects.filter(access=line)[:20]
    answers = {answer.value: str(answer.label) for answer in Answer}
    return render(
        request,
        "partners/access_line.html",
        {
            "line": shown(line, standing_access.system_names()),
            "gone": line.removed_at,
            "links": [
                {
                    "words": f"{names.get(each.source_id, '…')} → {names.get(each.target_id, '…')}",
                    "href": reverse("dependency-detail", args=[each.pk]),
                }
                for each in standing_access.links_of(line)
            ],
            "what_if_href": reverse("access-what-if", args=[line.pk]) if may_open(visitor) else "",
            "may_keep": mine and may_open(visitor) and line.removed_at is None,
            "attested": [
                {"at": each.at, "who": each.said_by_name, "said": answers[each.answer], "note": each.note}
                for each in attested
            ],
            "history": history_of(line.pk, me=visitor.organisation_id, fields=FIELDS, names=answers),
        },
    )
