"""The work list: what somebody of the organisation has to look at, and what is asked of whoever looks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partners import work
from partners.acting import may_answer, signed_in
from partners.approvals import NotAllowed
from partners.models import ReviewCard, WorkItem
from partners.ours import path_of_ours
from partners.views_cards import LONGEST, answered, card_shown
from portal import clock

LATELY = timedelta(days=90)
AT_MOST = 200  # of each list; an organisation with more has another trouble


@require_safe
@signed_in
def work_list(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, trouble: dict[str, Any] | None = None) -> HttpResponse:
    """Seven queries, however much there is to do. `trouble` is why settling the item `id` did nothing."""
    visitor = request.visitor  # type: ignore[attr-defined]
    items = WorkItem.objects.select_related("raised_by_organisation", "settled_by")
    since = clock.now() - LATELY
    asked = list(
        ReviewCard.objects.select_related("person", "answered_by")
        .filter(Q(state=ReviewCard.State.OPEN) | Q(answered_at__gte=since))
        .order_by("-answered_at", "dealt_at")[:AT_MOST]
    )
    waiting = [card for card in asked if card.state == ReviewCard.State.OPEN]
    context = {
        "items": [
            _item(each, visitor.organisation_id)
            for each in items.filter(state=WorkItem.State.OPEN).order_by(F("due_at").asc(nulls_last=True), "raised_at")[
                :AT_MOST
            ]
        ],
        "settled": [
            _item(each, visitor.organisation_id)
            for each in items.exclude(state=WorkItem.State.OPEN)
            .filter(settled_at__gte=since)
            .order_by("-settled_at")[:AT_MOST]
        ],
        "mine": [card_shown(each, visitor) for each in waiting if each.person_id == visitor.person_id],
        "others": [card_shown(each, visitor) for each in waiting if each.person_id != visitor.person_id],
        "answered": answered([each for each in asked if each not in waiting], visitor),
        "may_act": may_answer(visitor),
        "trouble": trouble,
    }
    return render(request, "partners/work.html", context, status=trouble["status"] if trouble else 200)


def _item(item: WorkItem, me: UUID) -> dict[str, Any]:
    by = item.raised_by_organisation
    return {
        "id": str(item.pk),
        "title": item.title,
        "detail": item.detail,
        "href": path_of_ours(item.page, otherwise=""),
        "due_at": item.due_at,
        "overdue": item.due_at is not None and item.due_at < clock.now() and item.state == WorkItem.State.OPEN,
        "raised_at": item.raised_at,
        "raised_by": by.name if by and by.pk != me else "",
        "state": str(item.get_state_display()),
        "settled_at": item.settled_at,
        "settled_by": item.settled_by.name if item.settled_by else "",
        "outcome": item.outcome,
    }


@require_POST
@signed_in(may=may_answer)
def work_settle(request: HttpRequest, item_id: UUID) -> HttpResponse:
    item = WorkItem.objects.filter(pk=item_id).first()
    if item is None:
        raise Http404
    said = request.POST.get("outcome", "").strip()
    trouble = {"id": str(item.pk), "typed": said.replace("\0", ""), "status": 422}
    if problem := _written(said):
        return _page(request, {**trouble, "words": problem})
    try:
        work.settle(item, outcome=said, dropped=request.POST.get("act") == "drop")
    except NotAllowed as refused:
        settled = item.state != WorkItem.State.OPEN
        words = _("Somebody settled it already.") if settled else str(refused)
        return _page(request, {**trouble, "id": "", "words": words, "status": 409})
    messages.success(request, _("Settled: %(title)s.") % {"title": item.title})
    return redirect("work-list")


def _written(said: str) -> str:
    if not said:
        return _("Write in a few words what came of it.")
    if "\0" in said or len(said) > LONGEST:
        return _("Write at most %(n)s characters, without odd signs.") % {"n": LONGEST}
    return ""
