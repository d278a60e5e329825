"""What `access` writes its rows in: the visitors, the lines of statuses by what they mean, and a row itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
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


def passkey(row: str) -> str:
    """The same for a write of the API that asks a person's session for the passkey: "tired" stays outside."""
    return f"{row.rsplit(maxsplit=1)[0]} 403"


# Pages.
PEOPLE = "   302    200    200     200  200    200   302  302   302    302   200    200"
INSIDE = "   302    404    200     200  200    200   302  302   302    302   200    200"
OVERSEES = " 302    404    404     200  200    200   302  302   302    302   200    200"
OPENERS = "  302    200    200     200  403    200   302  302   302    302   200    200"
WHAT_IF = "  302    404    404    200    403    200    302    302    302    302    200    200"
OPENERS_WRONG = OPENERS.replace("200", "422")
COPIES = OPENERS.replace("200", "302")
OPENED = "   302    302    422     302  403    302   302  302   302    302   302    302"
LEADS = "    302    404    404     200  403    404   302  302   302    302   200    200"
WRITES_WRONG = LEADS.replace("200", "422")
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
SPEAKS = "   302    404    404     200  403    200   302  302   302    302   200    302"
SPEAKS_SAID = "302  404    404     422  403    422   302  302   302    302   422    403"
LIFTS = "    302    404    200     200  403    200   302  302   302    302   200    302"
LIFTED = "   302    404    302     302  403    302   302  302   302    302   302    403"
CALLS = "    302    404    200     404  403    200   302  302   302    302   404    302"
RECORDED = " 302    404    302     404  403    302   302  302   302    302   404    403"
DECIDED = "  302    404    404     409  403    302   302  302   302    302   409    403"
TAKEN_BACK = "302   404    404     302  403    409   302  302   302    302   302    302"
FORBIDDEN = "302    403    403     403  403    403   302  302   302    302   403    403"
NOT_THERE = "302    403    403     403  403    403   302  302   302    302   404    403"
NO_CARD = "  302    404    404     404  404    404   302  302   302    302   404    404"
EVIDENCE = " 302    404    200     404  404    404   302  302   302    302   404    404"
NO_FILE = "  302    404    422     404  403    404   302  302   302    302   404    404"
MERGES = "   302    404    404     422  403    404   302  302   302    302   422    403"
REPORTED = " 302    404    403     302  403    302   302  302   302    302   302    302"
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
LADDER_KEPT = NOT_THERE_YET.replace("404", "422")
PASSED_ON = "302    404    422     422  403    422   302  302   302    302   422    403"
NO_NUMBER = "302    404    409     409  403    409   302  302   302    302   409    403"
SAYS_SEEN = "302    404    302     302  403    302   302  302   302    302   302    302"
RUNG = "     302    404    302     302  302    302   302  302   302    302   302    302"
RINGS = "    302    404    302     302  403    302   302  302   302    302   302    302"
NUMBERED = " 302    404    200     200  403    200   302  302   302    302   200    403"
UNHELD = "   302    404    409     409  403    409   302  302   302    302   409    409"
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
ASKS_NOW = " 302    404    404     302  403    302   302  302   302    302   302    302"
ASKS_THEM = "302    404    409     302  403    302   302  302   302    302   302    302"
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
# Ashbourne and Northgate have signed the version, Dunmere an older one, Gravenhurst none.
HAS_SIGNED = "302   409    409     200  403    200   302  302   302    302   200    302"
UNSIGNS = "  302    409    409     422  403    422   302  302   302    302   422    403"
KNOWN_SAID = "302   404   403     302  403    403   302  302   302    302   302    302"
NOTIFIES = " 302    404    200     200  403    200   302  302   302    302   200    200"

# Northgate names no service of its own; the register names one of everybody else.
SAYS_DOWN = "302    404    302     302  403    422   302  302   302    302   302    302"
NO_CUT = "   302    404    422     422  403    422   302  302   302    302   422    422"

OWN_BOOK = " 302    404    422     422  403    422   302  302   302    302   422    422"

NO_VIEW = "  302    404    404     404  404    404   302  302   302    302   404    404"
NO_EXPOSURE = "302 404   404     404  404    404   302  302   302    302   404    404"

# The API.
SERVES = "   401    404    200     200  403    422   200  200   403    404   200    200"
NO_LINK = "  401    404    403     403  403    403   403  403   403    404   403    403"
DATA_SAID = "401    404    200     200  403    200   403  403   403    403   200    200"
KNOWN_API = "401    404    403     200  403    403   403  403   403    403   200    200"
REPORTS_IT = "401   404    403     201  403    201   403  403   403    403   201    201"
DATA_GONE = "401    404    404     404  403    404   403  403   403    403   404    404"
HANGS_API = "401    404    404     200  403    403   200  404   403    404   200    200"
MOVES_IT = " 401    404    404     403  403    409   403  404   403    404   403    403"
OWNERS = "   401    422    422     201  403    422   201  422   403    422   201    201"
NOT_FITTING = "401  422    422     422  403    422   422  422   403    422   422    422"
ABSENT = "   401    404    404     404  404    404   404  404   403    404   404    404"
ABSENT_EDIT = "401  404    404     404  403    404   404  404   403    404   404    404"
RUNS_IT = "  401    404    404     403  403    200   403  404   403    404   403    403"
SAYS_IT = "  401    404    404     403  403    200   403  404   403    404   403    403"
SPEAKS_FOR_IT = "401 422  422     422  403    422   403  403   403    403   422    403"
MARKS = "    401    409    409     409  403    409   403  403   403    403   409    403"
NO_MARK = "  401    404    404     404  403    404   403  403   403    403   404    403"
NO_DUTY = " 401    404    404     404  403    404   403  403   403    403   404    404"
DUTIES_KEPT = "401  403    403     403  403    403   403  403   403    403   201    403"
LEAD_MARKS = "401   404    409     202  403    409   403  403   403    403   202    403"
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
TOOLS = "   401    403    403     403  403    403   200  200   403    200   403    403"
BY_KEY = "  401    403    403     403  403    403   200  200   403    200   403    403"
NO_JOB = "  401    403    403     403  403    403   404  404   403    404   403    403"
NOT_EXPOSED = MAKERS.replace("201", "404").replace("422", "404")
OWN_TOOL = "401    403    403     403  403    403   404  200   403    404   403    403"
UNDONE = "   401    404    200     404  403    404   404  409   403    404   404    404"
VERIFIER = " 401    404    403     200  403    403   403  403   403    404   200    200"
CALLED = "   401    404    403     200  403    403   200  403   403    404   200    200"
KEEPER = "   401    404    200     200  403    200   200  200   403    404   200    200"
FORGETS = "  401    404    204     204  403    204   204  204   403    404   204    204"
TICKETS = "  401    201    201     201  201    201   201  201   403    201   201    201"
SIGNED_IN = "401    204    204     204  204    204   204  204   204    204   204    204"
ASKS_API = " 401    404    403     201  403    201   403  403   403    404   201    201"
PRESSED_API = "401    404    403     409  403    403   403  403   403    404   409    409"
UNSIGNED = " 401    401    401     401  401    401   401  401   401    401   401    401"
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
