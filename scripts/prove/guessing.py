"""B20: thousands of guesses at every way in, against a real database, and then the owner signs in by passkey.

Wants Django set up as a serving process, over a database that holds the demonstration partnership and may be spoilt.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from django.test import Client

from partners.models import Authenticator, Credential, Person, SignInLink
from partners.people import make_sign_in_link
from partners.recovery import make_codes
from partners.totp import new_seed, seal_seed
from portal import clock
from portal.tenancy.scope import at_the_door
from tests.partners.soft_passkey import SoftPasskey

VICTIM = "priya.nair@ashbourne.example"
PASSWORD = "the right one, which only its owner knows"
PAGE = "/sign-in/ashbourne/"
HERE = "198.51.100.1"


def run(attempts: int = 10_000) -> dict[str, Any]:
    """Guess so often, spread over seven ways, and say what came of it.

    `accepted` must be 0. `looked_at` counts by way the guesses that were compared with anything: of the owner's
    password and code at most 5 each in a quarter of an hour. The others were `slowed`: answered unseen.
    `owner_signed_in` tells whether the owner's passkey still works, at once and from an address that was used to guess.
    `longest` is the slowest answer in seconds.
    """
    owner = _arrange()
    ways = [
        _password_from_one_address,
        _password_from_everywhere,
        _people_who_do_not_exist,
        _code_with_the_right_password,
        _recovery_code,
        _link,
        _passkey,
    ]
    guessers = {way.__name__.strip("_"): way() for way in ways}
    looked_at: Counter[str] = Counter()
    accepted = slowed = 0
    longest, began = 0.0, time.monotonic()
    for name in _spread(guessers, attempts):
        at = time.monotonic()
        said = next(guessers[name])
        longest = max(longest, time.monotonic() - at)
        accepted += said == "in"
        slowed += said == "slowed"
        looked_at[name] += said != "slowed"
    return {
        "attempts": attempts,
        "accepted": accepted,
        "slowed": slowed,
        "looked_at": dict(looked_at),
        "owner_signed_in": _by_passkey(owner, HERE),
        "seconds": round(time.monotonic() - began, 1),
        "longest": round(longest, 3),
    }


def _spread(guessers: dict[str, Any], attempts: int) -> Iterator[str]:
    names = cycle(guessers)
    for _ in range(attempts):
        yield next(names)


def _arrange() -> SoftPasskey:
    """Somebody with a passkey, a password, an app and recovery codes: every way that could be guessed."""
    with at_the_door():
        person = Person.objects.get(email=VICTIM)
        link = make_sign_in_link(person, SignInLink.Purpose.ENROLMENT)
        Credential.of(person).set(PASSWORD)
        app = Authenticator(organisation_id=person.organisation_id, person=person, kind="totp", label="App")
        app.created_at, app.secret = clock.now(), seal_seed(new_seed(), person=person, row_id=app.pk)
        app.save()
        make_codes(person)
    passkey, browser = SoftPasskey(), _browser("192.0.2.1")
    browser.post(link)
    asked = _json(browser, "/account/passkeys/options/").json()["publicKey"]
    made = _json(browser, "/account/passkeys/", {"passkey": passkey.make(asked)})
    if made.status_code != 200:
        raise RuntimeError("the owner's passkey could not be arranged")
    return passkey


def _browser(address: str) -> Client:
    return Client(SERVER_NAME="localhost", REMOTE_ADDR=address)


def _json(browser: Client, path: str, body: Any = None) -> Any:
    return browser.post(path, body or {}, content_type="application/json")


def _by_passkey(passkey: SoftPasskey, address: str) -> bool:
    browser = _browser(address)
    asked = _json(browser, "/sign-in/passkey/options/")
    if asked.status_code != 200:
        return False
    used = passkey.use(asked.json()["publicKey"])
    said = _json(browser, "/sign-in/passkey/", {"passkey": used})
    return said.status_code == 200 and browser.get("/my-tasks/").status_code == 200


def _addresses() -> Iterator[str]:
    """Another one for each guess, as whoever rents a million machines has them."""
    number = 0
    while True:
        number += 1
        yield f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@contextmanager
def _no_way_in(browser: Client) -> Iterator[None]:
    yield
    if browser.get("/my-tasks/").status_code == 200:
        raise RuntimeError("a guess opened a page")


def _judge(browser: Client, said: Any) -> str:
    """`in` when a session began, whatever it reaches; `slowed` when nothing was compared, or `no`."""
    if said.status_code == 302 and said["Location"] in {"/", "/account/"}:
        return "in"
    if said.status_code in {302, 429}:  # 302: there is no password that a code could belong to
        return "slowed"
    with _no_way_in(browser):
        return "no"


def _password_and_code(browser: Client, email: str, password: str) -> str:
    said = browser.post(PAGE, {"email": email, "password": password})
    if said.status_code == 429:
        return "slowed"
    return _judge(browser, browser.post(f"{PAGE}code/", {"code": _digits()}))


def _digits() -> str:
    return f"{secrets.randbelow(10**6):06}"


def _passwords(address: Callable[[], str], email: Callable[[], str]) -> Iterator[str]:
    while True:
        yield _password_and_code(_browser(address()), email(), secrets.token_urlsafe(9))


def _password_from_one_address() -> Iterator[str]:
    return _passwords(lambda: "203.0.113.9", lambda: VICTIM)


def _password_from_everywhere() -> Iterator[str]:
    addresses = _addresses()
    return _passwords(lambda: next(addresses), lambda: VICTIM)


def _people_who_do_not_exist() -> Iterator[str]:
    addresses = _addresses()
    return _passwords(lambda: next(addresses), lambda: f"{secrets.token_hex(4)}@ashbourne.example")


def _code_with_the_right_password() -> Iterator[str]:
    """The worst: the password is known, and codes are tried in the session that it opened, from everywhere."""
    addresses, browser = _addresses(), _browser("203.0.113.77")
    while True:
        said = browser.post(f"{PAGE}code/", {"code": _digits()}, REMOTE_ADDR=next(addresses))
        if said.status_code == 302 and said["Location"] == PAGE:  # not typed yet, or too long ago
            browser.post(PAGE, {"email": VICTIM, "password": PASSWORD}, REMOTE_ADDR=next(addresses))
            said = browser.post(f"{PAGE}code/", {"code": _digits()}, REMOTE_ADDR=next(addresses))
        yield _judge(browser, said)


def _recovery_code() -> Iterator[str]:
    addresses = _addresses()
    while True:
        browser = _browser(next(addresses))
        code = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(24))
        yield _judge(browser, browser.post(f"{PAGE}recovery/", {"email": VICTIM, "code": code}))


def _link() -> Iterator[str]:
    browser = _browser("203.0.113.10")
    while True:
        yield _judge(browser, browser.post(f"/sign-in/link/{secrets.token_urlsafe(32)}/"))


def _passkey() -> Iterator[str]:
    """A key of one's own under the owner's name, from the very address that the owner will use: under the limit."""
    with at_the_door():
        row = Authenticator.objects.get(person__email=VICTIM, kind="passkey")
    known = {"credential_id": bytes(row.credential_id or b""), "user_handle": row.person_id.bytes}
    forged = SoftPasskey(**known)  # type: ignore[arg-type]
    tries = 0
    while True:
        tries += 1
        browser = _browser(HERE if tries <= 100 else "203.0.113.11")
        asked = _json(browser, "/sign-in/passkey/options/")
        if asked.status_code == 429:
            yield "slowed"
            continue
        used = forged.use(asked.json()["publicKey"])
        said = _json(browser, "/sign-in/passkey/", {"passkey": used})
        yield "in" if said.status_code == 200 else _judge(browser, said)
