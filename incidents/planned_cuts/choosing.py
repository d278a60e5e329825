"""What an organisation may plan to cut in an incident, and what a choice means: links, a group of them, a system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _

from incidents.models import Incident, PlannedCut
from incidents.rewalk import current_document
from partners.models import SharedSystem

What = PlannedCut.What


@dataclass(frozen=True, slots=True)
class Choice:
    """`key`: as a form sends it, `link:<id>`, `group:<name>` or `system:<slug>`."""

    key: str
    words: str
    what: str
    links: tuple[UUID, ...] = ()
    systems: tuple[UUID, ...] = ()


def choices_for(incident: Incident, *, me: UUID) -> list[Choice]:
    """Groups first, then links, then systems: of the way of the incident for whoever oversees it, else one's own."""
    document = current_document(incident) if me in incident.overseers else None
    return _of_document(document) if document is not None else _own()


def choice_of(key: str, choices: list[Choice]) -> Choice | None:
    return next((each for each in choices if each.key == key), None)


def key_of(cut: Mapping[str, Any]) -> str:
    """The choice that a cut of the list *contain first* is: its key is a link's id or the name of a group."""
    try:
        return f"link:{UUID(cut['key'])}"
    except ValueError:
        return f"group:{cut['key']}"


def _of_document(document: Mapping[str, Any]) -> list[Choice]:
    names = {system["id"]: system["name"] for system in document["systems"]}
    edges = [each for each in document["edges"] if not (each["cut_source"] and each["cut_target"])]
    links = [(each["id"], each["group"], names[each["source"]], names[each["target"]]) for each in edges]
    reached = set(document["reached_systems"])
    systems = [(each["id"], each["slug"], each["name"]) for each in document["systems"] if each["id"] in reached]
    return _choices(links, systems)


def _own() -> list[Choice]:
    """Links of which the reader runs an end, and the systems that it runs. Three queries."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT link::text, link_group, source, target FROM sec.own_links()")
        links = cursor.fetchall()
        cursor.execute("SELECT sec.systems_i_speak_for()")
        mine = cursor.fetchone()[0]
    systems = SharedSystem.objects.filter(pk__in=mine).values_list("id", "slug", "name")
    return _choices(links, [(str(pk), slug, name) for pk, slug, name in systems])


def _choices(links: list[tuple[str, str, str, str]], systems: list[tuple[str, str, str]]) -> list[Choice]:
    groups: dict[str, list[UUID]] = {}
    for edge, group, _source, _target in links:
        if group:
            groups.setdefault(group, []).append(UUID(edge))
    return [
        *(
            Choice(f"group:{name}", _("Group %(name)s, every link of it") % {"name": name}, What.GROUP, tuple(found))
            for name, found in sorted(groups.items())
        ),
        *(
            Choice(f"link:{edge}", _("%(target)s off %(source)s") % {"target": target, "source": source}, What.LINK,
                   (UUID(edge),))
            for edge, _group, source, target in sorted(links, key=lambda each: each[2:])
        ),
        *(
            Choice(f"system:{slug}", _("%(name)s, the whole system") % {"name": name}, What.SYSTEM, (), (UUID(pk),))
            for pk, slug, name in sorted(systems, key=lambda each: each[2])
        ),
    ]  # fmt: skip
