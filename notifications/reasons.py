"""The sentences that functions of the database write, and the modules that have others beside what makes them.

Every process that shows one has to know it, so the app imports this when it is ready.
"""

from __future__ import annotations

from notifications import (
    answers,
    budget,
    climbing,
    contact_tests,
    deliveries,
    hook_answers,
    hook_queue,
    notices,
    outcome,
    planning,
    receipts,
    recipients,
    rungs,
    sending,
    transports,
    trust,
    ways,
)
from partners import mail_marks
from portal.reasons import reason

BESIDE_WHAT_MAKES_THEM = (
    answers, budget, climbing, contact_tests, deliveries, hook_answers, hook_queue, mail_marks, notices,
    outcome, planning, receipts, recipients, rungs, sending, transports, trust, ways,
)  # fmt: skip
BY_THE_DATABASE = (
    reason("Somebody answered."),
    reason("The incident was closed."),
    reason("They had a message within ten minutes: this waits in the page."),
    reason("Passed on to a colleague."),
    reason("They acknowledged by telephone."),
    reason("The lead had the next contact called at once."),
    reason("Its server has failed for a day."),
    reason("Its server says that it is gone (410)."),
    reason("The webhook was switched off: its server says that it is gone."),
    reason("Its mail is not trusted: step 2."),
)
