"""The pages that watch an incident: list, board, one organisation, how far it reaches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents import board as boards
from incidents.asking import requests_of
from incidents.brief import brief_of, line_of
from incidents.decisions.known import current_card
from incidents.decisions.waiting import to_review
from incidents.feed_filters import choice
from incidents.header import header_of
from incidents.isolating import asks_for
from incidents.left_untold import still_untold
from incidents.listing import KINDS, closed_page, kinds_shown, open_page, peacetime, states_shown
from incidents.mail import may_be_marked
from incidents.models import Incident, Participant, Standing, Task
from incidents.moving import movement, said_of_cuts, visible_links
from incidents.not_trusted import lines_of, mail_lines, suspicions_in
from incidents.picture_page import as_file, with_picture
from incidents.planned import may_be_worked_on
from incidents.planned_cuts.contain_first import plans_of
from incidents.planned_cuts.shown import waiting_for as cuts_to_answer
from incidents.planned_pages import list_rows
from incidents.reach import participant_page, radius_page
from incidents.rewalk import current_document, versions_of
from incidents.ringing import ringing
from incidents.saved_views import views_of
from incidents.seeing import mark_seen
from incidents.statements.saying import waiting_statements
from incidents.tabs import Reader, more_of
from incidents.views.finding import incident_or_404, overseen_or_404
from incidents.why_here import why_page
from incidents.words import INCIDENT_STATUS, due_words, state, state_key
from partners.acting import actor_of, may_answer, may_approve, may_open, signed_in
from partners.isolation import in_force
from portal import clock
from portal.tenancy.door import Visitor


@require_safe
@signed_in
def incident_list(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    kind = request.GET.get("kind", "")
    state = request.GET.get("state", "")
    if state not in INCIDENT_STATUS:
        state = ""
    kinds = kinds_shown(kind, state)
    if kind == "planned":
        return _planned_list(request, kinds)
    if kind not in KINDS:
        kind = ""
    closed, page = closed_page(visitor.organisation_id, after=request.GET.get("after", ""), kind=kind, state=state)
    after = request.GET.get("open", "")
    rows, more = open_page(visitor.organisation_id, kind=kind, state=state, after=after)
    states = states_shown(kind, state)
    context = {
        "incidents": rows,
        "more": more,
        "later": bool(after),
        "views": views_of(visitor, kind=kind, state=state),
        "kind": kind,
        "closed": closed,
        "page": page,
        "kinds": kinds,
        "states": states,
        "state": state,
        "refresh_url": request.get_full_path() if after else next(each["href"] for each in states if each["current"]),
        "may_open": may_open(visitor),
        "peacetime": [] if rows else peacetime(may_open=may_open(visitor)),
    }
    return render(request, "incidents/list.html", context)


def _planned_list(request: HttpRequest, kinds: list[dict[str, Any]]) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    me, now = visitor.organisation_id, clock.now()
    context = {
        "kinds": kinds,
        "views": views_of(visitor, kind="planned"),
        "kind": "planned",
        "state": "",
        "works": list_rows(me=me, now=now),
        "over": list_rows(me=me, now=now, over=True),
        "may_announce": may_open(visitor) and may_be_worked_on(me).exists(),
    }
    return render(request, "incidents/planned_list.html", context)


@require_safe
@signed_in
def board(request: HttpRequest, reference: str) -> HttpResponse:
    return render(request, "incidents/board.html", {"board": _board(request, reference), "at": clock.now()})


@require_safe
@signed_in
def board_fragment(request: HttpRequest, reference: str) -> HttpResponse:
    """The part that follows the stream, alone."""
    return render(request, "incidents/_board.html", {"board": _board(request, reference)})


def _board(request: HttpRequest, reference: str) -> dict[str, Any]:
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    me: UUID = visitor.organisation_id
    sides = boards.sides_of(incident)
    if any(side["organisation_id"] == me and side["seen_at"] is None for side in sides):
        mark_seen(incident, actor=actor_of(visitor))
        sides = boards.sides_of(incident)
    manages = may_open(visitor)
    return boards.board_of(
        incident,
        me=me,
        may_lead=manages and me == incident.lead_id,
        manages=manages,
        feed=choice(request.GET.get("feed", "")),
        sides=sides,
    )


@require_safe
@signed_in
def brief(request: HttpRequest, reference: str) -> HttpResponse:
    """What to read to one's own chief executive, and the status in a line."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    sentences = brief_of(incident, me=visitor.organisation_id, name=visitor.organisation_name)
    if not sentences:
        raise Http404
    context = {
        "incident": header(incident),
        "card": current_card(incident),
        "sentences": sentences,
        "line": line_of(incident),
        "at": clock.now(),
    }
    return render(request, "incidents/brief.html", context)


