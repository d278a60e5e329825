"""Private notices inside an incident: whoever holds data for another tells it what happened to that data.

Sender and addressee alone read one. Of a closed incident no message goes out: the page says to ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.duties import begin_assessment
from incidents.errors import Fault, Invalid
from incidents.models import DataNotice, Incident, Standing
from incidents.personal_data.saying import asked
from portal import clock
from portal.ledger.signals import announce
from portal.pages import local_time
from portal.tenancy.scope import queue_scope

LONGEST_ABOUT, LONGEST_KNOWN, LONGEST_REFERENCE = 1000, 2000, 100
MOST_SHOWN = 5
ACKNOWLEDGE_WITHIN_HOURS = 4  # `sec.send_data_notice` says the same


@dataclass(frozen=True, slots=True)
class Notice:
    """`about`: which data; `known`: what is known of it. `corrects`: the notice that this one puts right."""

    addressee: str  # by slug
    about: str
    known: str
    known_since: datetime
    reference: str = ""
    corrects: UUID | None = None


def send_notice(incident: Incident, notice: Notice) -> DataNotice:
    """Tell another participant in private. The same words again are the notice that was sent already.

    Raises:
        Invalid: nobody of that name takes part, empty or too long, or known only in the future.
        NotYours: a role that does not judge personal data, a key, or a former notice that somebody else sent.
        WrongMoment: the former notice was corrected already, or the exercise is put aside.
    """
    faults = [
        Fault(f"/{name}", f"Between 1 and {most} characters.")
        for name, words, most in (("about", notice.about, LONGEST_ABOUT), ("known", notice.known, LONGEST_KNOWN))
        if not 1 <= len(words.strip()) <= most
    ]
    if len(notice.reference) > LONGEST_REFERENCE:
        faults.append(Fault("/reference", f"At most {LONGEST_REFERENCE} characters."))
    if notice.known_since > clock.now():
        faults.append(Fault("/known_since", "Say since when you know it: not in the future."))
    if not Standing.objects.filter(incident=incident, slug=notice.addressee).exists():
        faults.append(Fault("/addressee", "Name another organisation that takes part."))
    if faults:
        raise Invalid(faults)
    made = asked(
        "SELECT sec.send_data_notice(%s, %s, %s, %s, %s, %s, %s)",
        [
            incident.pk, notice.addressee, notice.about, notice.known, notice.known_since, notice.reference,
            notice.corrects,
        ],
        "data_notice.sent",
    )  # fmt: skip
    return DataNotice.objects.get(pk=made)


def addressees_of(incident: Incident, *, me: UUID) -> list[tuple[str, str]]:
    """Who can be told: slug and name of everybody else who takes part and does not only watch. One query."""
    others = Standing.objects.filter(incident=incident).exclude(organisation_id=me).exclude(role="observer")
    return list(others.values_list("slug", "name"))


def acknowledge(notice: DataNotice) -> bool:
    """Say for the addressee that it was read; False: a colleague did already.

    Raises:
        NotYours: it is somebody else's, or a role that only watches, or a key.
        WrongMoment: the exercise is put aside.
    """
    first: bool = asked("SELECT sec.acknowledge_data_notice(%s)", [notice.pk], "data_notice.acknowledged")
    if first:  # its duty is to be assessed from now on
        begin_assessment(notice.incident_id, notice.addressee_id, f"A notice about our data, {notice.pk}")
    return first


def waiting_for(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """For board and *My tasks* of the addressee, whether or not a message reached it: each notice that nobody there has
    acknowledged. One query."""
    found = DataNotice.objects.filter(
        incident=incident, addressee_id=me, acknowledged_at__isnull=True, corrected_by__isnull=True
    )
    return [
        {
            "title": _("%(name)s has told you something about your data") % {"name": name},
            "words": _("Only you two read it. Acknowledge it by %(time)s.")
            % {"time": local_time(due, "%H:%M, %-d %B")},
            "link": _("Read it"),
            "href": reverse("incident-data", args=[incident.reference]),
        }
        for name, due in found.order_by("sent_at").values_list("sender__name", "due_at")[:MOST_SHOWN]
    ]


def remind_of_notices() -> int:
    """Remind addressees that have not acknowledged: at half of their time and when it is over. Safe to repeat."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.remind_of_data_notices()")
        count: int = cursor.fetchone()[0]
        if count:
            announce(connections["default"], {"data_notice.reminded"})
        return count
