"""The page behind a message's link, and the door for texts that come back. Neither asks anybody to sign in.

Opening the page changes nothing, however often and by whatever: only a choice that is made and sent does, once.
Source of the door: GOV.UK Notify's REST API documentation (2026), "Received text messages": `source_number`, `message`.
"""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from notifications.answer_links import delivery_in
from notifications.kinds import ANSWERS
from notifications.models import Answer
from notifications.replies import Reply, read
from notifications.views_receipts import Unusable, body_of, refusal_of
from notifications.wake import wake
from partners.door_answers import slowed_page
from partners.limits import Limit, TooOften, address_of, count
from partners.phone_numbers import NotANumber, normalised
from portal.tenancy.requests import door_view

TAPS = Limit("links of messages from an address", 120)
REPLIES = Limit("texts from a number", 20)
NOTHING = Reply("", Answer.Said.UNREADABLE, "")
CHOICES = (
    (Answer.Said.HAS_IT, lazy("I have this"), lazy("You take it on. The calls to your colleagues stop.")),
    (Answer.Said.CUT, lazy("We have cut our link"), lazy("It counts when somebody confirms it, signed in.")),
    (Answer.Said.CALL, lazy("Call me"), lazy("The lead is asked to ring the number that is on record.")),
    (Answer.Said.OTHER, lazy("Tell somebody else"), lazy("The next person of your organisation is told now.")),
)


class AnswerForm(forms.Form):
    said = forms.ChoiceField(
        choices=[(value, words) for value, words, _hint in CHOICES],
        error_messages={
            "required": lazy("Choose one of the four."),
            "invalid_choice": lazy("Choose one of the four."),
        },
    )
    words = forms.CharField(max_length=100, required=False)


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        count(TAPS, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back="/")
    delivery_id = delivery_in(token)
    waits = _asked("SELECT * FROM sec.message_waits(%s)", [delivery_id]) if delivery_id else None
    if waits is None or waits["state"] == "gone":
        return render(request, "notifications/answer.html", {"state": "gone"}, status=404)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and waits["state"] == "open":
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            words = said["words"] if said["said"] == Answer.Said.OTHER else ""
            taken = _asked(
                "SELECT sec.take_answer(%s, 'link', %s, %s, %s) AS taken",
                [delivery_id, said["said"], words, address_of(request)],
            )
            wake(ANSWERS)
            status = 200 if taken and taken["taken"] else 409  # somebody else was quicker, or it has just ended
            waits = _asked("SELECT * FROM sec.message_waits(%s)", [delivery_id]) or waits
    elif request.method == "POST" and waits["state"] == "aside":
        status = 409
    context = {
        "state": waits["state"],
        "reference": waits["reference"],
        "exercise": waits["exercise"],
        "form": form,
        "choices": CHOICES,
        "said": {value: words for value, words, _hint in CHOICES}.get(waits["said"], ""),
        "at": waits["at"],
        "calls": waits["said"] == Answer.Said.CALL,
    }
    return render(request, "notifications/answer.html", context, status=404 if waits["state"] == "gone" else status)


@csrf_exempt
@door_view
@require_POST
def by_text(request: HttpRequest) -> HttpResponse:
    """Take one text that came back; 204 when there is nothing more to do with it, whatever it said."""
    if not settings.NOTIFY_REPLIES:
        raise Http404
    if refusal := refusal_of(request):
        return refusal
    try:
        said = json.loads(body_of(request))
        sender, replies = str(said["source_number"]), read(str(said["message"]))
    except Unusable as trouble:
        return JsonResponse({"detail": str(trouble)}, status=413)
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"detail": _("A text has source_number and message.")}, status=422)
    try:
        number = _number(sender)
        count(REPLIES, number)
    except (NotANumber, TooOften):  # brought again by the service it would be the same again
        return HttpResponse(status=204)
    _keep(number, replies)
    wake(ANSWERS)
    return HttpResponse(status=204)


def _number(typed: str) -> str:
    """As the register has it. Notify leaves the plus out.

    Raises:
        NotANumber: it came from a name, such as a shop's.
    """
    typed = typed.strip()
    return normalised(typed if typed.startswith(("+", "0")) else f"+{typed}")


def _keep(number: str, replies: list[Reply]) -> None:
    """Keep the reading whose code is right; when none is, that something came back from this number."""
    for reply in [*replies, NOTHING]:
        found = _asked("SELECT * FROM sec.message_answered(%s, %s)", [number, reply.code])
        if found is None:
            return  # nobody's number, or nothing that waits for an answer
        if found["by_code"] or reply is NOTHING:
            taken = [found["delivery"], reply.said, reply.words]
            _asked("SELECT sec.take_answer(%s, 'text', %s, %s, '')", taken)
            return


def _asked(sql: str, parameters: list[Any]) -> dict[str, Any] | None:
    with connections["auth"].cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        return dict(zip([column.name for column in cursor.description], row, strict=True)) if row else None
