"""One shared system as its page shows it, as far as the open scope may see it. A fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from partners.critical_dates import in_words
from partners.history import history_of
from partners.links import BARRIER_CSS, barrier_words
from partners.models import (
    Component,
    ContactPoint,
    DataCategory,
    Dependency,
    Organisation,
    Participation,
    Person,
    PublicService,
    Segment,
    SharedSystem,
)
from partners.next_door import names_next_door
from partners.standing import services_of

CATEGORIES = {each.value: each.label for each in DataCategory}
FIELDS = {
    "owner_id": lazy("Decided by"),
    "provider_id": lazy("Run by"),
    "recovery_time_hours": lazy("Back in use within (hours)"),
    "recovery_point_hours": lazy("Work lost at most (hours)"),
    "cut_stops": lazy("When it is cut"),
    "reviewed_on": lazy("Checked on"),
    "reviewed_by": lazy("Checked by"),
    "people_dependent": lazy("People who depend on it"),
    "decision_owner_id": lazy("Who decides"),
    "decision_deputy_id": lazy("Deputy"),
    "isolation_orderer_id": lazy("May order isolation"),
    "confirmed_at": lazy("Confirmed"),
    "denied_at": lazy("Denied"),
    "people_served": lazy("People served"),
    "product_version": lazy("Version"),
    "cpe": "CPE",
    "purl": lazy("Package URL"),
    "valid_until": lazy("Test counts until"),
}
KINDS = {
    "system": lazy("System"),
    "participation": lazy("Organisation on it"),
    "component": lazy("Component"),
    "segment": lazy("Segment"),
    "service": lazy("Service"),
}


NO_SERVICE: dict[str, Any] = {"category": "", "safety": False, "people": "", "fallback": "", "dates": []}


def run_by(system: SharedSystem) -> str:
    """Its provider; without one its owner runs it, and without either somebody outside."""
    runs = system.provider or system.owner
    return runs.name if runs else _("somebody outside the partnership")


def state_words(system: SharedSystem) -> str:
    """In use, retired, left but still connected: *live* stands for the stream on every page."""
    return _("In use") if system.status == SharedSystem.Status.LIVE else str(system.get_status_display())


class ShownSystem:
    """Everything that its page says. `me` is the viewer's organisation, `runs` whether it owns or provides it."""

    def __init__(self, system: SharedSystem, *, me: UUID) -> None:
        self.system, self.me = system, me
        self.runs = me in {system.owner_id, system.provider_id}
        self.stands = list(
            Participation.objects.filter(system=system).select_related("organisation").order_by("organisation__name")
        )
        self.services = services_of(self.stands)
        self.people = {
            each.pk: each for each in Person.objects.filter(organisation_id=me, is_active=True, break_glass=False)
        }
        self.edges = list(Dependency.objects.filter(Q(source=system) | Q(target=system)))
        self.components = list(Component.objects.filter(system=system))
        self.segments = list(Segment.objects.filter(system=system))
        self.names = names_next_door()
        self.own = next((each for each in self.stands if each.organisation_id == me), None)

    def facts(self) -> list[tuple[str, ...]]:
        system = self.system
        pairs = [
            (_("State"), state_words(system)),
            (_("Run by"), run_by(system)),
            (_("Decided by"), system.owner.name if system.owner else _("owner unknown")),
            (_("Administered by"), system.administered_by or _("not recorded")),
            (_("Hosting"), system.hosting or _("not recorded")),
            (_("Data held"), in_categories(system.data_categories) or _("not recorded")),
            (_("Back in use within"), _hours(system.recovery_time_hours)),
            (_("Work lost at most"), _hours(system.recovery_point_hours)),
            (_("When it is cut"), system.cut_stops),
            (_("What it is"), system.description),
            (_("Accounts end in"), ", ".join(f"@{each}" for each in system.account_realms)),
            (_("Last checked"), _checked(system)),
        ]  # fmt: skip
        return [(words, value) for words, value in pairs if value]

    def warnings(self) -> list[str]:
        """What is missing or doubtful, in sentences."""
        found = []
        if self.system.owner_id is None and self.system.provider_id is None:
            found.append(
                _(
                    "Owner unknown: nobody in the partnership owns or provides this system."
                    " Whoever stands on it speaks for its links."
                )
            )
        unknown = [each.organisation.name for each in self.stands if not self.decides(each)]
        if unknown:
            found.append(_("Who decides is unknown at: %(names)s.") % {"names": ", ".join(unknown)})
        denied = [each.organisation.name for each in self.stands if each.denied_at]
        if denied:
            words = _("Says that it does not stand here: %(names)s. It counts until it is taken off.")
            found.append(words % {"names": ", ".join(denied)})
        return found

    def decides(self, stand: Participation) -> bool:
        """Whether somebody is named who decides; of one's own organisation they must still be there."""
        if stand.organisation_id == self.me:
            return stand.decision_owner_id in self.people
        return stand.decision_owner_id is not None

    def standing_on(self) -> list[dict[str, Any]]:
        return [self._stand(each) for each in self.stands]

    def _stand(self, stand: Participation) -> dict[str, Any]:
        mine = stand.organisation_id == self.me
        named = [
            (words, self.people[pk].name)
            for words, pk in (
                (_("decides"), stand.decision_owner_id),
                (_("deputy"), stand.decision_deputy_id),
                (_("may order isolation"), stand.isolation_orderer_id),
            )
            if mine and pk in self.people
        ]
        return {
            "name": stand.organisation.name,
            "slug": stand.organisation.slug,
            "mine": mine,
            "services": [_service(each) for each in self.services[stand.pk]]
            or [{**NO_SERVICE, "name": name} for name in stand.services],
            "people": f"{stand.people_served:,}" if stand.people_served else "",
            "safety": stand.safety_critical,
            "fallback": stand.fallback or "",
            "data": in_categories(stand.data_categories),
            "known": self.decides(stand),
            "decide": named,
            "state": _state(stand),
            "unsure": not stand.confirmed_at,
            "denied": stand.denied_at is not None,
            "left": stand.status == Participation.Status.LEFT_CONNECTED,
        }  # fmt: skip

    def links(self, *, out: bool) -> list[dict[str, str]]:
        rows = [edge for edge in self.edges if (edge.source_id if out else edge.target_id) == self.system.pk]
        return [link_row(edge, edge.target_id if out else edge.source_id, self.names) for edge in rows]

    def rides_on_it(self) -> list[str]:
        """One's own ways to be reached that are lost with it."""
        points = ContactPoint.objects.filter(rides_on=self.system, is_active=True).select_related("person")
        return sorted(
            {f"{each.person.name if each.person else each.label} ({each.get_kind_display()})" for each in points}
        )

    def checked(self) -> str:
        reviewed = [edge for edge in self.edges if edge.reviewed_on]
        last = max(reviewed, key=lambda edge: str(edge.reviewed_on), default=None)
        if last is None:
            return _("No link of this system has been checked yet.")
        return _("Links last checked on %(day)s by %(who)s.") % {
            "day": f"{last.reviewed_on:%-d %B %Y}",
            "who": last.reviewed_by or _("nobody named"),
        }

    def history(self, organisations: Iterable[Organisation]) -> list[dict[str, Any]]:
        objects: list[Any] = [*self.stands, *self.components, *self.segments]
        services = [each for listed in self.services.values() for each in listed]
        named: list[Any] = [*organisations, *self.people.values()]
        names = {str(each.pk): each.name for each in named} | dict(CATEGORIES)
        ids = [self.system.pk, *(each.pk for each in [*objects, *services])]
        return history_of(*ids, me=self.me, fields=FIELDS, names=names, kinds=KINDS)


