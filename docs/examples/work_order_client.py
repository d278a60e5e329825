"""A tool of your own that takes work orders from Bulkhead, carries out what it knows, and answers. A worked example.

It needs Python 3.11 or newer and PyJWT with cryptography (`pip install "pyjwt[crypto]"`), nothing else:

    export BULKHEAD_URL=https://bulkhead.example  BULKHEAD_KEY=bh_...  BULKHEAD_ORGANISATION=dunmere
    export BULKHEAD_KID=...          # each `kid` that you have written down, with spaces between (docs/work-orders.md)
    python work_order_client.py      # every waiting order once, then it ends: let cron or systemd start it each minute

It runs no text that comes in an order. `HANDLERS` says which steps it knows, and what it does then; everything else it
leaves waiting for a person. It ends with 0 when all went well. Write your own handlers there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import jwt

URL = os.environ["BULKHEAD_URL"].rstrip("/")
if not URL.startswith(("https://", "http://localhost:")):
    sys.exit("BULKHEAD_URL must begin with https://")
KEY = os.environ["BULKHEAD_KEY"]
ORGANISATION = os.environ["BULKHEAD_ORGANISATION"]  # your slug: an order for somebody else is none of yours
KIDS = set(os.environ.get("BULKHEAD_KID", "").replace(",", " ").split())
JOURNAL = os.environ.get("BULKHEAD_JOURNAL", "work-orders.journal")  # keep it: what is in it is never run twice
LEASE_MINUTES = 10  # longer than a handler may take
EXERCISES = os.environ.get("BULKHEAD_EXERCISES") == "run"  # else what an exercise asks for is left alone
SUSPECTED = os.environ.get("BULKHEAD_SUSPECTED") == "run"  # and so is what nobody has confirmed yet
ATTEMPTS, LONGEST_PAUSE = 4, 30

Order = dict[str, Any]
Result = tuple[str, str, dict[str, Any]]  # outcome, result, out_args


def block_address(order: Order) -> Result:
    """A harmless stand-in: writes down what your firewall would be told. Yours calls the firewall here."""
    blocked = "192.0.2.17"
    line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {order['incident']['reference']} would block {blocked}"
    with open(os.environ.get("BULKHEAD_NOTES", "work-orders.log"), "a", encoding="utf-8") as notes:
        notes.write(line + "\n")
    return "done", line, {"__blocked__": blocked}


# (playbook, version, step) that you have read and agreed to: what to do then.
UNSET = "..."
HANDLERS: dict[tuple[str, str, str], Callable[[Order], Result]] = {
    tuple(os.environ.get(f"BULKHEAD_{name}", UNSET) for name in ("PLAYBOOK", "VERSION", "STEP")): block_address,  # type: ignore[dict-item]
}


class Refused(Exception):
    """The order is not one that may be carried out; the message says why."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to the portal and nowhere else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        raise urllib.error.HTTPError(
            req.full_url, code, "sent on to another address, which is not followed", headers, fp
        )


OPENER = urllib.request.build_opener(NoRedirect)


def ask(method: str, path: str, body: Any = None) -> Any:
    """One call of the API, sent again when no answer comes or the portal is busy: with the same Idempotency-Key."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(1, ATTEMPTS + 1):
        request = urllib.request.Request(f"{URL}/api/v1{path}", data, headers, method=method)  # noqa: S310 - see above
        pause = str(attempt)
        try:
            with OPENER.open(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            pause = error.headers.get("Retry-After", pause)
            busy = error.code == 429 or error.code >= 500 or (error.code == 409 and "Retry-After" in error.headers)
            if not busy or attempt == ATTEMPTS:
                raise
        except OSError:
            if attempt == ATTEMPTS:
                raise
        time.sleep(min(int(pause) if pause.isdigit() else 1, LONGEST_PAUSE))
    return None


def keys() -> dict[str, jwt.PyJWK]:
    """The portal's public keys by their `kid`; with BULKHEAD_KID set those alone, whatever else is offered."""
    offered = {each["kid"]: jwt.PyJWK(each) for each in ask("GET", "/work-orders/keys/")["keys"]}
    return {kid: key for kid, key in offered.items() if not KIDS or kid in KIDS}


def verified(text: str, known: dict[str, jwt.PyJWK]) -> dict[str, Any]:
    """What the order says, if the portal has signed exactly this, for us, and it is still good.

    Raises:
        Refused: it has not.
    """
    try:
        head = jwt.get_unverified_header(text)
        if head.get("typ") != "bulkhead-work-order+jwt" or head.get("kid") not in known:
            raise Refused("signed by a key that we do not know")
        claims: dict[str, Any] = jwt.decode(
            text,
            known[head["kid"]],
            algorithms=["EdDSA"],  # ours to say, never the text's
            audience=ORGANISATION,
            issuer=URL,
            leeway=30,  # for `iat`, when our clock is behind
            options={"require": ["iss", "aud", "sub", "iat", "exp", "jti", "exercise", "taken", "order"]},
        )
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error
    if claims["exp"] <= time.time():  # no leeway: another worker may have it
        raise Refused("it is good no more")
    return claims


def handler_of(claims: dict[str, Any], order_id: str) -> Callable[[Order], Result] | None:
    """What to do for it; None for what is left to a person.

    Raises:
        Refused: it is another order than the one that was asked for.
    """
    order = claims["order"]
    if claims["sub"] != order_id or order["id"] != order_id:
        raise Refused("it is another order than the one that was asked for")
    if (claims["exercise"] and not EXERCISES) or (order["incident"]["status"] == "suspected" and not SUSPECTED):
        return None
    return HANDLERS.get((order["playbook"]["id"], order["playbook"]["version"], order["playbook"]["step"]))


