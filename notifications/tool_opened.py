"""What a message says of an incident that a tool opened and no person has looked at: who opened it, in every one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Incident
from incidents.openers import opener_words
from notifications.own_words import ONE_TEXT, septets

# From the whole sentence to what is left when the name is long: none sends anybody to a link.
HOW = (
    lazy("Open the app or type the address on your card; never sign in from a link."),
    lazy("Open the app or type your card's address; never sign in from a link."),
    lazy("Open the app; never sign in from a link."),
    lazy("Open the app, never a link."),
)


@dataclass(frozen=True, slots=True)
class Opener:
    """Whose tool it was, by name, and of which kind (`Incident.Tool`)."""

    tool_of: str
    tool_kind: str

    @property
    def sentence(self) -> str:
        """For a message with room for it."""
        return _("It was opened %(opener)s.") % {"opener": opener_words(self.tool_of, self.tool_kind)}

    def forms(self) -> Iterator[str]:
        """For a text message, the one with a name first."""
        yield opener_words(self.tool_of, self.tool_kind, brief=True)
        yield opener_words("", self.tool_kind)


def opener_of(incident_id: UUID) -> Opener | None:
    """Who opened an incident that the reader sees; None when a person has looked. One query."""
    found = Incident.objects.filter(pk=incident_id, looked_at=None).exclude(tool_kind="").only("tool_of", "tool_kind")
    return next((Opener(each.tool_of, each.tool_kind) for each in found), None)


def text_message(
    short: str, opener: Opener, about: dict[str, str], *, opens: bool, replies: bool, word: str
) -> tuple[str, str]:
    """First sentence and what to do, in the longest form that is one text message.

    `opens`: it tells of the incident for the first time, and `short` gives way. `word` will stand in front.
    """
    forms = [
        (_first(about | {"opener": form}, replies=replies) if opens else _beside(short, form), str(how))
        for form in opener.forms()
        for how in HOW
    ]
    return next((form for form in forms if _fits(f"{word}{form[0]} {form[1]}")), forms[-1])


def _fits(text: str) -> bool:
    taken = septets(text)
    return taken is not None and taken <= ONE_TEXT


def _first(about: dict[str, str], *, replies: bool) -> str:
    if replies:
        return _("%(reference)s %(opener)s. Reply %(code)s to accept.") % about
    return _("%(reference)s %(opener)s. Code %(code)s.") % about


def _beside(short: str, form: str) -> str:
    return f"{short.removesuffix('.')} ({form})."
