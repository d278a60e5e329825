"""What pages of playbooks show of versions and signatures, as far as the reader may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from incidents.models import Playbook, PlaybookSystem, SignOff, SignOffStep
from incidents.plans import TROUBLES, Plan, Version, plan_of, plans
from incidents.sign_offs import best, counts, in_force, today
from partners.acting import may_approve, may_open
from partners.models import Organisation, Person, SharedSystem
from portal.pages import local_time
from portal.tenancy.door import Visitor

DAY = "%-d %B %Y"
WHO_READS = lazy(
    "Every organisation that has signed this playbook, keeps it, or stands on a system that it is for reads what you"
    " sign, and so does whoever leads an incident that runs it."
)


def signatures(playbook: Playbook, visitor: Visitor) -> dict[str, Any]:
    """What `playbooks/_signatures.html` wants. Seven queries."""
    me = visitor.organisation_id
    plan = plan_of(playbook)
    together = _runs_with_us(plan.cacao_id)
    every = list(
        SignOff.objects.filter(cacao_id=plan.cacao_id)
        .exclude(ended_how=SignOff.Ended.REPLACED)
        .select_related("playbook", "organisation")
        .defer("playbook__document", "playbook__warnings")
        .order_by("organisation__name", "ended_at")
    )
    found = [each for each in every if each.ended_at is None]
    said = steps_said(each.pk for each in found)
    keepers = dict(Organisation.objects.values_list("pk", "name"))
    on = today()
    chosen = best(found, plan, on=on)
    own = [each for each in found if each.organisation_id == me]
    people = dict(Person.objects.filter(pk__in=[each.signed_by for each in own]).values_list("pk", "name"))
    trouble = plan.trouble_of(playbook.pk)
    mine = next((each for each in own if each.playbook_id == playbook.pk), None)
    may_sign = may_approve(visitor)
    return {
        "versions": [_version(each, plan, playbook, own, keepers) for each in plan.versions],
        "compare": [(str(each.playbook.pk), short_version(each.playbook)) for each in plan.versions],
        "compare_href": reverse("playbook-difference", args=[playbook.pk]),
        "trouble": str(TROUBLES[trouble]) if trouble else "",
        "newest_href": reverse("playbook-detail", args=[plan.newest.pk])
        if plan.newest and plan.newest.pk != playbook.pk and plan.newest.version > playbook.version
        else "",
        "own": own_words(own, playbook, plan, people),
        "own_alarm": mine is None or not counts(mine, plan, on=on),
        "sign_href": reverse("playbook-sign-off", args=[playbook.pk]) if may_sign and not trouble else "",
        "sign_words": _("Sign this version off again") if mine else _("Sign this version off"),
        "withdraw_href": reverse("playbook-withdraw", args=[playbook.pk]) if may_sign and mine else "",
        "together": together,
        "signed": [_signed(each, plan, playbook, said[each.pk]) for each in chosen.values()]
        + _withdrawn(every, chosen),
        "systems": _systems(plan.cacao_id),
        "systems_href": reverse("playbook-systems", args=[playbook.pk])
        if may_open(visitor) and systems_spoken_for(me)
        else "",
    }


def short_version(playbook: Playbook) -> str:
    """The moment that names a version, to the minute, UTC."""
    return f"{playbook.version[:10]} {playbook.version[11:16]}".strip()


def _runs_with_us(cacao_id: str) -> bool:
    """Whether the reader sees others' signatures to this plan."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT %s = ANY (sec.my_plans())", [cacao_id])
        return bool(cursor.fetchone()[0])


def steps_said(sign_offs: Iterable[UUID]) -> defaultdict[UUID, list[SignOffStep]]:
    """What signatures say of single steps. One query."""
    found: defaultdict[UUID, list[SignOffStep]] = defaultdict(list)
    rows = SignOffStep.objects.filter(sign_off__in=list(sign_offs)).select_related("step")
    for each in rows:
        found[each.sign_off_id].append(each)
    return found


def _version(
    version: Version, plan: Plan, shown: Playbook, own: list[SignOff], keepers: dict[UUID, str]
) -> dict[str, Any]:
    each = version.playbook
    signed = next((one for one in own if one.playbook_id == each.pk), None)
    return {
        "version": short_version(each),
        "href": reverse("playbook-detail", args=[each.pk]) if each.pk != shown.pk else "",
        "kept_by": keepers.get(each.created_by_organisation_id, _("somebody outside the partnership")),
        "kept_at": local_time(each.imported_at, DAY),
        "trouble": str(TROUBLES[version.trouble]) if version.trouble else "",
        "signed": _counts(signed, plan) if signed else "",
    }


def _counts(sign_off: SignOff, plan: Plan) -> str:
    said = {"day": f"{sign_off.signed_at:%-d %B %Y}", "until": f"{sign_off.valid_until:%-d %B %Y}"}
    if trouble := plan.trouble_of(sign_off.playbook_id):
        why = {"trouble": TROUBLES[trouble], **said}
        return _("signed on %(day)s, which counts for nothing because that version is %(trouble)s") % why
    if in_force(sign_off, on=today()):
        return _("signed on %(day)s, counts until %(until)s") % said
    return _("signed on %(day)s, expired on %(until)s") % said


