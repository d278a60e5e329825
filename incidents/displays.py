"""Wall screens: making one with a code that is shown once, ending it, and what stands on it.

The rules are the database's (`incidents/migrations/0010_wall_display_security.py`): a screen's ticket reads the
document of `sec.wall()` and no row of any table.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, WallDisplay
from incidents.promised import in_words
from incidents.words import INCIDENT_STATUS, ROLES, STANDINGS, STATES, organisations, state, state_key
from partners import approvals
from partners.displays import Paired
from portal import clock
from portal.pages import local_time

# Without letters and digits that are taken for one another when somebody reads them aloud (Crockford's base 32).
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
CODE_LIVES = timedelta(minutes=10)
POLL_SECONDS = 10


def digest_of(code: str) -> bytes:
    """Of the code as typed: case, spaces and hyphens do not count, and a letter O is a zero."""
    plain = "".join(code.upper().replace("-", " ").split()).replace("O", "0").replace("I", "1").replace("L", "1")
    return hashlib.sha256(b"display:" + plain.encode()).digest()


def make_display(incident: Incident, *, label: str) -> str:
    """Make a screen; its pairing code, which is kept nowhere and works once, within ten minutes.

    Raises:
        approvals.NotAllowed: no incident manager, no fresh passkey, or the incident is closed.
    """
    code = "".join(secrets.choice(LETTERS) for _nth in range(LENGTH))
    approvals.call("SELECT sec.make_display(%s, %s, %s)", [incident.pk, label, digest_of(code)])
    return f"{code[:4]} {code[4:]}"


def revoke_display(display: WallDisplay) -> None:
    """End it: its next refresh is refused. Safe to repeat.

    Raises:
        approvals.NotAllowed: no incident manager of its organisation, or no fresh passkey.
    """
    approvals.call("SELECT sec.revoke_display(%s)", [display.pk])


def spend_code(code: str) -> Paired | None:
    """The screen that this code pairs, once; None when it pairs none. Needs the open door."""
    with connections["auth"].cursor() as cursor:
        cursor.execute(
            "SELECT display, incident, org, slug, name, seconds FROM sec.pair_display(%s)", [digest_of(code)]
        )
        row = cursor.fetchone()
    return Paired(*row) if row else None


def displays_of(incident: Incident) -> list[dict[str, Any]]:
    """The organisation's own screens of an incident, newest first."""
    now = clock.now()
    rows = WallDisplay.objects.filter(incident=incident).defer("code_digest")
    return [{"id": each.pk, "label": each.label, "made_at": each.made_at, **_standing(each, now)} for each in rows]


def _standing(display: WallDisplay, now: datetime) -> dict[str, Any]:
    if display.revoked_at:
        return {"words": _("ended"), "at": display.revoked_at, "alive": False}
    if display.expires_at <= now:
        return {"words": _("ran out"), "at": display.expires_at, "alive": False}
    if display.paired_at:
        return {"words": _("shows the incident until"), "at": display.expires_at, "alive": True}
    if display.code_expires_at <= now:
        return {"words": _("its code was not used in time"), "at": display.code_expires_at, "alive": False}
    return {"words": _("waits for its code until"), "at": display.code_expires_at, "alive": True}


def wall_document() -> dict[str, Any] | None:
    """What the open scope's screen may read; None for every other ticket, and once the screen has ended."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.wall()")
        (document,) = cursor.fetchone()
    return orjson.loads(document) if isinstance(document, str) else document


def wall_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document in words, as `display/_wall.html` wants it."""
    now = _time(document["now"]) or clock.now()
    steps = document["steps"] or []
    rows = [
        {
            "name": each["name"],
            "own": each["own"],
            "role": str(ROLES[each["role"]]),
            "word": str(STANDINGS[each["word"]]),
            "css": each["word"],
            "silent": each["answered"] is False,
            "cells": [_cell(each, step["position"], now) for step in steps],
        }
        for each in document["organisations"]
    ]
    used = {cell["css"] for row in rows for cell in row["cells"] if cell}
    return {
        "reference": document["reference"],
        "exercise": document["exercise"],
        "suspected": document["status"] == "suspected",
        "status": str(INCIDENT_STATUS[document["status"]]),
        "opened_at": _time(document["opened_at"]),
        "now": now,
        "tiles": _tiles(document, now),
        "steps": [each["title"] for each in steps],
        "rows": rows,
        "card": _card(document["card"]),
        "legend": [sign for sign in map(state, STATES) if sign["css"] in used],
    }


def _card(card: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {**card, "at": _time(card["at"])} if card else None


def _tiles(document: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    everybody, silent = document["organisations"], document["silent"]
    total = organisations(len(everybody))
    update = _time(document["next_update_at"])
    told = document["people_told"]
    tiles = [
        (
            _("Acknowledged"),
            _("%(n)s of %(total)s") % {"n": len(everybody) - silent, "total": total},
            ngettext("one has not answered", "%(n)s have not answered", silent) % {"n": silent} if silent else "",
            False,
        ),
        (
            _("Contained"),
            _("%(n)s of %(total)s")
            % {"n": sum(1 for each in everybody if each["word"] == "contained"), "total": total},
            "",
            False,
        ),
        (
            _("Next update"),
            local_time(update) or _("not promised yet"),
            in_words(update, now) if update and update < now else "",
            bool(update and update < now),
        ),
    ]
    if told is not None:
        people = ngettext("%(n)s person", "%(n)s people", told) % {"n": told} if told else _("Nobody told yet")
        tiles.insert(0, (_("Reached"), people, "", False))
    return [{"title": title, "value": value, "note": note, "alarm": alarm} for title, value, note, alarm in tiles]


def _cell(organisation: Mapping[str, Any], position: int, now: datetime) -> dict[str, str] | None:
    task = (organisation["tasks"] or {}).get(str(position))
    if task is None:
        return None
    times = {name: _time(task[name]) for name in ("acknowledge_by", "finish_by")}
    side = {"told_at": organisation["told"] or None, "seen_at": organisation["seen"] or None}
    return state(state_key({"status": task["status"], **times}, side, now))


def _time(words: str | None) -> datetime | None:
    return datetime.fromisoformat(words) if words else None
