"""Letting an organisation in that no path reaches: it accepts, or a second organisation approves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.errors import Fault, Invalid, NotYours
from incidents.fanout import Joining
from incidents.models import Incident, Outside
from partners import approvals
from partners.models import Approval, Organisation
from portal.ledger.record import Actor


def effects(payload: Mapping[str, Any]) -> list[str]:
    """The sentences of an approval; made of the payload alone, which the database holds against its rows."""
    names = {"name": payload["name"], "lead": payload["lead"], "reference": payload["reference"]}
    return [
        _("%(name)s takes part in %(reference)s, which %(lead)s leads, although no path of the register reaches it.")
        % names,
        _("It is told, gets its own steps, and sees what every participant sees.") % names,
        _("Its reason to be in it reads: “%(because)s”") % {"because": payload["because"]},
    ]


KIND = approvals.register(
    approvals.Kind(
        "let_outside_in",
        lazy("Let an organisation in that is not reached"),
        effects,
        lambda approval: approvals.call("SELECT sec.let_outside_in(%s)", [approval.pk]),
    )
)


def ask(incident: Incident, organisation: Organisation, *, because: str, quietly: bool, actor: Actor) -> None:
    """Ask the organisation, and whoever oversees beside the lead; `quietly`: them alone.

    Raises:
        NotYours: a key asks.
        approvals.NotAllowed: the passkey is too long ago, it was asked already, or the incident is only suspected.
        Invalid: nobody is there who could agree.
    """
    if actor.kind != "person":
        raise NotYours(
            "No path reaches it, so somebody else must agree. A person asks for that, with a passkey, on the page of"
            " the incident."
        )
    others = [each for each in incident.overseers if each != incident.lead_id]
    told = others if quietly else [organisation.pk, *others]
    if not told:
        raise Invalid([Fault("/organisations", "Nobody beside you oversees this incident: ask the organisation.")])
    payload = {
        "incident": str(incident.pk),
        "reference": incident.reference,
        "organisation": str(organisation.pk),
        "name": organisation.name,
        "lead": incident.lead.name,
        "because": because,
    }
    approvals.ask(KIND, payload, reason=because, told=told, about=organisation.pk)


def agreed_to(incident: Incident) -> list[Joining]:
    """Who may take part although no path reaches it, as far as the reader may see. One query."""
    return [
        Joining(
            each.organisation_id,
            each.organisation.slug,
            each.organisation.name,
            each.organisation.kind,
            "participant",
            False,
            "none",
            None,
            f"{each.organisation.name}: {each.because}",
        )
        for each in Outside.objects.filter(incident=incident).select_related("organisation")
    ]


def waiting_for_a_yes(incident: Incident) -> list[Approval]:
    """Whom the lead asked for and nobody has decided on yet."""
    found = approvals.waiting().filter(kind=KIND.name, payload__incident=str(incident.pk)).select_related("about")
    return list(found.order_by("requested_at"))
