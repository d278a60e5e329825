"""What the scheduler looks at each tick, and what it does with its own hands when nobody else does."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import psycopg
from celery import current_app
from django.conf import settings
from django.db import connections

from incidents.advance import advance_due
from incidents.exercises import send_injects
from incidents.handing_over import offer_for_the_silent
from incidents.personal_data.notices import remind_of_notices
from incidents.promised import remind_of_updates
from incidents.rewalk_due import rewalk_due
from incidents.statements.saying import remind_of_statements
from notifications.answers import settle_answers
from notifications.bounces import take_folder
from notifications.canary import send_canaries
from notifications.climbing import escalate_due
from notifications.deliveries import BATCH
from notifications.duty_reminders import remind_of_duties
from notifications.hook_canary import send_hook_canary
from notifications.hook_sending import send_due
from notifications.kinds import (
    ADVANCE,
    ANSWERS,
    CANARY,
    DELIVER,
    ESCALATE,
    HOOKS,
    HOOKS_CANARY,
    IMPORT,
    JUDGE,
    LATE,
    PLAN,
    RECEIPTS,
    REWALK,
)
from notifications.late import go_round_late, is_late
from notifications.planning import bring_back, plan_due
from notifications.receipts import settle_receipts
from notifications.sending import deliver_due
from partners.chores import do_chores
from partners.importing.checking import check_due
from portal.files.sweeping import sweep_files
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

SWEEP = "sweep"
LEADS = "leads"
CHORES = "chores"
BATCHES = 10
SHUT = "w.opened_at IS NOT NULL OR w.used_up_until > now()"
# For how many seconds the longest due row of each job has waited; null when nothing is due.
DUE = f"""
SELECT (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM notifications_planning
         WHERE state IN ('pending', 'claimed') AND due_at <= now()),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM notifications_delivery
         WHERE state IN ('pending', 'claimed') AND due_at <= now() AND way <> 'phone'),
       (SELECT extract(epoch FROM now() - min(coalesce(due_at, claimed_until)))::float8 FROM incidents_run
         WHERE (due_at <= now() OR (due_at IS NULL AND claimed_by <> ''))
           AND (claimed_until IS NULL OR claimed_until < now())),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM partners_importjob
         WHERE due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())),
       (SELECT extract(epoch FROM now() - min(at))::float8 FROM incidents_rewalk
         WHERE done_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM notifications_receipt WHERE due_at <= now()),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM notifications_answer
         WHERE settled_at IS NULL AND due_at <= now()),
       sec.webhooks_waiting(),
       (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM notifications_ladderstep
         WHERE state = 'waiting' AND due_at <= now()),
       (SELECT max(extract(epoch FROM now() - created_at))::float8 FROM notifications_delivery
         WHERE {is_late(f"EXISTS (SELECT 1 FROM notifications_wayout w WHERE {SHUT})")}),
       sec.access_waiting(),
       (SELECT min(seconds_ago) FROM sec.beats() WHERE process = 'worker'),
       (SELECT min(seconds_ago) FROM sec.beats() WHERE process = 'hooks')
"""  # noqa: S608


def waiting(connection: psycopg.Connection) -> tuple[dict[str, float], float | None, float | None]:
    """Seconds that each due job has waited for, and the seconds since a worker and since the process for webhooks last
    said anything (None: never)."""
    row = connection.execute(DUE).fetchone()
    assert row is not None
    *waits, silent_for, hooks_silent_for = row
    jobs = (PLAN, DELIVER, ADVANCE, IMPORT, REWALK, RECEIPTS, ANSWERS, HOOKS, ESCALATE, LATE, JUDGE)
    waited = {job: wait for job, wait in zip(jobs, waits, strict=True) if wait is not None}
    return waited, silent_for, hooks_silent_for


def sweep_away() -> None:
    """Delete what has lapsed: tickets a day after their end, kept answers after theirs, what the door counted, the log
    of webhooks after ninety days, what was seen of access after the days that its page names; and files on the disk
    that no row keeps."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.sweep_tickets(), sec.sweep_replays(), sec.sweep_door(), sec.sweep_webhooks()")
        cursor.execute("SELECT sec.sweep_access(%s), sec.sweep_findings(%s)", [settings.ACCESS_KEEP_DAYS] * 2)
    sweep_files()


def deliver_some() -> None:
    """A few batches, then back to whatever else is due."""
    for _ in range(BATCHES):
        if deliver_due() < BATCH:
            return


def look_after() -> None:
    """What is done by the clock, and mail that came back into a folder."""
    do_chores()
    take_folder()


def judge_access() -> None:
    """Findings of access, by the job's name. Also when nothing is new: what is seen while somebody is cut off."""
    current_app.tasks[JUDGE]()


# Each looks for itself: one that fails keeps no other from being looked at, and is tried again the next time.
LOOKS: tuple[Callable[[], object], ...] = (
    offer_for_the_silent,
    bring_back,
    remind_of_updates,
    remind_of_notices,
    remind_of_statements,
    remind_of_duties,
    send_injects,
    judge_access,
)


def look_at_leads() -> None:
    """Leads that nobody answers at, what could not be planned, updates that are due, notices and statements, duties."""
    for look in LOOKS:
        try:
            look()
        except Exception:
            log.exception("%s failed", look.__name__)


HANDS: dict[str, Callable[[], object]] = {
    PLAN: plan_due,
    DELIVER: deliver_some,
    ADVANCE: advance_due,
    IMPORT: check_due,
    REWALK: rewalk_due,
    RECEIPTS: settle_receipts,
    ANSWERS: settle_answers,
    HOOKS: send_due,
    HOOKS_CANARY: send_hook_canary,
    ESCALATE: escalate_due,
    LATE: go_round_late,
    JUDGE: judge_access,
    CANARY: send_canaries,
    SWEEP: sweep_away,
    LEADS: look_at_leads,
    CHORES: look_after,
}


class OwnHands:
    """A thread that does jobs one after the other, so that a slow mail server never holds up the clock."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.taken: set[str] = set()
        threading.Thread(target=self._work, name="own-hands", daemon=True).start()

    def do(self, job: str) -> None:
        """Have it done soon; once, however often it is asked for meanwhile."""
        if job not in self.taken:
            self.taken.add(job)
            self.jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self.jobs.get()
            try:
                HANDS[job]()
            except Exception:
                log.exception("%s failed in the scheduler's own hands", job)
                connections.close_all()
            finally:
                self.taken.discard(job)
