"""Rows that are pieces of software of a system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, line, pattern, text
from partners.models import Component, SharedSystem

CPE = pattern(r"cpe:2\.3:[aho*-](:[^:\s]+){10}", lazy("A CPE 2.3 name: cpe:2.3: and eleven parts."))  # type: ignore[arg-type]
PURL = pattern(r"pkg:[A-Za-z][A-Za-z0-9.+-]*/\S+", lazy("A package URL, such as pkg:deb/debian/openssl@3.0.11."))  # type: ignore[arg-type]


class Components(Kind):
    """A row is the software of this maker, name and version in a system; whoever runs the system writes it."""

    name = "components"
    one = "component"
    words = lazy("Components")
    identity = frozenset({"system", "vendor", "product", "product_version"})
    shown_by = ("system", "vendor", "product", "product_version")
    model = Component
    fields = (
        Field("system", lazy("System"), line(), required=True, names="system", also=("system name", "slug")),
        Field("vendor", lazy("Maker"), line(), also=("vendor", "manufacturer", "supplier")),
        Field("product", lazy("Product"), line(), required=True, also=("name", "software", "component")),
        Field("product_version", lazy("Version"), line(), also=("version",)),
        Field("cpe", lazy("CPE"), CPE),
        Field("purl", lazy("Package URL"), PURL, also=("purl",)),
        Field("note", lazy("Note"), text(4000), also=("notes",)),
    )

    def look(self) -> None:
        systems = list(SharedSystem.objects.values_list("pk", "slug", "name", "owner_id", "provider_id"))
        self.nameable(row[:3] for row in systems)
        self.run = {slug for _pk, slug, _name, *runs in systems if self.me in runs}
        slugs = {pk: slug for slug, pk in self.systems.items()}
        for each in Component.objects.all():
            values = {field.name: getattr(each, field.name) for field in self.fields if not field.names}
            values["system"] = slugs[each.system_id]
            self.there[self.key_of(values)] = There(each.pk, values, values["system"] in self.run)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        named = (str(said.get(name) or "").casefold() for name in ("vendor", "product", "product_version"))
        return (str(said.get("system") or ""), *named)

    def check_new(self, values: Values) -> None:
        if values["system"] not in self.run:
            raise Refusal("system", not_yours())

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if name != "system"}
        return found | ({"system_id": str(self.systems[values["system"]])} if "system" in values else {})
