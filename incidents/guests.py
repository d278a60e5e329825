"""Guests: letting somebody from outside read what was chosen for them, and what they are shown.

The rules stand in the database (`incidents/migrations/0012_guests_security.py`). A guest signs in with a passkey of its
own like everybody; its ticket reads the few rows that five policies name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.decisions.known import card_shown
from incidents.models import Duty, GuestGrant, Incident, KnownCard, Participant, Task, Update
from incidents.not_trusted import Suspicion, mark_of, suspicions_of
from incidents.promised import in_words as promised_words
from incidents.words import INCIDENT_STATUS, due_words, state, state_key
from partners import approvals
from partners.models import Authenticator, Person
from portal import clock
from portal.pages import local_time

LONGEST = timedelta(days=14)
# What can be shared, in words for whoever chooses.
SHARED = {
    "tasks": lazy("our own status and our steps"),
    "updates": lazy("what the lead tells everybody"),
    "duties": lazy("our own legal deadlines"),
}


def invite(
    incident: Incident, *, name: str, email: str, kind: str, what: Sequence[str], until: datetime
) -> UUID:  # fmt: skip
    """Let a guest in for one incident; who it is. A way to sign in is a second step, once this is committed.

    Raises:
        approvals.NotAllowed: no incident manager, no fresh passkey, nothing chosen, longer than 14 days, or the address
            belongs to somebody of the organisation already.
    """
    return approvals.call(
        "SELECT sec.invite_guest(%s, %s, %s, %s, %s, %s)", [name, email, kind, incident.pk, list(what), until]
    )


def share(guest: Person, incident: Incident, *, what: Sequence[str], until: datetime) -> None:
    """Share a further incident, or choose anew what of this one and until when.

    Raises:
        approvals.NotAllowed: as `invite`; or no guest of the organisation.
    """
    approvals.call("SELECT sec.share_with_guest(%s, %s, %s, %s)", [guest.pk, incident.pk, list(what), until])


def end(grant: GuestGrant) -> None:
    """End it at once; with a guest's last grant its sessions end too.

    Raises:
        approvals.NotAllowed: no incident manager, no fresh passkey, or it has ended already.
    """
    approvals.call("SELECT sec.end_guest(%s)", [grant.pk])


def guests() -> list[dict[str, Any]]:
    """The own guests with what is shared with each, newest first. Three queries."""
    now = clock.now()
    grants = list(GuestGrant.objects.select_related("incident", "person"))
    enrolled = set(Authenticator.objects.values_list("person_id", flat=True))
    people: dict[UUID, dict[str, Any]] = {}
    for grant in grants:
        row = people.setdefault(grant.person_id, {**_person(grant.person), "grants": [], "in_force": False})
        row["enrolled"] = grant.person_id in enrolled
        row["grants"].append(_grant(grant, now))
        row["in_force"] = row["in_force"] or row["grants"][-1]["in_force"]
    return list(people.values())


def _person(person: Person) -> dict[str, Any]:
    kind = Person.GuestKind(person.guest_kind).label if person.guest_kind else _("guest")
    return {"id": person.pk, "name": person.name, "kind": str(kind), "email": person.email}


def _grant(grant: GuestGrant, now: datetime) -> dict[str, Any]:
    in_force = grant.ended_at is None and grant.ends_at > now
    return {
        "id": grant.pk,
        "reference": grant.incident.reference,
        "incident": str(grant.incident_id),
        "what": in_words(grant),
        "words": _("until") if in_force else _("ended"),
        "at": grant.ends_at if in_force else grant.ended_at or grant.ends_at,
        "in_force": in_force,
    }


def reads_updates(incident: Incident) -> bool:
    """Whether a guest of the reader's organisation is shown the updates of this incident."""
    grants = GuestGrant.objects.filter(incident=incident, ended_at=None, ends_at__gt=clock.now(), updates=True)
    return grants.exists()


