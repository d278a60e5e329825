"""Rows of the API. See `access`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.gates.access_answers import (
    A_SIDE,
    ABSENT,
    ABSENT_EDIT,
    ASKS_API,
    BY_KEY,
    CALLED,
    DATA_GONE,
    DATA_SAID,
    DUTIES_KEPT,
    EVERYBODY,
    FORGETS,
    HANGS_API,
    IN_IT,
    KEEPER,
    KEPT,
    KNOWN_API,
    LEAD_MARKS,
    LEADER,
    MAKERS,
    MARKS,
    MOVES_IT,
    NO_DUTY,
    NO_JOB,
    NO_LINK,
    NO_MARK,
    NOT_EXPOSED,
    NOT_FITTING,
    OWN_FILE,
    OWN_TASK,
    OWN_TOOL,
    OWNED,
    OWNERS,
    PRESSED_API,
    PROPOSES,
    READERS,
    REPORTS_IT,
    RUNS_IT,
    SAYER,
    SAYS_IT,
    SEES_IT,
    SERVES,
    SPEAKS_FOR_IT,
    TICKETS,
    TOOLS,
    UNDONE,
    UNSIGNED,
    VERIFIER,
    YESTERDAY,
    Row,
    api,
    page,
    passkey,
)

OPENING = {"title": "Intruder in the shared directory", "systems": ["identity-platform"]}
INCIDENT = "reference=incident"
TODAY = datetime.now(UTC).date()
LATER = (TODAY + timedelta(days=2)).isoformat()  # the run may go over midnight
PROPOSAL = {
    "other": "brackenfield", "side": "grantee", "name": "Export", "purpose": "Export", "accounts": ["svc-x@here"],
    "direction": "both", "data_classes": ["personal"], "starts_on": TODAY.isoformat(), "review_on": LATER,
    "expires_on": LATER,
    "kill_switch_name": "Desk", "kill_switch_how": "Ring",
}  # fmt: skip
ANY = {"If-Match": "*"}
API = (
    # The API: what it is, for everybody.
    Row("api-root", answers={"GET": EVERYBODY, "OPTIONS": EVERYBODY.replace("200", "204")}),
    Row("api-schema", answers={"GET": EVERYBODY, "OPTIONS": EVERYBODY.replace("200", "204")}),
    page("api-docs", EVERYBODY),
    # The API: the partnership.
    api("api-organisations", GET=READERS),
    api("api-organisation", GET=READERS, args="slug=dunmere"),
    api("api-assessments", GET=READERS),
    api("api-findings", GET=READERS),
    api("api-contracts", GET=READERS),
    api("api-integrations", GET=READERS, POST=PROPOSES, body=PROPOSAL),
    api("api-integration", GET=A_SIDE, args="permission_id=permission"),
    api("api-standing-accesses", GET=READERS),
    api("api-standing-access", GET=SEES_IT, args="line_id=access"),
    api("api-systems", GET=READERS, POST=passkey(OWNERS), body={"name": "Parking", "owner": "ashbourne"}),
    api("api-system", GET=SEES_IT, PATCH=passkey(RUNS_IT), body={"hosting": "x"}, headers=ANY, args="slug=system"),
    api("api-dependencies", GET=READERS, POST=passkey(NOT_FITTING), body={}),
    api(
        "api-dependency", GET=SEES_IT, PATCH=passkey(SAYS_IT), body={"stops": "x"}, headers=ANY,
        args="dependency_id=dependency",
    ),
    api("api-contacts", GET=READERS),
    api("api-contact", GET=OWNED, args="contact_id=contact"),
    # The API: writing in the register, of which Ashbourne owns nothing yet; its file.
    api("api-system-history", GET=SEES_IT, args="slug=system"),
    api("api-components", GET=READERS, POST=NOT_FITTING, body={"product": "x"}),
    api("api-component", GET=ABSENT, PATCH=ABSENT_EDIT, body={"note": "x"}, headers=ANY, args="component_id=contact"),
    api("api-component-history", GET=ABSENT, args="component_id=contact"),
    api("api-participations", GET=READERS, POST=passkey(NOT_FITTING), body={}),
    api(
        "api-participation", GET=ABSENT, PATCH=passkey(ABSENT_EDIT), body={"status": "live"}, headers=ANY,
        args="participation_id=contact",
    ),
    api("api-participation-history", GET=ABSENT, args="participation_id=contact"),
    api("api-services", GET=READERS, POST=NOT_FITTING, body={"name": "x"}),
    api("api-service", GET=ABSENT, PATCH=ABSENT_EDIT, body={"name": "x"}, headers=ANY, args="service_id=contact"),
    api("api-service-history", GET=ABSENT, args="service_id=contact"),
    api("api-dependency-history", GET=SEES_IT, args="dependency_id=dependency"),
    api("api-imports", GET=READERS, POST=NOT_FITTING, body={"kind": "missing"}),
    api("api-import", GET=OWNED, args="file_id=file"),
    api("api-import-rows", GET=OWNED, args="file_id=file"),
    api("api-import-check", POST=OWN_FILE, body={}, args="file_id=file"),
    api("api-import-write", POST=passkey(OWN_FILE.replace("202", "409")), body={}, args="file_id=file"),
    # The API: incidents.
    api("api-incidents", GET=READERS, POST=MAKERS, body={**OPENING, "systems": ["telephony"]}),
    api("api-planned-work", GET=SEES_IT, args="reference=planned"),
    api("api-planned-answers", POST=HANGS_API, body={"answer": "known"}, args="reference=planned"),
    api("api-planned-moves", POST=MOVES_IT, body={"to": "started"}, args="reference=planned"),
    api("api-incident", GET=IN_IT, PATCH=LEADER, body={"title": "Two"}, headers={"If-Match": "*"}, args=INCIDENT),
    api("api-incident-moves", POST=LEADER, body={"to": "contained"}, args=INCIDENT),
    api("api-incident-own-reference", PUT=KEEPER, DELETE=FORGETS, body={"text": "CHG-1"}, args=INCIDENT),
    api(
        "api-incident-participants", GET=IN_IT, POST=passkey(LEADER), args=INCIDENT,
        body={"organisations": ["dunmere"], "because": "asked to help"},
    ),
    # Dunmere has answered: it is asked, and no longer nudged.
    api("api-row-ask", POST=ASKS_API, body={"question": "How is it?"}, args=f"{INCIDENT} slug=dunmere"),
    api("api-row-nudge", POST=PRESSED_API, body={}, args=f"{INCIDENT} slug=dunmere"),
    api("api-row-next-contact", POST=PRESSED_API, body={}, args=f"{INCIDENT} slug=dunmere"),
    api("api-incident-tasks", GET=IN_IT, args=INCIDENT),
    api("api-incident-duties", GET=IN_IT, args=INCIDENT),
    api("api-incident-exposures", GET=IN_IT, args=INCIDENT),
    api("api-duty-sayings", POST=NO_DUTY, body={"act": "close"}, args=f"{INCIDENT} duty_id=contact"),
    api("api-incident-updates", GET=IN_IT, POST=SAYER, body={"text": "Directory is off."}, args=INCIDENT),
    api("api-incident-systems", GET=IN_IT, POST=passkey(LEADER), body={"systems": ["remote-access"]}, args=INCIDENT),
    api("api-incident-events", GET=IN_IT, args=INCIDENT),
    api("api-incident-sign-offs", GET=IN_IT, args=INCIDENT),
    api("api-incident-decisions", GET=IN_IT, args=INCIDENT),
    api("api-decision-choose", POST=ABSENT_EDIT, body={"chosen": "true", "why": "So"}, args="decision_id=contact"),
    api("api-incident-deliveries", GET=IN_IT, args=INCIDENT),
    api(
        "api-incident-techniques", GET=IN_IT, POST=KEEPER, args=INCIDENT,
        body={"technique": "T1486", "state": "observed", "words": "Files are locked."},
    ),
    # Personal data: keys read, persons judge and tell.
    api("api-incident-data-positions", GET=IN_IT, POST=DATA_SAID, args=INCIDENT, body={"state": "assessing"}),
    api(
        "api-incident-data-notices", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"addressee": "eastwick", "about": "Letters", "known": "x", "known_since": "2026-01-05T07:40:00Z"},
    ),
    api(
        "api-incident-services", GET=IN_IT, POST=SERVES, args=INCIDENT,
        body={"service": "Incident portal", "state": "down"},
    ),
    api(
        "api-incident-situation-reports", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"major": "no"},
    ),
    api(
        "api-incident-costs", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"on": "2026-01-05", "what": "Taxi", "pence": 1250},
    ),
    # Planned cuts: a key plans and answers, a person decides.
    api(
        "api-incident-cuts", GET=IN_IT, POST=NO_LINK, args=INCIDENT,
        body={"what": "link", "link": str(UUID(int=7)), "how": "x", "ask": "y", "starts_at": "2026-01-05T08:30:00Z"},
    ),
    api("api-incident-cut-change", POST=ABSENT_EDIT, body={}, args=f"{INCIDENT} cut_id=contact"),
    api("api-incident-cut-answer", POST=ABSENT_EDIT, body={}, args=f"{INCIDENT} cut_id=contact"),
    api("api-incident-cut-decide", POST=DATA_GONE, body={}, args=f"{INCIDENT} cut_id=contact"),
    api("api-incident-cut-done", POST=ABSENT_EDIT, body={}, args=f"{INCIDENT} cut_id=contact"),
    api("api-incident-cut-call-off", POST=ABSENT_EDIT, body={}, args=f"{INCIDENT} cut_id=contact"),
    api("api-data-notice-acknowledge", POST=DATA_GONE, body={}, args="notice_id=contact"),
    api(
        "api-incident-outside-reports", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"body": "ncsc", "told_at": "2026-01-05T08:30:00Z", "told_by": "Grace"},
    ),
    api(
        "api-decision-log", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"decision": "Cut it", "known": "Little", "options": "Wait", "why": "So", "decided_by": "Grace",
              "decided_role": "Gold", "decided_at": "2026-01-05T08:30:00Z"},
    ),
    api("api-decision-share", POST=DATA_GONE, body={"shared": "all"}, args="entry_id=contact"),
    api("api-incident-known", GET=IN_IT, POST=KNOWN_API, body={"known": ["Files are locked."]}, args=INCIDENT),
    api(
        "api-incident-own-actions", GET=IN_IT, POST=KEEPER.replace("200", "201"), args=INCIDENT,
        body={"title": "Shut the gate", "done_at": f"{YESTERDAY}T08:30:00Z"},
    ),
    api("api-own-action-undo", POST=ABSENT_EDIT, body={}, args="action_id=contact"),
    api(
        "api-statements", GET=IN_IT, POST=DATA_SAID.replace("200", "201"), args=INCIDENT,
        body={"title": "First words", "audience": "press", "text": "So"},
    ),
    api("api-statement-change", POST=DATA_GONE, body={"text": "So"}, args="statement_id=contact"),
    api("api-statement-ask", POST=DATA_GONE, body={"version": 1}, args="statement_id=contact"),
    api("api-statement-agree", POST=DATA_GONE, body={"version": 1}, args="statement_id=contact"),
    api("api-statement-object", POST=DATA_GONE, body={"version": 1, "reason": "So"}, args="statement_id=contact"),
    api("api-statement-issue", POST=DATA_GONE, body={"version": 1}, args="statement_id=contact"),
    api("api-statement-withdraw", POST=DATA_GONE, body={"reason": "So"}, args="statement_id=contact"),
    # Marks on mail: keys read them, a person with a passkey sets them.
    api(
        "api-mail-marks", GET=READERS, POST=MARKS,
        body={"organisation": "ashbourne", "domain": "elsewhere.example", "reason": "Odd"},
    ),
    api("api-mail-mark", GET=ABSENT, args="mark_id=contact"),
    api("api-mail-renew", POST=NO_MARK, body={}, args="mark_id=contact"),
    api("api-mail-lift", POST=NO_MARK, body={}, args="mark_id=contact"),
    api(
        "api-incident-mail-marks", POST=LEAD_MARKS, args=INCIDENT,
        body={"organisation": "dunmere", "domain": "dunmere.example", "reason": "Odd", "second": "brackenfield"},
    ),
    # One's own catalogue of duties: keys read it, its administrator or data protection officer changes it.
    api(
        "api-duty-catalogue", GET=READERS, POST=DUTIES_KEPT,
        body={
            "name": "Tell the insurer", "source": "Policy 4", "starts": "reached", "hours": 24, "rule": "clock",
            "judge": "incident_manager", "is_on": True,
        },
    ),
    api(
        "api-duty-entry", GET=ABSENT, PATCH=DUTIES_KEPT.replace("201", "404"), body={"is_on": True},
        args="entry_id=contact",
    ),
    api("api-webhooks", GET=READERS),
    api("api-webhook-deliveries", GET=ABSENT, args="webhook_id=contact"),
    # Known by a signature alone: neither a key nor a session opens it.
    Row(
        "api-webhook-answers", {"webhook_id": "contact"}, {"incident": "INC-0000", "answer": "acknowledge"},
        answers={"POST": UNSIGNED, "OPTIONS": EVERYBODY.replace("200", "204")},
    ),
    # The API: tasks.
    api("api-task", GET=IN_IT, args="task_id=waiting"),
    api("api-task-own-reference", PUT=KEEPER, DELETE=FORGETS, body={"text": "CHG-2"}, args="task_id=waiting"),
    api("api-task-acknowledge", POST=OWN_TASK, body={}, args="task_id=waiting"),
    api("api-task-start", POST=OWN_TASK, body={}, args="task_id=accepted"),
    api("api-task-complete", POST=OWN_TASK, body={}, args="task_id=accepted"),
    api("api-task-block", POST=OWN_TASK, body={"reason": "No key"}, args="task_id=accepted"),
    api("api-task-decline", POST=OWN_TASK, body={"reason": "Not here"}, args="task_id=accepted"),
    api("api-task-undo", POST=UNDONE, body={}, args="task_id=accepted"),
    api("api-task-verify", POST=VERIFIER, body={}, args="task_id=done"),
    api("api-task-cancel", POST=CALLED, body={}, args="task_id=waiting"),
    api("api-task-exempt", POST=VERIFIER, body={"reason": "It left"}, args="task_id=waiting"),
    api(
        "api-task-reported", GET=IN_IT, POST=REPORTS_IT, args="task_id=waiting",
        body={"status": "acknowledged", "said_by": "Carol", "said_role": "Duty officer", "number": "+44 1632 960111"},
    ),
    api("api-reported-settle", POST=DATA_GONE, body={"how": "corrected"}, args="report_id=contact"),
    # The API: the rest.
    api("api-work-orders", GET=TOOLS),
    Row("api-work-order-keys", answers={"GET": EVERYBODY, "OPTIONS": EVERYBODY.replace("200", "204")}),
    api("api-work-order", GET=OWN_TOOL, args="order_id=order"),
    api("api-work-order-take", POST=OWN_TOOL, body={}, args="order_id=order"),
    api(
        "api-work-order-again", POST=OWN_TASK.replace("200", "409"), args="order_id=order", body={"because": "Mended"}
    ),
    api(
        "api-work-order-answer", POST=OWN_TOOL.replace("200", "409"), args="order_id=order",
        body={"lease": "00000000-0000-4000-8000-000000000000", "outcome": "done"},
    ),
    api("api-playbooks", GET=READERS, POST=KEPT, body="playbook-document"),
    api("api-playbook", GET=READERS, args="slug=playbook-slug"),
    api("api-playbook-document", GET=READERS, args="slug=playbook-slug"),
    api("api-playbook-difference", GET=READERS, args="slug=playbook-slug"),
    api(
        "api-playbook-sign-offs", GET=READERS, POST=SPEAKS_FOR_IT, body={"version": "x"}, args="slug=playbook-slug"
    ),
    api(
        "api-playbook-withdrawals", POST=SPEAKS_FOR_IT, body={"version": "x", "reason": "So"},
        args="slug=playbook-slug",
    ),
    api("api-events", GET=READERS),
    api("api-search", GET=READERS.replace("200", "422")),  # without a word
    api("api-live-tickets", POST=TICKETS, body={}),
    api("api-advisories", GET=READERS, POST=KEPT, body={"id": "X-1", "modified": "2026-03-01T00:00:00Z"}),
    api("api-exposures", GET=READERS),
    api("api-exposure-open", POST=NOT_EXPOSED, body={}, args="exposure_id=contact"),
    api("api-access-events", POST=BY_KEY, body={"at": "2026-01-05T10:00:00Z", "account": "a@b", "resource": "c"}),
    api("api-access-job", GET=NO_JOB, args="job=contact"),
    api("api-alerts-generic", POST=KEPT, body={"rule": "none", "title": "Odd sign-in"}),
    api(
        "api-alerts-alertmanager", POST=KEPT,
        body={"version": "4", "groupKey": "x", "alerts": [{"status": "firing", "labels": {}, "fingerprint": "x"}]},
    ),
    api("api-alerts-sentinel", POST=KEPT, body={"id": "x", "title": "Odd sign-in"}),
    api("api-alerts-elastic", POST=KEPT, body={"case": {"id": "x", "title": "Odd sign-in"}}),
    api("api-alerts-ocsf", POST=KEPT, body={"class_uid": 2004, "finding_info": {"uid": "x", "title": "Odd sign-in"}}),
)  # fmt: skip
