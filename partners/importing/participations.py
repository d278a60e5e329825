"""Rows that say who stands on a system, and who decides for one's own organisation there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, choice, day, line, plain, several_of
from partners.models import DataCategory, Participation, Person, SharedSystem

PEOPLE = ("decision_owner", "decision_deputy", "isolation_orderer")
OF_OTHERS = frozenset({"organisation", "system", "status", "left_on"})  # what a runner says of somebody else


class Participations(Kind):
    """A row is one organisation on one system. Whoever runs the system adds it; an organisation speaks for itself."""

    name = "participations"
    one = "participation"
    words = lazy("Who stands on a system")
    identity = frozenset({"organisation", "system"})
    shown_by = ("organisation", "system")
    model = Participation
    fields = (
        Field("organisation", lazy("Organisation"), line(), names="organisation", also=("council",)),
        Field("system", lazy("System"), line(), required=True, names="system", also=("system name", "slug")),
        Field("status", lazy("State"), choice(Participation.Status), empty="live", also=("status",)),
        Field("left_on", lazy("Left on"), day(), empty=None),
        Field("data_categories", lazy("Data about people"), several_of(DataCategory), empty=[], also=("data",)),
        Field("decision_owner", lazy("Who decides (e-mail)"), line(), names="person", also=("decision owner",)),
        Field("decision_deputy", lazy("Who stands in (e-mail)"), line(), names="person", also=("deputy",)),
        Field("isolation_orderer", lazy("Who may order isolation (e-mail)"), line(), names="person"),
    )

    def look(self) -> None:
        systems = list(SharedSystem.objects.values_list("pk", "slug", "name", "owner_id", "provider_id"))
        self.nameable(row[:3] for row in systems)
        self.run = {slug for _pk, slug, _name, *runs in systems if self.me in runs}
        self.people = {each.pk: each for each in Person.objects.filter(organisation_id=self.me)}
        self.called["person"] = {each.email.casefold(): each.email for each in self.people.values()}
        self.deciding = {
            each.email
            for each in self.people.values()
            if each.is_active and not each.break_glass and each.role not in {"guest", "service_account"}
        }
        slugs = {pk: slug for slug, pk in self.systems.items()}
        for each in Participation.objects.all():
            values = {field.name: plain(getattr(each, field.name)) for field in self.fields if not field.names}
            values |= {"organisation": self.slug_of(each.organisation_id), "system": slugs[each.system_id]}
            values |= {name: self._address(getattr(each, f"{name}_id")) for name in PEOPLE}
            mine = each.organisation_id == self.me or values["system"] in self.run
            self.there[(values["organisation"], values["system"])] = There(each.pk, values, mine)

    def _address(self, person_id: Any) -> str:
        return self.people[person_id].email if person_id in self.people else ""

    def key_of(self, said: Mapping[str, Value]) -> Key:
        return (said.get("organisation") or self.my_slug, said.get("system") or "")

    def check_new(self, values: Values) -> None:
        values["organisation"] = values["organisation"] or self.my_slug
        if values["system"] not in self.run:
            raise Refusal("system", not_yours())
        said = {field.name for field in self.fields if values[field.name] != field.empty}
        self._check_said(values, said)

    def check_changed(self, there: There, values: Values, changed: frozenset[str]) -> None:
        self._check_said(values, set(changed))

    def _check_said(self, values: Values, said: set[str]) -> None:
        if values["organisation"] != self.my_slug and said - OF_OTHERS:
            raise Refusal(min(said - OF_OTHERS), not_yours())
        for name in said & set(PEOPLE):
            if values[name] and values[name] not in self.deciding:
                raise Refusal(
                    name, _("Somebody is wanted who is there every day: no guest and no account of a machine.")
                )

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if not self.field(name).names}
        if "organisation" in values:
            found["organisation_id"] = self.organisation_id(values["organisation"])
        if "system" in values:
            found["system_id"] = str(self.systems[values["system"]])
        ids = {each.email: str(each.pk) for each in self.people.values()}
        return found | {f"{name}_id": ids.get(values[name]) for name in PEOPLE if name in values}
