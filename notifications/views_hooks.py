"""Webhooks for an organisation's tools: which there are, making one, its log, and an administrator's buttons."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import hooks
from notifications.forms_hooks import ChangeForm, HookForm, ReplayForm
from notifications.models import Answer, Webhook, WebhookDelivery, WebhookSecret
from partners.acting import may_administer, signed_in
from partners.approvals import NotAllowed
from partners.limits import Limit, TooOften, count
from partners.stepping_up import fresh
from portal import clock
from portal.tenancy.scope import at_the_door

LOGGED, ANSWERED = 100, 20
FIELDS = ("id", "kind", "seq", "state", "made_at", "tried_at", "tries", "status", "error")
REPLAYS = Limit("replays of a webhook", 20)


def _hooks() -> Any:
    """Without the address, which no page reads."""
    return Webhook.objects.defer("address").exclude(state=Webhook.State.ENDED)


@require_safe
@signed_in
def hook_list(request: HttpRequest) -> HttpResponse:
    administers = may_administer(request.visitor)  # type: ignore[attr-defined]
    context = {"hooks": list(_hooks()), "administers": administers, "most": hooks.MOST}
    return render(request, "notifications/hooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
@fresh
def make(request: HttpRequest) -> HttpResponse:
    """The key is in the answer to the button, and can never be read again."""
    form = HookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        visitor = request.visitor  # type: ignore[attr-defined]
        try:
            pk, key = hooks.make(form.wish(), organisation_id=visitor.organisation_id)
        except NotAllowed as refused:
            form.add_error("label", str(refused))
        else:
            return _page(request, pk, fresh_key=key)
    return render(request, "notifications/hook_make.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
@fresh
def change(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    """What it is told of, its name, whether it is on, and, when one is typed, its address."""
    hook = _hooks().filter(pk=hook_id).first()
    if hook is None:
        raise Http404
    shown = {"label": hook.label, "kinds": hook.kinds, "state": hook.state, "answers": hook.answers}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            hooks.change(hook, form.wish())
            if form.cleaned_data["state"] != hook.state:
                hooks.switch(hook, Webhook.State(form.cleaned_data["state"]))
        except NotAllowed as refused:
            form.add_error("label", str(refused))
        else:
            messages.success(request, _("Changed."))
            return redirect("webhook-detail", hook_id)
    context = {"form": form, "hook": hook}
    return render(request, "notifications/hook_change.html", context, status=422 if form.errors else 200)


@require_safe
@signed_in
def detail(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    return _page(request, hook_id)


def _page(request: HttpRequest, hook_id: UUID, *, fresh_key: str = "", trouble: str = "") -> HttpResponse:
    hook = _hooks().filter(pk=hook_id).first()
    if hook is None:
        raise Http404
    now = clock.now()
    log = WebhookDelivery.objects.filter(webhook=hook).order_by("-made_at", "-id")[:LOGGED]
    keys = WebhookSecret.objects.filter(webhook=hook).defer("sealed").order_by("-made_at")
    context = {
        "hook": hook,
        "log": list(log.only(*FIELDS)),
        "keys": [key for key in keys if key.ends_at is None or key.ends_at > now],
        "fresh_key": fresh_key,
        "trouble": trouble,
        "administers": may_administer(request.visitor),  # type: ignore[attr-defined]
        "settled": WebhookDelivery.SETTLED,
        "answers": _answers(hook),
    }
    return render(request, "notifications/hook.html", context, status=422 if trouble else 200)


def _answers(hook: Webhook) -> list[Answer]:
    """What the tool said last."""
    said = Answer.objects.filter(webhook=hook).select_related("incident").order_by("-at")
    return list(said.only("incident__reference", "said", "words", "at", "settled_at")[:ANSWERED])


@require_POST
@signed_in(may=may_administer)
@fresh
def act(request: HttpRequest, hook_id: UUID) -> HttpResponse:
    """One button of the page."""
    hook = _hooks().filter(pk=hook_id).first()
    if hook is None:
        raise Http404
    try:
        key, said = _do(request, hook, request.POST.get("act", ""))
    except (NotAllowed, TooOften) as refused:
        why = _("That is often enough for now.") if isinstance(refused, TooOften) else str(refused)
        return _page(request, hook_id, trouble=why)
    if key:
        return _page(request, hook_id, fresh_key=key)
    messages.success(request, said)
    return redirect("webhook-list") if said == _("Ended.") else redirect("webhook-detail", hook_id)


def _do(request: HttpRequest, hook: Webhook, what: str) -> tuple[str, str]:
    """Do it; a new key, or what is said."""
    match what:
        case "on" | "off":
            hooks.switch(hook, Webhook.State(what))
            return "", _("Switched on.") if what == "on" else _("Switched off.")
        case "end":
            hooks.switch(hook, Webhook.State.ENDED)
            return "", _("Ended.")
        case "rotate":
            return hooks.rotate(hook), ""
        case "end-key":
            hooks.end_old_key(hook)
            return "", _("The old key signs no more.")
        case "test":
            hooks.send_test(hook)
            return "", _("A test is on its way. Look at the log in a moment.")
        case "replay":
            return "", _replayed(_replay(request, hook))
    raise Http404


def _replay(request: HttpRequest, hook: Webhook) -> int:
    with at_the_door():
        count(REPLAYS, str(hook.pk))
    if one := request.POST.get("one"):
        try:
            return hooks.replay_one(hook, UUID(one))
        except ValueError:
            raise Http404 from None
    form = ReplayForm(request.POST)
    if not form.is_valid():
        raise NotAllowed(_("Write from when and until when."))
    local = ZoneInfo(settings.LOCAL_TIME_ZONE)
    since, until = (form.cleaned_data[name].replace(tzinfo=local) for name in ("since", "until"))
    return hooks.replay_range(hook, since, until, undelivered=not form.cleaned_data["all"])


def _replayed(number: int) -> str:
    return ngettext("%(n)d is sent again.", "%(n)d are sent again.", number) % {"n": number}
