"""What opening would do, before anything is written or sent (RULES 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.before_sending import budget_words, opening_messages, ways_beside
from incidents.cacao.extension import ONE
from incidents.fanout import Joining, choose_deputy, joining_of
from incidents.models import Incident, Step
from incidents.opening import Opening, Reach
from incidents.preview_untold import choice_of, effects_of
from incidents.reach import summary_of
from incidents.reach_words import why_in_words
from incidents.words import exposure, organisations
from partners.ladder import band_of
from partners.mail_marks import in_force
from partners.models import Band
from portal import clock
from portal.pages import local_time

OVERSEERS = frozenset({"lead", "deputy_lead", "provider"})


def preview_of(
    opening: Opening,
    reach: Reach,
    *,
    lead_id: UUID,
    ticked: Collection[str] = (),
    why_untold: Callable[[str], str] = lambda slug: "",
    checked: bool = False,
    decided_by: str = "",
) -> dict[str, Any]:
    """What `incidents/_open_preview.html` wants. `ticked`: slugs of who is left untold, `why_untold`: the reason typed
    for a slug; `checked`: say what is missing of it; `decided_by`: who decides it, as it will be read."""
    everybody = joining_of(reach.document, lead_id=lead_id, names=reach.estate.organisation)
    untold = [each for each in everybody if each.slug in ticked and each.role != "lead"]
    joining = [each for each in everybody if each not in untold]
    starts = [system.pk for system in reach.systems]
    told = _who_would_be_told(starts, opening.severity)
    by_way = _by_way(starts, opening.severity)
    marked = {mark.organisation_id for mark in in_force() if mark.for_all}
    steps = list(Step.objects.filter(playbook_id=reach.playbook.pk, certain=True).values_list("audience", flat=True))
    deputy_id = choose_deputy(joining, lead_id=lead_id)
    reached = []
    for each in everybody:
        people, avoided = told.get(each.organisation_id, (0, 0))
        left = each in untold
        typed = why_untold(each.slug)
        reached.append(
            {
                "slug": each.slug,
                "name": each.name,
                "left": left,
                "untold": choice_of(each, ticked=left, typed=typed, problem=checked),
                "exposure": exposure(each.exposure),
                "because": why_in_words(each.because, walked=each.distance is not None),
                "tasks": 0 if left else sum(1 for audience in steps if _is_for(audience, each, deputy_id=deputy_id)),
                "ways": _ways(people, avoided, by_way.get(each.organisation_id, {}))
                + (_("; its mail is marked as not trusted") if each.organisation_id in marked else ""),
            }
        )
    total = sum(told.get(each.organisation_id, (0, 0))[0] for each in joining)
    first = [each for each in joining if each.role in {"lead", "provider"}]
    return {
        "similar": [
            {
                "reference": incident.reference,
                "title": incident.title,
                "lead": incident.lead.name,
                "href": reverse("incident-board", args=[incident.reference]),
            }
            for incident in Incident.objects.filter(reference__in=reach.similar).select_related("lead")
        ],
        "summary": summary_of(reach.document),
        "reached": reached,
        "effects": [
            *effects_of(untold, why=why_untold, by=decided_by),
            *_effects(opening, total, len(joining), told, [each.organisation_id for each in joining]),
            *_mail_not_used(
                {each.organisation_id: each.name for each in joining if each.organisation_id in marked}, by_way
            ),
        ],
        "messages": opening_messages(
            lead_id,
            exercise=opening.exercise,
            severity=opening.severity,
            beside=any(_beside(by_way.get(each.organisation_id, {})) for each in joining),
        ),
        "budget": budget_words(None, texts=sum(by_way.get(each.organisation_id, {}).get("sms", 0) for each in joining)),
        "readers": _readers(joining),
        "suspected_told": [each.name for each in first],
        "digest": hashlib.sha256(orjson.dumps([each["name"] for each in reached if not each["left"]])).hexdigest()[:16],
    }


def _who_would_be_told(starts: list[UUID], severity: int | None) -> dict[UUID, tuple[int, int]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, told, avoided FROM sec.who_would_be_told(%s::uuid[], %s, %s)",
            [starts, severity, settings.SENT_WAYS],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _by_way(starts: list[UUID], severity: int | None) -> dict[UUID, dict[str, int]]:
    """How many messages go out first by each kind of way, for each organisation; channels and browsers too."""
    found: dict[UUID, dict[str, int]] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, way, messages FROM sec.how_they_would_be_told(%s::uuid[], %s, %s)",
            [starts, severity, [*settings.SENT_WAYS, *ways_beside()]],
        )
        for organisation_id, kind, messages in cursor.fetchall():
            found.setdefault(organisation_id, {})[kind] = messages
    return found


def _mail_not_used(marked: Mapping[UUID, str], by_way: Mapping[UUID, Mapping[str, int]]) -> list[str]:
    """A sentence for each organisation that would be told and whose mail is marked for all (RULES 13): by what instead.

    Addresses outside of the marked domain are used as before.
    """
    said = []
    for pk, name in sorted(marked.items(), key=lambda each: each[1]):
        found = {kind: n for kind, n in by_way.get(pk, {}).items() if kind in settings.SENT_WAYS}
        if not found:
            how = _("It must be called.")
        elif found.get("sms") and not found.get("email"):
            how = _("Its people are told by text message instead.")
        elif found.get("sms"):
            how = _("Its people are told by text message, or by mail of another domain.")
        else:
            how = _("Its people are told by mail of another domain.")
        said.append(_("%(name)s’s mail is not used: it is marked as not trusted.") % {"name": name} + f" {how}")
    return said


def _readers(joining: list[Joining]) -> list[dict[str, str]]:
    """Who will see what (RULES 8): a board follows the role that is written at opening."""
    lead = ", ".join(each.name for each in joining if each.role == "lead")
    overseers = ", ".join(each.name for each in joining if each.role != "lead" and each.role in OVERSEERS)
    others = ", ".join(each.name for each in joining if each.role not in OVERSEERS)
    rows = [
        {"who": lead, "sees": _("everything of the incident, and leads it")},
        {"who": overseers, "sees": _("everybody’s steps, who was told and who is silent")},
        {"who": others, "sees": _("its own steps and people; of the others name, role and one word")},
        {"who": _("Everybody else"), "sees": _("nothing")},
    ]
    return [row for row in rows if row["who"]]


def _is_for(audience: str, joining: Joining, *, deputy_id: UUID | None) -> bool:
    """The same rule as the fan-out's INSERT … SELECT, for counting before anything is written."""
    if one := ONE.fullmatch(audience):
        return joining.slug == one[1]
    return {
        "all": True,
        "provider": joining.is_provider,
        "lead": joining.role == "lead",
        "deputy_lead": joining.organisation_id == deputy_id,
    }.get(audience, not joining.is_provider and joining.kind == "council")


