"""B24: what every answer carries, and what no page holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFUSED_FEATURES = ("camera=()", "microphone=()", "geolocation=()", "usb=()", "payment=()")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self' ws://localhost:8001",
    "font-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "trusted-types": "default",
    "require-trusted-types-for": "'script'",
}
# What somebody else sent is never shown, only saved.
DOWNLOAD = {"sandbox": "", "default-src": "'none'"}
ADDRESSES = {"src", "href", "action", "formaction", "srcset", "poster", "data", "hx-get", "hx-post", "data-refresh-url"}
OUTSIDE = {"d3fend.mitre.org"}  # a text link alone may leave, and only without a referrer


def check_answer(response: Any) -> None:
    """Every header, on refusals as on pages, and a page without anything inline or foreign."""
    where = f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']} ({response.status_code})"
    for name, value in HEADERS.items():
        assert response.headers.get(name) == value, f"{where}: {name}: {response.headers.get(name)}"
    assert "no-store" in response.headers.get("Cache-Control", ""), f"{where}: Cache-Control"
    for feature in REFUSED_FEATURES:
        assert feature in response.headers.get("Permissions-Policy", ""), f"{where}: Permissions-Policy"
    parts = [part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";")]
    policy = {name: value for name, _, value in parts}
    assert policy == (DOWNLOAD if "sandbox" in policy else POLICY), where
    if "sandbox" in policy:
        assert response.headers["Content-Disposition"].startswith("attachment; filename"), where
    if response.headers.get("Content-Type", "").startswith("text/html"):
        faults = faults_of_page(response.content.decode())
        assert faults == [], f"{where}: {faults}"


def faults_of_page(html: str) -> list[str]:
    """Inline scripts and styles, and addresses of other hosts."""
    reader = _Reader()
    reader.feed(html)
    return reader.faults


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "style" or "style" in given:
            self.faults.append(f"inline style at <{tag}>")
        if tag == "script" and "src" not in given:
            self.faults.append("inline script")
        if tag in {"iframe", "object", "embed", "base"}:
            self.faults.append(f"<{tag}>")
        self.faults += [f"{name} at <{tag}>" for name in given if name.startswith("on")]
        for name in ADDRESSES & given.keys():
            self._check_address(tag, name, given)

    def _check_address(self, tag: str, name: str, given: dict[str, str]) -> None:
        address = given[name].strip()
        if re.match(r"(?i)(javascript|vbscript|data):", address):
            self.faults.append(f"{name}={address[:40]}")
        host = urlsplit(address).hostname
        if host is None:
            return
        leaves = tag == "a" and name == "href" and host in OUTSIDE and "noreferrer" in given.get("rel", "").split()
        if not leaves:
            self.faults.append(f"{name} of <{tag}> leads to {host}")
