"""An organisation's own duties in an incident: the list, most urgent first, and one with everything said of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.duties.forms import SayForm
from incidents.duties.saying import judged_by_me, say
from incidents.duties.urgency import own_duties
from incidents.duties.words import both_times, facts_of, row_of, rule_of
from incidents.errors import Doubtful, NotYours, WrongMoment
from incidents.models import Duty, Incident
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import signed_in
from portal import clock
from portal.pages import refuse

State = Duty.State
KEEPERS = frozenset({"administrator", "incident_manager", "data_protection_officer"})
JUDGED = frozenset({"aware", "correct", "no_report", "reopen"})
# What can be said in which state, in the order of the page; `correct` needs a time that can be corrected.
ACTS: dict[str, tuple[str, ...]] = {
    State.ASSESSING: ("aware", "no_report", "share"),
    State.RUNNING: ("report", "no_report", "correct", "share"),
    State.REPORTED: ("follow_up", "close", "correct", "share"),
    State.FOLLOWED_UP: ("follow_up", "close", "correct", "share"),
    State.NOT_REPORTABLE: ("reopen", "close", "share"),
    State.CLOSED: ("reopen", "share"),
}


@require_safe
@signed_in
def duty_list(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    now = clock.now()
    others = Duty.objects.filter(incident=incident).exclude(organisation_id=me)
    context = {
        "incident": header(incident),
        "rows": [
            {**row_of(each, now), "href": reverse("duty-detail", args=[reference, each.pk])}
            for each in own_duties(incident, me=me)
        ],
        "others": [
            {**row_of(each, now), "organisation": each.organisation.name}
            for each in others.select_related("organisation").order_by("organisation__name", "kind")[:200]
        ],
    }
    return render(request, "incidents/duties.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def duty_detail(request: HttpRequest, reference: str, duty_id: UUID) -> HttpResponse:
    """One duty of the reader's own organisation; of anybody else's there is no such page."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    duty = Duty.objects.filter(incident=incident, organisation_id=visitor.organisation_id, pk=duty_id).first()
    if duty is None:
        raise Http404
    judges = duty.pk in judged_by_me(incident.pk)
    acts = [act for act in ACTS[duty.state] if judges or (act not in JUDGED and visitor.role in KEEPERS)]
    asked = request.POST.get("act", "") if request.method == "POST" else ""
    if asked and asked not in acts:
        known = asked in SayForm.FIELDS
        return refuse(request, 403 if known and asked in ACTS[duty.state] else 409, _("That cannot be said of it now."))
    now = clock.now()
    forms = {
        act: SayForm(request.POST if act == asked else None, act=act, initial=_initial(duty, act, now)) for act in acts
    }
    status = 200
    if request.method == "POST":
        form = forms.get(asked)
        if form is None:
            return refuse(request, 422, _("Choose what you want to say."))
        status = 422
        if form.is_valid():
            try:
                return _said(request, incident, duty, form)
            except (NotYours, WrongMoment) as wrong:
                form.asks_sure = isinstance(wrong, Doubtful)
                form.add_error("moment" if form.asks_sure else None, str(wrong))
                status = 403 if isinstance(wrong, NotYours) else 409
    context = {
        "incident": header(incident),
        "duty": row_of(duty, now),
        "rule": rule_of(duty),
        "facts": facts_of(duty),
        "judge": duty.get_judge_display(),
        "judges": judges,
        "forms": {act: forms.get(act) for act in SayForm.FIELDS},
        "wrong": forms.get(asked),
        "said": [_line(each) for each in duty.revisions.order_by("-number")[:200]],
    }
    return render(request, "incidents/duty.html", context, status=status)


def _initial(duty: Duty, act: str, now: Any) -> dict[str, Any]:
    # A correction begins with what stands, so that a hasty press moves no deadline.
    return {"moment": duty.aware_at if act == "correct" else now, "whom": duty.shared}


def _said(request: HttpRequest, incident: Incident, duty: Duty, form: SayForm) -> HttpResponse:
    if say(duty, form.saying()):
        messages.success(request, _("Written down. What was said before is kept."))
    else:
        messages.success(request, _("This was said already; nothing is different."))
    return redirect("duty-detail", reference=incident.reference, duty_id=duty.pk)


def _line(each: Any) -> dict[str, Any]:
    times = [
        (_("aware"), each.aware_at),
        (_("due"), each.due_at),
        (_("made"), each.moment),
    ]
    return {
        "at": each.at,
        "what": each.get_act_display(),
        "who": each.name or _("Bulkhead"),
        "words": each.words,
        "times": [(words, both_times(at)) for words, at in times if at is not None],
    }
