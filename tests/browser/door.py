"""A person with a device at the door of the running product: Chromium with a virtual authenticator, watched."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from uuid import uuid4

import psycopg

from partners.totp import code_of
from tests.browser.looking import AXE, DESKTOP, PHONE, SEEN, SHOTS, SMALLEST, Window, axe_source
from tests.running import Running

DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def enrolment_path(product: Running, name: str) -> str:
    """What an administrator hands over: a link to set up a first passkey."""
    token = secrets.token_urlsafe(32)
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO partners_signinlink (id, person_id, digest, expires_at, purpose)"
            " SELECT %s, id, %s, now() + interval '1 hour', 'enrolment' FROM partners_person WHERE name = %s",
            [uuid4(), hashlib.sha256(token.encode()).digest(), name],
        )
    return f"/sign-in/link/{token}/"


class Door(Window):
    """One browser of one person; `device()` gives it an authenticator, `look(name)` says what is wrong with a page."""

    def __init__(self, browser: Any, product: Running, *, scripts: bool = True) -> None:
        shape = DESKTOP if scripts else {**DESKTOP, "java_script_enabled": False}
        super().__init__(browser, product, shape)
        self.device_id = ""

    def device(self) -> None:
        self.speaker.send("WebAuthn.enable")
        added = self.speaker.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        self.device_id = added["authenticatorId"]

    def forget_passkeys(self) -> None:
        self.speaker.send("WebAuthn.clearCredentials", {"authenticatorId": self.device_id})

    def unverified(self) -> None:
        """The device can no longer tell whose finger it is."""
        self.speaker.send("WebAuthn.setUserVerified", {"authenticatorId": self.device_id, "isUserVerified": False})

    def go(self, path: str) -> None:
        self.page.goto(self.product.url + path)

    def press(self, words: str) -> None:
        self.press_on(self.page.get_by_role("button", name=words, exact=True).first)

    def follow(self, words: str) -> None:
        self.press_on(self.page.get_by_role("link", name=words).first)

    def arrives(self, path: str) -> None:
        self.page.wait_for_url(f"{self.product.url}{path}")

    def words(self) -> str:
        self.page.wait_for_load_state()
        return str(self.page.locator("main").inner_text())

    def enter_by_link(self, name: str) -> None:
        self.go(enrolment_path(self.product, name))
        self.press_on(self.page.locator("main form button"))
        self.arrives("/account/")

    def enrol(self, name: str) -> None:
        """From the link to the account: a passkey, its name, ten recovery codes."""
        self.enter_by_link(name)
        self.press("Set up a passkey")
        self.arrives("/account/ways/**")
        self.page.get_by_label("Nothing that we share").check()
        self.press("Keep, and go on to your recovery codes")
        self.arrives("/account/recovery-codes/")

    def look(self, name: str) -> list[str]:
        """What a reader of this page would stumble over, at desk and phone; with a picture of each."""
        found: list[str] = []
        self.page.wait_for_load_state()
        for shape, size in (("desktop", DESKTOP["viewport"]), ("phone", PHONE["viewport"]), ("", SMALLEST)):
            self.page.set_viewport_size(size)
            seen = self.say(SEEN)
            found += [f"{size['width']}: too small: {each}" for each in seen["small"]]
            found += [f"{size['width']}: {seen['wide']} too wide: {seen['widest']}"] if seen["wide"] > 0 else []
            if shape:
                SHOTS.mkdir(parents=True, exist_ok=True)
                self.page.screenshot(path=str(SHOTS / f"{name}-{shape}.png"), full_page=True)
        self.page.set_viewport_size(DESKTOP["viewport"])
        self.say(axe_source())
        found += self.say(AXE) + self.errors
        return [f"{name}: {each}" for each in found]


def code_now(secret: str, *, later: int = 0) -> str:
    """What an app shows that was given this secret by hand."""
    text = "".join(secret.split())
    seed = base64.b32decode(text + "=" * (-len(text) % 8))
    return code_of(seed, int(time.time()) // 30 + later)
