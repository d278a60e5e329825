"""The tiles of a board (RULES 6). No tile adds people across organisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.duties.words import shared_words
from incidents.models import Duty, Incident
from incidents.promised import in_words
from incidents.words import organisations, span
from portal.pages import local_time

Row = Mapping[str, Any]


def tiles_of(
    incident: Incident,
    sides: Sequence[Row],
    standings: Sequence[Row],
    silent: int,
    duty: Duty | None,
    now: datetime,
    *,
    oversees: bool,
) -> list[dict[str, Any]]:
    total = len(standings)
    closed = incident.status == Incident.Status.CLOSED
    contained = sum(1 for each in standings if each["word"] == "contained")
    tiles = []
    if oversees:
        told = sum(side["people_told"] for side in sides)
        untold = sum(1 for side in sides if not side["told_at"])
        unseen = sum(1 for side in sides if side["told_at"] and not (side["seen_at"] or side["acknowledged_at"]))
        tiles.append(
            _tile(
                "reached",
                _("Reached"),
                ngettext("%(n)s person", "%(n)s people", told) % {"n": told}
                if told
                else _("Nobody was told")
                if closed
                else _("Nobody told yet"),
                _("%(n)s not told") % {"n": organisations(untold)}
                if untold and told
                else ngettext("%(n)s organisation has not seen it", "%(n)s organisations have not seen it", unseen)
                % {"n": unseen}
                if unseen and not closed
                else "",
                alarm=bool(untold and told and not closed),
            )
        )
    tiles.append(
        _tile(
            "accepted",
            _("Acknowledged"),
            _("%(n)s of %(total)s") % {"n": total - silent, "total": organisations(total)},
            _silent_words(sides) if oversees else _others_silent(sides, silent),
            alarm=not closed and any(side["acknowledged_at"] is None and _late_side(side, now) for side in sides),
            filter_by="silent" if oversees and silent else "",
        )
    )
    settled, every = sum(side["tasks_settled"] for side in sides), sum(side["tasks_total"] for side in sides)
    tiles.append(
        _tile(
            "contained",
            _("Contained"),
            _("%(n)s of %(total)s") % {"n": contained, "total": organisations(total)},
            (_("%(n)s of %(total)s steps settled") if oversees else _("%(n)s of %(total)s of our steps settled"))
            % {"n": settled, "total": every},
            filter_by="contained" if oversees and contained else "",
        )
    )
    update = incident.next_update_at
    tiles.append(
        _tile(
            "next",
            _("Due next"),
            _("Nothing, it is closed")
            if closed
            else _("%(time)s update to all") % {"time": local_time(update)}
            if update
            else _("No update promised yet"),
            in_words(update, now) if update and update < now and not closed else "",
            alarm=bool(update and update < now and not closed),
        )
    )
    if duty is not None:
        late = not duty.settled_at and duty.due_at is not None and duty.due_at < now
        tiles.append(_tile("clock", _("Our own clock"), *_duty_words(duty, now), alarm=late))
    return tiles


def _tile(key: str, title: str, value: str, note: str, *, alarm: bool = False, filter_by: str = "") -> dict[str, Any]:
    return {"key": key, "title": title, "value": value, "note": note, "alarm": alarm, "filter": filter_by}


def _silent_words(sides: Sequence[Row]) -> str:
    names = [side["name"] for side in sides if side["acknowledged_at"] is None]
    if not names:
        return _("everybody has answered")
    if len(names) <= 2:
        return _("%(names)s silent") % {"names": ", ".join(names)}
    return _("%(n)s silent") % {"n": organisations(len(names))}


def _others_silent(sides: Sequence[Row], silent: int) -> str:
    """For a partner, who sees only its own side: whether it has answered itself, of the others only how many not."""
    own = any(side["acknowledged_at"] is None for side in sides)
    others = silent - own
    if own and others:
        return ngettext("we and one more have not answered", "we and %(n)s more have not answered", others) % {
            "n": others
        }
    if own:
        return _("we have not answered")
    if others:
        return ngettext("one has not answered", "%(n)s have not answered", others) % {"n": others}
    return _("everybody has answered")


def _late_side(side: Row, now: datetime) -> bool:
    return side["told_at"] is not None and (now - side["told_at"]).total_seconds() > 15 * 60


def _duty_words(duty: Duty, now: datetime) -> tuple[str, str]:
    """RULES 6: the viewer's own legal clock; it does not run before a person says that we became aware."""
    short, who = _("ICO") if duty.kind == Duty.ICO else _("Duty"), shared_words(duty)
    if duty.settled_at:
        return _("%(short)s: decided") % {"short": short}, who
    if duty.aware_at is None:
        return _("%(short)s: not started") % {"short": short}, _("starts when we say “aware”")
    if duty.due_at is None:
        return _("%(short)s: report now, without undue delay") % {"short": short}, who
    if duty.due_at < now:
        return _("%(short)s late by %(time)s") % {"short": short, "time": span(now - duty.due_at)}, who
    return _("%(short)s in %(time)s") % {"short": short, "time": span(duty.due_at - now)}, who