def in_categories(codes: Sequence[str]) -> str:
    return ", ".join(str(CATEGORIES.get(each, each)) for each in codes)


def _hours(number: int | None) -> str:
    return "" if number is None else ngettext("%(n)s hour", "%(n)s hours", number) % {"n": number}


def _checked(system: SharedSystem) -> str:
    if not system.reviewed_on:
        return _("never")
    return (
        f"{system.reviewed_on:%-d %B %Y}, {system.reviewed_by}"
        if system.reviewed_by
        else f"{system.reviewed_on:%-d %B %Y}"
    )


def _service(service: PublicService) -> dict[str, Any]:
    return {
        "name": service.name,
        "category": str(service.get_category_display()) if service.category != PublicService.Category.OTHER else "",
        "safety": service.safety_critical,
        "people": f"{service.people_served:,}" if service.people_served else "",
        "fallback": service.fallback or _("none recorded"),
        "dates": [in_words(item) for item in service.critical_dates],
    }


def _state(stand: Participation) -> str:
    if stand.denied_at:
        return _("says that it does not stand here")
    left = stand.status == Participation.Status.LEFT_CONNECTED
    words = _("left, still connected") if left else _("in use")
    return words if stand.confirmed_at else _("%(words)s; not confirmed by it") % {"words": words}


def link_row(edge: Dependency, other: UUID, names: Mapping[UUID, str]) -> dict[str, str]:
    return {
        "words": edge.label or edge.group,
        "other": names.get(other, _("a system next to it")),
        "kind": str(edge.get_kind_display()),
        "barrier": barrier_words(edge),
        "barrier_css": BARRIER_CSS[edge.barrier],
        "href": reverse("dependency-detail", args=[edge.pk]),
    }
