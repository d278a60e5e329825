"""Is this still true? Cards put facts of the register to people, three a month at most, and show what came of it.

Which fact, to whom and how often is the database's (`sec.deal_card`, `sec.answer_card`); here it is put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners import approvals, chores
from partners.models import Dependency, Person, ReviewCard

Kind, State = ReviewCard.Kind, ReviewCard.State
NEVER_ASKED = (Person.Role.OBSERVER, Person.Role.SERVICE_ACCOUNT, Person.Role.GUEST)
ALREADY, CHANGED = "already", "changed"  # answers of the database beside the states


def deal(now: datetime) -> None:
    """Deal one card for the organisation of the open scope, unless nothing is due, nobody is free, or it burns."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.deal_card(%s)", [now])


chores.register(chores.Chore("cards", deal, timedelta(days=1)))


def answer(card: ReviewCard, said: str, *, what: str = "", words: str = "", person: UUID | None = None) -> str:
    """Answer `yes`, `no`, `passed` (to `person`) or `elsewhere`; what came of it.

    `already`: somebody was first. `changed`: the fact is no longer what was asked, the card has lapsed.

    Raises:
        approvals.NotAllowed: an observer, no card of theirs, no words where they are needed, or nobody to pass it to.
    """
    return approvals.call("SELECT sec.answer_card(%s, %s, %s, %s, %s)", [card.pk, said, what, words, person])


def may_be_asked() -> list[Person]:
    """People of the open scope's organisation whom a card can be passed to."""
    everybody = Person.objects.filter(is_active=True, break_glass=False, access_ends_at=None)
    return list(everybody.exclude(role__in=NEVER_ASKED).order_by("name"))


def sentence(card: ReviewCard, mine: str) -> str:
    """The fact as one sentence that can be answered with yes or no; `mine` names the organisation."""
    fact = card.fact
    match Kind(card.kind):
        case Kind.PARTICIPATION:
            return _stand(fact, mine)
        case Kind.SYSTEM:
            return _decides(fact)
        case Kind.LINK:
            return _link(fact)
        case Kind.PERMISSION:
            return _("“%(name)s”: %(grantee)s may reach %(grantor)s, for %(purpose)s. It ends after %(day)s.") % {
                **fact,
                "purpose": fact["purpose"].rstrip("."),
                "day": _day(fact["expires_on"]),
            }
        case Kind.CONTACT if fact["person"]:
            return _("%(label)s: this reaches %(person)s in an incident.") % fact
        case _:
            return _("%(label)s: this reaches your duty desk in an incident.") % fact


def _stand(fact: Mapping[str, Any], mine: str) -> str:
    says = {"system": fact["system"], "mine": mine}
    if fact["status"] == "left_connected":
        if fact["left_on"]:
            says["year"] = fact["left_on"][:4]
            return _("%(system)s: %(mine)s left in %(year)s and is still connected.") % says
        return _("%(system)s: %(mine)s has left and is still connected.") % says
    services = ", ".join(fact["services"])
    parts = [
        _("%(system)s: %(mine)s uses it for %(services)s.") % {**says, "services": services}
        if services
        else _("%(system)s: %(mine)s uses it.") % says
    ]
    if fact["people"]:
        parts.append(
            ngettext("%(n)s person is served.", "%(n)s people are served.", fact["people"])
            % {"n": f"{fact['people']:,}"}
        )
    parts.append(
        _("When it is down you fall back on: %(words)s") % {"words": fact["fallback"].rstrip(".") + "."}
        if fact["fallback"]
        else _("No fallback is recorded for when it is down.")
    )
    return " ".join(parts)


def _decides(fact: Mapping[str, Any]) -> str:
    if fact["owner"]:
        return _("%(system)s: %(owner)s decides about it.") % fact
    if fact["provider"]:
        return _("%(system)s: %(provider)s runs it, and nobody is recorded who decides about it.") % fact
    return _("%(system)s: nobody is recorded who decides about it.") % fact


def _link(fact: Mapping[str, Any]) -> str:
    says = {**fact, "how": str(Dependency.Kind(fact["kind"]).label).lower()}
    first = _("%(source)s leads to %(target)s by %(how)s: %(label)s.") if fact["label"] else ""
    first = (first or _("%(source)s leads to %(target)s by %(how)s.")) % says
    if fact["barrier"] == Dependency.Barrier.TESTED and fact["tested_on"]:
        barrier = _("The barrier was tested on %(day)s.") % {"day": _day(fact["tested_on"])}
        if fact["valid_until"]:
            barrier += " " + _("The test counts until %(day)s.") % {"day": _day(fact["valid_until"])}
    elif fact["barrier"] == Dependency.Barrier.CLAIMED:
        barrier = _("A barrier is claimed and was never tested.")
    else:
        barrier = _("No barrier stands between them.")
    return f"{first} {barrier}"


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%-d %B %Y}"


def outcome(card: ReviewCard) -> str:
    """What came of an answered card, in one sentence."""
    match State(card.state):
        case State.YES if card.next_on:
            return _("Confirmed, next asked in %(month)s.") % {"month": f"{card.next_on:%B %Y}"}
        case State.PASSED:
            return _("Passed on to %(name)s.") % {"name": card.words}
        case State.LAPSED:
            return _("It changed before anybody answered, and is asked again as it is now.")
        case State.ELSEWHERE:
            return _("Not yours: “%(words)s”. Whoever runs it has it on their list.") % {"words": card.words}
        case State.NO if card.work_raised:
            return _("Not true: “%(words)s”. Whoever can mend it has it on their list.") % {"words": card.words}
        case State.NO:
            return _("Not true any more, and changed in the register.")
        case _:
            return ""
