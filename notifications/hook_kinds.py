"""The kinds of events that a webhook can be about, by subject. One table: forms and checks read it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ALL = "*"
TEST = "webhook.test"
BY_SUBJECT = {
    _("Incidents"): (
        "incident.opened", "incident.moved", "incident.edited", "incident.joined", "incident.widened",
        "incident.handed_over", "incident.closed", "radius.proposed", "radius.moved", "exposure.changed",
        "standing.changed", "update.sent",
        "lead.offered", "lead.kept", "lead.declined", "guest.invited", "guest.ended", "number.revealed",
    ),
    _("Tasks"): (
        "tasks.assigned", "tasks.ready", "task.acknowledged", "task.started", "task.blocked", "task.completed",
        "task.verified", "task.declined", "task.not_affected", "task.cancelled", "task.undone",
    ),
    _("Reaching people"): (
        "delivery.delivered", "delivery.dead", "ladder.climbed", "contact_test.asked", "contact_test.answered",
        "notice.not_told",
    ),
    _("Planned work"): (
        "planned.announced", "planned.moved", "planned.extended", "planned.finished", "planned.cancelled",
    ),
    _("Register and permissions"): (
        "register.changed", "register.taken", "link.named", "link.answered", "link.disputed", "estate.read",
        "estate.exported", "import.written", "permission.proposed", "permission.permitted", "permission.refused",
        "permission.ended", "permission.lapsed", "permission.owned", "finding.raised", "finding.overdue",
        "assessment.written", "assessment.shared",
    ),
    _("Access and isolation"): (
        "organisation.isolated", "organisation.reconnected", "organisation.told", "organisation.seen",
        "break_glass.used", "break_glass.drilled", "emergency_access.given", "emergency_access.used",
        "approval.requested", "approval.given", "approval.refused", "approval.withdrawn", "approval.carried_out",
        "key.made", "key.revoked", "person.added",
        "person.changed", "person.switched_off", "person.switched_on", "session.ended", "sign_in_policy.changed",
        "identity_provider.changed",
    ),
    _("Webhooks and work"): (
        "webhook.made", "webhook.changed", "webhook.key_made", "webhook.key_ended", "webhook.switched_on",
        "webhook.switched_off", "webhook.switched_ended", "webhook.replayed", "webhook.gone", "work.raised",
        "work.settled",
    ),
}  # fmt: skip
KINDS = frozenset(kind for kinds in BY_SUBJECT.values() for kind in kinds)
