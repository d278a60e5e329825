"""What the register says of an organisation's readiness: who decides, what it falls back on, what was left lying."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.models import Dependency, Participation, ReviewCard, SharedSystem, WorkItem
from partners.next_door import names_next_door
from partners.readiness import Line
from portal import clock

REVIEWED_WITHIN = timedelta(days=365)
ANSWERED_WITHIN = timedelta(days=14)
NAMED = 4  # of a longer list


def register_lines(me: object) -> list[Line]:
    """Every line of the register for the organisation of the open scope; `me` is its id. Six queries."""
    stands = list(
        Participation.objects.filter(organisation_id=me)  # type: ignore[misc]
        .select_related("system")
        .order_by("system__name")
    )
    return [_owners(stands), _fallbacks(stands), _links(me), _work(), _cards()]


def _list(names: list[str]) -> str:
    """At most a few names, and how many more there are."""
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED]) or _("none")
    return shown + (ngettext(" and %(n)s more", " and %(n)s more", more) % {"n": more} if more > 0 else "")


def _owners(stands: list[Participation]) -> Line:
    unknown = [stand.system for stand in stands if stand.system.owner_id is None]
    return Line(
        _("Somebody decides about every system that you stand on"),
        not unknown,
        _("Owner unknown: %(names)s.") % {"names": _list([system.name for system in unknown])},
        _("Find out who decides about the first one, with whoever runs it."),
        "system-detail",
        (unknown[0].slug,) if unknown else (),
    )


def _fallbacks(stands: list[Participation]) -> Line:
    without = [
        stand.system
        for stand in stands
        if (stand.safety_critical or stand.system.safety_critical) and not (stand.fallback or "").strip()
    ]
    return Line(
        _("Every safety-critical service has a fallback"),
        not without,
        _("Without one: %(names)s.") % {"names": _list([system.name for system in without])},
        _("Agree what people do when the first one is down, and write it down."),
        "system-detail",
        (without[0].slug,) if without else (),
    )


def _links(me: object) -> Line:
    run = SharedSystem.objects.filter(Q(owner_id=me) | Q(provider_id=me)).values("pk")
    since = (clock.now() - REVIEWED_WITHIN).date()
    old = list(
        Dependency.objects.filter(Q(source__in=run) | Q(target__in=run))
        .exclude(cut_source_at__isnull=False, cut_target_at__isnull=False)
        .filter(Q(reviewed_on=None) | Q(reviewed_on__lt=since))
        .order_by("reviewed_on", "pk")
    )
    names = names_next_door() if old else {}
    pairs = [f"{names.get(edge.source_id, '')} → {names.get(edge.target_id, '')}" for edge in old]
    return Line(
        _("Every link of the systems that you run was looked at within a year"),
        not old,
        _("Longer ago or never: %(names)s.") % {"names": _list(pairs)},
        _("Look at the first one: is it still there, and what stops an intruder on it?"),
        "dependency-detail",
        (old[0].pk,) if old else (),
    )


def _work() -> Line:
    overdue = list(
        WorkItem.objects.filter(state=WorkItem.State.OPEN, due_at__lt=clock.now())
        .order_by("due_at")
        .values_list("title", flat=True)
    )
    return Line(
        _("No work is overdue"),
        not overdue,
        _("Overdue: %(names)s.") % {"names": _list(overdue)},
        _("Do it, or say why it is not needed."),
        "work-list",
    )


def _cards() -> Line:
    since = clock.now() - ANSWERED_WITHIN
    waiting = ReviewCard.objects.filter(state=ReviewCard.State.OPEN, dealt_at__lt=since).select_related("person")
    people = sorted({card.person.name for card in waiting})
    return Line(
        _("What was asked of your people is answered within two weeks"),
        not people,
        _("Not answered by: %(names)s.") % {"names": _list(people)},
        _("Remind them; or answer for them, if you know."),
        "work-list",
    )