def in_words(grant: GuestGrant) -> str:
    return ", ".join(str(words) for kind, words in SHARED.items() if getattr(grant, kind))


def shared_with_me() -> list[dict[str, Any]]:
    """What the guest of the open scope may read, an incident each, as `guest/page.html` wants it. A fixed number of
    queries; each returns what the policies let through and nothing else."""
    now = clock.now()
    grants = {grant.incident_id: grant for grant in GuestGrant.objects.filter(ended_at=None, ends_at__gt=now)}
    incidents = list(Incident.objects.filter(pk__in=grants).order_by("-opened_at").only(
        "reference", "status", "exercise", "opened_at", "title", "next_update_at"
    ))  # fmt: skip
    sides = {side.incident_id: side for side in Participant.objects.filter(incident__in=incidents)}
    tasks, updates, duties = (
        _by_incident(rows)
        for rows in (
            Task.objects.filter(incident__in=incidents).order_by("position"),
            Update.objects.filter(incident__in=incidents),
            Duty.objects.filter(incident__in=incidents),
        )
    )
    # The newest of each: the lead says it anew when something is known that was not.
    cards = {card.incident_id: card for card in KnownCard.objects.filter(incident__in=incidents).order_by("number")}
    marks = suspicions_of([incident.pk for incident in incidents])
    return [
        {
            "reference": incident.reference,
            "title": incident.title,
            "exercise": incident.exercise,
            "status": str(INCIDENT_STATUS[incident.status]),
            "opened_at": incident.opened_at,
            "next_update": promised_words(incident.next_update_at, now),
            "until": grants[incident.pk].ends_at,
            "what": in_words(grants[incident.pk]),
            "side": _side(sides[incident.pk]) if incident.pk in sides else None,
            "tasks": [_task(task, sides.get(incident.pk), now) for task in tasks.get(incident.pk, [])],
            "updates": [shown_update(each, marks[incident.pk]) for each in updates.get(incident.pk, [])],
            "card": card_shown(cards[incident.pk]) if incident.pk in cards else None,
            "duties": [_duty(duty) for duty in duties.get(incident.pk, [])],
            "shares": {kind: getattr(grants[incident.pk], kind) for kind in SHARED},
        }
        for incident in incidents
    ]


def shown_update(update: Update, marks: Sequence[Suspicion]) -> dict[str, Any]:
    """An update as a guest reads it; the composer asks for one that is not kept yet."""
    author = update.author_organisation_id
    names = {author: _("whoever wrote it")}  # a guest knows no names of others
    return {
        "at": update.at,
        "who": update.author_name,
        "text": update.text,
        "mark": mark_of(marks, author, update.at, names),
    }


def _by_incident(rows: Any) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.incident_id, []).append(row)
    return found


def _side(side: Participant) -> str:
    if side.acknowledged_at is None:
        return _("Has not answered yet.")
    return _("%(done)s of %(all)s steps settled; %(n)s that contain are still open.") % {
        "done": side.tasks_settled,
        "all": side.tasks_total,
        "n": side.containing_open,
    }


def _task(task: Task, side: Participant | None, now: datetime) -> dict[str, Any]:
    facts = {"told_at": side.told_at if side else None, "seen_at": side.seen_at if side else None}
    row = {"status": task.status, "acknowledge_by": task.acknowledge_by, "finish_by": task.finish_by}
    return {"title": task.title, "state": state(state_key(row, facts, now)), "due": due_words(row, now)}


def _duty(duty: Duty) -> dict[str, str]:
    if duty.settled_at:
        words = _("settled %(time)s") % {"time": local_time(duty.settled_at, "%-d %b %H:%M")}
    elif duty.due_at:
        words = _("due %(time)s") % {"time": local_time(duty.due_at, "%-d %b %H:%M")}
    elif duty.aware_at:
        words = _("due without undue delay")
    else:
        words = _("not started: nobody has said “aware”")
    return {"kind": duty.name, "words": words, "decision": duty.decision}
