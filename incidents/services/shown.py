"""What pages, board and brief show of services: those on which lives hang first, then what does not work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from incidents.models import Incident, ServiceStatus
from incidents.services.saying import Count, State, own_services
from partners.models import Person

# Word, shape and colour (RULES 3): red is overdue or failed, orange blocked, and a service that is down is neither.
WORDS: dict[str, dict[str, Any]] = {
    State.WORKING: {"word": lazy("Working"), "shape": "✓", "css": "state--done"},
    State.DIFFICULTY: {"word": lazy("With difficulty"), "shape": "◐", "css": "state--doing"},
    State.DOWN: {"word": lazy("Not working"), "shape": "⊘", "css": "state--refused"},
    State.UNKNOWN: {"word": lazy("Not known yet"), "shape": "◌", "css": "state--nobody-told"},
}
ORDER = {State.DOWN: 0, State.DIFFICULTY: 1, State.UNKNOWN: 2, State.WORKING: 3}
HISTORY = 10  # of each service


def services_page(incident: Incident, *, me: UUID) -> dict[str, Any]:
    """One's own services with what was said before, and those of others for whoever oversees. Three queries."""
    rows = list(
        ServiceStatus.objects.filter(incident=incident).select_related("organisation", "note").order_by("-at", "-id")
    )
    names = dict(
        Person.objects.filter(pk__in={row.said_by for row in rows if row.organisation_id == me and row.said_by})
        .values_list("pk", "name")
    )  # fmt: skip
    critical = own_services()
    mine: dict[str, list[ServiceStatus]] = {name: [] for name in critical}
    # As it was said last, else as the register says.
    critical |= {row.service: row.critical for row in rows if row.organisation_id == me and row.newest}
    for row in rows:
        if row.organisation_id == me:
            mine.setdefault(row.service, []).append(row)
    own = [_own(name, said, names, critical=critical.get(name, False)) for name, said in mine.items()]
    return {"own": sorted(own, key=lambda each: not each["critical"]), "others": _others(rows, me)}


def _own(name: str, said: Sequence[ServiceStatus], names: dict[UUID, str], *, critical: bool) -> dict[str, Any]:
    now = said[0] if said else None
    key = now.state if now else State.UNKNOWN
    return {
        "name": name,
        "critical": critical,
        "key": key,
        "state": WORDS[key],
        "said": now is not None,
        "since": now.since if now and now.state != State.UNKNOWN else None,
        "note": _note(now),
        "shared": now is not None and _shares(now),
        "at": now.at if now else None,
        "who": names.get(now.said_by, "") if now and now.said_by else "",
        "buttons": [{"key": each, "words": words["word"], "now": each == key} for each, words in WORDS.items()],
        "history": [
            {"state": WORDS[row.state], "since": row.since, "at": row.at, "note": _note(row),
             "who": names.get(row.said_by, "") if row.said_by else ""}
            for row in said[1 : HISTORY + 1]
        ],
    }  # fmt: skip


def _note(row: ServiceStatus | None) -> str:
    note = getattr(row, "note", None)
    return note.text if note else ""


def _shares(row: ServiceStatus) -> bool:
    note = getattr(row, "note", None)
    return bool(note and note.shared)


def _others(rows: Sequence[ServiceStatus], me: UUID) -> list[dict[str, Any]]:
    """By organisation, whoever has a safety-critical service that does not work first."""
    theirs: dict[UUID, list[ServiceStatus]] = {}
    for row in rows:
        if row.organisation_id != me and row.newest:
            theirs.setdefault(row.organisation_id, []).append(row)
    found = []
    for said in theirs.values():
        said.sort(key=lambda row: (not row.critical, ORDER[State(row.state)], row.service))
        worst = any(row.critical and row.state == State.DOWN for row in said)
        found.append(
            {
                "name": said[0].organisation.name,
                "order": (not worst, said[0].organisation.name),
                "services": [
                    {"name": row.service, "critical": row.critical, "state": WORDS[row.state], "note": _note(row),
                     "since": row.since if row.state != State.UNKNOWN else None}
                    for row in said
                ],
            }
        )  # fmt: skip
    return sorted(found, key=lambda each: each["order"])


def short(count: Count | None) -> str:
    """For a row of the board: `2 of 5 services not working`; nothing when all works or nobody has said anything."""
    if count is None:
        return ""
    said = {"n": count.down or count.difficulty, "total": count.total}
    if count.down:
        words = ngettext(
            "%(n)s of %(total)s service not working", "%(n)s of %(total)s services not working", count.total
        )
        # What people's safety hangs on stands first: a board has room for one line.
        return (_("safety-critical: %(n)s of %(total)s not working") if count.critical_down else words) % said
    if count.difficulty:
        return (
            ngettext(
                "%(n)s of %(total)s service with difficulty", "%(n)s of %(total)s services with difficulty", count.total
            )
            % said
        )
    return ""


def sentence(rows: Sequence[tuple[str, str]], total: int) -> str:
    """What works and what does not, in one sentence: `rows` are one's own services with their word; `total` all."""
    by: dict[str, list[str]] = {}
    for name, state in rows:
        by.setdefault(state, []).append(name)
    parts = []
    if down := by.get(State.DOWN):
        parts.append(_("not working: %(names)s") % {"names": _some(down)})
    if hard := by.get(State.DIFFICULTY):
        parts.append(_("working with difficulty: %(names)s") % {"names": _some(hard)})
    if works := by.get(State.WORKING):
        parts.append(_("working: %(names)s") % {"names": _some(works)})
    unknown = max(total - sum(len(by.get(each, ())) for each in (State.DOWN, State.DIFFICULTY, State.WORKING)), 0)
    if unknown:
        parts.append(ngettext("of one it is not known yet", "of %(n)s it is not known yet", unknown) % {"n": unknown})
    return _("Of our %(total)s services: %(parts)s.") % {"total": total, "parts": "; ".join(parts)}


def _some(names: Sequence[str]) -> str:
    shown = list(names[:3])
    if len(names) > len(shown):
        shown.append(_("%(n)s more") % {"n": len(names) - len(shown)})
    return ", ".join(shown)
