"""One table gives every state its word, shape and colour; other words that pages share stand here too (RULES 1, 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.reach_words import ATTACKED, why_in_words
from portal.pages import local_time

# Key, word, shape. The style sheet has `state--KEY` for each; red is overdue or failed, orange blocked, nothing else.
STATES = {
    "nobody-told": (lazy("Nobody told yet"), "◌"),
    "told": (lazy("Told"), "◇"),
    "seen": (lazy("Seen"), "○"),
    "accepted": (lazy("Accepted"), "●"),
    "doing": (lazy("Doing"), "◐"),
    "done": (lazy("Done"), "✓"),
    "checked": (lazy("Done, checked"), "✓✓"),
    "blocked": (lazy("Blocked"), "✕"),
    "refused": (lazy("Refused"), "⊘"),
    "not-needed": (lazy("Not needed"), "–"),
    "called-off": (lazy("Called off"), "—"),
    "overdue": (lazy("Overdue"), "!"),
}
STATE_OF_STATUS = {
    "acknowledged": "accepted",
    "in_progress": "doing",
    "done": "done",
    "verified": "checked",
    "blocked": "blocked",
    "declined": "refused",
    "not_affected": "not-needed",
    "cancelled": "called-off",
}
EXPOSURES = {
    "confirmed": lazy("Seen here"),
    "direct": lazy("Uses the attacked system"),
    "reachable": lazy("Could be reached"),
    "none": lazy("No path known to the register"),
    "cleared": lazy("Cleared"),
}
ROLES = {
    "lead": lazy("lead"),
    "deputy_lead": lazy("deputy lead"),
    "provider": lazy("provider"),
    "observer": lazy("observer"),
    "participant": "",
}
STANDINGS = {"acting": lazy("acting"), "contained": lazy("contained"), "cut_off": lazy("cut off")}
INCIDENT_STATUS = {
    "suspected": lazy("Suspected"),
    "open": lazy("Open"),
    "contained": lazy("Contained"),
    "eradicated": lazy("Intruder removed"),
    "recovered": lazy("Recovered"),
    "closed": lazy("Closed"),
}


def state(key: str) -> dict[str, str]:
    """`{"word", "shape", "css"}` of one state."""
    word, shape = STATES[key]
    return {"word": str(word), "shape": shape, "css": f"state--{key}"}


def exposure(key: str) -> Mapping[str, str]:
    """`{"word", "css"}`, the same object each time: nobody writes into it."""
    return _exposure(key, get_language())


@lru_cache(256)
def _exposure(key: str, language: str | None) -> dict[str, str]:
    return {"word": str(EXPOSURES[key]), "css": key}


def role(key: str) -> str:
    return _role(key, get_language())


@lru_cache(256)
def _role(key: str, language: str | None) -> str:
    return str(ROLES[key])


def state_key(task: Mapping[str, Any], side: Mapping[str, Any], now: datetime) -> str:
    """The state that a cell shows. `task` needs status and both due times, `side` told_at and seen_at."""
    return "overdue" if overdue_by(task, now) is not None else state_key_in_time(task, side)


def state_key_in_time(task: Mapping[str, Any], side: Mapping[str, Any]) -> str:
    """As `state_key`, of a task that is not overdue."""
    if task["status"] == "waiting":
        return "seen" if side["seen_at"] else "told" if side["told_at"] else "nobody-told"
    return STATE_OF_STATUS[task["status"]]


def overdue_by(task: Mapping[str, Any], now: datetime) -> timedelta | None:
    """How far an open task is past its time; None when it is not. A blocked one says blocked, not overdue."""
    status = task["status"]
    if status not in ("waiting", "acknowledged", "in_progress"):
        return None
    first = task["finish_by"]
    if status == "waiting" and (accept := task["acknowledge_by"]) is not None and (first is None or accept < first):
        first = accept
    return now - first if first is not None and first < now else None


def due_at(task: Mapping[str, Any]) -> datetime | None:
    """The next instant by which something is expected of this task."""
    if task["status"] == "waiting":
        return task["acknowledge_by"]
    return task["finish_by"] if task["status"] in {"acknowledged", "in_progress"} else None


def due_words(task: Mapping[str, Any], now: datetime) -> str:
    late = overdue_by(task, now)
    if late is not None:
        return _("%(time)s overdue") % {"time": span(late)}
    limit = due_at(task)
    if limit is not None:
        form = _("accept by %(time)s") if task["status"] == "waiting" else _("finish by %(time)s")
        return form % {"time": local_time(limit)}
    return _("after the steps before it") if task["status"] in {"waiting", "acknowledged"} else ""


def span(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}


def span_of_seconds(seconds: int) -> str:
    """As `span`, and below two minutes in seconds: what an exercise measures."""
    return _("%(n)s s") % {"n": seconds} if seconds < 120 else span(timedelta(seconds=seconds))


def organisations(count: int) -> str:
    return ngettext("%(n)s organisation", "%(n)s organisations", count) % {"n": count}


def severity(value: int | None) -> str:
    return _("Severity %(n)s, our estimate") % {"n": value} if value else ""


def way(told_by: str) -> str:
    """The way a message took, inside a sentence: `e-mail`, `SMS`."""
    return told_by if told_by.isupper() else told_by.lower() or _("e-mail")


SAID = {
    "has_it": lazy("we have this"),
    "cut": lazy("we have cut our link"),
    "call": lazy("call me"),
    "other": lazy("tell somebody else"),
    "unreadable": lazy("something that could not be read"),
}
BY = {"link": lazy("by link"), "text": lazy("by text message"), "tool": lazy("by a tool"), "call": lazy("by telephone")}


def said_words(side: Mapping[str, Any]) -> str:
    """What was said without signing in, until somebody signs in and looks; '' when there is nothing.

    `side` needs said, said_by, said_at and seen_at.
    """
    if not side["said"] or (side["seen_at"] and side["seen_at"] > side["said_at"]):
        return ""
    return _("%(time)s %(by)s, not signed in: “%(said)s”") % {
        "time": local_time(side["said_at"]),
        "by": BY.get(side["said_by"], side["said_by"]),
        "said": SAID.get(side["said"], side["said"]),
    }


def why_short(because: str, distance: int | None, *, brief: bool = False) -> str:
    """The reason of an exposure in half a line: `uses the Finance ledger, 2 links from the attack` (brief: `away`)."""
    why = (because.partition(": ")[2] or because).partition(", which ")[0].removesuffix(f", {ATTACKED}")
    why = why_in_words(why, walked=distance is not None)
    if distance and brief:
        why += ngettext(", %(n)s link away", ", %(n)s links away", distance) % {"n": distance}
    elif distance:
        why += ngettext(", %(n)s link from the attack", ", %(n)s links from the attack", distance) % {"n": distance}
    return why