@require_safe
@signed_in
def more(request: HttpRequest, reference: str) -> HttpResponse:
    """Where the other pages of the incident are, and what each is for."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    oversees = visitor.organisation_id in incident.overseers
    me: UUID = visitor.organisation_id
    reader = Reader(
        own_slug=None if oversees else visitor.organisation_slug,
        manages=may_open(visitor),
        to_answer=len(waiting_statements(me, incident)),
        cuts=len(cuts_to_answer(incident, me=me)),
        reviews=len(to_review(incident, me=me)),
    )
    context = {"incident": header(incident), "pages": more_of(incident, reader)}
    return render(request, "incidents/more.html", context)


@require_safe
@signed_in
def participant(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """Why is this organisation in the incident: for itself and the overseers; for others there is no such page."""
    incident = incident_or_404(reference)
    side = Participant.objects.filter(incident=incident, slug=slug).first()
    if side is None:
        raise Http404
    now = clock.now()
    visitor = request.visitor  # type: ignore[attr-defined]
    me: UUID = visitor.organisation_id
    tasks = Task.objects.filter(incident=incident, organisation_id=side.organisation_id).values(
        "id", "title", "status", "ready", "acknowledge_by", "finish_by"
    )
    facts = {"told_at": side.told_at, "seen_at": side.seen_at}
    context = {
        "incident": header(incident),
        "participant": {
            **participant_page(incident, side, current_document(incident)),
            **why_page(incident, side, me=me, manages=may_open(visitor), answers=may_answer(visitor)),
            "asked": requests_of(incident, side, me=me, manages=may_open(visitor)),
            "ring": ringing(incident, side.organisation_id),
            "not_trusted": [{"words": words, "href": href} for words, href in _not_trusted(incident, side)],
            "isolate_href": reverse("incident-isolate", args=[reference, slug])
            if incident.status != "closed"
            and me != side.organisation_id
            and may_approve(visitor)
            and asks_for(incident, side.organisation_id) == me
            else "",
            "mail_href": _mail_href(incident, side, visitor),
            "tasks": [
                {
                    "title": task["title"],
                    "href": reverse("task-detail", args=[task["id"]]),
                    "state": state(state_key(task, facts, now)),
                    "due": due_words(task, now),
                }
                for task in tasks
            ],
        },
    }
    return render(request, "incidents/participant.html", context)


def _mail_href(incident: Incident, side: Participant, visitor: Visitor) -> str:
    """Where the reader asks to mark this participant's mail for all; '' when it is not theirs to ask."""
    if incident.status == Incident.Status.CLOSED or not may_approve(visitor):
        return ""
    domains = [domain for domain, _name, pk in may_be_marked(incident, me=visitor.organisation_id)
               if pk == side.organisation_id]  # fmt: skip
    return f"{reverse('incident-mail-ask', args=[incident.reference])}?about={domains[0]}" if domains else ""


def _not_trusted(incident: Incident, side: Participant) -> list[tuple[str, str]]:
    """What of this participant is not trusted, in sentences, with its page where the reader may know of it."""
    found = [each for each in suspicions_in(incident.pk) if each.organisation_id == side.organisation_id]
    known = {each.step: each.pk for each in in_force(side.organisation_id)}
    names = {side.organisation_id: side.name}
    steps = [
        (line, reverse("isolation-detail", args=[known[each.step]]) if each.step in known else "")
        for each in found
        for line in lines_of([each], names)
    ]
    return [*steps, *((line, reverse("mail-distrust")) for line in mail_lines(names))]


@require_safe
@signed_in
def radius(request: HttpRequest, reference: str) -> HttpResponse:
    """How far it can reach: the whole picture is for lead, deputy and provider."""
    return radius_answer(request, overseen_or_404(reference, me=request.visitor.organisation_id))  # type: ignore[attr-defined]


def radius_answer(
    request: HttpRequest, incident: Incident, *, trouble: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """The page; `trouble` is what was wrong with a link that somebody named, and what they had typed."""
    document = current_document(incident)
    if document is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    shown = radius_page(
        document,
        incident=incident,
        links=visible_links(document),
        said=said_of_cuts(versions_of(incident)),
        untold={row["slug"]: row["because"] for row in still_untold(incident)},
    )
    plans = plans_of(incident, document["cuts"], me=visitor.organisation_id, may_plan=may_open(visitor))
    for cut, plan in zip(shown["cuts"], plans, strict=True):
        cut |= {"planned": plan["planned"], "plan_href": plan["plan_href"]}
    context = {
        "incident": header(incident),
        "moved": movement(incident, document, me=visitor.organisation_id, manages=may_open(visitor))
        | {"trouble": trouble},
        **with_picture(
            document,
            request.GET,
            shown,
            picture_href=reverse("incident-radius-picture", args=[incident.reference]),
        ),
    }
    return render(request, "incidents/radius.html", context, status=status)


@require_safe
@signed_in
def radius_picture(request: HttpRequest, reference: str) -> HttpResponse:
    """The picture as it is shown, as a file of its own; it holds no script and no address."""
    incident = overseen_or_404(reference, me=request.visitor.organisation_id)  # type: ignore[attr-defined]
    document = current_document(incident)
    if document is None:
        raise Http404
    title = _("How far can it reach? %(reference)s %(title)s") % {
        "reference": incident.reference,
        "title": incident.title,
    }
    return as_file(document, request.GET, title=title, name=f"{incident.reference}-how-far.svg")


def header(incident: Incident) -> dict[str, Any]:
    standings = list(Standing.objects.filter(incident=incident).values("organisation_id", "name"))
    return header_of(incident, standings, [])
