"""How many text messages a day an incident may use, and a person about it; some are kept for first messages alone.

The service stops everything when its own daily limit is reached, so what is not a first message stops earlier: it takes
the person's next way, and waits for the next day. The day is the service's, from midnight UTC.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.deliveries import FIRST_MESSAGES, Held
from notifications.models import Delivery
from portal.reasons import reason

SMS = "sms"
DAY_USED_UP = reason("Today's text messages are used up but for the reserve of first messages.")
INCIDENT_USED_UP = reason("Today's text messages of this incident are used up.")
PERSON_USED_UP = reason("Today's text messages to this person about this incident are used up.")
# Of an organisation's own notices those that the first messages of others are worth more than.
CAN_WAIT = frozenset(
    {
        Delivery.Message.PLANNED,
        Delivery.Message.PLANNED_CHANGED,
        Delivery.Message.CONTACT_TEST,
        Delivery.Message.HEADS_UP,
        Delivery.Message.HEADS_UP_OVER,
        Delivery.Message.MAIL_TRUST_CHANGED,
        Delivery.Message.ADVISORIES,
    }
)
TODAY = "accepted_at >= date_trunc('day', now(), 'UTC')"
USED = f"""
SELECT (SELECT count(*) FROM notifications_delivery WHERE way = 'sms' AND {TODAY}),
       count(*),
       count(*) FILTER (WHERE d.person_id = (SELECT o.person_id FROM notifications_delivery o WHERE o.id = %s))
  FROM notifications_delivery d WHERE d.incident_id = %s AND d.way = 'sms' AND {TODAY}
"""  # noqa: S608


def used_up(held: Held) -> str:
    """Why this text message has to wait for tomorrow, in words, or ''. In queue's scope.

    A first message never does, nor does that of a legal clock.
    """
    if (
        held.way != SMS
        or held.message in {*FIRST_MESSAGES, Delivery.Message.DUTY_DUE}
        or (held.incident_id is None and held.message not in CAN_WAIT)
    ):
        return ""
    with connections["default"].cursor() as cursor:
        cursor.execute(USED, [held.id, held.incident_id])
        everybody, incident, person = cursor.fetchone()
    if everybody >= settings.TEXTS_A_DAY - settings.TEXTS_RESERVED:
        return DAY_USED_UP
    if incident >= settings.TEXTS_PER_INCIDENT:
        return INCIDENT_USED_UP
    if person >= settings.TEXTS_PER_PERSON:
        return PERSON_USED_UP
    return ""


USED_OF_INCIDENT = f"""
SELECT coalesce(sum(n), 0)::int, coalesce(max(n) FILTER (WHERE person_id IS NOT NULL), 0)::int
  FROM (SELECT person_id, count(*) AS n FROM notifications_delivery
         WHERE incident_id = %s AND way = 'sms' AND {TODAY} GROUP BY person_id) d
"""  # noqa: S608


def before_sending(incident_id: UUID | None, *, texts: int) -> list[str]:
    """What the next messages take of the day's text messages, and what is left, of those that the reader may see.

    `incident_id` None: an opening, whose first messages are always sent. How many others use is nobody's to know.
    """
    if SMS not in settings.SENT_WAYS:
        return []
    used, person = 0, 0
    if incident_id is not None:
        with connections["default"].cursor() as cursor:
            cursor.execute(USED_OF_INCIDENT, [incident_id])
            used, person = cursor.fetchone()
    takes = (
        ngettext("Takes one text message.", "Takes %(n)s text messages.", texts) % {"n": texts}
        if texts
        else _("Takes no text message.")
    )
    left = max(0, settings.TEXTS_PER_INCIDENT - used - texts)
    each = max(0, settings.TEXTS_PER_PERSON - person - bool(texts))
    return [
        takes,
        _("Then this incident has %(left)s of today’s %(most)s left, and each person at least %(each)s of %(person)s.")
        % {"left": left, "most": settings.TEXTS_PER_INCIDENT, "each": each, "person": settings.TEXTS_PER_PERSON},
        _("%(reserved)s of all %(day)s a day are kept for first messages, which are never held back.")
        % {"reserved": settings.TEXTS_RESERVED, "day": settings.TEXTS_A_DAY},
    ]


def in_words(incident_id: UUID) -> str:
    """How much of the day's budget an incident has used, of the messages that the reader may see."""
    if SMS not in settings.SENT_WAYS:
        return ""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM notifications_delivery WHERE incident_id = %s AND way = 'sms' AND {TODAY}",  # noqa: S608
            [incident_id],
        )
        (used,) = cursor.fetchone()
    return _(
        "%(used)s of %(most)s text messages of today used. Further ones go by e-mail or wait; first messages of new"
        " incidents have %(reserved)s of their own."
    ) % {"used": used, "most": settings.TEXTS_PER_INCIDENT, "reserved": settings.TEXTS_RESERVED}
