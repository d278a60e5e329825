"""The brief for one's own chief executive: six plain sentences, read aloud in forty seconds; and the status in a line.

Of other organisations it says numbers alone, those of the board's tiles. What nobody has recorded is said to be not
recorded: a brief that guesses is worse than none (RULES 17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.header import silence
from incidents.models import Incident, Participant, ServiceStatus, Standing, Task
from incidents.promised import in_words
from incidents.services.saying import State, own_services
from incidents.services.shown import sentence
from incidents.words import INCIDENT_STATUS, due_at, organisations, overdue_by, severity, span, why_short
from partners.models import Participation
from portal import clock
from portal.pages import local_time

Row = Mapping[str, Any]
COLUMNS = ("title", "status", "ready", "reason", "acknowledge_by", "finish_by", "position")
NAMED = 3  # of services and steps; a sentence with more is not read to its end


def brief_of(incident: Incident, *, me: UUID, name: str) -> list[str]:
    """The six sentences for the organisation `me`, none when it takes no part. Six queries at most."""
    now = clock.now()
    side = Participant.objects.filter(incident=incident, organisation_id=me).first()
    if side is None:
        return []
    tasks = list(Task.objects.filter(incident=incident, organisation_id=me).order_by("position").values(*COLUMNS))
    return [
        _what(incident),
        _here(side, name),
        _works(incident, me),
        _doing(tasks, now),
        _decide(tasks, now),
        _next(incident, now),
    ]


def line_of(incident: Incident) -> str:
    """The status in one line, to be pasted where people talk: numbers, and no organisation's name. Two queries."""
    now = clock.now()
    words = list(Standing.objects.filter(incident=incident).values_list("word", flat=True))
    total, contained = len(words), sum(1 for each in words if each == Standing.Word.CONTAINED)
    first = _("EXERCISE") + " " if incident.exercise else ""
    parts = [f"{first}{incident.reference}", str(INCIDENT_STATUS[incident.status])]
    parts.append(_("%(n)s of %(total)s not answered") % {"n": silence(incident.pk), "total": organisations(total)})
    parts.append(_("contained at %(n)s") % {"n": contained})
    if incident.status != Incident.Status.CLOSED:
        promised = in_words(incident.next_update_at, now)
        parts.append(_("next update %(when)s") % {"when": promised} if promised else _("next update not set yet"))
    parts.append(_("as of %(time)s") % {"time": local_time(now, "%H:%M %Z, %-d %B")})
    return " · ".join(parts)


def _what(incident: Incident) -> str:
    systems = [each.name for each in incident.systems.all() if each.named]
    said = {
        "title": incident.title.rstrip("."),
        "time": local_time(incident.opened_at, "%H:%M on %-d %B"),
        "lead": incident.lead.name,
        "systems": _and(systems),
    }
    opening = _("This is an exercise: ") if incident.exercise else ""
    if incident.status == Incident.Status.SUSPECTED:
        words = _("%(lead)s suspects since %(time)s, not yet confirmed: %(title)s") % said
    else:
        words = _("%(lead)s opened an incident at %(time)s: %(title)s") % said
    if systems:
        words += _(", on %(systems)s") % said
    grade = severity(incident.severity)
    return f"{opening}{words}{f' ({grade})' if grade else ''}."


def _here(side: Participant, name: str) -> str:
    if side.exposure == Participant.Exposure.CONFIRMED:
        return _("The intruder was seen at %(name)s.") % {"name": name}
    why = why_short(side.because, side.distance).rstrip(".")
    if side.exposure == Participant.Exposure.CLEARED:
        return _("%(name)s has looked and says that nothing was found here.") % {"name": name}
    return _("Nothing has been reported at %(name)s; we are in it because %(name)s %(why)s.") % {
        "name": name,
        "why": why,
    }


