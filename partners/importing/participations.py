"""Rows that say what the organisation uses: on which system it stands, for which services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, choice, day, flag, line, number, plain, several, text
from partners.models import Participation, SharedSystem


class Participations(Kind):
    """A row is the organisation's own standing on a system; of another organisation it is never its to write."""

    name = "participations"
    words = lazy("What your organisation uses")
    identity = frozenset({"organisation", "system"})
    shown_by = ("organisation", "system")
    model = Participation
    fields = (
        Field("organisation", lazy("Organisation"), line(), names="organisation", also=("council",)),
        Field("system", lazy("System"), line(), required=True, names="system", also=("system name", "slug")),
        Field("services", lazy("Services"), several(), empty=[], also=("service",)),
        Field("people_served", lazy("People served"), number(), empty=None, also=("people", "residents")),
        Field("safety_critical", lazy("Safety-critical"), flag(), empty=False, also=("critical",)),
        Field("fallback", lazy("What you fall back on"), text(4000), empty=None, also=("fallback",)),
        Field("status", lazy("State"), choice(Participation.Status), empty="live", also=("status",)),
        Field("left_on", lazy("Left on"), day(), empty=None),
    )

    def look(self) -> None:
        self.nameable(SharedSystem.objects.values_list("pk", "slug", "name"))
        slugs = {pk: slug for slug, pk in self.systems.items()}
        for each in Participation.objects.all():
            values = {field.name: plain(getattr(each, field.name)) for field in self.fields if not field.names}
            values |= {"organisation": self.slug_of(each.organisation_id), "system": slugs[each.system_id]}
            key = (values["organisation"], values["system"])
            self.there[key] = There(each.pk, values, each.organisation_id == self.me)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        return (said.get("organisation") or self.my_slug, said.get("system") or "")

    def check_new(self, values: Values) -> None:
        if values["organisation"] not in {"", self.my_slug}:
            raise Refusal("organisation", not_yours())

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if name not in self.identity}
        if "organisation" in values:
            found["organisation_id"] = str(self.me)
        if "system" in values:
            found["system_id"] = str(self.systems[values["system"]])
        return found
