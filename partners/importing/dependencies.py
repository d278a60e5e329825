"""Rows that are links: one system leads to another, in the direction in which an intruder would walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.importing.kinds import Field, Key, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Value, choice, day, flag, line, plain, text
from partners.models import Dependency, SharedSystem
from partners.next_door import systems_next_door
from portal import clock

BARRIER = ("barrier", "tested_by", "test_method", "tested_on", "valid_until")  # written by `sec.state_barrier` alone
TESTED = Dependency.Barrier.TESTED


class Dependencies(Kind):
    """A row is the link of its two systems, kind and words. The database says who may (`sec.linkable`)."""

    name = "dependencies"
    one = "dependency"
    words = lazy("Links")
    identity = frozenset({"source", "target", "kind", "label"})
    shown_by = ("source", "target", "kind", "label")
    model = Dependency
    fields = (
        Field("source", lazy("From system"), line(), required=True, names="system", also=("source", "from")),
        Field("target", lazy("To system"), line(), required=True, names="system", also=("target", "to")),
        Field("kind", lazy("Kind"), choice(Dependency.Kind), required=True, also=("type",)),
        Field("label", lazy("In words"), line(), also=("label",)),
        Field("phrase", lazy("How the second depends on {source}"), line(500)),
        Field("stops", lazy("What stops when it is cut"), text(4000), also=("stops",)),
        Field("carries", lazy("The second cannot work without it"), flag(), empty=False, also=("carries",)),
        Field("group", lazy("Group"), line()),
        Field("barrier", lazy("Barrier"), choice(Dependency.Barrier), empty="none"),
        Field("tested_by", lazy("Barrier tested by"), line()),
        Field("test_method", lazy("Tested how"), text(1000)),
        Field("tested_on", lazy("Barrier tested on"), day(), empty=None),
        Field("valid_until", lazy("Test valid until"), day(), empty=None),
        Field("reviewed_on", lazy("Reviewed on"), day(), empty=None),
        Field("reviewed_by", lazy("Reviewed by"), line()),
        Field("note", lazy("Note"), text(4000), also=("notes",)),
    )

    def look(self) -> None:
        named = {pk: (pk, slug, name) for pk, slug, name in SharedSystem.objects.values_list("pk", "slug", "name")}
        self.nameable(({pk: (pk, *names) for pk, names in systems_next_door().items()} | named).values())
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.systems_i_speak_for()")
            self.spoken = set(cursor.fetchone()[0])
        slugs = {pk: slug for slug, pk in self.systems.items()}
        edges = list(Dependency.objects.all())
        self.linkable: dict[tuple[str, str], bool] = {}
        self.prepare([{"source": slugs[each.source_id], "target": slugs[each.target_id]} for each in edges])
        for each in edges:
            values = {field.name: plain(getattr(each, field.name)) for field in self.fields if not field.names}
            values |= {"source": slugs[each.source_id], "target": slugs[each.target_id]}
            self.there[self.key_of(values)] = There(each.pk, values, self._mine(values))

    def prepare(self, rows: Sequence[Values]) -> None:
        """Which pairs of systems the organisation could link. One query."""
        known = self.called["system"]
        asked = {
            (known.get(str(row.get("source")).casefold()), known.get(str(row.get("target")).casefold())) for row in rows
        }
        pairs = [pair for pair in asked if None not in pair and pair not in self.linkable]
        if pairs:
            ends = [[self.systems[pair[n]] for pair in pairs] for n in (0, 1)]  # type: ignore[index]
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT sec.linkable(%s, %s)", ends)
                self.linkable |= dict(zip(pairs, cursor.fetchone()[0], strict=True))  # type: ignore[arg-type]

    def _mine(self, values: Mapping[str, Value]) -> bool:
        return self.linkable.get((values["source"], values["target"]), False)

    def key_of(self, said: Mapping[str, Value]) -> Key:
        return tuple(str(said.get(name) or "") for name in ("source", "target", "kind", "label"))

    def check_new(self, values: Values) -> None:
        if values["source"] == values["target"]:
            raise Refusal("target", _("A link has two different systems."))
        if not self._mine(values):
            raise Refusal("source", not_yours())
        if any(values[name] != self.field(name).empty for name in BARRIER):
            self._check_barrier(values)

    def check_changed(self, there: There, values: Values, changed: frozenset[str]) -> None:
        if changed & set(BARRIER):
            self._check_barrier(values)

    def _check_barrier(self, values: Values) -> None:
        """As `sec.state_barrier` has it, which asks again."""
        if values["barrier"] != TESTED:
            for name in BARRIER[1:]:
                if values[name]:
                    raise Refusal(name, _("Only a barrier that was tested has this."))
            return
        if self.systems[values["target"]] not in self.spoken:
            raise Refusal("barrier", _("Only whoever speaks for the system that it protects calls it tested."))
        for name in ("tested_by", "test_method", "tested_on", "valid_until"):
            if not values[name]:
                raise Refusal(name, _("A tested barrier says who tested it, how, when, and until when it counts."))
        on, until, today = date.fromisoformat(values["tested_on"]), values["valid_until"], clock.now().date()
        if on > today or not today.isoformat() <= until <= _three_years_on(on).isoformat():
            raise Refusal("valid_until", _("A test lies in the past, and counts from then for at most three years."))

    def columns(self, values: Values) -> dict[str, Any]:
        found = {name: value for name, value in values.items() if name not in {"source", "target", *BARRIER}}
        for name in ("source", "target"):
            if name in values:
                found[f"{name}_id"] = str(self.systems[values[name]])
        return found

    def finish(self, written: Sequence[tuple[UUID, Values]]) -> None:
        """The barriers that are now another, one call each: they are few."""
        were = {there.id: there.values for there in self.there.values()}
        nothing = {each.name: each.empty for each in self.fields}
        said = [
            {"id": str(pk), **{name: values[name] for name in BARRIER}}
            for pk, values in written
            if any(values[name] != were.get(pk, nothing)[name] for name in BARRIER)
        ]
        if said:
            with connections["default"].cursor() as cursor:
                cursor.execute(
                    "SELECT sec.state_barrier(x.id, x.barrier, x.tested_by, x.test_method, x.tested_on, x.valid_until)"
                    " FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, barrier text, tested_by text, test_method text,"
                    " tested_on date, valid_until date)",
                    [orjson.dumps(said).decode()],
                )


def _three_years_on(on: date) -> date:
    return on.replace(year=on.year + 3, day=28 if (on.month, on.day) == (2, 29) else on.day)
