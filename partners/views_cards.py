"""Cards on pages: the fact, what can be answered, and of an answered one what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from partners import cards
from partners.acting import may_answer, signed_in
from partners.approvals import NotAllowed
from partners.models import Change, Participation, ReviewCard

LONGEST = 2000
CHANGED = {
    "reviewed_on": lazy("Last checked"),
    "status": lazy("State"),
    "left_on": lazy("Left on"),
    "fallback": lazy("Falls back on"),
}


def card_shown(card: ReviewCard, visitor: Any) -> dict[str, Any]:
    return {
        "id": str(card.pk),
        "sentence": cards.sentence(card, visitor.organisation_name),
        "kind": card.kind,
        "person": card.person.name,
        "dealt_at": card.dealt_at,
        "open": card.state == ReviewCard.State.OPEN,
        "state": str(card.get_state_display()),
        "outcome": cards.outcome(card),
        "answered_by": card.answered_by.name if card.answered_by else "",
        "answered_at": card.answered_at,
    }


def answered(found: Sequence[ReviewCard], visitor: Any) -> list[dict[str, Any]]:
    """Answered cards with what each of them changed. One query."""
    changes = {each.pk: each for each in Change.objects.filter(pk__in=[card.change_id for card in found])}
    return [
        {**card_shown(card, visitor), "changes": _fields(changes[card.change_id]) if card.change_id in changes else []}
        for card in found
    ]


def _fields(change: Change) -> list[tuple[str, str, str]]:
    """(what, was, now) of each field that a reader has a word for."""
    return [
        (str(words), _shown(name, change.before.get(name)), _shown(name, change.after.get(name)))
        for name, words in CHANGED.items()
        if name in change.after
    ]


def _shown(name: str, value: object) -> str:
    if not value:
        return "–"
    if name.endswith("_on"):
        return f"{date.fromisoformat(str(value)):%-d %B %Y}"
    return str(Participation.Status(str(value)).label) if name == "status" else str(value)


def card_or_404(card_id: UUID) -> ReviewCard:
    card = ReviewCard.objects.select_related("person", "answered_by").filter(pk=card_id).first()
    if card is None:
        raise Http404
    return card


@require_safe
@signed_in
def card_detail(request: HttpRequest, card_id: UUID) -> HttpResponse:
    return _card_page(request, card_or_404(card_id))


def _card_page(request: HttpRequest, card: ReviewCard, **trouble: Any) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    context = {
        "card": answered([card], visitor)[0],
        "people": [each for each in cards.may_be_asked() if each.pk != card.person_id],
        "differences": _differences(card),
        "may_act": may_answer(visitor),
        "trouble": trouble or None,
        "typed": {name: request.POST.get(name, "").replace("\0", "") for name in ("what", "words", "person")},
    }
    return render(request, "partners/card.html", context, status=trouble.get("status", 200))


@require_POST
@signed_in(may=may_answer)
def card_answer(request: HttpRequest, card_id: UUID) -> HttpResponse:
    card = card_or_404(card_id)
    said = {name: request.POST.get(name, "").strip() for name in ("answer", "what", "words", "person")}
    if problem := _not_sayable(said, card):
        return _card_page(request, card, words=problem, of=said["answer"], status=422)
    person = _uuid(said["person"]) if said["answer"] == "passed" else None
    try:
        came = cards.answer(card, said["answer"], what=said["what"], words=said["words"], person=person)
    except NotAllowed as refused:
        return _card_page(request, card, words=str(refused), of=said["answer"], status=409)
    card = card_or_404(card_id)
    if came == cards.ALREADY:
        messages.warning(request, _already(card))
    elif came == cards.CHANGED:
        messages.warning(request, _("This has changed since it was asked, so nothing was written down."))
    else:
        messages.success(request, cards.outcome(card))
    return redirect("card-detail", card_id=card.pk)


def _already(card: ReviewCard) -> str:
    if card.answered_by is None:
        return cards.outcome(card)
    return _("Already answered by %(name)s on %(day)s.") % {
        "name": card.answered_by.name,
        "day": f"{card.answered_at:%-d %B}",
    }


def _not_sayable(said: dict[str, str], card: ReviewCard) -> str:
    """What is wrong with the form, or ''. Whose card it is and whether it is open is the database's to say."""
    if any("\0" in each or len(each) > LONGEST for each in said.values()):
        return _("Write at most %(n)s characters, without odd signs.") % {"n": LONGEST}
    answers = ["yes", "no", "passed"] + ([] if card.kind == ReviewCard.Kind.CONTACT else ["elsewhere"])
    if said["answer"] not in answers:
        return _("Choose one of the answers.")
    if said["answer"] == "no" and said["what"] not in _differences(card):
        return _("Choose what is different.")
    if said["answer"] in {"no", "elsewhere"} and not said["words"] and said["what"] != "left":
        return _("Say it in a few words.")
    if said["answer"] == "passed" and _uuid(said["person"]) is None:
        return _("Choose who can answer it.")
    return ""


def _differences(card: ReviewCard) -> list[str]:
    if card.kind != ReviewCard.Kind.PARTICIPATION or card.fact["status"] == Participation.Status.LEFT_CONNECTED:
        return ["other"]
    return ["left", "fallback", "other"]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
