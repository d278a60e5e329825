"""Who gets which answer at which address: written by hand, and importing nothing of what it judges.

A row is one named address. Its methods map to a line of statuses, one for each of VISITORS in their order; a method
that a row does not name is refused with 405. Pages send whoever has not signed in to sign-in (302), a key included; the
API answers 401 without a key or session and 403 without the scope or role. What is not yours to see is 404, as is what
does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Gravenhurst has no path to the incident; Dunmere takes part; Ashbourne leads, by its incident manager, an observer and
# two keys (one has every scope, one only `audit`); Northgate provides what is attacked. All people have used a passkey
# just now; "tired" is Ashbourne's incident manager again, in a session whose passkey was used too long ago.
VISITORS = (
    "nobody", "stranger", "partner", "lead", "observer", "provider", "key", "partner-key", "narrow-key", "strange-key",
    "administrator", "tired",
)  # fmt: skip

# ---       nobody strngr partner lead obsrvr prvdr key  p-key narrow s-key  admin  tired
EVERYBODY = "200    200    200     200  200    200   200  200   200    200   200    200"
AWAY = "     302    302    302     302  302    302   302  302   302    302   302    302"
NOWHERE = "  404    404    404     404  404    404   404  404   404    404   404    404"
REFUSED = "  405    405    405     405  405    405   405  405   405    405   405    405"

# Pages.
PEOPLE = "   302    200    200     200  200    200   302  302   302    302   200    200"
INSIDE = "   302    404    200     200  200    200   302  302   302    302   200    200"
OVERSEES = " 302    404    404     200  200    200   302  302   302    302   200    200"
OPENERS = "  302    200    200     200  403    200   302  302   302    302   200    200"
WHAT_IF = "  302    404    404    200    403    200    302    302    302    302    200    200"
OPENED = "   302    302    422     302  403    302   302  302   302    302   302    302"
LEADS = "    302    404    404     200  403    404   302  302   302    302   200    200"
WIDENED = "  302    404    404     302  403    404   302  302   302    302   302    403"
WIDENS = "   302    404    404     200  403    404   302  302   302    302   200    302"
MANAGERS = " 302    404    200     200  403    200   302  302   302    302   200    302"
MANAGED = "  302    404    200     200  403    200   302  302   302    302   200    403"
ON_WALL = "  401    401    401     401  401    401   401  401   401    401   401    401"
TIRED = "    302    200    200     200  403    200   302  302   302    302   200    302"
TIRED_POST = "302   422    422     422  403    422   302  302   302    302   422    403"
NO_GUEST = " 302    404    404     404  403    404   302  302   302    302   404    302"
GUEST = "    302    403    403     403  403    403   302  302   302    302   403    403"
RUNS_END = " 302    404    404     409  403    302   302  302   302    302   409    403"
NO_OFFER = " 302    404    404     404  403    404   302  302   302    302   404    403"
LED = "      302    404    404     302  403    404   302  302   302    302   302    302"
ANSWERED = " 302    404    302     404  403    404   302  302   302    302   404    404"
STEPS_UP = " 302    302    302     302  403    302   302  302   302    302   302    403"
ADMINISTERS = "302  403    403     403  403    403   302  302   302    302   200    403"
ADMINISTERED = "302 403    403     403  403    403   302  302   302    302   422    403"
STEPPED = "  302    200    200     200  403    200   302  302   302    302   200    302"
EXPORTED = " 302    200    200     200  403    200   302  302   302    302   200    403"
PRESSED = "  302    403    403     403  403    403   302  302   302    302   302    403"
NOT_BACK = " 302    403    403     403  403    403   302  302   302    302   409    403"
LIFTS = "    302    404    200     200  403    200   302  302   302    302   200    302"
LIFTED = "   302    404    302     302  403    302   302  302   302    302   302    403"
CALLS = "    302    404    200     404  403    200   302  302   302    302   404    302"
RECORDED = " 302    404    302     404  403    302   302  302   302    302   404    403"
DECIDED = "  302    404    404     409  403    302   302  302   302    302   409    403"
TAKEN_BACK = "302   404    404     302  403    409   302  302   302    302   302    302"
FORBIDDEN = "302    403    403     403  403    403   302  302   302    302   403    403"
NOT_THERE = "302    403    403     403  403    403   302  302   302    302   404    403"
NO_CARD = "  302    404    404     404  404    404   302  302   302    302   404    404"
NOT_MINE = " 302    404    404     404  403    404   302  302   302    302   404    404"
NOT_CODED = "302    404    404     404  403    404   302  302   302    302   404    403"
LETS_IN = "  302    200    404     200  403    200   302  302   302    302   200    302"
LET_IN = "   302    200    404     200  403    200   302  302   302    302   200    403"
CHECKED = "  302    404    403     302  403    403   302  302   302    302   302    302"
OWN_FRESH = "302    200    200     200  302    200   302  302   302    302   200    302"
OWN_WRONG = "302    422    422     422  403    422   302  302   302    302   422    403"
OWN_CONTACT = "302  404    404     200  302    404   302  302   302    302   200    302"
OWN_CONTACT_WRONG = "302 404 404   422  403    404   302  302   302    302   422    403"
OWN_RETIRED = "302  404    404     302  403    404   302  302   302    302   302    403"
NO_PACK = " 302    409    409     409  403    409   302  302   302    302   409    403"
NOT_THERE_YET = "302 404   404     404  403    404   302  302   302    302   404    403"
NO_NUMBER = "302    404    409     409  403    409   302  302   302    302   409    403"
NOT_ASKED = "302    404    404     404  404    404   302  302   302    302   404    404"
NOT_TESTED = "302   404    404     409  403    404   302  302   302    302   409    403"
RUNS = "     302    404    404     403  403    200   302  302   302    302   403    302"
RUNS_SAID = "302    404    404     403  403    422   302  302   302    302   403    403"
RUNS_EVER = "302    404    404     403  403    200   302  302   302    302   403    403"
RUNS_LATE = "302    404    404     403  403    409   302  302   302    302   403    403"
STANDS = "   302    404    404     200  403    404   302  302   302    302   200    200"
STANDS_SAID = "302  404    404     422  403    404   302  302   302    302   422    422"

ASSURES = "  302    422    422     422  403    422   302  302   302    302   422    422"
OF_TWO = "   302    404    404     422  403    403   302  302   302    302   422    422"
OWNS = "     302    404    404     403  403    422   302  302   302    302   403    403"
BRINGS = "   302    404    404     404  403    422   302  302   302    302   404    404"
WALKS = "    302    404    404     302  403    403   302  302   302    302   302    403"
OF_ITSELF = "302    404    302     404  404    404   302  302   302    302   404    404"
ANSWERS = "  302    404    404     409  403    409   302  302   302    302   409    403"
SIDES = "    302    404    200     200  200    404   302  302   302    302   200    200"
TO_ASK = "   302    200    200     200  403    200   302  302   302    302   200    200"
ASKED = "    302    422    422     422  403    422   302  302   302    302   422    422"
CHANGES = "  302    404    200     200  403    404   302  302   302    302   200    200"
CHANGED = "  302    404    422     422  403    404   302  302   302    302   422    422"
TOO_SOON = " 302    404    409     409  403    404   302  302   302    302   409    403"
SIDE_DID = " 302    404    302     302  403    404   302  302   302    302   302    403"
ITS_OWN = "  302    404    404     404  403    200   302  302   302    302   404    302"
ITS_POST = " 302    404    404     404  403    422   302  302   302    302   404    403"
ITS_GONE = " 302    404    404     404  403    302   302  302   302    302   404    403"
# Northgate announced work that Ashbourne hangs on; Dunmere and Gravenhurst run systems of their own, Ashbourne none.
ANNOUNCES = "302    200    200     403  403    200   302  302   302    302   403    403"
ANNOUNCES_SAID = "302 422  422     403  403    200   302  302   302    302   403    403"
HANGS_ON = " 302    404    404     200  200    200   302  302   302    302   200    200"
HANGS_SAID = "302   404    404     302  403    403   302  302   302    302   302    302"
ANNOUNCED_IT = "302 404    404     404  403    422   302  302   302    302   404    404"

# The API.
HANGS_API = "401    404    404     200  403    403   200  404   403    404   200    200"
MOVES_IT = " 401    404    404     403  403    409   403  404   403    404   403    403"
OWNERS = "   401    422    422     201  403    422   201  422   403    422   201    201"
NOT_FITTING = "401  422    422     422  403    422   422  422   403    422   422    422"
ABSENT = "   401    404    404     404  404    404   404  404   403    404   404    404"
ABSENT_EDIT = "401  404    404     404  403    404   404  404   403    404   404    404"
RUNS_IT = "  401    404    404     403  403    200   403  404   403    404   403    403"
SAYS_IT = "  401    404    404     403  403    200   403  404   403    404   403    403"
OWN_FILE = " 401    404    404     202  403    404   202  404   403    404   202    202"
READERS = "  401    200    200     200  200    200   200  200   403    200   200    200"
IN_IT = "    401    404    200     200  200    200   200  200   403    404   200    200"
SEES_IT = "  401    404    404     200  200    200   200  404   403    404   200    200"
OWNED = "    401    404    404     200  200    404   200  404   403    404   200    200"
MAKERS = "   401    201    422     201  403    201   201  422   403    201   201    201"
KEPT = "     401    200    200     200  403    200   200  200   403    200   200    200"
LEADER = "   401    404    403     200  403    403   200  403   403    404   200    200"
SAYER = "    401    404    403     201  403    403   201  403   403    404   201    201"
A_SIDE = "   401    404    200     200  200    404   200  200   403    404   200    200"
PROPOSES = " 401    201    201     201  403    201   422  422   403    422   201    201"
OWN_TASK = " 401    404    200     404  403    404   404  200   403    404   404    404"
UNDONE = "   401    404    200     404  403    404   404  409   403    404   404    404"
VERIFIER = " 401    404    403     200  403    403   403  403   403    404   200    200"
CALLED = "   401    404    403     200  403    403   200  403   403    404   200    200"
KEEPER = "   401    404    200     200  403    200   200  200   403    404   200    200"
FORGETS = "  401    404    204     204  403    204   204  204   403    404   204    204"
TICKETS = "  401    201    201     201  201    201   201  201   403    201   201    201"
SIGNED_IN = "401    204    204     204  204    204   204  204   204    204   204    204"
NO_KEY = "   401    405    405     405  405    405   405  405   405    405   405    405"


@dataclass(frozen=True)
class Row:
    """One address. `args` name an object of the fixture for each part; `body` and `headers` go with every change."""

    name: str
    args: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def expected(self, method: str) -> dict[str, int]:
        said = self.answers
        line = said.get(method) or (method == "HEAD" and said.get("GET")) or said.get("*") or REFUSED
        return dict(zip(VISITORS, map(int, line.split()), strict=True))


def page(name: str, get: str = "", *, post: str = "", body: Any = None, **args: str) -> Row:
    answers = {method: line for method, line in (("GET", get), ("POST", post)) if line}
    return Row(name, args, body, {}, answers)


def api(name: str, *, body: Any = None, headers: dict[str, str] | None = None, args: str = "", **answers: str) -> Row:
    """`args` is written `reference=incident`. Of the API the caller must be known before a method is refused."""
    parts = dict(part.split("=") for part in args.split())
    return Row(name, parts, body, headers or {}, {"*": NO_KEY, "OPTIONS": SIGNED_IN, **answers})


OPENING = {"title": "Intruder in the shared directory", "systems": ["identity-platform"]}
INCIDENT = "reference=incident"
TODAY = datetime.now(UTC).date().isoformat()
PROPOSAL = {
    "other": "brackenfield", "side": "grantee", "name": "Export", "purpose": "Export", "accounts": ["svc-x@here"],
    "direction": "both", "data_classes": ["personal"], "starts_on": TODAY, "review_on": TODAY, "expires_on": TODAY,
    "kill_switch_name": "Desk", "kill_switch_how": "Ring",
}  # fmt: skip
ANY = {"If-Match": "*"}

ROWS = (
    # The door and the first page.
    page("start", EVERYBODY),
    page("sign-in", EVERYBODY),
    page("sign-in-passkey-options", post=EVERYBODY),
    page("sign-in-passkey", post=EVERYBODY.replace("200", "400")),
    page("sign-in-again", AWAY, post=AWAY),
    page("sign-in-again-options", post=AWAY),
    page("sign-in-cut-off", AWAY),
    page("sign-in-organisation", EVERYBODY, post=EVERYBODY.replace("200", "422"), slug="dunmere"),
    page("sign-in-code", AWAY, post=AWAY, slug="dunmere"),
    page("sign-in-spoken-code", EVERYBODY, post=EVERYBODY.replace("200", "422")),
    page("sign-in-recovery", EVERYBODY, post=EVERYBODY.replace("200", "422"), slug="dunmere"),
    page("sign-out", EVERYBODY, post=AWAY),
    # One's own account wants a session that was really started: those are in tests/partners.
    page("account", AWAY),
    page("account-sessions", post=AWAY),
    page("account-passkey-options", post=AWAY),
    page("account-passkeys", post=AWAY),
    page("account-way", AWAY, post=AWAY, way_id="contact"),
    page("account-app", AWAY, post=AWAY),
    page("account-code", post=AWAY),
    page("account-recovery-codes", AWAY, post=AWAY),
    page("account-password", AWAY, post=AWAY),
    page("provider-start", post=NOWHERE, slug="dunmere"),
    Row("provider-callback", {"slug": "dunmere"}, answers={"GET": NOWHERE, "HEAD": REFUSED}),
    page("provider-connection", post=STEPS_UP, body={"act": "disconnect"}),
    page("identity-provider", ADMINISTERS, post=ADMINISTERED, body={"act": "none"}),
    Row("sign-in-link", {"token": "token"}, answers={"GET": NOWHERE, "POST": NOWHERE, "HEAD": REFUSED}),
    # Incidents.
    page("incident-list", PEOPLE),
    page("planned-new", ANNOUNCES, post=ANNOUNCES_SAID, body={"step": "preview", "systems": "identity-platform"}),
    page("planned-detail", HANGS_ON, reference="planned"),
    page("planned-answer", post=HANGS_SAID, body={"say": "known"}, reference="planned"),
    page("planned-move", post=ANNOUNCED_IT, body={"act": "cancelled"}, reference="planned"),
    page("incident-open", OPENERS, post=OPENED, body={**OPENING, "systems": "telephony", "step": "open"}),
    page("incident-board", INSIDE, reference="incident"),
    page("incident-board-fragment", INSIDE, reference="incident"),
    page("incident-radius", OVERSEES, reference="incident"),
    page("incident-radius-say", post=WALKS, body={"act": "walk"}, reference="incident"),
    page(
        "incident-participant-say",
        post=OF_ITSELF,
        body={"act": "clear", "why": "Looked at"},
        reference="incident",
        slug="dunmere",
    ),
    page("dispute", NO_CARD, post=NO_CARD, dispute_id="contact"),
    page("incident-radius-picture", OVERSEES, reference="incident"),
    page("incident-participant", INSIDE, reference="incident", slug="dunmere"),
    page("incident-declare", LEADS, post=LED, reference="incident"),
    page("incident-widen", WIDENS, post=WIDENED, body={"systems": "remote-access"}, reference="incident"),
    page("incident-update", LEADS, post=LED, body={"text": "Directory is off."}, reference="incident"),
    page("incident-close", LEADS, post=LED, body={"outcome": "resolved"}, reference="incident"),
    page("incident-displays", MANAGERS, post=MANAGED, body={"label": "Left wall"}, reference="incident"),
    page("incident-display-revoke", post=NO_OFFER, reference="incident", display_id="contact"),
    page("guest-list", TIRED, post=TIRED_POST, body={"name": "Ines"}),
    page("guest-detail", NO_GUEST, post=NO_OFFER, body={"days": "3"}, person_id="contact"),
    page("guest-link", post=NO_OFFER, person_id="contact"),
    page("guest-end", post=NO_OFFER, grant_id="contact"),
    page("guest", GUEST),
    page("display-pair", EVERYBODY, post=EVERYBODY.replace("200", "422"), body={"code": "AAAA AAAA"}),
    page("display-wall", ON_WALL),
    page("display-wall-fragment", ON_WALL),
    page("incident-hand-over", WIDENS, post=WIDENED, body="hand-over", reference="incident"),
    page(
        "incident-hand-over-answer", post=NO_OFFER, body={"answer": "accept"}, reference="incident",
        handover_id="contact",
    ),
    page("incident-deliveries", INSIDE, reference="incident"),
    # Isolation and approvals: Ashbourne has distrusted its own sign-in, and asks Northgate about Dunmere.
    page("incident-isolate", WIDENS, post=WIDENED, body="isolate", reference="incident", slug="dunmere"),
    page("isolation-own", ADMINISTERS),
    page("isolation-press", ADMINISTERS, post=PRESSED, body={"reason": "Odd"}, step="step"),
    page("isolation-detail", INSIDE, isolation_id="isolation"),
    page("isolation-undo", post=NOT_BACK, isolation_id="isolation"),
    page("isolation-lift", LIFTS, post=LIFTED, body="lift", isolation_id="isolation"),
    page("isolation-call-back", CALLS, post=RECORDED, body={"outcome": "voicemail"}, isolation_id="isolation"),
    page("record-export", STEPPED, post=EXPORTED),
    page("approval-list", OPENERS),
    page("approval-approve", post=DECIDED, approval_id="approval"),
    page("approval-refuse", post=DECIDED, body={"because": "Too early"}, approval_id="approval"),
    page("approval-withdraw", post=TAKEN_BACK, approval_id="approval"),
    # Tasks.
    page("my-tasks", PEOPLE),
    page("my-tasks-fragment", PEOPLE),
    page("task-detail", INSIDE, task_id="waiting"),
    page("task-acknowledge", post=ANSWERED, task_id="waiting"),
    page("task-start", post=ANSWERED, task_id="accepted"),
    page("task-complete", post=ANSWERED, task_id="accepted"),
    page("task-block", post=ANSWERED, body={"reason": "No key"}, task_id="accepted"),
    page("task-decline", post=ANSWERED, body={"reason": "Not here"}, task_id="accepted"),
    page("task-undo", post=ANSWERED, task_id="accepted"),
    page("task-verify", post=CHECKED, task_id="done"),
    page("task-cancel", post=CHECKED, task_id="waiting"),
    # The partnership, playbooks, deliveries, alerts.
    page("organisation-list", PEOPLE),
    page("organisation-detail", PEOPLE, slug="dunmere"),
    page(
        "incident-number", post=NO_NUMBER, body={"because": "Wake them"}, reference="incident", slug="dunmere",
        contact_id="contact",
    ),
    page("contact-list", PEOPLE),
    page("contact-add", OWN_FRESH, post=OWN_WRONG),
    page("contact-detail", OWN_CONTACT, post=OWN_CONTACT_WRONG, contact_id="contact"),
    page("contact-retire", post=OWN_RETIRED, contact_id="contact"),
    page("contact-papers", PEOPLE),
    page("contact-sheet", STEPPED),
    page("wallet-card", STEPPED),
    page("offline-pack", post=NO_PACK),
    page("duty-rota", PEOPLE, post=NOT_THERE_YET),
    page("contact-tests", PEOPLE),
    page("contact-test-answer", post=NOT_ASKED, ask_id="contact"),
    page("contact-test-now", post=NOT_TESTED, contact_id="contact"),
    page("contact-answer", NOWHERE, post=NOWHERE, token="token"),
    page("verify", EVERYBODY, post=EVERYBODY.replace("200", "422")),
    Row("notify-receipts", answers={"POST": NOWHERE}),  # no text message service is set up here
    page("key-list", PEOPLE),
    page("key-make", ADMINISTERS, post=ADMINISTERED),
    page("key-revoke", NOT_THERE, post=NOT_THERE, key_id="contact"),
    page("people", PEOPLE),
    page("person-add", ADMINISTERS, post=ADMINISTERED),
    page("person-detail", ADMINISTERS, person_id="person"),
    page("person-change", ADMINISTERS, post=ADMINISTERED, person_id="person"),
    page("person-switch", ADMINISTERS, post=PRESSED, person_id="person"),
    page("person-link", ADMINISTERS, post=ADMINISTERS, person_id="person"),
    page("person-reset", ADMINISTERS, post=PRESSED, body={"reason": "Seen in person"}, person_id="person"),
    page("person-session-end", NOT_THERE, post=NOT_THERE, person_id="person", session_id="contact"),
    page("sign-in-policy", ADMINISTERS, post=ADMINISTERED),
    page("break-glass", ADMINISTERS, post=ADMINISTERED),
    page("break-glass-drill", post=FORBIDDEN),
    page("break-glass-announce", post=NOT_THERE, person_id="person"),
    page("readiness", OPENERS),
    page("emergency", OPENERS),
    page("emergency-ask", LETS_IN, post=LET_IN, slug="dunmere"),
    page("emergency-request", NOT_MINE, approval_id="approval"),
    page("emergency-code", post=NOT_CODED, approval_id="approval"),
    page("work-list", PEOPLE),
    page("work-settle", post=LED, body={"outcome": "Rang them"}, item_id="work"),
    page("card-detail", NO_CARD, card_id="contact"),
    page("card-answer", post=NOT_MINE, body={"answer": "yes"}, card_id="contact"),
    page("dependency-list", PEOPLE),
    page("dependency-detail", OVERSEES, dependency_id="dependency"),
    page(
        "dependency-move", post=RUNS_END, body={"end": "source", "act": "cut", "words": "So"},
        dependency_id="dependency",
    ),
    page("dependency-change", RUNS, post=RUNS_SAID, body={"kind": "x"}, dependency_id="dependency"),
    page("import-list", STEPPED, post=TIRED_POST, body={"kind": "systems"}),
    page("import-detail", LEADS, file_id="file"),
    page("import-columns", post=LED, body={"column-name": "0"}, file_id="file"),
    page("import-progress", LEADS, file_id="file"),
    page("import-fates", LEADS, file_id="file"),
    page("import-write", post=WIDENED, body="file-seen", file_id="file"),
    page("import-again", post=LED, file_id="file"),
    page("import-discard", post=LED, file_id="file"),
    page("register-export", STEPPED, post=EXPORTED),
    # Provider assurance: Northgate has shared an assessment with Ashbourne, Brackenfield and Coldharbour.
    page("provider-list", PEOPLE),
    page("provider-detail", PEOPLE, slug="northgate"),
    page("assessment-add", OPENERS, post=ASSURES, slug="northgate"),
    page("finding-add", OPENERS, post=ASSURES, slug="northgate"),
    page("contract", OVERSEES, post=OF_TWO, slug="northgate", council="ashbourne"),
    page("assessment-detail", OVERSEES, post=OWNS, body={"act": "change"}, assessment_id="assessment"),
    page("evidence-add", post=BRINGS, assessment_id="assessment"),
    page("finding-detail", OVERSEES, post=ANSWERS, body={"act": "reopened", "words": "So"}, finding_id="finding"),
    page("file-download", OVERSEES, file_id="evidence"),
    page("permission-list", PEOPLE),
    page("permission-propose", TO_ASK, post=ASKED),
    page("permission-detail", SIDES, permission_id="permission"),
    page("permission-change", CHANGES, post=CHANGED, permission_id="permission"),
    page("permission-owner", post=TOO_SOON, body={"version": 1}, permission_id="permission"),
    page("permission-refuse", post=SIDE_DID, body={"version": 1, "because": "No"}, permission_id="permission"),
    page("permission-end", post=SIDE_DID, body={"because": "No"}, permission_id="permission"),
    page("access-list", PEOPLE),
    page("access-add", TIRED, post=TIRED_POST),
    page("access-attest", post=TIRED_POST),
    page("access-detail", OVERSEES, line_id="access"),
    page("access-change", ITS_OWN, post=ITS_POST, line_id="access"),
    page("access-remove", post=ITS_GONE, line_id="access"),
    page("access-what-if", WHAT_IF, line_id="access"),
    page("system-list", PEOPLE),
    page("system-add", TIRED, post=TIRED_POST, body={"name": ""}),
    page("system-change", RUNS, post=RUNS_SAID, body={"name": ""}, slug="system"),
    page("system-organisations", RUNS, post=RUNS_SAID, body={"act": "x"}, slug="system"),
    page("system-parts", RUNS_EVER, post=RUNS_LATE, body={"seen": "x"}, slug="system"),
    page("system-standing", STANDS, post=STANDS_SAID, body={"answer": "x"}, slug="system"),
    page("link-add", RUNS, post=RUNS_SAID, body={"kind": "x"}, slug="system"),
    page("system-how-far", WHAT_IF, slug="system"),
    page("system-how-far-picture", WHAT_IF, slug="system"),
    page("concentration", OPENERS),
    page("system-detail", OVERSEES, slug="system"),
    page("playbook-list", PEOPLE),
    page("playbook-detail", PEOPLE, playbook_id="playbook"),
    page("playbook-document", PEOPLE, playbook_id="playbook"),
    page("delivery-list", PEOPLE),
    page("alert-list", PEOPLE),
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
    api("api-systems", GET=READERS, POST=OWNERS, body={"name": "Parking", "owner": "ashbourne"}),
    api("api-system", GET=SEES_IT, PATCH=RUNS_IT, body={"hosting": "x"}, headers=ANY, args="slug=system"),
    api("api-dependencies", GET=READERS, POST=NOT_FITTING, body={}),
    api(
        "api-dependency", GET=SEES_IT, PATCH=SAYS_IT, body={"stops": "x"}, headers=ANY,
        args="dependency_id=dependency",
    ),
    api("api-contacts", GET=READERS),
    api("api-contact", GET=OWNED, args="contact_id=contact"),
    # The API: writing in the register, of which Ashbourne owns nothing yet; its file.
    api("api-system-history", GET=SEES_IT, args="slug=system"),
    api("api-components", GET=READERS, POST=NOT_FITTING, body={"product": "x"}),
    api("api-component", GET=ABSENT, PATCH=ABSENT_EDIT, body={"note": "x"}, headers=ANY, args="component_id=contact"),
    api("api-component-history", GET=ABSENT, args="component_id=contact"),
    api("api-participations", GET=READERS, POST=NOT_FITTING, body={}),
    api(
        "api-participation", GET=ABSENT, PATCH=ABSENT_EDIT, body={"status": "live"}, headers=ANY,
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
    api("api-import-write", POST=OWN_FILE.replace("202", "409"), body={}, args="file_id=file"),
    # The API: incidents.
    api("api-incidents", GET=READERS, POST=MAKERS, body={**OPENING, "systems": ["telephony"]}),
    api("api-planned-work", GET=SEES_IT, args="reference=planned"),
    api("api-planned-answers", POST=HANGS_API, body={"answer": "known"}, args="reference=planned"),
    api("api-planned-moves", POST=MOVES_IT, body={"to": "started"}, args="reference=planned"),
    api("api-incident", GET=IN_IT, PATCH=LEADER, body={"title": "Two"}, headers={"If-Match": "*"}, args=INCIDENT),
    api("api-incident-moves", POST=LEADER, body={"to": "contained"}, args=INCIDENT),
    api("api-incident-own-reference", PUT=KEEPER, DELETE=FORGETS, body={"text": "CHG-1"}, args=INCIDENT),
    api(
        "api-incident-participants", GET=IN_IT, POST=LEADER, args=INCIDENT,
        body={"organisations": ["gravenhurst"], "because": "asked to help"},
    ),
    api("api-incident-tasks", GET=IN_IT, args=INCIDENT),
    api("api-incident-duties", GET=IN_IT, args=INCIDENT),
    api("api-incident-updates", GET=IN_IT, POST=SAYER, body={"text": "Directory is off."}, args=INCIDENT),
    api("api-incident-systems", GET=IN_IT, POST=LEADER, body={"systems": ["remote-access"]}, args=INCIDENT),
    api("api-incident-events", GET=IN_IT, args=INCIDENT),
    api("api-incident-deliveries", GET=IN_IT, args=INCIDENT),
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
    # The API: the rest.
    api("api-playbooks", GET=READERS, POST=KEPT, body="playbook-document"),
    api("api-playbook", GET=READERS, args="slug=playbook-slug"),
    api("api-events", GET=READERS),
    api("api-live-tickets", POST=TICKETS, body={}),
    api("api-alerts-generic", POST=KEPT, body={"rule": "none", "title": "Odd sign-in"}),
    # For probes and scrapers.
    page("healthz", EVERYBODY),
    page("readyz", EVERYBODY.replace("200", "503")),
    page("metrics", EVERYBODY),
)  # fmt: skip
