"""Sending a browser to its organisation's provider, and checking what it brings back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from partners.oidc.metadata import Metadata
from partners.oidc.refusals import OidcRefused, ProviderSaidNo

LIFETIME = timedelta(minutes=10)
LONGEST_QUERY = 8192
MOST_PARAMETERS = 20
# Never in an answer to `response_type=code`: a token that came by the browser is nobody's word.
UNASKED = {"id_token", "access_token", "refresh_token", "response"}
ERROR_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz_")


@dataclass(frozen=True, slots=True)
class Flow:
    """What the portal keeps of a browser it has sent away. Used once; worthless to whoever reads it: no plain state.

    `browser_digest` is of a cookie that only this browser has, so that an answer cannot be given to another one.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    state_digest: bytes
    browser_digest: bytes
    nonce: str
    verifier: str
    begun_at: datetime
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, the secret to put into its cookie, and what to keep meanwhile."""

    url: str
    browser: str
    flow: Flow


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def begin(
    metadata: Metadata, *, client_id: str, redirect_uri: str, now: datetime, browser: str = "",
    max_age_seconds: int | None = None, acr_values: Collection[str] = (), prompt: str = "",
) -> Departure:  # fmt: skip
    """Make the address of one sign-in. `browser` is the cookie's secret when this browser has one already."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    browser = browser or secrets.token_urlsafe(32)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(digest_of(verifier)).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if max_age_seconds is not None:
        asked["max_age"] = str(max_age_seconds)
    if acr_values:
        asked["acr_values"] = " ".join(acr_values)
    if prompt:
        asked["prompt"] = prompt
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    flow = Flow(
        issuer=metadata.issuer,
        client_id=client_id,
        redirect_uri=redirect_uri,
        state_digest=digest_of(state),
        browser_digest=digest_of(browser),
        nonce=nonce,
        verifier=verifier,
        begun_at=now,
        max_age_seconds=max_age_seconds,
    )
    return Departure(f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}", browser, flow)


def read_callback(query: str) -> dict[str, str]:
    """The parameters of an answer, each at most once (RFC 6749, section 3.1)."""
    if len(query) > LONGEST_QUERY:
        raise OidcRefused("callback", "The answer is too long.")
    try:
        pairs: Sequence[tuple[str, str]] = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise OidcRefused("callback", "The answer cannot be read.") from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise OidcRefused("callback", "A parameter of the answer stands there twice.")
    if UNASKED & found.keys():
        raise OidcRefused("callback", "The answer brings a token, which nobody asked for.")
    return found


def check_callback(query: str, *, flow: Flow, browser: str, metadata: Metadata, now: datetime) -> str:
    """The code in an answer that belongs to this flow, this browser and this provider.

    The caller has made sure that the flow was not used before, and spends it whatever the outcome.

    Raises:
        ProviderSaidNo: a genuine answer, and it is an error.
        OidcRefused: anything else.
    """
    found = read_callback(query)
    if not hmac.compare_digest(digest_of(found.get("state", "")), flow.state_digest):
        raise OidcRefused("state", "The answer belongs to no sign-in that was begun here.")
    if not browser or not hmac.compare_digest(digest_of(browser), flow.browser_digest):
        raise OidcRefused("browser", "The answer came by another browser than the one that was sent away.")
    if not flow.begun_at <= now <= flow.begun_at + LIFETIME:
        raise OidcRefused("late", "The answer came too late.")
    if flow.issuer != metadata.issuer:
        raise OidcRefused("issuer", "The organisation has changed its provider meanwhile.")
    # Against mix-up (RFC 9207): an answer that names its issuer must name ours, one that should and does not is none.
    if found.get("iss", "" if metadata.names_itself else metadata.issuer) != metadata.issuer:
        raise OidcRefused("iss", "The answer does not come from the provider that the browser was sent to.")
    if "error" in found:
        error = found["error"]
        raise ProviderSaidNo(error if len(error) <= 64 and ERROR_LETTERS.issuperset(error) else "unreadable")
    code = found.get("code", "")
    if not 0 < len(code) <= 4096 or not code.isascii() or not code.isprintable():
        raise OidcRefused("code", "The answer holds no code.")
    return code
