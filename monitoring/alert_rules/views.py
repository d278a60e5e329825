"""Pages on which an organisation writes its rules for alerts. All of them ask for the passkey: a rule wakes people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import Invalid, WrongMoment
from monitoring.alert_rules import writing
from monitoring.alert_rules.forms import RuleForm, initial_of
from monitoring.alert_rules.trying import Tried, tried_on, tried_on_kept
from monitoring.models import AlertRule
from monitoring.reading import rules_shown
from partners.acting import actor_of, may_open, signed_in
from partners.stepping_up import fresh
from portal import clock
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]
NEW = {"action": "queue", "window_minutes": 60, "is_active": True}


@require_safe
@signed_in(may=may_open)
def rule_list(request: HttpRequest) -> HttpResponse:
    """One's own organisation's rules, in the order in which they are tried."""
    return render(request, "monitoring/rules.html", {"rules": rules_shown()})


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def rule_new(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def rule_detail(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    rule = AlertRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise Http404
    act = request.POST.get("act", "")
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    if request.method == "POST" and act in {"earlier", "later"}:
        if not writing.move_rule(rule.pk, earlier=act == "earlier", actor=actor):
            messages.info(request, _("It stands at the end already."))
        return redirect("alert-rules")
    if request.method == "POST" and act == "remove":
        try:
            writing.remove_rule(rule.pk, version=_version(request), actor=actor)
        except WrongMoment as moment:
            return refuse(request, 409, str(moment))
        messages.success(request, _("Removed. What it made of alerts stays."))
        return redirect("alert-rules")
    return _page(request, rule)


def _version(request: HttpRequest) -> int:
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def _page(request: HttpRequest, rule: AlertRule | None) -> HttpResponse:
    act, tried, status = request.POST.get("act", ""), None, 200
    if request.method != "POST":
        form = RuleForm(initial=initial_of(rule) if rule else NEW)
    else:
        form, status = RuleForm(request.POST), 422
        if form.is_valid() and act == "try":
            tried, status = _try(form, rule)
        elif form.is_valid():
            saved, status = _save(request, form, rule)
            if saved is not None:
                messages.success(request, _("Saved. It counts from the next alert on."))
                return redirect("alert-rules")
    context = {"form": form, "rule": rule, "tried": tried, "version": rule.version if rule else 0}
    return render(request, "monitoring/rule.html", context, status=status)


def _try(form: RuleForm, rule: AlertRule | None) -> tuple[dict[str, Any] | None, int]:
    """What the rule as it is typed would make of the sample, or of what came in last."""
    position = rule.position if rule else 32_000
    unsaved = AlertRule(pk=rule.pk if rule else None, position=position, version=0, **form.values())
    if unsaved.pk is None:
        unsaved = AlertRule(position=position, version=0, **form.values())
    sample = form.cleaned_data["sample"]
    try:
        rows: list[Tried] = tried_on(sample, unsaved) if sample else tried_on_kept(unsaved)
    except Invalid as refused:
        for fault in refused.faults:
            form.add_error("sample", f"{fault.pointer}: {fault.detail}" if fault.pointer else fault.detail)
        return None, 422
    return {"rows": rows, "sample": bool(sample), "hits": sum(row.by_this for row in rows), "at": clock.now()}, 200


def _save(request: HttpRequest, form: RuleForm, rule: AlertRule | None) -> tuple[AlertRule | None, int]:
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            if rule is None:
                return writing.write_rule(form.values(), actor=actor), 200
            return writing.change_rule(rule.pk, form.values(), version=_version(request), actor=actor), 200
    except IntegrityError:
        form.add_error("name", _("A rule of yours has this name already."))
        return None, 422
    except WrongMoment as moment:
        form.add_error(None, str(moment))
        return None, 409
