"""What happened to statements, in words for the feed: that there is something, never what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Data = Mapping[str, Any]
Words = Callable[[Data, Mapping[str, str]], str]


def _to(form: str) -> Words:
    return lambda data, names: _(form) % {"name": names.get(data["organisation"], data["organisation"])}


FEED: dict[str, Words] = {
    "statement.written": lambda data, names: _("has written the draft of a statement"),
    "statement.changed": lambda data, names: _("has changed the text of a statement"),
    "statement.asked": _to("asked %(name)s to agree to a statement"),
    "statement.answered": lambda data, names: (
        _("agrees to a statement") if data["answer"] == "agrees" else _("objects to a statement")
    ),
    "statement.issued": lambda data, names: (
        _("has issued a statement, by a decision and not with everybody's agreement")
        if data["overridden"]
        else _("has issued a statement that everybody asked has agreed to")
    ),
    "statement.withdrawn": lambda data, names: _("has withdrawn a statement"),
    "statement.reminded": _to("%(name)s was reminded of a statement that it is to agree to"),
    "statement.overdue": _to("%(name)s has not answered about a statement in time: that is no agreement"),
}
