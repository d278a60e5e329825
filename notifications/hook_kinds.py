"""The kinds of events that a webhook can be about, by subject: all that are recorded. Forms and checks read this table.

`tests/gates/test_hook_kinds.py` compares it with what code and database record.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ALL = "*"
TEST = "webhook.test"
BY_SUBJECT = {
    _("Incidents"): (
        "incident.opened", "incident.moved", "incident.edited", "incident.joined", "incident.backfill",
        "incident.widened", "incident.handed_over", "incident.closed", "incident.looked_at",
        "campaign.linked", "campaign.unlinked",
        "incident.asked", "incident.decided",
        "radius.proposed", "radius.moved", "exercise.suspended", "exercise.resumed",
        "exposure.changed", "standing.changed", "update.sent", "update.asked", "update.given", "update.due",
        "lead.offered", "lead.kept", "lead.declined", "guest.invited", "guest.ended",
        "own_reference.written", "own_reference.removed", "display.made", "display.paired", "display.revoked",
        "headsup.sent", "headsup.received", "headsup.ended",
        "technique.named", "technique.changed", "technique.observed", "technique.withdrawn", "technique.shared",
        "technique.set_aside", "duty.changed", "duty.reminded", "duty.overdue", "duty.goes_on",
        "data_position.said", "data_position.shared", "data_position.unshared",
        "situation_report.shared", "situation_report.unshared",
        "cut.moved", "cut.asked", "cut.answered", "cut.told", "service.said",
        "data_notice.sent", "data_notice.acknowledged", "data_notice.reminded", "data_notice.overdue",
        "data_notice.unreached",
        "decision.written", "decision.revised", "decision.shared", "decision.unshared", "known_card.revised",
        "statement.written", "statement.changed", "statement.asked", "statement.answered", "statement.issued",
        "statement.withdrawn", "statement.reminded", "statement.overdue",
        "outside_report.written", "outside_report.shared", "outside_report.unshared",
    ),
    _("Tasks"): (
        "tasks.assigned", "tasks.ready", "tasks.called_off", "task.acknowledged", "task.started", "task.blocked",
        "task.completed",
        "task.verified", "task.declined", "task.not_affected", "task.cancelled", "task.undone",
        "own_action.written", "own_action.taken_back",
        "work_order.ready", "work_order.taken", "work_order.answered", "work_order.given_again",
    ),
    _("Reaching people"): (
        "organisation.told", "organisation.not_told", "organisation.left_untold", "organisation.seen", "answer.given",
        "answer.reported",
        "delivery.delivered", "delivery.dead", "delivery.sent_again", "ladder.climbed",
        "call.wanted", "call.repeated", "call.hurried",
        "call.taken", "call.ended", "call_back.recorded", "number.read", "number.revealed",
        "contact_test.asked", "contact_test.answered", "contact.trust_changed", "register.test_wanted",
        "mail.distrusted", "mail.distrust_renewed", "mail.trusted", "mail.notice_issued", "notice.not_told",
    ),
    _("Alerts of your tools"): (
        "alert.opened", "alert.joined", "alert.queued", "alert.resolved", "alert.dismissed", "alert_rule.written",
        "alert_rule.changed", "alert_rule.removed",
    ),
    _("First sights"): (
        "access.first_sight", "access.rule", "access.settled", "access.suppression_asked", "access.suppressed",
        "access.suppression_ended", "access.name_claimed", "access.name_released", "access.learning_started",
        "access.learning_ended",
    ),
    _("Advisories"): ("advisory.matched", "advisory.decided"),
    _("Planned work"): (
        "planned.announced", "planned.moved", "planned.started", "planned.extended", "planned.finished",
        "planned.cancelled", "planned.answered",
    ),
    _("Register and permissions"): (
        "register.changed", "register.taken", "link.cut", "link.assured", "link.agreed", "link.reconnected",
        "estate.read", "estate.exported", "import.checked", "import.written", "playbook.imported",
        "playbook.signed", "signing_key.made", "signing_key.ended", "signing_key.exposed", "signing_key.trusted",
        "signing_key.distrusted",
        "signoff.given", "signoff.withdrawn", "signoff.covers",
        "permission.proposed", "permission.permitted", "permission.refused", "permission.ended", "permission.lapsed",
        "permission.owned", "duty.catalogued",
        "assessment.written", "assessment.shared", "finding.raised", "finding.planned",
        "finding.fixed", "finding.retest_asked", "finding.confirmed", "finding.failed", "finding.reopened",
        "finding.overdue", "file.kept", "file.downloaded", "file.removed", "papers.taken", "record.exported",
    ),
    _("Access and isolation"): (
        "organisation.isolated", "organisation.reconnected", "break_glass.drill_announced", "break_glass.drilled",
        "break_glass.used", "emergency_access.given", "emergency_access.used", "emergency_code.shown",
        "approval.requested", "approval.given", "approval.refused", "approval.withdrawn", "approval.carried_out",
        "key.made", "key.revoked", "person.added", "person.changed", "person.switched_off", "person.switched_on",
    ),
    _("Signing in"): (
        "enrolment.offered", "authenticator.added", "authenticator.changed", "authenticator.refused",
        "authenticator.removed", "authenticators.reset", "recovery_code.used", "identity.linked", "identity.unlinked",
        "session.ended", "sign_in.slowed", "sign_in_policy.changed", "identity_provider.changed",
    ),
    _("Webhooks and work"): (
        "webhook.made", "webhook.changed", "webhook.key_made", "webhook.key_ended", "webhook.switched_on",
        "webhook.switched_off", "webhook.switched_ended", "webhook.replayed", "webhook.gone", "work.raised",
        "work.settled",
    ),
}  # fmt: skip
KINDS = frozenset(kind for kinds in BY_SUBJECT.values() for kind in kinds)
