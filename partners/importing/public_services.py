"""Rows that are single services to the public which the organisation bases on a system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.reading import joined, parted
from partners.importing.values import Reader, Sort, Value, Wrong, choice, day, flag, line, number, text
from partners.models import Participation, PublicService, SharedSystem

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})[:,]?\s+(.+)", re.DOTALL)
MOST_DATES = 24


def dates() -> Reader:
    """`2027-05-06: Polling day; Pay day`, a day or none before each."""
    one = day()

    def read(cell: str) -> list[str]:
        items = [" ".join(each.split()) for each in parted(cell)]
        if len(items) > MOST_DATES or any(len(each) > 200 for each in items):
            raise Wrong(_("At most 24 dates of 200 characters."))
        return [f"{one.read(found[1])}: {found[2]}" if (found := _DAY.fullmatch(each)) else each for each in items]

    return Reader(read, joined, "2027-05-06: Polling day; several apart by semicolons", Sort.SEVERAL)


class Services(Kind):
    """A row is the service of this name of one's own organisation on a system where it stands."""

    name = "services"
    one = "service"
    words = lazy("Services")
    identity = frozenset({"organisation", "system", "name"})
    shown_by = ("system", "name")
    model = PublicService
    fields = (
        Field("organisation", lazy("Organisation"), line(), names="organisation", also=("council",)),
        Field("system", lazy("System"), line(), required=True, names="system", also=("system name", "slug")),
        Field("name", lazy("Service"), line(), required=True, also=("name", "service name")),
        Field("category", lazy("Sort"), choice(PublicService.Category), empty="other", also=("category",)),
        Field("safety_critical", lazy("Safety-critical"), flag(), empty=False, also=("critical",)),
        Field("people_served", lazy("People served"), number(), empty=None, also=("people", "residents")),
        Field("fallback", lazy("What you fall back on"), text(4000), empty=None, also=("fallback",)),
        Field("critical_dates", lazy("Dates that matter"), dates(), empty=[], also=("critical dates",)),
        Field("position", lazy("Place in the list"), number(0, 32767), empty=1, also=("order",)),
    )

    def look(self) -> None:
        self.nameable(SharedSystem.objects.values_list("pk", "slug", "name"))
        slugs = {pk: slug for slug, pk in self.systems.items()}
        self.stands = dict(Participation.objects.filter(organisation_id=self.me).values_list("system_id", "pk"))
        for each in PublicService.objects.all():
            values = {field.name: getattr(each, field.name) for field in self.fields if not field.names}
            values |= {"organisation": self.slug_of(each.organisation_id), "system": slugs[each.system_id]}
            values["critical_dates"] = [_as_text(item) for item in each.critical_dates]
            self.there[self.key_of(values)] = There(each.pk, values, each.organisation_id == self.me)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        return (said.get("organisation") or self.my_slug, said.get("system") or "", str(said.get("name") or ""))

    def check_new(self, values: Values) -> None:
        values["organisation"] = values["organisation"] or self.my_slug
        if values["organisation"] != self.my_slug:
            raise Refusal("organisation", not_yours())
        if self.systems[values["system"]] not in self.stands:
            raise Refusal("system", not_yours())

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if not self.field(name).names}
        if "critical_dates" in values:
            found["critical_dates"] = [_as_date(each) for each in values["critical_dates"]]
        if "organisation" in values:
            found["organisation_id"] = str(self.me)
        if "system" in values:
            system = self.systems[values["system"]]
            found |= {"system_id": str(system), "participation_id": str(self.stands[system])}
        return found


def _as_text(item: Mapping[str, Any]) -> str:
    return f"{item['on']}: {item['words']}" if item.get("on") else str(item["words"])


def _as_date(said: str) -> dict[str, Any]:
    found = _DAY.fullmatch(said)
    return {"on": found[1], "words": found[2]} if found else {"on": None, "words": said}
