"""The pages of links: all that one sees, and one with what both ends say and whoever speaks for an end can say next."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partners import reconnecting
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.history import history_of
from partners.links import BARRIER_CSS, FIELDS, NAMES, barrier_facts, barrier_words, cut_words, may_say
from partners.models import Dependency, EdgeMove
from partners.next_door import names_next_door
from partners.stepping_up import fresh
from portal.pages import refuse

LONGEST = 2000
End, What = EdgeMove.End, EdgeMove.What
NO_PAGES = {"next": None, "previous": None}


@require_safe
@signed_in
def dependency_list(request: HttpRequest) -> HttpResponse:
    names = names_next_door()
    rows = [
        {
            "source": names.get(edge.source_id, ""),
            "target": names.get(edge.target_id, ""),
            "kind": str(edge.get_kind_display()),
            "words": edge.label or edge.group,
            "href": reverse("dependency-detail", args=[edge.pk]),
            "barrier": barrier_words(edge),
            "barrier_css": BARRIER_CSS[edge.barrier],
            "standing": cut_words(edge),
        }
        for edge in Dependency.objects.all()
    ]
    rows.sort(key=lambda row: (row["source"], row["target"]))
    return render(request, "partners/dependencies.html", {"dependencies": rows, "page": NO_PAGES})


def edge_or_404(dependency_id: UUID) -> Dependency:
    edge = Dependency.objects.filter(pk=dependency_id).first()
    if edge is None:
        raise Http404
    return edge


@require_safe
@signed_in
def dependency_detail(request: HttpRequest, dependency_id: UUID) -> HttpResponse:
    edge = edge_or_404(dependency_id)
    visitor = request.visitor  # type: ignore[attr-defined]
    moves = list(EdgeMove.objects.filter(dependency=edge).select_related("organisation"))
    ends = reconnecting.ends_of(edge, moves)
    source, target = ends
    last = next((each for each in reversed(moves) if each.what == What.RECONNECTED), None)
    facts: list[tuple[str, ...]] = [
        (_("State"), reconnecting.state_of(ends, was_reconnected=last is not None)),
        (_("Kind"), str(edge.get_kind_display())),
        (_("Barrier"), barrier_words(edge)),
        *barrier_facts(edge),
        (_("When it is cut"), edge.stops or _("nothing recorded stops")),
        (_("Last checked"), f"{edge.reviewed_on:%-d %B %Y}, {edge.reviewed_by}" if edge.reviewed_on else _("never")),
    ]
    facts += [(_("Group"), edge.group)] if edge.group else []
    may_act = may_open(visitor)
    context = {
        "dependency": {
            "id": edge.pk,
            "source": source.system,
            "target": target.system,
            "kind": str(edge.get_kind_display()),
            "sentence": edge.note or (edge.label[:1].upper() + edge.label[1:]),
        },
        "facts": facts,
        "ends": [
            reconnecting.shown(source, target, me=visitor.organisation_id, may_act=may_act),
            reconnecting.shown(target, source, me=visitor.organisation_id, may_act=may_act),
        ],
        "history": [_in_words(each, source.system, target.system) for each in reversed(moves)],
        "change_href": reverse("dependency-change", args=[edge.pk]) if may_act and may_say(edge) else "",
        "changes": history_of(edge.pk, me=visitor.organisation_id, fields=FIELDS, names=NAMES),
    }
    return render(request, "partners/dependency.html", context)


def _in_words(move: EdgeMove, source: str, target: str) -> dict[str, object]:
    end = {End.SOURCE: source, End.TARGET: target}.get(End(move.at_end), _("both ends"))
    words = {
        What.CUT: _("%(end)s cut: %(text)s"),
        What.ASSURED: _("%(end)s checked: %(text)s. Vouched for by %(who)s."),
        What.AGREED: _("%(end)s: agreed to connect again"),
        What.RECONNECTED: _("connected again"),
    }[What(move.what)]
    said = words % {"end": end, "text": move.text.rstrip(". "), "who": move.vouched_by}
    return {"at": move.at, "who": move.organisation.name, "words": said}


@require_POST
@signed_in(may=may_open)
@fresh
def dependency_move(request: HttpRequest, dependency_id: UUID) -> HttpResponse:
    edge = edge_or_404(dependency_id)
    said = {name: request.POST.get(name, "").strip() for name in ("end", "act", "words", "vouched_by")}
    if any("\0" in each or len(each) > LONGEST for each in said.values()):
        return refuse(request, 422, _("Write at most %(n)s characters, without odd signs.") % {"n": LONGEST})
    try:
        came = reconnecting.move(
            edge, which=said["end"], act=said["act"], words=said["words"], vouched_by=said["vouched_by"]
        )
    except NotAllowed as refused:
        words = str(refused)
        return refuse(request, 409, f"{words[:1].upper()}{words[1:].rstrip('.')}.")
    messages.success(request, _done(came))
    return redirect("dependency-detail", dependency_id=edge.pk)


def _done(came: str) -> str:
    return {
        "cut": _("Written down, for both ends to read. The link is walked until both ends say cut."),
        "assured": _("Written down, with who vouches. It counts for seven days."),
        "agreed": _("Written down. The link is connected again as soon as the other end agrees too."),
        "reconnected": _("Both ends agree: the link is connected again, and counts in every radius from now on."),
    }[came]
