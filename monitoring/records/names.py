"""Names of accounts, machines and addresses, brought to one spelling; and what each of them hints at."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from monitoring.records.record import AccountKind, Hint, HintKind

REMEMBERED = 16_384  # names of each sort: a log says the same few again and again
LONGEST = 512  # letters; what is longer is no name
_SERVICE = re.compile(r"(?:svc|service)[-_.].*|.*(?:svc|[-_.]service)", re.ASCII)
_WITH_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.ASCII)
_DOMAIN_SID = re.compile(r"s-1-5-21-\d{1,10}-\d{1,10}-\d{1,10}", re.ASCII)
_ACCOUNT_SID = re.compile(r"(s-1-5-21-\d{1,10}-\d{1,10}-\d{1,10})-\d{1,10}", re.ASCII)
# What no name has and a forged one may: control signs, invisible ones, those that turn the direction, half a letter.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
NOTHING = frozenset({"", "-", "null", "(null)"})
DASH = frozenset({"", "-"})  # for logs that write nothing else for no name: an account may be called `null`


def word(value: object, *, nothing: frozenset[str] = NOTHING) -> str:
    """A name as text without surrounding space; '' for whatever is none: `-`, `null`, a list, too long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int):
        return str(value) if -(2**63) < value < 2**64 else ""
    text = value.strip()
    if not text.isprintable():
        text = _UNSEEN.sub("", " ".join(text.split())).strip()
    return "" if text.lower() in nothing or len(text) > LONGEST else text


def low(value: object) -> str:
    return word(value).lower()


@lru_cache(REMEMBERED)
def kind_of(name: str) -> AccountKind:
    """What the name alone says: `$` at the end is a machine's, `svc-` and the like a service's, all else a person's."""
    local = name.rpartition("\\")[2].partition("@")[0].lower()
    if local.endswith("$"):
        return AccountKind.MACHINE
    return AccountKind.SERVICE if _SERVICE.fullmatch(local) else AccountKind.PERSON


def split_account(name: str) -> tuple[str, str]:
    """`DOMAIN\\user`, `user@domain` or `user` as (user, domain or ''), both in small letters."""
    name = name.strip().lower()
    domain, back, user = name.rpartition("\\")
    if back:
        return user, domain
    user, at, domain = name.rpartition("@")
    return (user, domain) if at and user else (name.strip("@"), "")


@lru_cache(REMEMBERED)
def domain_hints(domain: str, *, dotted: HintKind = HintKind.DOMAIN) -> tuple[Hint, ...]:
    """A domain with a dot is a DNS or realm name, one without a NetBIOS name."""
    if not domain:
        return ()
    return (Hint(dotted if "." in domain else HintKind.NETBIOS, domain),)


def domain_sid(sid: str) -> str:
    """The domain's part of an account's security identifier in small letters; '' for a well-known one or none."""
    found = _ACCOUNT_SID.fullmatch(sid)
    return found[1] if found else sid if _DOMAIN_SID.fullmatch(sid) else ""


def is_account_sid(sid: str) -> bool:
    return _ACCOUNT_SID.fullmatch(sid) is not None


def host_of(name: object) -> str:
    """A machine's name in small letters, without `\\\\` before, or the computer account's `$` or a dot behind it."""
    text = low(name).lstrip("\\").rstrip(".")
    text = text.removesuffix("$")
    return text if text not in ("localhost", "127.0.0.1", "::1") else ""


@lru_cache(REMEMBERED)
def host_hints(host: str) -> tuple[Hint, ...]:
    """The domain in a machine's full name, then the machine itself."""
    if not host:
        return ()
    _, dot, rest = host.partition(".")
    named = Hint(HintKind.HOST, host)
    if dot and rest and not is_address(host):
        return (Hint(HintKind.REALM, rest), named)
    return (named,)


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def address(value: object) -> str:
    """An IP address in its one spelling; '' for `-`, a redaction, a name, the machine itself."""
    return _address(value) if isinstance(value, str) and len(value) <= 64 else ""


@lru_cache(REMEMBERED)
def _address(value: str) -> str:
    text = low(value).strip("[]").partition("%")[0]
    if found_port := _WITH_PORT.fullmatch(text):
        text = found_port[1]
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return "" if found.is_loopback or found.is_unspecified else str(found)


_RANK = {kind: rank for rank, kind in enumerate(HintKind)}


def unique(*hints: Hint) -> tuple[Hint, ...]:
    """The hints in the order of how much they tell, each once."""
    if len(hints) == 1:
        return hints if hints[0].value else ()
    return tuple(sorted(dict.fromkeys(hint for hint in hints if hint.value), key=lambda hint: _RANK[hint.kind]))
