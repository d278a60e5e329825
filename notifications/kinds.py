"""Which events people are told of. The ledger's trigger plans from the same table (`sec.told_of`)."""

from __future__ import annotations

from collections.abc import Iterable

from partners.importing.storing import ASKED

# Whom an event concerns: everybody in its audience, or only the organisation that its data names. Moving counts when
# the incident was only suspected before; widening may bring new doubts about contact points.
TOLD_OF = {
    "tasks.assigned": "named",
    "tasks.ready": "named",  # steps that come later
    "incident.asked": "everybody",  # the overseers; the lead decides
    "incident.moved": "everybody",
    "incident.edited": "everybody",  # when its severity is another: whoever is told from there on
    "incident.widened": "everybody",
    "incident.closed": "everybody",
    "delivery.dead": "named",
    "lead.offered": "named",
    "incident.handed_over": "named",  # unless it accepted: whoever leads because the lead was cut off
    "update.asked": "named",
    "update.due": "named",  # the lead
    "duty.reminded": "named",  # whose duty it is
    "duty.overdue": "named",
    "duty.goes_on": "named",  # when its incident is closed
    "data_notice.sent": "named",  # whose data it is
    "data_notice.reminded": "named",
    "data_notice.overdue": "named",
    "statement.asked": "named",  # who must agree
    "statement.reminded": "named",
    "statement.overdue": "named",
    "cut.asked": "named",  # whom a planned cut stops something for
    "cut.told": "named",  # unless it is done: its page says that
    "answer.reported": "named",  # in whose name somebody else wrote an answer down
    "headsup.received": "everybody",
    "headsup.ended": "everybody",
    # Notices of an organisation's own, without an incident: the one concerned and its partner liaison.
    "break_glass.used": "everybody",
    "break_glass.drilled": "everybody",
    "emergency_access.given": "named",
    "organisation.isolated": "named",
    "organisation.reconnected": "named",
    # Planned work, in the quiet form; that it started says the page.
    "planned.announced": "named",
    "planned.moved": "named",
    "planned.extended": "named",
    "planned.finished": "named",
    "planned.cancelled": "named",
    "mail.distrusted": "named",  # whose mail is marked for all
    "mail.trusted": "named",
    "advisory.matched": "named",  # whoever owns or provides the systems
    "register.test_wanted": "named",  # a test of a contact that a person asked for
}
MOVES_RUNS = {"incident.opened", "incident.joined", "incident.moved", "incident.decided"}
PLAN, DELIVER, ADVANCE, BEAT = "notifications.plan", "notifications.deliver", "incidents.advance", "notifications.beat"
RECEIPTS = "notifications.receipts"
ANSWERS = "notifications.answers"
# Webhooks: a queue and a process of their own.
HOOKS, HOOKS_BEAT, HOOKS_CANARY = "notifications.hooks", "notifications.hooks_beat", "notifications.hooks_canary"
ESCALATE = "notifications.escalate"
LATE, CANARY = "notifications.late", "notifications.canary"
IMPORT = "partners.check_imports"
REWALK = "incidents.rewalk"
ADVISORIES = "monitoring.advisories"
JUDGE = "monitoring.judge"  # nobody imports that room: it is known by its name
ACCESS = "monitoring.access"  # long bodies and the watched folder


def jobs_for(kinds: Iterable[str]) -> list[str]:
    """The jobs worth waking after a commit that recorded these kinds."""
    kinds = set(kinds)
    wanted = {
        PLAN: bool(kinds & TOLD_OF.keys()),
        ADVANCE: bool(kinds & MOVES_RUNS) or any(kind.startswith("task.") for kind in kinds),
        IMPORT: ASKED in kinds,
        REWALK: "radius.moved" in kinds,
    }
    return [job for job, is_wanted in wanted.items() if is_wanted]
