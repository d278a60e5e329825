"""Pages of playbooks: the plan in words, step by step."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.document_block import document_block
from incidents.models import Playbook, PlaybookDraft, Step
from incidents.sign_off_pages import list_rows, signatures
from incidents.workflow_picture import drawn, who_of
from partners.acting import may_open, signed_in
from portal.pages import local_time


@require_safe
@signed_in
def playbook_list(request: HttpRequest) -> HttpResponse:
    counts: dict[UUID, int] = {}
    for playbook_id in Step.objects.values_list("playbook_id", flat=True):
        counts[playbook_id] = counts.get(playbook_id, 0) + 1
    rows = list_rows(request.visitor.organisation_id, counts)  # type: ignore[attr-defined]
    drafts = [
        {
            "name": each.name,
            "href": reverse("draft", args=[each.pk]),
            "changed": local_time(each.changed_at, "%-d %B, %H:%M"),
        }
        for each in PlaybookDraft.objects.defer("content")
    ]
    writes = may_open(request.visitor)  # type: ignore[attr-defined]
    context = {"playbooks": rows, "drafts": drafts if writes else [], "may_write": writes}
    return render(request, "playbooks/list.html", context)


@require_safe
@signed_in
def playbook_detail(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    playbook = Playbook.objects.filter(pk=playbook_id).first()
    if playbook is None:
        raise Http404
    steps = list(Step.objects.filter(playbook=playbook))
    positions = {step.cacao_step_id: step.position for step in steps}
    context = {
        "playbook": {
            "title": playbook.name,
            "description": playbook.description,
            "version": playbook.version[:10],
        },
        "facts": [
            (_("Version"), playbook.version),
            (_("Steps"), str(len(steps))),
            (_("Kept since"), local_time(playbook.imported_at, "%-d %B %Y")),
        ],
        "steps": [
            {
                "title": step.title,
                "who": who_of(step.audience),
                "what": [words for words in (step.do_this, step.why) if words],
                "due": _("accept in %(accept)s min, finish in %(finish)s min")
                % {"accept": step.acknowledge_minutes, "finish": step.finish_minutes},
                "after": _after([positions[each] for each in step.after if each in positions]),
                "references": [{"id": each["id"], "name": each["name"]} for each in step.d3fend],
            }
            for step in steps
        ],
        "edit": _edit(request, playbook),
        "signatures": signatures(playbook, request.visitor),  # type: ignore[attr-defined]
        "picture": drawn(
            playbook.document, positions, lambda key: f"#step-{positions[key]}" if key in positions else ""
        ),
        "document": document_block(playbook, request.visitor),  # type: ignore[attr-defined]
    }
    return render(request, "playbooks/detail.html", context)


def _edit(request: HttpRequest, playbook: Playbook) -> dict[str, str] | None:
    """The way into the editor: a new version of one's own, a copy of anybody else's."""
    visitor = request.visitor  # type: ignore[attr-defined]
    if not may_open(visitor):
        return None
    own = playbook.created_by_organisation_id == visitor.organisation_id
    words = _("Edit as a new version") if own else _("Copy and edit")
    return {"words": words, "url": reverse("playbook-edit", args=[playbook.pk])}


def _after(positions: list[int]) -> str:
    return _("after step %(n)s") % {"n": ", ".join(map(str, sorted(positions)))} if positions else ""