def own_words(own: list[SignOff], playbook: Playbook, plan: Plan, people: dict[UUID, str]) -> str:
    """One sentence on one's own organisation and this version."""
    if not own:
        return _("Your organisation has not signed this playbook.")
    mine = next((each for each in own if each.playbook_id == playbook.pk), None)
    if mine is not None:
        who = people.get(mine.signed_by)
        by = _(" by %(name)s") % {"name": who} if who else ""
        return _("Your organisation has %(words)s%(by)s.") % {"words": _counts(mine, plan), "by": by}
    other = max(own, key=lambda each: each.playbook.version)
    words = {"words": _counts(other, plan), "version": short_version(other.playbook)}
    if other.playbook.version < playbook.version:
        return _("Your organisation has not signed this version, but an older one: %(version)s, %(words)s.") % words
    return _("Your organisation has not signed this version, but a newer one: %(version)s, %(words)s.") % words


def _signed(each: SignOff, plan: Plan, shown: Playbook, steps: list[SignOffStep]) -> dict[str, Any]:
    older = each.playbook.version < shown.version
    return {
        "organisation": each.organisation.name,
        "state": _counts(each, plan)
        if each.playbook_id == shown.pk
        else (_("an older version, %(version)s: %(words)s") if older else _("a newer version, %(version)s: %(words)s"))
        % {"version": short_version(each.playbook), "words": _counts(each, plan)},
        "alarm": not counts(each, plan, on=today()) or each.playbook_id != shown.pk,
        "reservation": each.reservation,
        "steps": [
            {
                "title": one.step.title,
                "reservation": one.reservation,
                "agreed": _("may be done without asking again until %(day)s") % {"day": f"{one.agreed_until:%-d %B %Y}"}
                if one.agreed_until
                else "",
            }
            for one in steps
        ],
    }


def _withdrawn(every: list[SignOff], chosen: Mapping[UUID, SignOff]) -> list[dict[str, Any]]:
    """Those who took back what they had signed and have signed nothing since, each once, with why."""
    last = {each.organisation_id: each for each in every if each.ended_at and each.organisation_id not in chosen}
    return [
        {
            "organisation": each.organisation.name,
            "state": _("withdrew on %(day)s: %(why)s")
            % {"day": local_time(each.ended_at, DAY), "why": each.ended_reason},
            "alarm": True,
            "reservation": "",
            "steps": [],
        }
        for each in last.values()
    ]


def _systems(cacao_id: str) -> list[tuple[str, str]]:
    rows = PlaybookSystem.objects.filter(cacao_id=cacao_id).select_related("system").order_by("system__name")
    return [(each.system.name, reverse("system-detail", args=[each.system.slug])) for each in rows]


def systems_spoken_for(me: UUID) -> list[SharedSystem]:
    """Systems for which the organisation says which playbooks they have; the database has the last word."""
    seen = SharedSystem.objects.filter(is_portal=False).order_by("name")
    return [
        each
        for each in seen
        if me in {each.owner_id, each.provider_id} or (each.owner_id is None and each.provider_id is None)
    ]


def list_rows(me: UUID, steps: dict[UUID, int]) -> list[dict[str, Any]]:
    """A line a plan on the list of playbooks. Three queries; `steps` counts by version."""
    known = plans()
    on = today()
    found: defaultdict[str, list[SignOff]] = defaultdict(list)
    signatures = SignOff.objects.filter(ended_at=None).select_related("playbook")
    for each in signatures.defer("playbook__document", "playbook__warnings"):
        found[each.cacao_id].append(each)
    rows = []
    for plan in known.values():
        shown = plan.newest or plan.versions[0].playbook
        chosen = best(found[plan.cacao_id], plan, on=on)
        others = [each for pk, each in chosen.items() if pk != me]
        signed = [each for each in chosen.values() if each.playbook_id == shown.pk and counts(each, plan, on=on)]
        words, alarm = _own_state(chosen.get(me), shown, plan)
        if shown.blockers:
            words, alarm = _("%(state)s; cannot be run yet") % {"state": words}, True
        rows.append(
            {
                "title": shown.name,
                "slug": shown.slug,
                "href": reverse("playbook-detail", args=[shown.pk]),
                "version": shown.version[:10],
                "steps": steps.get(shown.pk, 0),
                "signed": ngettext("one organisation", "%(n)s organisations", len(signed)) % {"n": len(signed)}
                if others
                else "–",
                "own_state": words,
                "own_alarm": alarm,
            }
        )
    return sorted(rows, key=lambda row: row["title"])


def _own_state(mine: SignOff | None, shown: Playbook, plan: Plan) -> tuple[str, bool]:
    if trouble := plan.trouble_of(shown.pk):
        return str(TROUBLES[trouble]), True
    if mine is None:
        return _("not signed"), True
    if trouble := plan.trouble_of(mine.playbook_id):
        return _("not signed: the version that you signed is %(trouble)s") % {"trouble": TROUBLES[trouble]}, True
    until = {"until": f"{mine.valid_until:%-d %B %Y}"}
    if not in_force(mine, on=today()):
        return _("signature expired on %(until)s") % until, True
    if mine.playbook_id != shown.pk:
        return _("signed an older version") if mine.playbook.version < shown.version else _(
            "signed a newer version"
        ), True
    return _("signed until %(until)s") % until, False