def _works(incident: Incident, me: UUID) -> str:
    """What was said of one's own services; before that, which of them stand on what is attacked."""
    said = ServiceStatus.objects.filter(incident=incident, organisation_id=me, newest=True)
    rows = list(said.order_by("-critical", "service").values_list("service", "state"))
    total = {*own_services(), *(name for name, _state in rows)}
    if any(state != State.UNKNOWN for _name, state in rows):
        return sentence(rows, len(total))
    found = Participation.objects.filter(organisation_id=me, system_id__in=incident.systems.values("system_id"))
    services = sorted({each for row in found for each in row.services})
    if not services:
        return _("No service of ours is recorded as standing on it; what works and what does not is not recorded here.")
    return _("Services of ours that stand on it: %(services)s; which of them work now is not recorded here.") % {
        "services": _and(services)
    }


def _doing(tasks: Sequence[Row], now: datetime) -> str:
    done = sum(1 for each in tasks if each["status"] in {"done", "verified"})
    refused = sum(1 for each in tasks if each["status"] == "declined")
    doing = [each["title"] for each in tasks if each["status"] == "in_progress"]
    late = sum(1 for each in tasks if overdue_by(each, now) is not None)
    wanted = [each for each in tasks if each["status"] not in {"cancelled", "not_affected"}]
    if not wanted:
        return _("There is no step for us yet.")
    words = (
        _("Of our %(n)s steps %(done)s are done") % {"n": len(wanted), "done": done}
        if done
        else _("Of our %(n)s steps none is done yet") % {"n": len(wanted)}
    )
    if doing:
        words += _(", under way is: %(steps)s") % {"steps": _and(doing)}
    if refused:
        words += _(", refused: %(n)s") % {"n": refused}
    if late:
        words += ", " + ngettext("one is overdue", "%(n)s are overdue", late) % {"n": late}
    return f"{words}."


def _decide(tasks: Sequence[Row], now: datetime) -> str:
    """What is stuck with us, and by when: a blocked step is what a chief executive can clear."""
    stuck = [each for each in tasks if each["status"] == "blocked"]
    if stuck:
        first = stuck[0]
        words = _("We need you to clear what blocks “%(title)s”: %(reason)s") % {
            "title": first["title"],
            "reason": (first["reason"] or _("no reason was given")).rstrip("."),
        }
        if first["finish_by"] is not None:
            words += _(", by %(time)s") % {"time": local_time(first["finish_by"], "%H:%M on %-d %B")}
        if len(stuck) > 1:
            words += ", " + ngettext("and one more", "and %(n)s more", len(stuck) - 1) % {"n": len(stuck) - 1}
        return f"{words}."
    waiting = [each for each in tasks if each["status"] == "waiting" and due_at(each) is not None]
    if waiting:
        first = min(waiting, key=lambda each: due_at(each) or now)
        late = overdue_by(first, now)
        if late is not None:
            return _("Nobody of ours has accepted “%(title)s”, %(time)s overdue: have somebody do it now.") % {
                "title": first["title"],
                "time": span(late),
            }
        return _("No step of ours is blocked; somebody of ours has still to accept “%(title)s”, by %(time)s.") % {
            "title": first["title"],
            "time": local_time(due_at(first), "%H:%M on %-d %B"),
        }
    return _("No step of ours is blocked, and none waits to be accepted.")


def _next(incident: Incident, now: datetime) -> str:
    if incident.status == Incident.Status.CLOSED:
        return _("The incident is closed; no further update comes.")
    promised = in_words(incident.next_update_at, now)
    if not promised:
        return _("The lead has not said yet when the next update comes.")
    return _("The next update of the lead: %(when)s.") % {"when": promised}


def _and(words: Sequence[str]) -> str:
    """Three at most, and how many more."""
    shown = list(words[:NAMED])
    if len(words) > NAMED:
        shown.append(ngettext("one more", "%(n)s more", len(words) - NAMED) % {"n": len(words) - NAMED})
    return ", ".join(shown[:-1]) + (_(" and ") if len(shown) > 1 else "") + shown[-1] if shown else ""
