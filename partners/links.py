"""Links between systems: how one reads in words, and writing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Dependency, SharedSystem
from partners.next_door import names_next_door
from partners.systems import change, written
from portal import clock

FIELDS = {
    "tested_on": lazy("Tested on"),
    "tested_by": lazy("Tested by"),
    "test_method": lazy("How it was tested"),
    "valid_until": lazy("The test counts until"),
    "cut_source_at": lazy("Cut at the first end"),
    "cut_target_at": lazy("Cut at the second end"),
    "reviewed_on": lazy("Checked on"),
    "reviewed_by": lazy("Checked by"),
    "stops": lazy("What stops when it is cut"),
    "carries": lazy("The second system cannot work without it"),
}
NAMES = {str(code): str(words) for code, words in [*Dependency.Kind.choices, *Dependency.Barrier.choices]}
OF_A_BARRIER = ("barrier", "tested_by", "test_method", "tested_on", "valid_until")

BARRIER_CSS = {"none": "known", "claimed": "claimed", "tested": "stops"}


def barrier_words(edge: Dependency) -> str:
    if edge.barrier == "tested" and edge.tested_on:
        return _("tested on %(day)s") % {"day": f"{edge.tested_on:%-d %B %Y}"}
    return str(
        {"none": _("none recorded"), "claimed": _("claimed, never tested"), "tested": _("test not dated")}[edge.barrier]
    )


def barrier_facts(edge: Dependency) -> list[tuple[str, str]]:
    """Who tested the barrier, how, and until when that counts; nothing of an untested one."""
    if edge.barrier != Dependency.Barrier.TESTED:
        return []
    pairs = [
        (_("Tested by"), edge.tested_by or _("nobody named")),
        (_("How it was tested"), edge.test_method or _("not recorded")),
    ]
    if edge.valid_until:
        over = edge.valid_until < clock.now().date()
        words = _("%(day)s: this is over, it stops nothing any more") if over else "%(day)s"
        pairs.append((_("The test counts until"), words % {"day": f"{edge.valid_until:%-d %B %Y}"}))
    return pairs


def cut_words(edge: Dependency) -> str:
    if edge.cut_source_at and edge.cut_target_at:
        return _("cut by both ends")
    return _("one end says cut") if edge.cut_source_at or edge.cut_target_at else _("in use")


def others_of(system: SharedSystem) -> list[tuple[str, str]]:
    """Systems that a link can be said to from this one, by id: one's own, and those known by name."""
    return sorted(
        ((str(pk), name) for pk, name in _known().items() if pk != system.pk), key=lambda each: each[1].casefold()
    )


def _known() -> dict[UUID, str]:
    own = dict(SharedSystem.objects.values_list("pk", "name"))
    return {**names_next_door(), **own}


def add_link(source: UUID, target: UUID, columns: Mapping[str, Any], barrier: Mapping[str, Any]) -> Dependency:
    """Say that one system leads into another; it counts in every radius from now on.

    Raises:
        NotAllowed: this organisation does not speak for the target, and not for the source or does not see the target;
            or a tested barrier is said by somebody else than the end that it protects.
    """
    edge = Dependency(source_id=source, target_id=target, **columns)
    with written():
        edge.save(force_insert=True)
        _state_barrier(edge.pk, barrier)
    return edge


def change_link(edge: Dependency, columns: Mapping[str, Any], barrier: Mapping[str, Any], *, seen: int) -> None:
    """Change what differs, unless it is no longer as it was seen.

    Raises:
        Changed: another version stands there.
        NotAllowed: see `add_link`.
    """
    with written():
        change(Dependency, edge.pk, columns, seen=seen)
        if any(getattr(edge, name) != value for name, value in barrier.items()):
            _state_barrier(edge.pk, barrier)


def _state_barrier(edge_id: UUID, barrier: Mapping[str, Any]) -> None:
    said = [barrier[name] for name in OF_A_BARRIER]
    approvals.call("SELECT sec.state_barrier(%s, %s, %s, %s, %s, %s)", [edge_id, *said])


def may_say(edge: Dependency) -> bool:
    """Whether the open scope may change this link."""
    return bool(approvals.call("SELECT sec.may_link(%s, %s)", [edge.source_id, edge.target_id]))


def speaks_for(system: SharedSystem) -> bool:
    """Whether the open scope's organisation says what leads into this system."""
    return system.pk in approvals.call("SELECT sec.systems_i_speak_for()", [])
