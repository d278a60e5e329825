"""Marking, renewing and lifting distrust of mail, notices to staff, and trust in one's own contacts.

The rules stand in `sec.mark_mail` and its neighbours; here they get Python names and the approvals that they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals, work
from partners.mail_marks import Mark, marks
from partners.models import Approval, Organisation, WorkItem
from portal.ledger.signals import announce

WORK = "mail_mark"  # kind of work: a mark ends soon, or has ended (`partners.mail_chores`)


def _no_work_left(mark_id: UUID) -> None:
    """Somebody has dealt with the mark: what its end asked of its organisation is settled."""
    waiting = WorkItem.objects.filter(kind=WORK, object_id=mark_id, state=WorkItem.State.OPEN)
    for key in list(waiting.values_list("key", flat=True)):
        work.clear(key)


def _told(outcome: Any) -> Any:
    """The functions record by themselves: have whoever plans messages woken after the commit."""
    announce(connections["default"], {"mail.distrusted", "mail.trusted"})
    return outcome


def mark(
    organisation_id: UUID,
    domain: str,
    *,
    for_all: bool,
    reason: str,
    since: datetime | None = None,
    incident: UUID | None = None,
) -> UUID:
    """Mark one's own domain for all, or another's for oneself, for seven days.

    Raises:
        approvals.NotAllowed: see `sec.mark_mail`.
    """
    return _told(
        approvals.call(
            "SELECT sec.mark_mail(%s, %s, %s, %s, %s, %s, NULL)",
            [organisation_id, domain, for_all, reason, since, incident],
        )
    )


def renew(mark_id: UUID) -> datetime:
    """Seven days from now, by whoever may set the mark. Raises approvals.NotAllowed."""
    until: datetime = approvals.call("SELECT sec.renew_mail_mark(%s, NULL)", [mark_id])
    _no_work_left(mark_id)
    return until


def lift(mark_id: UUID) -> None:
    """End a mark that was set by one organisation. Raises approvals.NotAllowed."""
    _told(approvals.call("SELECT sec.lift_mail_mark(%s, NULL)", [mark_id]))
    _no_work_left(mark_id)


def issue_notice(mark_id: UUID, *, text: str, people: int) -> UUID:
    """Write down that one's own staff was told, in which words, and how many. Raises approvals.NotAllowed."""
    return approvals.call("SELECT sec.issue_mail_notice(%s, %s, %s)", [mark_id, text, people])


def trust_contact(point_id: UUID, *, trust: str, reason: str) -> None:
    """Say how far one of one's own contacts is to be trusted. Raises approvals.NotAllowed."""
    approvals.call("SELECT sec.trust_contact(%s, %s, %s)", [point_id, trust, reason])


def _name(payload: Mapping[str, Any]) -> str:
    return Organisation.objects.values_list("name", flat=True).get(pk=payload["organisation"])


def effects_of_any_mark() -> list[str]:
    """What a mark for all does, before anybody has said whose mail is meant."""
    return [
        _("For seven days no message of Bulkhead goes to an address in that domain; other ways are used."),
        _("Everybody in the partnership reads that mail from there is not to be trusted, and since when."),
        _("Its organisation is told by its other ways. The mark ends by itself unless it is renewed."),
    ]


def effects_of_marking(domain: str, name: str) -> list[str]:
    """What a mark for all does, in sentences."""
    said = {"name": name, "domain": domain}
    return [
        _("For seven days no message of Bulkhead goes to an address in %(domain)s; other ways are used.") % said,
        _("Everybody in the partnership reads that mail of %(name)s (%(domain)s) is not to be trusted.") % said,
        _("%(name)s is told by its other ways. It ends by itself unless it is renewed.") % said,
    ]


def _mark_of(payload: Mapping[str, Any]) -> Mark:
    """The mark that an approval is about.

    Raises:
        ValueError: the reader knows of none.
    """
    for each in marks():
        if str(each.id) == payload["mark"]:
            return each
    raise ValueError("no such mark")


def effects_of_renewing(payload: Mapping[str, Any]) -> list[str]:
    return [
        _("The mark on mail of %(what)s holds for seven days from the approval on.") % {"what": _mark_of(payload).what}
    ]


def effects_of_lifting(payload: Mapping[str, Any]) -> list[str]:
    return [
        _("Mail of %(what)s counts as trusted again, for everybody, unless another mark holds.")
        % {"what": _mark_of(payload).what},
        _("Messages of Bulkhead go there again."),
    ]


def _carry_out_marking(approval: Approval) -> UUID:
    return _told(
        approvals.call(
            "SELECT sec.mark_mail(%s, %s, true, %s, %s, %s, %s)",
            [
                approval.about_id,
                approval.payload["domain"],
                approval.reason,
                approval.payload.get("since"),
                approval.incident_id,
                approval.pk,
            ],
        )
    )


DISTRUST = approvals.register(
    approvals.Kind(
        "distrust_mail",
        lazy("Mark mail as not trusted, for all"),
        lambda payload: effects_of_marking(payload["domain"], _name(payload)),
        _carry_out_marking,
    )
)
RENEW = approvals.register(
    approvals.Kind(
        "renew_mail_distrust",
        lazy("Go on distrusting mail"),
        effects_of_renewing,
        lambda approval: approvals.call("SELECT sec.renew_mail_mark(%s, %s)", [approval.payload["mark"], approval.pk]),
    )
)
TRUST = approvals.register(
    approvals.Kind(
        "trust_mail",
        lazy("Trust mail again"),
        effects_of_lifting,
        lambda approval: _told(
            approvals.call("SELECT sec.lift_mail_mark(%s, %s)", [approval.payload["mark"], approval.pk])
        ),
    )
)


def ask_to_mark(
    organisation_id: UUID, domain: str, *, incident: UUID, reason: str, second: UUID, since: datetime | None = None
) -> UUID:
    """Ask `second`, another participant, to approve a mark for all. The lead's to ask. Raises approvals.NotAllowed."""
    payload = {
        "organisation": str(organisation_id),
        "domain": domain.strip().rstrip(".").lower(),  # as `sec.mark_mail` compares it
        "since": since.isoformat() if since else None,
    }
    return approvals.ask(DISTRUST, payload, reason=reason, told=[second], about=organisation_id, incident=incident)


def ask_to_change(mark: Mark, *, lift: bool, reason: str, second: UUID) -> UUID:
    """Ask `second` to approve lifting or renewing a mark that two organisations set. Raises approvals.NotAllowed."""
    payload = {"organisation": str(mark.organisation_id), "mark": str(mark.id)}
    kind = TRUST if lift else RENEW
    return approvals.ask(kind, payload, reason=reason, told=[second], about=mark.organisation_id)
