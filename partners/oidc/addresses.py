"""Which addresses of a provider are taken at all."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, unquote, urlsplit

from partners.oidc.refusals import OidcRefused

LONGEST = 1024
# Directories that many organisations share the front door of. Behind these names stands no organisation, or everybody's
# private account, so that a token would say nothing about where its subject works.
# https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
MICROSOFT = (
    "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.microsoft.com",
    "login.windows.net", "sts.windows.net", "login.chinacloudapi.cn",
)  # fmt: skip
NOBODYS = {"common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad", ""}


def check_issuer(issuer: str, *, allow: Collection[str] = ()) -> None:
    """Refuse an issuer that is not one organisation's, or cannot be one (OpenID Connect Discovery 1.0, section 3)."""
    parts = check_address(issuer, what="issuer", allow=allow)
    if "?" in issuer:
        raise OidcRefused("issuer", "An issuer has no query.")
    if parts.netloc != parts.netloc.lower():
        raise OidcRefused("issuer", "An issuer's host is written in small letters.")


def check_address(address: object, *, what: str, allow: Collection[str] = ()) -> SplitResult:
    """Take an https address, or a plain http one whose exact `host:port` the operator has allowed.

    Whether the host may be asked at all (own network, loopback) is for the egress client to say.
    """
    if not isinstance(address, str) or not 0 < len(address) <= LONGEST:
        raise OidcRefused(what, f"The {what} is absent or too long.")
    if not address.isascii() or not address.isprintable() or any(each in address for each in ' "<>\\^`'):
        raise OidcRefused(what, f"The {what} holds a character that no address has.")
    if "{" in address or "}" in address or "%7b" in address.lower():
        raise OidcRefused(what, f"The {what} is a template, not the address of one organisation.")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise OidcRefused(what, f"The {what} is not an address.") from None
    if not parts.hostname or "@" in parts.netloc or "#" in address:
        raise OidcRefused(what, f"The {what} must have a host, and no name, password or fragment.")
    plain = parts.scheme == "http" and f"{parts.hostname}:{port or 80}" in allow
    if parts.scheme != "https" and not plain:
        raise OidcRefused(what, f"The {what} does not begin with https.")
    steps = unquote(parts.path).lower().strip("/").split("/")
    if {".", ".."}.intersection(steps):
        raise OidcRefused(what, f"The {what} goes back and forth in its path.")
    if parts.hostname.rstrip(".") in MICROSOFT and NOBODYS.intersection(steps[:1]):
        raise OidcRefused(what, f"The {what} is for every organisation: use the one with your own tenant's id.")
    return parts
