"""A tool of your own that takes work orders from Bulkhead, carries out what it knows, and answers. A worked example.

It needs Python 3.11 or newer and PyJWT with cryptography (`pip install "pyjwt[crypto]"`), nothing else:

    export BULKHEAD_URL=https://bulkhead.example  BULKHEAD_KEY=bh_...  BULKHEAD_ORGANISATION=dunmere
    export BULKHEAD_KID=...          # the `kid` that you have written down (see docs/work-orders.md)
    python work_order_client.py      # every waiting order once, then it ends: let cron or systemd start it each minute

It runs no text that comes in an order. `HANDLERS` says which kinds of steps it knows, by playbook and step, and what it
does then; everything else it refuses, and a person takes it. Write your own handlers there.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt

URL = os.environ["BULKHEAD_URL"].rstrip("/")
if not URL.startswith(("https://", "http://localhost:")):
    sys.exit("BULKHEAD_URL must begin with https://")
KEY = os.environ["BULKHEAD_KEY"]
ORGANISATION = os.environ["BULKHEAD_ORGANISATION"]  # your slug: an order for somebody else is none of yours
KID = os.environ.get("BULKHEAD_KID", "")
LEASE_MINUTES = 10  # longer than a handler may take
EXERCISES = os.environ.get("BULKHEAD_EXERCISES", "refuse")  # run: carry out what an exercise asks for, too

Order = dict[str, Any]
Result = tuple[str, str, dict[str, Any]]  # outcome, result, out_args


def block_address(order: Order) -> Result:
    """A harmless stand-in: writes down what your firewall would be told. Yours calls the firewall here."""
    blocked = "192.0.2.17"
    line = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {order['incident']['reference']} would block {blocked}"
    with open(os.environ.get("BULKHEAD_NOTES", "work-orders.log"), "a", encoding="utf-8") as notes:
        notes.write(line + "\n")
    return "done", line, {"__blocked__": blocked}


# (playbook, step) that you have read and agreed to: what to do then. Pin the version too where that matters to you.
HANDLERS: dict[tuple[str, str], Callable[[Order], Result]] = {
    (os.environ.get("BULKHEAD_PLAYBOOK", "playbook--…"), os.environ.get("BULKHEAD_STEP", "action--…")): block_address,
}


class Refused(Exception):
    """The order is not one that may be carried out; the message says why."""


def ask(method: str, path: str, body: Any = None) -> Any:
    """One call of the API. A POST carries an Idempotency-Key, and is sent again when its answer is lost."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    data = None if body is None else json.dumps(body).encode()
    for attempt in (1, 2, 3):
        request = urllib.request.Request(f"{URL}/api/v1{path}", data, headers, method=method)  # noqa: S310 - see above
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError:
            raise  # the portal has answered: nothing is gained by asking again
        except OSError:
            if attempt == 3:
                raise
    return None


def keys() -> dict[str, jwt.PyJWK]:
    """The portal's public keys by their `kid`; with BULKHEAD_KID set that one alone, whatever else is offered."""
    offered = {each["kid"]: jwt.PyJWK(each) for each in ask("GET", "/work-orders/keys/")["keys"]}
    return {kid: key for kid, key in offered.items() if not KID or kid == KID}


def verified(text: str, known: dict[str, jwt.PyJWK]) -> dict[str, Any]:
    """What the order says, if the portal has signed exactly this, for us, and it is still good.

    Raises:
        Refused: it has not.
    """
    try:
        head = jwt.get_unverified_header(text)
        if head.get("typ") != "bulkhead-work-order+jwt" or head.get("kid") not in known:
            raise Refused("signed by a key that we do not know")
        # The algorithm is ours to say, never the text's.
        return jwt.decode(
            text,
            known[head["kid"]],
            algorithms=["EdDSA"],
            audience=ORGANISATION,
            issuer=URL,
            leeway=30,
            options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]},
        )
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error


def carried_out(claims: dict[str, Any]) -> Result:
    order = claims["order"]
    handler = HANDLERS.get((order["playbook"]["id"], order["playbook"]["step"]))
    if handler is None:
        return "refused", "This tool knows no such step.", {}
    if claims["exercise"] and EXERCISES != "run":
        return "refused", "An exercise: this tool touches nothing in it.", {}
    try:
        return handler(order)
    except Exception as error:  # whatever a handler comes to: the portal hears that it did not work
        return "failed", f"{type(error).__name__}: {error}"[:2000], {}


def work() -> int:
    """Take, verify, carry out and answer each order that waits; how many."""
    known, count = keys(), 0
    for listed in ask("GET", "/work-orders/?state=waiting")["results"]:
        path = f"/work-orders/{listed['id']}"
        try:
            taken = ask("POST", f"{path}/take/", {"minutes": LEASE_MINUTES})
        except urllib.error.HTTPError as error:
            if error.code == 409:  # another worker was quicker, or it was called off
                continue
            raise
        try:
            claims = verified(taken["order"], known)
            if claims["sub"] != listed["id"]:
                raise Refused("it is another order than the one that was asked for")
        except Refused as error:
            # Answer nothing: what came is not from the portal. Tell your people, and let the lease end.
            print(f"{listed['id']}: not carried out, {error}", file=sys.stderr)
            continue
        outcome, result, out_args = carried_out(claims)
        said = {"lease": taken["lease"], "outcome": outcome, "result": result, "out_args": out_args}
        answered = ask("POST", f"{path}/answer/", said)
        print(f"{listed['incident']} {listed['title']}: {outcome}, the task is {answered['task_status']}")
        count += 1
    return count


if __name__ == "__main__":
    if sys.argv[1:] == ["verify"]:  # a text on standard input: is it an order of ours?
        try:
            print(json.dumps(verified(sys.stdin.read().strip(), keys())["order"], indent=2))
        except Refused as refused:
            sys.exit(f"refused: {refused}")
    else:
        print(f"{work()} answered")
