"""Plan coverage: has everybody on a shared system signed a playbook for it that may be run now?

Judged from what row security shows: whoever runs a system sees everybody on it, anybody else itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Playbook, SignOff
from incidents.plans import Plan, plans
from incidents.sign_offs import covering, in_force, today
from partners.from_above import Section, register
from partners.models import Participation, SharedSystem
from partners.readiness import Line

NAMED = 4


@dataclass(frozen=True, slots=True)
class Covered:
    """One system: its plans that may be run now, who is on it as far as the reader sees, and who has signed."""

    system: SharedSystem
    plans: Sequence[Plan]
    here: Mapping[UUID, str]  # organisations by id, with their names
    signed: Mapping[UUID, SignOff]

    @property
    def missing(self) -> list[str]:
        return [name for pk, name in self.here.items() if pk not in self.signed]

    @property
    def to_sign(self) -> Playbook | None:
        """The version that whoever has signed none signs first."""
        return next((plan.newest for plan in self.plans if plan.newest), None)


def coverage(systems: Sequence[SharedSystem], *, me: UUID) -> list[Covered]:
    """Five queries, however many systems. Systems come with `owner` and `provider`."""
    by_system = covering([each.pk for each in systems])
    known = plans({cacao_id for listed in by_system.values() for cacao_id in listed})
    on = today()
    stands = Participation.objects.filter(system__in=[each.pk for each in systems], denied_at=None)
    on_it: dict[UUID, dict[UUID, str]] = {each.pk: {} for each in systems}
    for stand in stands.select_related("organisation").order_by("organisation__name"):
        on_it[stand.system_id][stand.organisation_id] = stand.organisation.name
    signatures = list(SignOff.objects.filter(cacao_id__in=known, ended_at=None).order_by("signed_at"))
    found = []
    for system in systems:
        runs = me in {system.owner_id, system.provider_id}
        here = dict(on_it[system.pk])
        for each in (system.provider, system.owner):
            if each is not None and (runs or each.pk == me):
                here.setdefault(each.pk, each.name)
        usable = [known[cacao_id] for cacao_id in by_system.get(system.pk, []) if known[cacao_id].usable]
        versions = {pk for plan in usable for pk in plan.usable}
        signed = {
            each.organisation_id: each for each in signatures if each.playbook_id in versions and in_force(each, on=on)
        }
        found.append(Covered(system, usable, here, signed))
    return found


def _lines(me: UUID) -> list[Line]:
    """Of readiness: six queries. Three lines, the last for whoever runs a system."""
    live = SharedSystem.objects.filter(is_portal=False).exclude(status=SharedSystem.Status.RETIRED)
    systems = list(live.select_related("provider", "owner").order_by("name"))
    found = coverage(systems, me=me)
    runs = [each for each in found if me in {each.system.owner_id, each.system.provider_id}]
    bare = [each for each in found if not each.plans]
    unsigned = [each for each in found if each.plans and me in each.here and me not in each.signed]
    lines = [_bare(bare, runs), _unsigned(unsigned)]
    if runs:
        lines.append(_others(runs, me))
    return lines


def _bare(bare: Sequence[Covered], runs: Sequence[Covered]) -> Line:
    first = next((each for each in bare if each in runs), bare[0] if bare else None)
    return Line(
        _("There is a playbook for every shared system that you see"),
        not bare,
        _("No playbook that may be run is for: %(names)s.") % {"names": _list([each.system.name for each in bare])},
        _("Say on a playbook’s page which systems it is for; or ask whoever runs the system to."),
        "system-detail",
        (first.system.slug,) if first else (),
    )


def _unsigned(unsigned: Sequence[Covered]) -> Line:
    first = next((each.to_sign for each in unsigned if each.to_sign), None)
    return Line(
        _("You have signed a playbook for every shared system that has one"),
        not unsigned,
        _("Not signed, or expired, for: %(names)s.") % {"names": _list([each.system.name for each in unsigned])},
        _("Read what you would agree to, and sign it, with reservations if you have any."),
        "playbook-sign-off",
        (first.pk,) if first else (),
    )


def _others(runs: Sequence[Covered], me: UUID) -> Line:
    gaps = [
        (each, [name for pk, name in each.here.items() if pk not in each.signed and pk != me])
        for each in runs
        if each.plans
    ]
    gaps = [(each, names) for each, names in gaps if names]
    said = _list([f"{', '.join(names)} ({each.system.name})" for each, names in gaps])
    return Line(
        _("Everybody on the systems that you run has signed a playbook for them"),
        not gaps,
        _("Missing: %(names)s.") % {"names": said},
        _("Ask whoever is missing. Each of them sees on its own pages that it has not signed."),
        "system-detail",
        (gaps[0][0].system.slug,) if gaps else (),
    )


def _list(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED]) or _("none")
    return shown + (ngettext(" and %(n)s more", " and %(n)s more", more) % {"n": more} if more > 0 else "")


def _section(system: SharedSystem, me: UUID, may_write: bool) -> Section:
    heading = _("Who has signed a playbook for it")
    if system.status == SharedSystem.Status.RETIRED:
        return Section(heading, _("It is retired: no playbook has to be for it."), (), ())
    (found,) = coverage([system], me=me)
    runs = me in {system.owner_id, system.provider_id}
    acts = [
        (plan.newest.name, reverse("playbook-detail", args=[plan.newest.pk])) for plan in found.plans if plan.newest
    ]
    if may_write and (runs or (me in found.here and system.owner_id is None and system.provider_id is None)):
        acts.append((_("Say which playbooks are for it"), reverse("system-playbooks", args=[system.slug])))
    if not found.plans:
        lead = _(
            "No playbook that may be run is for this system: nobody agreed beforehand what happens when it is attacked."
        )
        return Section(heading, lead, (), acts)
    if runs:
        missing = found.missing
        lead = (
            _("Has not signed: %(names)s.") % {"names": ", ".join(missing)}
            if missing
            else _("Everybody on it has signed a version that may be run.")
        )
    else:
        lead = _("You see your own signature; owner and provider see everybody’s.")
    rows = [_row(name, found.signed.get(pk)) for pk, name in found.here.items()]
    return Section(heading, lead, rows, acts)


def _row(name: str, signed: SignOff | None) -> tuple[str, str, bool]:
    if signed is None:
        return name, _("not signed"), False
    words = {"day": f"{signed.signed_at:%-d %B %Y}", "until": f"{signed.valid_until:%-d %B %Y}"}
    return name, _("signed on %(day)s, until %(until)s") % words, True


register("playbooks", lines=_lines, section=_section)