def _ways(people: int, avoided: int, by_way: Mapping[str, int]) -> str:
    if not people:
        return _("no trusted way: call them") if avoided else _("no way recorded: call them")
    if settings.SENT_WAYS == ["email"]:
        words = ngettext("e-mail to one person", "e-mail to %(n)s people", people) % {"n": people}
    else:
        words = ngettext("a message to one person", "a message to %(n)s people", people) % {"n": people}
    texts, mails = by_way.get("sms", 0), by_way.get("email", 0)
    if texts and not mails:
        words += _(", by text message")
    elif texts:
        words += _(": %(texts)s by text message, %(mails)s by e-mail") % {"texts": texts, "mails": mails}
    if beside := _beside(by_way):
        words += ngettext("; beside it one channel or browser", "; beside it %(n)s channels or browsers", beside) % {
            "n": beside
        }
    if avoided:
        words += ngettext("; one doubtful way not used", "; %(n)s doubtful ways not used", avoided) % {"n": avoided}
    return words


def _beside(by_way: Mapping[str, int]) -> int:
    """Messages to channels and browsers: nobody counts as told by them."""
    return sum(messages for kind, messages in by_way.items() if kind not in settings.SENT_WAYS)


def _effects(
    opening: Opening, people: int, count: int, told: Mapping[UUID, tuple[int, int]], joining: list[UUID]
) -> list[str]:
    now = local_time(clock.now())
    effects = [
        ngettext(
            "Tells one person in %(organisations)s at %(time)s.",
            "Tells %(n)s people in %(organisations)s at %(time)s.",
            people,
        )
        % {"n": people, "organisations": organisations(count), "time": now},
        _("Each organisation gets its own list of steps and its own clocks."),
    ]
    if band_of(opening.severity) is not Band.WORST:
        effects.append(_("Whoever is on duty is told first. The others are told when nobody there has answered."))
    avoided = sum(told.get(each, (0, 0))[1] for each in joining)
    if avoided:
        effects.append(
            ngettext(
                "One way is not used: it rides on what is attacked, or is not trusted.",
                "%(n)s ways are not used: they ride on what is attacked, or are not trusted.",
                avoided,
            )
            % {"n": avoided}
        )
    unreachable = sum(1 for each in joining if not told.get(each, (0, 0))[0])
    if unreachable:
        effects.append(
            _("%(n)s cannot be reached by a trusted way and must be called.") % {"n": organisations(unreachable)}
        )
    if opening.exercise:
        effects.append(_("It is an exercise: every message begins with the word, and it never becomes real."))
    return effects
