"""Stand-ins for incoming webhooks of Slack and Teams and for a push service, written from their public contracts.

    /slack/NAME   a Slack channel: 200 `ok`; `invalid_payload`, 403, 404 and 410 as Slack says them
    /teams/NAME   a Teams Workflow: 202 for an Adaptive Card in a message's envelope, 413 above 28 KB
    /push/NAME    a browser at a push service (RFC 8030, 8291, 8292): 201 with a Location

The push service checks the token and its audience, and the browser behind it decrypts with its own keys, so that what a
test reads was not read by the code that wrote it. The keys of a browser follow from its name.

Sources: Slack, "Sending messages using incoming webhooks" and the changelog of 17 May 2016; Microsoft, "Create incoming
webhooks with Workflows for Microsoft Teams"; the three RFCs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.faulty import Answer, Faulty

KEPT = 5_000
TEAMS_MOST_BYTES = 28 * 1024
PUSH_MOST_BYTES = 4096  # RFC 8030 7.2
LONGEST_TOKEN_SECONDS = 24 * 3600  # RFC 8292 2
CURVE = ec.SECP256R1()
CARD = "application/vnd.microsoft.card.adaptive"
URGENCIES = {"very-low", "low", "normal", "high"}


@dataclass(frozen=True, slots=True)
class Posted:
    """One message that was taken. `text` is all that a reader sees; `headers` are those that mean something here."""

    path: str
    text: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class ChatStandIn(Faulty):
    """`public_key` is the portal's for push (base64url), '' for any; `told` is called with each message taken."""

    public_key: str = ""
    told: Callable[[Posted], None] | None = None
    received: deque[Posted] = field(default_factory=lambda: deque(maxlen=KEPT))
    subscribed: dict[str, Browser] = field(default_factory=dict)

    def to(self, path: str) -> list[Posted]:
        """What was taken at one path, in the order of coming."""
        with self.lock:
            return [each for each in self.received if each.path == path]

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        service = path.split("/")[1]
        if service == "slack":
            return self._slack(path, body)
        if service == "teams":
            return self._teams(path, body)
        if service == "push":
            return self._push(path, headers, body)
        return 404, {}, b""

    def refuse(self, status: int) -> Answer:
        """Slack says in a word what it is; the others' statuses speak for themselves."""
        words = {
            400: b"invalid_payload", 403: b"action_prohibited", 404: b"channel_not_found", 410: b"channel_is_archived",
            500: b"rollup_error",
        }  # fmt: skip
        _, headers, _ = super().refuse(status)
        return status, headers, words.get(status, b"")

    def _keep(self, posted: Posted) -> None:
        with self.lock:
            self.received.append(posted)
        if self.told is not None:
            self.told(posted)

    def _slack(self, path: str, body: bytes) -> Answer:
        said = _json(body)
        if said is None or not isinstance(said.get("text"), str):
            self.count(path, "not a message")
            return 400, {}, b"invalid_payload"
        self._keep(Posted(path, said["text"], said, {}))
        return 200, {}, b"ok"

    def _teams(self, path: str, body: bytes) -> Answer:
        if len(body) > TEAMS_MOST_BYTES:
            self.count(path, "too large")
            return 413, {}, b""
        said = _json(body)
        card = _card_in(said)
        if card is None:
            self.count(path, "not a message")
            return 400, {}, b""
        self._keep(Posted(path, "\n".join(str(each["text"]) for each in card["body"]), card, {}))
        return 202, {}, b""

    def _push(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        wrong = self._token_wrong(headers)
        if wrong:
            self.count(path, wrong)
            return 401 if wrong == "no token" else 403, {}, b""
        if len(body) > PUSH_MOST_BYTES:
            return 413, {}, b""
        if not str(headers.get("TTL", "")).isdecimal() or headers.get("Urgency", "normal") not in URGENCIES:
            self.count(path, "not a message")
            return 400, {}, b""
        browser = self.subscribed.get(path) or Browser.of(path)
        try:
            said = _json(browser.decrypt(body, str(headers.get("Content-Encoding", ""))))
        except (InvalidTag, ValueError):
            said = None
        if said is None:
            self.count(path, "not decrypted")
            return 400, {}, b""
        named = {name: str(headers[name]) for name in ("TTL", "Urgency", "Topic") if headers.get(name)}
        self._keep(Posted(path, f"{said.get('title', '')}\n{said.get('body', '')}".strip(), said, named))
        return 201, {"Location": f"/message/{uuid.uuid4()}"}, b""

    def _token_wrong(self, headers: Mapping[str, str]) -> str:
        """What is wrong with the token (RFC 8292), or ''."""
        scheme, _, parameters = str(headers.get("Authorization", "")).partition(" ")
        given = dict(each.strip().partition("=")[::2] for each in parameters.split(","))
        if scheme.lower() != "vapid" or not {"t", "k"} <= given.keys():
            return "no token"
        if self.public_key and given["k"] != self.public_key:
            return "another key"
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _bytes(given["k"]))
            audience = f"http://{headers.get('Host', '')}"
            claims = jwt.decode(given["t"], key, algorithms=["ES256"], audience=audience, options={"require": ["exp"]})
        except jwt.InvalidAudienceError:
            return "another audience"
        except (jwt.InvalidTokenError, ValueError):
            return "not signed"
        if claims["exp"] > time.time() + LONGEST_TOKEN_SECONDS:
            return "too long"
        return "" if urlsplit(str(claims.get("sub", ""))).scheme in {"mailto", "https"} else "no subject"


@dataclass(frozen=True)
class Browser:
    """A browser's half of a subscription: what it keeps to read what is sent to it."""

    key: ec.EllipticCurvePrivateKey
    secret: bytes

    @classmethod
    def of(cls, path: str) -> Browser:
        seed = hashlib.sha256(f"a browser of the demonstration: {path}".encode()).digest()
        return cls(ec.derive_private_key(int.from_bytes(seed, "big") >> 8 | 1, CURVE), seed[:16])

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> dict[str, str]:
        """As `PushSubscription.toJSON()` gives it, in one level."""
        return {"endpoint": endpoint, "p256dh": _text(self.public), "auth": _text(self.secret)}

    def decrypt(self, body: bytes, encoding: str) -> bytes:
        """Read one message: RFC 8291 3.4 over RFC 8188, whose whole content is one record.

        Raises:
            ValueError, InvalidTag: it was not made for this browser.
        """
        if encoding != "aes128gcm" or len(body) < 21:
            raise ValueError("not aes128gcm")
        salt, length = body[:16], body[20]
        sender, content = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender))
        material = _derive(self.secret, b"WebPush: info\0" + self.public + sender, 32, shared)
        key = _derive(salt, b"Content-Encoding: aes128gcm\0", 16, material)
        nonce = _derive(salt, b"Content-Encoding: nonce\0", 12, material)
        plain = AESGCM(key).decrypt(nonce, content, None).rstrip(b"\0")
        if plain[-1:] != b"\x02":
            raise ValueError("not the last record")
        return plain[:-1]


def _derive(salt: bytes, info: bytes, length: int, material: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)


def _card_in(said: dict[str, Any] | None) -> dict[str, Any] | None:
    """The Adaptive Card of a message's envelope, whose body is all text; None when there is none."""
    match said:
        case {
            "type": "message",
            "attachments": [
                {
                    "contentType": content,
                    "content": {"type": "AdaptiveCard", "version": str(), "body": list(body)} as card,
                }
            ],
        } if content == CARD and all(each.get("type") == "TextBlock" and each.get("text") for each in body):
            return card
    return None


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
