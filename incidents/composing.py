"""What the lead is shown before it sends an update: who reads it, who was not told and why, and what each will see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.before_sending import budget_words
from incidents.decisions.known import current_card
from incidents.feed import line_of
from incidents.guests import reads_updates, shown_update
from incidents.heads_up import outside_of
from incidents.models import Incident, Participant, Standing, Update
from incidents.promised import in_words
from incidents.updates import said_of
from incidents.words import ROLES, organisations, way
from portal.ledger.models import Event


def audience_of(incident: Incident) -> dict[str, Any]:
    """`{"summary", "rows", "budget", "outside"}`; a row is `{"name", "role", "people", "not_told"}`."""
    sides = list(
        Participant.objects.filter(incident=incident).values(
            "name", "role", "told_at", "told_by", "people_told", "not_told_because"
        )
    )
    people = sum(side["people_told"] for side in sides)
    untold = sum(not side["told_at"] for side in sides)
    summary = ngettext(
        "One person told so far, in %(organisations)s.", "%(n)s people told so far, in %(organisations)s.", people
    ) % {"n": people, "organisations": organisations(len(sides))}
    if untold:
        summary += " " + _("Nobody was told yet at %(n)s: they read it when they sign in.") % {
            "n": organisations(untold)
        }
    return {
        "summary": summary,
        "rows": [
            {
                "name": side["name"],
                "role": str(ROLES[side["role"]] or _("takes part")),
                "people": _people(side),
                "not_told": side["not_told_because"],
            }
            for side in sides
        ],
        "budget": budget_words(incident.pk, texts=0),
        "outside": outside_of(incident),
    }


def _people(side: Mapping[str, Any]) -> str:
    if not side["told_at"]:
        return _("nobody told yet")
    return ngettext("one person, told by %(way)s", "%(n)s people, told first by %(way)s", side["people_told"]) % {
        "n": side["people_told"],
        "way": way(side["told_by"]),
    }


def preview_of(
    incident: Incident, *, me: UUID, author_name: str, text: str, next_update_at: datetime | None, now: datetime
) -> list[dict[str, Any]]:
    """What each reader will see: `{"who", "line", "promised"}`, or `{"who", "nothing": why}`. Writes nothing.

    `line` is made by the feed of the board out of the event that sending would record. Everybody inside reads the same
    one; whoever has been cut off reads nothing any more.
    """
    standings = list(
        Standing.objects.filter(incident=incident).values("organisation_id", "slug", "name", "role", "word")
    )
    event = Event(
        kind="update.sent",
        at=now,
        actor_kind="person",
        actor_organisation_id=me,
        data=said_of(text, next_update_at),
    )
    line = line_of(
        event,
        names={each["slug"]: each["name"] for each in standings},
        by_id={each["organisation_id"]: each["name"] for each in standings},
        card=current_card(incident),
    )
    sees: dict[str, Any] = {"line": line, "promised": in_words(next_update_at, now), "nothing": ""}
    inside = [each for each in standings if each["word"] != Standing.Word.CUT_OFF]
    shown: list[dict[str, Any]] = [{"who": who, **sees} for who in _groups(inside, incident.lead_id)]
    guest = shown_update(Update(at=now, author_organisation_id=me, author_name=author_name, text=text), ())
    guest |= {"words": guest["text"], "card": None}  # a guest reads the update alone
    if reads_updates(incident):
        shown.append({"who": _("Guests of yours with whom updates are shared"), **sees, "line": guest})
    # Whether there are any is theirs to know.
    shown.append({"who": _("Guests of others, where these share updates with them"), **sees, "line": guest})
    cut_off = [each["name"] for each in standings if each["word"] == Standing.Word.CUT_OFF]
    if cut_off:
        shown.append({"who": ", ".join(cut_off), "line": None, "promised": "", "nothing": _("nothing: cut off")})
    shown.append({"who": _("Everybody else"), "line": None, "promised": "", "nothing": _("nothing")})
    return shown


def _groups(inside: Sequence[Mapping[str, Any]], lead_id: UUID) -> list[str]:
    """The lead, who oversees, and who takes part: each with its names."""
    lead = [each["name"] for each in inside if each["organisation_id"] == lead_id]
    rest = [each for each in inside if each["organisation_id"] != lead_id]
    overseeing = [_("%(name)s (%(role)s)") % {"name": each["name"], "role": ROLES[each["role"]]}
                  for each in rest if each["role"] in {"deputy_lead", "provider"}]  # fmt: skip
    others = [each["name"] for each in rest if each["role"] not in {"deputy_lead", "provider"}]
    return [", ".join(names) for names in (lead, overseeing, others) if names]