class Journal:
    """What was begun and what came of it, on disk before anybody hears of it. One run has it at a time."""

    def __init__(self) -> None:
        self.rows = sqlite3.connect(JOURNAL, timeout=0, isolation_level=None)
        self.rows.execute("PRAGMA locking_mode = EXCLUSIVE")  # until this process ends, however it ends
        self.rows.execute("BEGIN EXCLUSIVE")
        self.rows.execute("CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, answer TEXT, posted INTEGER)")
        self.rows.execute("COMMIT")

    def knows(self, order_id: str) -> bool:
        return bool(self.rows.execute("SELECT 1 FROM kept WHERE id = ?", [order_id]).fetchone())

    def keep(self, order_id: str, answer: dict[str, Any], *, posted: bool = False) -> None:
        self.rows.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", [order_id, json.dumps(answer), posted])

    def unposted(self) -> list[tuple[str, dict[str, Any]]]:
        found = self.rows.execute("SELECT id, answer FROM kept WHERE NOT posted").fetchall()
        return [(order_id, json.loads(answer)) for order_id, answer in found]


def post(journal: Journal, order_id: str, said: dict[str, Any]) -> None:
    """Answer an order; what the portal does not take as it is becomes `failed`, with its words."""
    try:
        answered = ask("POST", f"/work-orders/{order_id}/answer/", said)
        late = ", too late" if answered["late"] else ""
        print(f"{order_id}: {said['outcome']}{late}, the task is {answered['task_status']}")
    except urllib.error.HTTPError as error:
        words = error.read().decode(errors="replace")
        if error.code == 422 and said["outcome"] != "failed":
            result = f"{said['outcome']} here, but the portal does not take the answer: {words}. {said['result']}"
            said = {"lease": said["lease"], "outcome": "failed", "result": result[:2000]}
            journal.keep(order_id, said)
            post(journal, order_id, said)
            return
        if error.code not in (404, 409):  # those are its last word
            raise
        print(f"{order_id}: {said['outcome']}, and nobody hears of it: {words!a}", file=sys.stderr)
    journal.keep(order_id, said, posted=True)


def work_on(journal: Journal, order_id: str, known: dict[str, jwt.PyJWK]) -> None:
    """Read and verify, and where there is a handler: take, verify again, carry out, answer."""
    read = ask("GET", f"/work-orders/{order_id}/")["order"]
    if read is None or handler_of(verified(read, known), order_id) is None:
        return
    lease = str(uuid.uuid4())
    try:
        taken = ask("POST", f"/work-orders/{order_id}/take/", {"minutes": LEASE_MINUTES, "lease": lease})
    except urllib.error.HTTPError as error:
        if error.code == 409:  # another worker was quicker, or it was called off
            return
        raise
    claims = verified(taken["order"], known)
    handler = handler_of(claims, order_id)
    if handler is None or not claims["taken"]:
        raise Refused("it says something else than a moment ago")
    stopped = "The tool stopped while it was at it. Look at what it did before you do it by hand."
    journal.keep(order_id, {"lease": lease, "outcome": "failed", "result": stopped})
    try:
        outcome, result, out_args = handler(claims["order"])
    except Exception as error:  # whatever a handler comes to: the portal hears that it did not work
        outcome, result, out_args = "failed", f"{type(error).__name__}: {error}", {}
    said = {"lease": lease, "outcome": outcome, "result": result[:2000], "out_args": out_args}
    journal.keep(order_id, said)
    post(journal, order_id, said)


def waiting() -> Iterator[Order]:
    """Every order that waits, page by page. Of `next` only what is asked counts, never the address."""
    query = "state=waiting&limit=100"
    while query:
        page = ask("GET", f"/work-orders/?{query}")
        yield from page["results"]
        query = urllib.parse.urlsplit(page["next"] or "").query


def work() -> int:
    """What an earlier run could not say, then each order that waits; 0 when nothing went wrong."""
    if all(UNSET in each for each in HANDLERS):
        sys.exit("HANDLERS holds nothing but the example: write down which playbook, version and step you carry out.")
    try:
        journal = Journal()
    except sqlite3.OperationalError as error:
        sys.exit(f"Another run is under way, or {JOURNAL} cannot be written: {error}")
    known, trouble = keys(), 0
    if not known:
        sys.exit("The portal offers no key that you have written down: nothing is taken.")
    todo = [(order_id, None, said) for order_id, said in journal.unposted()]
    todo += [(each["id"], each["title"], {}) for each in list(waiting()) if not journal.knows(each["id"])]
    for order_id, title, said in todo:
        try:
            if title is None:
                post(journal, order_id, said)
            else:
                work_on(journal, order_id, known)
        except (Refused, OSError, KeyError, TypeError, ValueError) as error:  # an HTTPError is an OSError
            # Tell your people: what came may not be from the portal. Nothing was answered, and the next is tried.
            print(f"{order_id} {title!a}: {str(error)!a}", file=sys.stderr)
            trouble = 1
    return trouble


if __name__ == "__main__":
    if sys.argv[1:] == ["verify"]:  # a text on standard input: is it an order of ours?
        try:
            print(json.dumps(verified(sys.stdin.read().strip(), keys())["order"], indent=2))
        except Refused as refused:
            sys.exit(f"refused: {refused}")
    else:
        sys.exit(work())
