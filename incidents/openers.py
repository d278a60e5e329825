"""Who opened an incident that a tool's alert opened: every message says so until a person has looked.

A person looks by moving it along, or by saying that they have (`look_at`).
"""

from __future__ import annotations

from uuid import UUID

from django.db import connections, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Incident
from incidents.transitions import locked_incident
from portal.ledger.record import Actor, record

KINDS = {
    Incident.Tool.SIEM: lazy("SIEM"),
    Incident.Tool.MONITORING: lazy("monitoring"),
    Incident.Tool.TOOL: lazy("alert tool"),
}
# What stands behind a place's name: a text message has no room for it.
AFTER_A_NAME = frozenset(
    {
        "authority",
        "borough",
        "city",
        "council",
        "county",
        "district",
        "it",
        "limited",
        "ltd",
        "metropolitan",
        "plc",
        "services",
        "shared",
        "unitary",
    }
)


def opener_words(tool_of: str, tool_kind: str, *, brief: bool = False) -> str:
    """`by Northgate's SIEM, not yet confirmed by a person`; brief: without what goes behind a name."""
    kind = str(KINDS[Incident.Tool(tool_kind)])
    name = _brief(tool_of) if brief else tool_of
    if not name:
        return _("by a tool, not yet confirmed by a person")
    form = (
        _("by %(name)s' %(tool)s, not yet confirmed by a person")
        if name.endswith("s")
        else _("by %(name)s's %(tool)s, not yet confirmed by a person")
    )
    return form % {"name": name, "tool": kind}


def _brief(name: str) -> str:
    words = name.split()
    while len(words) > 1 and words[-1].lower() in AFTER_A_NAME:
        words.pop()
    return " ".join(words)


def unseen_opener(incident: Incident) -> str:
    """The words on an incident that a tool opened and no person has looked at, else ''."""
    if not incident.tool_kind or incident.looked_at is not None:
        return ""
    return opener_words(incident.tool_of, incident.tool_kind)


def opener_notice(incident: Incident, *, may_say: bool = False) -> list[dict[str, str]]:
    """For board and My tasks (`incidents/_notices.html`). `may_say`: the reader may press that a person has looked."""
    opener = unseen_opener(incident)
    if not opener:
        return []
    notice = {
        "title": _("Opened by a tool"),
        "words": _("This incident was opened %(opener)s.") % {"opener": opener},
        "link": "",
        "href": "",
    }
    if may_say:
        notice |= {
            "press": _("A person has looked at this"),
            "to": reverse("incident-looked", args=[incident.reference]),
        }
    return [notice]


@transaction.atomic(using="default")
def look_at(*, incident_id: UUID, actor: Actor) -> bool:
    """A person of the lead says that they have looked; whether that is news. Asking twice changes nothing.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`. DatabaseError: no person, or a role that does not open.
    """
    incident = locked_incident(incident_id, actor=actor)
    if not unseen_opener(incident):
        return False
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.look_at_incident(%s)", [incident.pk])
        news: bool = cursor.fetchone()[0]
    if news:
        record(
            "incident.looked_at",
            actor=actor,
            audience=incident.participants,
            subject_id=incident.pk,
            incident_id=incident.pk,
            incident_reference=incident.reference,
        )
    return news
