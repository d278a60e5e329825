"""Rows that are shared systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, choice, day, flag, line, number, pattern, plain, several, several_of, text
from partners.models import DataCategory, SharedSystem

SLUG = pattern(r"[a-z0-9]+(-[a-z0-9]+)*", lazy("Small letters, digits and hyphens, such as finance-ledger."))  # type: ignore[arg-type]


class Systems(Kind):
    """A row is the system of its slug, or else of its name among those that the organisation runs."""

    name = "systems"
    one = "system"
    words = lazy("Systems")
    identity = frozenset({"slug"})
    shown_by = ("name", "slug")
    model = SharedSystem
    fields = (
        Field("slug", lazy("Short name"), SLUG, also=("id", "system", "system slug")),
        Field("name", lazy("Name"), line(), required=True, also=("system name", "title", "application")),
        Field("spoken", lazy("Name inside a sentence"), line()),
        Field("description", lazy("What it is"), text(4000), also=("description",)),
        Field("provider", lazy("Run by"), line(), also=("provider", "supplier"), names="organisation"),
        Field("owner", lazy("Decided by"), line(), also=("owner", "owned by"), names="organisation"),
        Field("hosting", lazy("Hosting"), line(), also=("hosted", "location")),
        Field("status", lazy("State"), choice(SharedSystem.Status), empty="live", also=("status",)),
        Field("safety_critical", lazy("Safety-critical"), flag(), empty=False, also=("critical",)),
        Field("people_dependent", lazy("People who depend on it"), number(), empty=None, also=("people",)),
        Field("cut_stops", lazy("What stops when it is cut"), text(4000)),
        Field("account_realms", lazy("What stands after @ in its accounts"), several(), empty=[], also=("realms",)),
        Field("administered_by", lazy("Who administers it"), line(), also=("administrators",)),
        Field("data_categories", lazy("Data about people"), several_of(DataCategory), empty=[], also=("data",)),
        Field("recovery_time_hours", lazy("Back in use within (hours)"), number(), empty=None, also=("rto",)),
        Field("recovery_point_hours", lazy("Work lost at most (hours)"), number(), empty=None, also=("rpo",)),
        Field("reviewed_on", lazy("Reviewed on"), day(), empty=None, also=("last reviewed",)),
        Field("reviewed_by", lazy("Reviewed by"), line()),
    )

    def look(self) -> None:
        for each in SharedSystem.objects.all():
            values = {field.name: plain(getattr(each, field.name)) for field in self.fields if not field.names}
            values |= {"provider": self.slug_of(each.provider_id), "owner": self.slug_of(each.owner_id)}
            self.there[(each.slug,)] = There(each.pk, values, self.me in {each.owner_id, each.provider_id})
        self.mine_by_name: dict[str, str] = {}
        for (slug,), there in self.there.items():
            if there.mine:
                self.mine_by_name.setdefault(there.values["name"].casefold(), slug)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        slug = said.get("slug") or ""
        if (slug,) in self.there:
            return (slug,)
        named = self.mine_by_name.get(str(said.get("name") or "").casefold())
        return (named,) if named else (slug or f"name:{str(said.get('name') or '').casefold()}",)

    def check_new(self, values: Values) -> None:
        if self.my_slug not in {values["owner"], values["provider"]}:
            raise Refusal("owner", not_yours())

    def check_changed(self, there: There, values: Values, changed: frozenset[str]) -> None:
        """Its owner says who owns and provides it, without an owner the provider; anybody takes themselves off."""
        was = there.values
        if self.my_slug != (was["owner"] or was["provider"]):
            for name in changed & {"owner", "provider"}:
                if was[name] != self.my_slug or values[name]:
                    raise Refusal(name, not_yours())

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if name not in {"owner", "provider"}}
        if not found.get("slug", "said"):
            found["slug"] = values["name"]  # the database makes a short name of it, with an end of its own
        for name in ("owner", "provider"):
            if name in values:
                found[f"{name}_id"] = self.organisation_id(values[name])
        return found
