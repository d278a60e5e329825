"""Two texts beside each other, line by line, and values of a document as text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Line:
    """One line: gone, new, or as it was."""

    what: Literal["gone", "new", "same"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that says something else now. `lines` holds both, in the order of reading; empty lines are left out."""

    label: str
    lines: tuple[Line, ...]


MOST_LINES = 2_000  # of both texts; laying them beside each other takes the square of it


def change(label: str, before: str, after: str) -> Change:
    """What became of a text. Either may be empty. Of very long ones it is said that they differ, and no more."""
    was, now = _lines(before), _lines(after)
    if len(was) + len(now) > MOST_LINES:
        words = _("Too long to be laid side by side: %(was)s lines before, %(now)s lines now.")
        return Change(label, (Line("same", words % {"was": len(was), "now": len(now)}),))
    found: list[Line] = []
    for tag, start, end, begin, stop in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [Line("same", text) for text in was[start:end]]
            continue
        found += [Line("gone", text) for text in was[start:end]]
        found += [Line("new", text) for text in now[begin:stop]]
    return Change(label, tuple(found))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def said(value: Any, indent: str = "") -> str:
    """A value of a document as lines of text: no braces, no quotes, one fact a line; '' when there is none."""
    if value is None or value in ("", [], {}):
        return ""
    if value is True or value is False:
        return indent + (_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        return "\n".join(_pair(str(name), value[name], indent) for name in value)
    if isinstance(value, list):
        return "\n".join(said(each, indent) for each in value)
    return "\n".join(indent + line for line in str(value).splitlines())


def _pair(name: str, value: Any, indent: str) -> str:
    shown = name.strip("_").replace("_", " ")
    if isinstance(value, Mapping | list) and value:
        return f"{indent}{shown}:\n{said(value, indent + '  ')}"
    return f"{indent}{shown}: {said(value)}"
