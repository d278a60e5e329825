"""The offline pack: what an organisation needs when nothing works, as one page that stands by itself.

One HTML file rather than an archive: a telephone opens it without network and without unpacking, prints it, and
searches it. Nothing in it comes from elsewhere. Private numbers stay masked; of other organisations it holds names.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from incidents.models import Step
from incidents.plans import plans
from partners.chores import Chore, register
from partners.links import barrier_words
from partners.models import (
    ContactPoint,
    Contractor,
    Dependency,
    DutyDesk,
    DutyShift,
    OfflinePack,
    Organisation,
    Participation,
    Person,
    SharedSystem,
    ToldAlongside,
)
from partners.next_door import names_next_door
from partners.phone_numbers import spaced
from partners.shown_system import run_by

LOOK_EVERY = timedelta(minutes=30)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FOR_COUNCILS = frozenset({Step.Audience.ALL, Step.Audience.EACH, Step.Audience.COUNCILS, Step.Audience.LEAD})
FOR_PROVIDERS = frozenset({Step.Audience.ALL, Step.Audience.PROVIDER, Step.Audience.LEAD})


def build(now: datetime) -> None:
    """Make the pack of the organisation of the open scope anew when something in it has changed."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        me: UUID = cursor.fetchone()[0]
    content = content_of(me)
    digest = hashlib.sha256(orjson.dumps(content)).digest()
    pack = OfflinePack.objects.filter(organisation_id=me).first()
    if pack is not None and bytes(pack.digest) == digest:
        pack.checked_at = now
        pack.save(update_fields=["checked_at"])
        return
    page = render_to_string("incidents/offline_pack.html", {**content, "now": now})
    if pack is None:
        OfflinePack.objects.create(organisation_id=me, built_at=now, checked_at=now, digest=digest, page=page)
    else:
        pack.built_at, pack.checked_at, pack.digest, pack.page = now, now, digest, page
        pack.save(update_fields=["built_at", "checked_at", "digest", "page"])


def content_of(me: UUID) -> dict[str, Any]:
    """Everything in the pack, as plain values: what the digest is over. A fixed number of queries."""
    here = Organisation.objects.get(pk=me)
    people = dict(Person.objects.filter(is_active=True).values_list("pk", "name"))
    contractors = list(Contractor.objects.all())
    desk = DutyDesk.objects.filter(organisation_id=me).first()
    return {
        "organisation": here.name,
        "address": settings.PORTAL_URL,
        "desk": [desk.name, desk.phone] if desk else None,
        "contacts": [_contact(point, people) for point in ContactPoint.objects.filter(is_active=True, host="")],
        "duty": _duty(people, {each.pk: each.name for each in contractors}),
        "contractors": [[each.name, spaced(each.number), each.hours, each.script] for each in contractors],
        "alongside": [
            [str(each.get_role_display()), people.get(each.person_id, "")] for each in ToldAlongside.objects.all()
        ],
        "systems": _systems(),
        "paths": _paths(),
        "playbooks": _playbooks(here),
    }


def _contact(point: ContactPoint, people: dict[UUID, str]) -> list[str]:
    plain = point.is_private or point.kind == ContactPoint.Kind.EMAIL
    whose = people.get(point.person_id, "") if point.person_id else _("Duty desk")
    return [
        whose, str(point.get_kind_display()), point.address if plain else spaced(point.address), point.label,
    ]  # fmt: skip


def _duty(people: dict[UUID, str], contractors: dict[UUID, str]) -> list[list[str]]:
    return [
        [
            _(DAYS[each.weekday]),
            f"{each.starts:%H:%M}–{each.ends:%H:%M}",
            people.get(each.person_id, "") if each.person_id else contractors.get(each.contractor_id, ""),  # type: ignore[arg-type]
        ]
        for each in DutyShift.objects.all()
    ]


def _systems() -> list[dict[str, Any]]:
    fallbacks = dict(Participation.objects.exclude(fallback=None).values_list("system_id", "fallback"))
    return [
        {
            "name": each.name,
            "runs": run_by(each),
            "decides": each.owner.name if each.owner else _("owner unknown"),
            "cut": each.cut_stops,
            "safety": each.safety_critical,
            "fallback": fallbacks.get(each.pk, ""),
        }
        for each in SharedSystem.objects.select_related("provider", "owner").order_by("name")
    ]


def _paths() -> list[list[str]]:
    names = names_next_door()
    return sorted(
        [
            names.get(each.source_id, ""),
            names.get(each.target_id, ""),
            str(each.get_kind_display()),
            each.label or each.group,
            barrier_words(each),
        ]
        for each in Dependency.objects.all()
        if each.cut_source_at is None or each.cut_target_at is None
    )


def _playbooks(here: Organisation) -> list[dict[str, Any]]:
    """One's own steps of the newest version of every plan that can be run."""
    mine = FOR_PROVIDERS if here.kind == Organisation.Kind.PROVIDER else FOR_COUNCILS
    newest = [plan.newest for plan in plans().values() if plan.newest is not None and not plan.newest.blockers]
    newest.sort(key=lambda each: (each.slug, str(each.pk)))
    steps = Step.objects.filter(playbook__in=newest, audience__in={*mine, f"organisation:{here.slug}"}).order_by(
        "position"
    )
    return [
        {
            "name": each.name,
            "steps": [
                {
                    "title": step.title,
                    "lead": step.audience == Step.Audience.LEAD,
                    "minutes": step.finish_minutes,
                    "do": step.do_this,
                    "who": step.who,
                    "stops": step.stops,
                    "worked": step.worked,
                    "undo": step.undo,
                }
                for step in steps
                if step.playbook_id == each.pk
            ],
        }
        for each in newest
    ]


register(Chore("offline-pack", build, every=LOOK_EVERY))
