"""Rows that are links: one system leads to another, in the direction in which an intruder would walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, choice, day, flag, line, plain, text
from partners.models import Dependency, SharedSystem
from partners.next_door import systems_next_door


class Dependencies(Kind):
    """A row is the link of its two systems, kind and words; whoever runs an end writes it."""

    name = "dependencies"
    words = lazy("Links")
    identity = frozenset({"source", "target", "kind", "label"})
    shown_by = ("source", "target", "kind", "label")
    model = Dependency
    fields = (
        Field("source", lazy("From system"), line(), required=True, names="system", also=("source", "from")),
        Field("target", lazy("To system"), line(), required=True, names="system", also=("target", "to")),
        Field("kind", lazy("Kind"), choice(Dependency.Kind), required=True, also=("type",)),
        Field("label", lazy("In words"), line(), also=("label",)),
        Field("stops", lazy("What stops when it is cut"), text(4000), also=("stops",)),
        Field("carries", lazy("The second cannot work without it"), flag(), empty=False, also=("carries",)),
        Field("group", lazy("Group"), line()),
        Field("barrier", lazy("Barrier"), choice(Dependency.Barrier), empty="none"),
        Field("tested_on", lazy("Barrier tested on"), day(), empty=None),
        Field("valid_until", lazy("Test valid until"), day(), empty=None),
        Field("note", lazy("Note"), text(4000), also=("notes",)),
    )

    def look(self) -> None:
        self.mine = {
            slug
            for slug, *runs in SharedSystem.objects.values_list("slug", "owner_id", "provider_id")
            if self.me in runs
        }
        named = systems_next_door() | {
            pk: (slug, name) for pk, slug, name in SharedSystem.objects.values_list("pk", "slug", "name")
        }
        self.nameable((pk, slug, name) for pk, (slug, name) in named.items())
        slugs = {pk: slug for slug, pk in self.systems.items()}
        for each in Dependency.objects.all():
            values = {field.name: plain(getattr(each, field.name)) for field in self.fields if not field.names}
            values |= {"source": slugs[each.source_id], "target": slugs[each.target_id]}
            self.there[self.key_of(values)] = There(each.pk, values, self._mine(values))

    def _mine(self, values: Mapping[str, Value]) -> bool:
        return bool({values["source"], values["target"]} & self.mine)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        return tuple(str(said.get(name) or "") for name in ("source", "target", "kind", "label"))

    def check_new(self, values: Values) -> None:
        if not self._mine(values):
            raise Refusal("source", not_yours())
        self.check_fits(values)

    def check_fits(self, values: Values) -> None:
        if values["source"] == values["target"]:
            raise Refusal("target", _("A link has two different systems."))

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if name not in {"source", "target"}}
        for name in ("source", "target"):
            if name in values:
                found[f"{name}_id"] = str(self.systems[values[name]])
        return found
