"""The editor of playbooks. Every button is a form of its own and works without JavaScript; nothing typed is lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import drafts
from incidents.cacao.reading import PlaybookRefused
from incidents.draft_block_forms import BlockForm, VariableForm, initial_rows, written_rows
from incidents.draft_forms import AboutForm, ActForm, NewForm, about_initial
from incidents.draft_pages import BLOCK_WORDS, draft_page, lists_of, newer_words, titles_of
from incidents.models import Playbook, PlaybookDraft
from incidents.playbooks import VersionTaken
from incidents.writing import edits
from incidents.writing.faults import faults_of
from incidents.writing.outline import Act, Block, Outline
from incidents.writing.reading_in import NotWritable
from partners.acting import actor_of, may_open, signed_in
from portal.pages import refuse

CHANGED = "Somebody saved this draft while you were writing. Look at what is new, then press Save again."
MOST_ROWS = 40
Rows = formset_factory(VariableForm, extra=2, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS + 5)


def _draft_or_404(draft_id: UUID) -> PlaybookDraft:
    draft = PlaybookDraft.objects.filter(pk=draft_id).first()
    if draft is None:
        raise Http404
    return draft


def _seen(request: HttpRequest) -> int:
    """The version of the draft that the form was made from; one that nobody sent is older than all."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _save(request: HttpRequest, draft: PlaybookDraft, outline: Outline) -> str:
    """Store it; '' or why not."""
    try:
        drafts.save(draft, outline, seen=_seen(request), actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except drafts.DraftChanged:
        return str(_(CHANGED))
    except drafts.TooMuch as refused:
        return str(refused)
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def new(request: HttpRequest) -> HttpResponse:
    form = NewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actor = actor_of(request.visitor)  # type: ignore[attr-defined]
            draft = drafts.begin(form.cleaned_data["name"], actor=actor)
        except drafts.TooMuch as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("draft", draft_id=draft.pk)
    return render(request, "playbooks/draft_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@signed_in(may=may_open)
def from_playbook(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    playbook = Playbook.objects.filter(pk=playbook_id).first()
    if playbook is None:
        raise Http404
    try:
        draft = drafts.begin_from(playbook, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except NotWritable as refused:
        words = _("This playbook cannot be edited here without losing something of it. %(why)s (%(where)s)")
        return refuse(request, 422, words % {"why": refused.why, "where": refused.where})
    except drafts.TooMuch as refused:
        return refuse(request, 409, str(refused))
    return redirect("draft", draft_id=draft.pk)


@require_safe
@signed_in(may=may_open)
def draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    return _page(request, _draft_or_404(draft_id))


def _page(
    request: HttpRequest,
    found: PlaybookDraft,
    *,
    problem: str = "",
    overtaken: Playbook | None = None,
    status: int = 200,
) -> HttpResponse:
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    context = draft_page(found, drafts.outline_in(found), me=me) | {"problem": problem}
    context["overtaken"] = newer_words(found, overtaken) if overtaken is not None else None
    return render(request, "playbooks/draft.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def about(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = _draft_or_404(draft_id)
    outline = drafts.outline_in(found)
    form = AboutForm(request.POST if request.method == "POST" else None, initial=about_initial(outline))
    problem = ""
    if request.method == "POST" and form.is_valid():
        form.write(outline)
        problem = _save(request, found, outline)
        if not problem:
            return redirect("draft", draft_id=found.pk)
    context = {"form": form, "draft": found, "problem": problem}
    return render(request, "playbooks/draft_about.html", context, status=_status(form.errors, problem))


def _status(errors: Any, problem: str) -> int:
    return 409 if problem else 422 if errors else 200


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def variables(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = _draft_or_404(draft_id)
    outline = drafts.outline_in(found)
    rows = Rows(request.POST if request.method == "POST" else None, initial=initial_rows(outline), prefix="row")
    problem = ""
    if request.method == "POST" and rows.is_valid():
        _write_variables(rows, outline)
        problem = _save(request, found, outline)
        if not problem:
            if request.POST.get("press") == "more":
                return redirect("draft-variables", draft_id=found.pk)
            return redirect("draft", draft_id=found.pk)
    wrong = request.method == "POST" and not rows.is_valid()
    context = {"rows": rows, "draft": found, "problem": problem, "wrong": wrong}
    return render(request, "playbooks/draft_variables.html", context, status=_status(wrong, problem))


def _write_variables(rows: BaseFormSet[VariableForm], outline: Outline) -> None:
    kept = [form.cleaned_data for form in rows.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    written = written_rows(kept, outline)
    for old, variable in written:
        if old and old != variable.name:
            edits.rename(outline, old, variable.name)
    shown = {form["was"].value() for form in rows.forms}
    names = {variable.name for _old, variable in written}
    since = [each for each in outline.variables if each.name not in shown | names]  # added while this was written
    outline.variables = [variable for _old, variable in written] + since


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def item(request: HttpRequest, draft_id: UUID, key: str) -> HttpResponse:
    """A step or a block, to be written. A step that was removed meanwhile is added again when it is saved twice."""
    found = _draft_or_404(draft_id)
    outline = drafts.outline_in(found)
    try:
        each, lane, _at = edits.item_of(outline, key)
    except edits.NotPossible:
        if request.method != "POST" or not key.startswith("action--"):
            raise Http404 from None
        each, lane = Act(key), outline.main
        if _seen(request) == found.version:
            lane.items.append(each)
    data = request.POST if request.method == "POST" else None
    form: ActForm | BlockForm
    if isinstance(each, Act):
        form = ActForm(data, act=each, outline=outline, lane=lane)
    elif isinstance(each, Block):
        form = BlockForm(data, block=each, outline=outline)
    else:
        raise Http404
    searching = request.POST.get("press") == "find"
    problem = ""
    if data is not None and not searching and form.is_valid():
        form.write(each)  # type: ignore[arg-type]
        try:
            if (target := request.POST.get("lane")) and target != lane.id:
                edits.put_into(outline, each.id, target)
        except edits.NotPossible as refused:
            problem = str(refused)
        problem = problem or _save(request, found, outline)
        if not problem:
            return redirect(f"{reverse('draft', args=[found.pk])}#{each.id}")
    context = {
        "form": form,
        "draft": found,
        "item": each,
        "lists": lists_of(outline),
        "lane": request.POST.get("lane") or lane.id,
        "problem": problem,
        "searching": searching,
        "kind": BLOCK_WORDS.get(each.kind, "") if isinstance(each, Block) else "",
    }
    template = "playbooks/draft_step.html" if isinstance(each, Act) else "playbooks/draft_block.html"
    status = 200 if searching else _status(form.errors, problem)
    return render(request, template, context, status=status)


@require_POST
@signed_in(may=may_open)
def change(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Add, remove, order. `act` says what, `key` to which step or block, `lane` in which list."""
    found = _draft_or_404(draft_id)
    outline = drafts.outline_in(found)
    key, lane = request.POST.get("key", ""), request.POST.get("lane", "")
    goes_to = key
    try:
        match request.POST.get("act", ""):
            case "add":
                goes_to = edits.add(outline, request.POST.get("kind", "act"), lane).id
            case "remove":
                edits.remove(outline, key)
                goes_to = "steps"
            case "up":
                edits.shift(outline, key, -1)
            case "down":
                edits.shift(outline, key, 1)
            case "add-lane":
                edits.add_lane(outline, key)
            case "remove-lane":
                edits.remove_lane(outline, key, lane)
            case _:
                raise edits.NotPossible(_("There is no such button."))
    except edits.NotPossible as refused:
        return _page(request, found, problem=str(refused), status=422)
    if problem := _save(request, found, outline):
        return _page(request, _draft_or_404(draft_id), problem=problem, status=409)
    if request.POST.get("act") == "add":
        return redirect("draft-item", draft_id=found.pk, key=goes_to)
    return redirect(f"{reverse('draft', args=[found.pk])}#{goes_to}")


@require_POST
@signed_in(may=may_open)
def publish(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = _draft_or_404(draft_id)
    outline = drafts.outline_in(found)
    if faults_of(outline):
        return _page(request, found, problem=_("Something is missing. It is listed below."), status=422)
    try:
        actor, over = actor_of(request.visitor), request.POST.get("over", "")  # type: ignore[attr-defined]
        kept = drafts.publish(found, seen=_seen(request), actor=actor, over=over)
    except drafts.DraftChanged:
        return _page(request, _draft_or_404(draft_id), problem=_(CHANGED), status=409)
    except drafts.Overtaken as refused:
        words = _("A newer version of this playbook has been published since this draft was begun.")
        return _page(request, found, problem=words, overtaken=refused.newest, status=409)
    except VersionTaken as refused:
        return _page(request, found, problem=str(refused), status=409)
    except PlaybookRefused as refused:
        names = dict(titles_of(outline))
        told = [f"{names.get(drafts.step_of(each.pointer), each.pointer)}: {each.detail}" for each in refused.problems]
        return _page(request, found, problem=" ".join(told), status=422)
    messages.success(request, _("Published. Everybody in the partnership can read it now, and sign it off."))
    return redirect("playbook-detail", playbook_id=kept.pk)


@require_POST
@signed_in(may=may_open)
def remove(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    found = _draft_or_404(draft_id)
    if request.POST.get("sure") != "yes":
        return _page(request, found, problem=_("Tick the box to remove the draft."), status=422)
    found.delete()
    messages.success(request, _("The draft is removed."))
    return redirect("playbook-list")
