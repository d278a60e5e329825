"""Cutting an organisation off, in four steps, and lifting each. The rules stand in `sec.isolate` and
`sec.lift_isolation`; here they get their Python names and the approvals that they need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Approval, Isolation, Organisation
from portal.ledger.signals import announce

Step = Isolation.Step


def _told(outcome: Any) -> Any:
    """The functions record by themselves: have whoever plans messages woken after the commit."""
    announce(connections["default"], {"organisation.isolated", "organisation.reconnected"})
    return outcome


def press(organisation_id: UUID, step: int, *, reason: str, since: datetime | None = None) -> UUID:
    """Take a step for one's own organisation: an administrator alone, steps 1 to 3.

    Raises:
        approvals.NotAllowed: anybody else, any other step, or no fresh passkey.
    """
    return _told(
        approvals.call("SELECT sec.isolate(%s, %s, %s, %s, NULL, NULL)", [organisation_id, int(step), reason, since])
    )


def undo(isolation: Isolation) -> None:
    """Another administrator of the same organisation takes its own press back, within 15 minutes."""
    _told(approvals.call("SELECT sec.lift_isolation(%s, NULL)", [isolation.pk]))


def in_force(organisation_id: UUID) -> list[Isolation]:
    return list(Isolation.objects.filter(organisation_id=organisation_id, lifted_at=None).order_by("step"))


def effects_of_step(step: int, name: str) -> list[str]:
    """What a step does, in sentences that name the organisation."""
    does = {
        Step.PROVIDER: [
            _("Nobody signs in for %(name)s through its own identity provider; whoever did is signed out at once."),
            _("Passkeys at this portal go on working."),
        ],
        Step.MAIL: [
            _("No message goes to a mailbox of %(name)s; other ways are used. Whoever has none is named on the board."),
        ],
        Step.OWN_TASKS: [
            _("%(name)s sees its own tasks and nothing else: no board, no feed, no reach, no contacts of others."),
            _("Its people answer their tasks as before, and its API keys reach these alone. Its live pages end."),
            _("Its webhooks wait; its wall screens, and the guests that it has invited, see nothing."),
            _("If %(name)s leads an incident, the lead passes to the deputy, or the next in the succession, first."),
        ],
        Step.FULL: [
            _("Every session, key and socket of %(name)s ends within a second. Nobody there can sign in."),
            _("Its webhooks wait; its wall screens, and the guests that it has invited, see nothing."),
            _("%(name)s is still told by its trusted ways; its clocks run, and its tasks are answered by telephone."),
            _("If %(name)s leads an incident, the lead passes to the deputy, or the next in the succession, first."),
        ],
    }[Step(step)]
    return [sentence % {"name": name} for sentence in does]


def effects_of_isolating(payload: Mapping[str, Any]) -> list[str]:
    name = Organisation.objects.values_list("name", flat=True).get(pk=payload["organisation"])
    return effects_of_step(payload["step"], name)


def carry_out_isolating(approval: Approval) -> UUID:
    return _told(
        approvals.call(
            "SELECT sec.isolate(%s, %s, %s, %s, %s, %s)",
            [
                approval.about_id,
                approval.payload["step"],
                approval.reason,
                approval.payload.get("since"),
                approval.incident_id,
                approval.pk,
            ],
        )
    )


def effects_of_lifting(payload: Mapping[str, Any]) -> list[str]:
    isolation = Isolation.objects.select_related("organisation").get(pk=payload["isolation"])
    return [
        _("“%(step)s” ends for %(name)s.") % {"step": Step(isolation.step).label, "name": isolation.organisation.name},
        _("Its people sign in again; sessions from before stay ended."),
    ]


def carry_out_lifting(approval: Approval) -> object:
    return _told(approvals.call("SELECT sec.lift_isolation(%s, %s)", [approval.payload["isolation"], approval.pk]))


ISOLATE = approvals.register(
    approvals.Kind("isolate", lazy("Cut an organisation off"), effects_of_isolating, carry_out_isolating)
)
LIFT = approvals.register(
    approvals.Kind("lift_isolation", lazy("Lift an isolation"), effects_of_lifting, carry_out_lifting)
)


def ask_to_isolate(
    organisation_id: UUID, step: int, *, incident: UUID, reason: str, second: UUID, since: datetime | None = None
) -> UUID:
    """Ask `second`, another participant, to approve a step against this one. The lead's to ask."""
    payload = {
        "organisation": str(organisation_id),
        "step": int(step),
        "since": since.isoformat() if since else None,
    }
    return approvals.ask(ISOLATE, payload, reason=reason, told=[second], about=organisation_id, incident=incident)


def ask_to_lift(isolation: Isolation, *, reason: str, second: UUID) -> UUID:
    return approvals.ask(
        LIFT, {"isolation": str(isolation.pk)}, reason=reason, told=[second], about=isolation.organisation_id
    )


def registered_number(organisation_id: UUID) -> str:
    """The number to call an isolated organisation back at. Reading it is recorded for both; needs a fresh passkey.

    Raises:
        approvals.NotAllowed: the reader may not, or knows of no isolation of it.
    """
    return approvals.call("SELECT sec.registered_number(%s, 'appeal')", [organisation_id]) or ""


def record_appeal(organisation_id: UUID, *, outcome: str, with_whom: str, note: str) -> UUID:
    """Write down what came of calling an isolated organisation back, for everybody who knows of the isolation.

    Raises:
        approvals.NotAllowed: as `registered_number`.
    """
    return approvals.call(
        "SELECT sec.record_call_back(%s, 'appeal', %s, %s, %s)", [organisation_id, outcome, with_whom, note]
    )
