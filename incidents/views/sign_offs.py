"""Pages of versions and signatures: compare two, sign one, withdraw, say for which systems a playbook is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents import sign_offs
from incidents.cacao.difference import Difference, difference
from incidents.cacao.reading import PlaybookRefused
from incidents.errors import NotYours, WrongMoment
from incidents.models import Playbook, PlaybookSystem, SignOff, Step
from incidents.plans import TROUBLES, plan_of, plans
from incidents.sign_off_forms import PlaybooksForm, SignForm, SystemsForm, WithdrawForm, latest_end
from incidents.sign_off_pages import WHO_READS, short_version, systems_spoken_for
from partners.acting import may_approve, may_open, signed_in
from partners.stepping_up import fresh
from partners.views_systems import system_or_404
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]


def playbook_or_404(playbook_id: UUID) -> Playbook:
    playbook = Playbook.objects.filter(pk=playbook_id).first()
    if playbook is None:
        raise Http404
    return playbook


@require_safe
@signed_in
def compare(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    """What is different in this version from another one of the same playbook, `?with=` its id."""
    shown = playbook_or_404(playbook_id)
    versions = [each.playbook for each in plan_of(shown).versions]
    asked = request.GET.get("with", "")
    other = next((each for each in versions if str(each.pk) == asked), None)
    if asked and other is None:
        raise Http404
    if other is None:  # the one before it
        other = next((each for each in versions if each.version < shown.version), shown)
    was, now = sorted([playbook_or_404(other.pk), shown], key=lambda each: each.version)
    found = _compared(was, now)
    if found is None:
        return refuse(request, 409, _("One of these versions cannot be read as a playbook any more. Download both."))
    context = {
        "playbook": {"title": shown.name, "id": str(shown.pk)},
        "older": short_version(was),
        "newer": short_version(now),
        "choices": [(str(each.pk), short_version(each)) for each in versions],
        "chosen": str(other.pk),
        "difference": found,
        "only_one": len(versions) == 1,
    }
    return render(request, "playbooks/difference.html", context)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_approve)
@fresh
def sign(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    """What would be agreed to, what is different from what was signed before, and the signature."""
    playbook = playbook_or_404(playbook_id)
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    plan = plan_of(playbook)
    if trouble := plan.trouble_of(playbook.pk):
        words = _("This version is %(trouble)s: it cannot be signed.") % {"trouble": TROUBLES[trouble]}
        return refuse(request, 409, words)
    before = _signed_before(playbook, me)
    same = before is not None and before.playbook_id == playbook.pk
    steps = list(Step.objects.filter(playbook=playbook))
    form = SignForm(request.POST if request.method == "POST" else None, playbook=playbook, steps=steps, before=before)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            said = form.cleaned_data
            sign_offs.sign(playbook, until=said["valid_until"], reservation=said["reservation"], parts=form.parts())
        except NotYours as refused:
            return refuse(request, 403, str(refused))
        except WrongMoment as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Signed. Everybody who runs this playbook with you can read it."))
            return redirect("playbook-detail", playbook_id=playbook.pk)
    if form.errors:
        status = 422
    context = {
        "playbook": {"title": playbook.name, "id": str(playbook.pk), "version": short_version(playbook)},
        "before": _before(before),
        "difference": _compared(before.playbook, playbook) if before is not None and not same else None,
        "same": same,
        "form": form,
        "latest": latest_end().isoformat(),
        "who_reads": WHO_READS,
    }
    return render(request, "playbooks/sign.html", context, status=status)


def _compared(was: Playbook, now: Playbook) -> Difference | None:
    """None: one of them was kept before a rule that it breaks."""
    try:
        return difference(was.document, now.document)
    except PlaybookRefused:
        return None


def _signed_before(playbook: Playbook, me: UUID) -> SignOff | None:
    """What the organisation signed last of this playbook, also when that has ended since."""
    rows = SignOff.objects.filter(cacao_id=playbook.cacao_id, organisation_id=me).select_related("playbook")
    return rows.order_by("-signed_at").first()


def _before(before: SignOff | None) -> dict[str, Any] | None:
    if before is None:
        return None
    return {"version": short_version(before.playbook), "at": before.signed_at, "ended": bool(before.ended_at),
            "valid_until": before.valid_until}  # fmt: skip


@require_http_methods(GET_OR_POST)
@signed_in(may=may_approve)
@fresh
def withdraw(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    playbook = playbook_or_404(playbook_id)
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    mine = SignOff.objects.filter(playbook=playbook, organisation_id=me, ended_at=None).first()
    if mine is None:
        return refuse(request, 409, _("Your organisation has no signature to this version that is in force."))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            sign_offs.withdraw(mine, reason=form.cleaned_data["reason"])
        except NotYours as refused:
            return refuse(request, 403, str(refused))
        except WrongMoment as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Withdrawn. Incidents that are open keep what was signed when they opened."))
            return redirect("playbook-detail", playbook_id=playbook.pk)
    context = {
        "playbook": {"title": playbook.name, "id": str(playbook.pk), "version": short_version(playbook)},
        "signed_at": mine.signed_at,
        "form": form,
    }
    return render(request, "playbooks/withdraw.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def systems(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    """For which of the systems that one's organisation runs this playbook is."""
    playbook = playbook_or_404(playbook_id)
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    known = systems_spoken_for(me)
    if not known:
        raise PermissionDenied(_("Your organisation runs no system: whoever runs one says which playbook is for it."))
    by_slug = {each.slug: each.pk for each in known}
    now = set(
        PlaybookSystem.objects.filter(cacao_id=playbook.cacao_id, system__in=known).values_list("system", flat=True)
    )
    form = SystemsForm(
        request.POST if request.method == "POST" else None,
        choices=[(each.slug, each.name) for each in known],
        initial={"systems": [slug for slug, pk in by_slug.items() if pk in now]},
    )
    if request.method == "POST" and form.is_valid():
        wanted = {by_slug[slug] for slug in form.cleaned_data["systems"]}
        changed = [(playbook.cacao_id, pk, pk in wanted) for pk in by_slug.values() if (pk in wanted) != (pk in now)]
        return _covered(request, form, changed) or redirect("playbook-detail", playbook_id=playbook.pk)
    context = {"title": playbook.name, "form": form, "id": str(playbook.pk)}
    return render(request, "playbooks/systems.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def of_system(request: HttpRequest, slug: str) -> HttpResponse:
    """Which playbooks are for one system."""
    system = system_or_404(slug)
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    if system not in systems_spoken_for(me):
        raise PermissionDenied(_("Whoever runs a system says which playbooks are for it."))
    known = {plan.cacao_id: plan.newest or plan.versions[0].playbook for plan in plans().values()}
    ids = {str(each.pk): cacao_id for cacao_id, each in known.items()}
    now = set(PlaybookSystem.objects.filter(system=system).values_list("cacao_id", flat=True))
    form = PlaybooksForm(
        request.POST if request.method == "POST" else None,
        choices=[(pk, known[cacao_id].name) for pk, cacao_id in ids.items()],
        initial={"playbooks": [pk for pk, cacao_id in ids.items() if cacao_id in now]},
    )
    if request.method == "POST" and form.is_valid():
        wanted = {ids[pk] for pk in form.cleaned_data["playbooks"]}
        changed = [(each, system.pk, each in wanted) for each in ids.values() if (each in wanted) != (each in now)]
        return _covered(request, form, changed) or redirect("system-detail", slug=slug)
    context = {"title": system.name, "slug": slug, "form": form}
    return render(request, "playbooks/of_system.html", context, status=422 if form.errors else 200)


def _covered(request: HttpRequest, form: Form, changed: list[tuple[str, UUID, bool]]) -> HttpResponse | None:
    """Write what was ticked otherwise; an answer when it was refused."""
    try:
        for cacao_id, system_id, covered in changed:
            sign_offs.cover(cacao_id, system_id, covered=covered)
    except (NotYours, WrongMoment) as refused:
        return refuse(request, 403, str(refused))
    if changed:
        messages.success(request, _("Written down. Everybody on it sees now who has signed."))
    return None
