"""What the reader of one tool's payload gives: the alerts of a body, and each of them in the portal's words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from incidents.errors import Fault, Invalid

Document = Mapping[str, Any]
MOST = 100  # alerts in one body
MOST_NAMES = 50  # accounts or hosts of one alert
LONGEST_LINK = 2000


@dataclass(frozen=True, slots=True)
class Reading:
    """One alert as its tool means it. `severity` is the tool's own word, in small letters.

    `key` is the tool's mark of this alarm: the same when it comes again, and when the tool says that it is over.
    """

    title: str
    severity: str = ""
    accounts: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    reference: str = ""
    link: str = ""
    key: str = ""
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool whose alerts are read without a rule's help.

    `kind` is what messages call it (`Incident.Tool`). `split` takes a body apart and raises `Invalid` with pointers
    when it is none of this tool's; `read` reads one of those parts. `severities`: the tool's words, 1 worst to 6.
    """

    slug: str
    name: str
    kind: str
    split: Callable[[Document], list[dict[str, Any]]]
    read: Callable[[Document], Reading]
    severities: Mapping[str, int] = field(default_factory=dict)


def refuse(pointer: str, detail: str) -> Invalid:
    return Invalid([Fault(pointer, detail)])


def listed(body: Document, name: str) -> list[dict[str, Any]]:
    """The objects in a list of the body.

    Raises:
        Invalid: it is no list of 1 to `MOST` objects with something in them.
    """
    found = body.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise refuse(f"/{name}", f"A list of 1 to {MOST} alerts.")
    faults = [
        Fault(f"/{name}/{nth}", "An alert is an object with at least one field.")
        for nth, each in enumerate(found)
        if not isinstance(each, dict) or not each
    ]
    if faults:
        raise Invalid(faults)
    return found


def at(document: Any, *path: str) -> Any:
    """The value under these names, or None."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def word(*found: Any) -> str:
    """The first that is a text or a number, in one line; '' when none is."""
    for each in found:
        if isinstance(each, str) and each.strip():
            return " ".join(each.split())
        if isinstance(each, int | float) and not isinstance(each, bool):
            return str(each)
    return ""


def number(found: Any) -> int:
    """A whole number, or 0, which in these payloads means unknown."""
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def objects(found: Any) -> Iterator[Mapping[str, Any]]:
    """The objects in a list, or the one object that stands where a list could."""
    for each in found if isinstance(found, list) else [found]:
        if isinstance(each, Mapping):
            yield each


def names(found: Iterator[str] | list[str]) -> tuple[str, ...]:
    """Without what is empty and without repeats, in their order."""
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_NAMES]


def link(*found: Any) -> str:
    """The first that is a web address; nothing else ever becomes a link on a page."""
    addresses = (word(each) for each in found)
    return next(
        (each for each in addresses if each.startswith(("https://", "http://")) and len(each) < LONGEST_LINK), ""
    )


def with_realm(name: str, realm: str) -> str:
    """`name@realm` in the form in which the register knows accounts."""
    return name if not name or "@" in name or not realm else f"{name}@{realm}"
