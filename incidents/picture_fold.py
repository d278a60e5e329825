"""Folding a large reach picture: what one organisation runs becomes one box, and so do organisations of one exposure.

What matters is never folded: what is attacked, reached systems with a safety-critical service, both ends of a link that
is cut or of the best cut, the paths of a focus, and organisations where the intruder was seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _

from incidents.picture_focus import Focus
from incidents.picture_view import View
from incidents.words import exposure

Document = Mapping[str, Any]
# So many stand side by side and can still be taken in; above them the picture folds by itself.
MOST_SYSTEMS, MOST_ORGANISATIONS = 24, 16
FEW_SYSTEMS = 6  # who runs no more may share a box with others
LEAST_ORGANISATIONS = 4  # fewer of one exposure are not worth a box of their own
MOST_OF_A_CUT = 8  # ends of the best cut, kept open while it is no larger
NOBODY = "by-nobody-named"


@dataclass(frozen=True, slots=True)
class Group:
    """Systems run by one organisation (`by-SLUG`) or by several who run few (`others-LINKS`), or organisations of one
    exposure (`are-EXPOSURE`).

    `members` are all of it, `folded` those that stand in its box: ids of systems, slugs of organisations.
    """

    key: str
    name: str
    members: tuple[str, ...]
    folded: tuple[str, ...] = ()

    @property
    def of_systems(self) -> bool:
        return not self.key.startswith("are-")


@dataclass(frozen=True, slots=True)
class Folding:
    """All groups by key, in the order in which they are named, and for whatever is folded its group's key."""

    groups: dict[str, Group]
    folded: dict[str, str] = field(default_factory=dict)
    systems: bool = False
    organisations: bool = False

    @property
    def any(self) -> bool:
        return bool(self.folded)


def folding_of(document: Document, view: View, focus: Focus | None = None, *, whole: Document) -> Folding:
    """Which of the document's systems and organisations fold, in this view.

    `whole` is the document that a focus left this much of: a group has the same key with a focus and without.
    """
    everybody = [*document["organisations"], *document["outside"]]
    systems = view.fold == "all" or (view.fold == "auto" and len(document["systems"]) > MOST_SYSTEMS)
    organisations = view.fold == "all" or (view.fold == "auto" and len(everybody) > MOST_ORGANISATIONS)
    kept = _what_matters(document) | (focus.systems if focus else frozenset())
    alone = {focus.key.partition(":")[2]} if focus and focus.key.startswith("organisation:") else set()
    groups: dict[str, Group] = {}
    folded: dict[str, str] = {}
    for group in _groups_of_systems(document, kept, view, whole=whole) if systems else _by_keeper(document, whole):
        groups[group.key] = group
        folded |= dict.fromkeys(group.folded, group.key)
    for group in _by_exposure(document):
        inside = tuple(each for each in group.members if each not in alone)
        few = len(inside) < (2 if view.fold == "all" else LEAST_ORGANISATIONS)
        if not organisations or group.key in view.opened or few or group.key == "are-confirmed":
            inside = ()
        groups[group.key] = Group(group.key, group.name, group.members, inside)
        folded |= dict.fromkeys((f"organisation:{each}" for each in inside), group.key)
    return Folding(groups, folded, systems, organisations)


def _groups_of_systems(document: Document, kept: frozenset[str], view: View, *, whole: Document) -> list[Group]:
    """By whoever runs them. Where that is still too much, those who run few and begin equally far share a box."""
    groups = _by_keeper(document, whole)
    loose = {group.key: tuple(each for each in group.members if each not in kept) for group in groups}
    boxes = sum(len(group.members) - len(loose[group.key]) + min(1, len(loose[group.key])) for group in groups)
    few: defaultdict[str, list[Group]] = defaultdict(list)
    if boxes > MOST_SYSTEMS:
        distances = {system["id"]: system["distance"] for system in document["systems"]}
        for group in groups:
            if 0 < len(loose[group.key]) <= FEW_SYSTEMS and group.key not in view.opened:
                reached = [distances[each] for each in loose[group.key] if distances[each] is not None]
                few[f"others-{min(reached)}" if reached else "others-stopped"].append(group)
    found = []
    shared: set[str] = set()
    for key, together in sorted(few.items()):
        inside = tuple(each for group in together for each in loose[group.key])
        opened = key in view.opened or len(together) < 2
        name = _("Run by %(n)s organisations") % {"n": len(together)}
        found.append(Group(key, name, inside, () if opened else inside))
        shared |= set() if opened else {group.key for group in together}
    for group in groups:
        inside = loose[group.key]
        if group.key in shared or group.key in view.opened or len(inside) < 2:
            inside = ()
        found.append(Group(group.key, group.name, group.members, inside))
    return found


def keeper_of(system: Mapping[str, Any]) -> str:
    """The name of whoever provides it, else of its owner, else nothing."""
    return system["runs"][-1] if system.get("runs") else ""


def _by_keeper(document: Document, whole: Document) -> list[Group]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for system in document["systems"]:
        members[keeper_of(system)].append(system["id"])
    keys = keeper_keys(whole)
    return [Group(keys[name], name or _("Nobody named"), tuple(members[name])) for name in sorted(members)]


def keeper_keys(document: Document) -> dict[str, str]:
    """The group key of everybody who runs a system, by name: the own short name where the document has it."""
    slugs = {each["name"]: each["slug"] for each in (*document["organisations"], *document["outside"])}
    keys = {"": NOBODY}
    taken = {NOBODY}
    for name in sorted({keeper_of(system) for system in document["systems"]} - {""}):
        wanted = key = f"by-{slugs.get(name) or slugify(name)[:60] or 'unnamed'}"
        nth = 1
        while key in taken:
            nth += 1
            key = f"{wanted}-{nth}"
        taken.add(key)
        keys[name] = key
    return keys


def _by_exposure(document: Document) -> list[Group]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for each in document["organisations"]:
        members[each["exposure"]].append(each["slug"])
    members["none"] += [each["slug"] for each in document["outside"]]
    return [Group(f"are-{key}", exposure(key)["word"], tuple(slugs)) for key, slugs in members.items() if slugs]


def _what_matters(document: Document) -> frozenset[str]:
    kept = set(document["starts"])
    kept |= {each["id"] for each in document["systems"] if each.get("critical") and each["distance"] is not None}
    best = next((set(cut["edges"]) for cut in document["cuts"] if cut["protects"]), set())
    of_best: set[str] = set()
    for edge in document["edges"]:
        if edge["cut_source"] or edge["cut_target"]:
            kept |= {edge["source"], edge["target"]}
        if edge["id"] in best:
            of_best |= {edge["source"], edge["target"]}
    return frozenset(kept | of_best if len(of_best) <= MOST_OF_A_CUT else kept)
