"""The pages of one incident: those that stand beside its board in one line (RULES 2), and those behind *More*.

A page of an incident that the first hour does not need goes to `_behind`, with a sentence that says what it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom. `own_slug`: of a partner, who sees why it takes part instead of how far it all reaches; None for
    whoever oversees. `manages`: may answer for its organisation. `to_read`: notices of data that wait for it;
    `to_answer`: statements that wait for it; `cuts`: planned cuts that wait for its word; `reviews`: its decisions that
    are due for review."""

    own_slug: str | None
    manages: bool
    to_read: int = 0
    to_answer: int = 0
    cuts: int = 0
    reviews: int = 0


def tabs_of(incident: Incident, reader: Reader) -> list[dict[str, Any]]:
    """The line of pages beside the board: dicts of words, href and current."""
    pages: list[tuple[str, str, list[str]]] = [("incident-board", _("Board"), [])]
    if reader.own_slug:
        pages.append(("incident-participant", _("Why we are in it"), [reader.own_slug]))
    else:
        pages.append(("incident-radius", _("How far"), []))
    pages.append(("incident-brief", _("Brief"), []))
    pages.append(("incident-duties", _("Duties"), []))
    data = _("Data: %(n)s to read") % {"n": reader.to_read} if reader.to_read else _("Data")
    pages.append(("incident-data", data, []))
    pages.append(("incident-deliveries", _("Deliveries"), []))
    if incident.exercise and incident.status == Incident.Status.CLOSED:
        pages.append(("exercise-score", _("Score"), []))
    pages.append(("incident-more", _more(reader), []))
    return [
        {"words": words, "href": reverse(name, args=[incident.reference, *more]), "current": name == "incident-board"}
        for name, words, more in pages
    ]


def _more(reader: Reader) -> str:
    """What stands behind it and waits is counted in its name: nobody opens it by chance."""
    to_answer = reader.to_answer + reader.cuts
    if reader.reviews:
        return _("More: %(n)s waiting") % {"n": to_answer + reader.reviews}
    return _("More: %(n)s to answer") % {"n": to_answer} if to_answer else _("More")


def _counted(words: str, count: int, waiting: str) -> str:
    return f"{words}: {waiting % {'n': count}}" if count else words


def more_of(incident: Incident, reader: Reader) -> list[dict[str, str]]:
    """The pages behind *More*: dicts of words, href and about."""
    return [
        {"words": words, "href": reverse(name, args=[incident.reference]), "about": about}
        for name, words, about in _behind(incident, reader)
    ] + (
        [{"words": _("Guests"), "href": reverse("guest-list"), "about": _("People outside who may see a part of it.")}]
        if reader.manages
        else []
    )


def _behind(incident: Incident, reader: Reader) -> list[tuple[str, str, str]]:
    pages = [
        (
            "incident-known",
            _("Known, believed, not known"),
            _("Three short lists of the lead's, which head every update."),
        ),
        (
            "incident-decisions",
            _counted(_("Decision log"), reader.reviews, _("%(n)s to review")),
            _("What was decided, by whom, on what was known; and when to look again."),
        ),
        (
            "incident-own-actions",
            _("Done without being asked"),
            _("What organisations did by themselves, before a task asked for it."),
        ),
        (
            "incident-statements",
            _counted(_("Statements"), reader.to_answer, _("%(n)s to answer")),
            _("Words for press, staff and residents, and who agrees to them."),
        ),
        ("incident-services", _("Our services"), _("What works and what does not, said in two taps.")),
        ("incident-situation", _("Situation report"), _("M/ETHANE: seven answers, as text to copy.")),
        ("incident-costs", _("Cost diary"), _("Hours and invoices; nobody else ever reads it.")),
        (
            "incident-cuts",
            _counted(_("Planned cuts"), reader.cuts, _("%(n)s to answer")),
            _("What is to be cut, whom it stops something for, who agrees."),
        ),
        ("incident-told", _("Who has told whom"), _("Reports to the regulator, the national centre, the police.")),
        ("incident-campaign", _("Campaign"), _("Other incidents that look like the work of the same intruder.")),
        ("incident-techniques", _("Techniques"), _("What the intruder does, who saw it, and what covers it.")),
    ]
    if not reader.own_slug:
        pages.append(("incident-mail", _("Mail"), _("Whose mail is not to be trusted, and asking for that.")))
    if reader.manages:
        pages.append(("incident-export", _("Download"), _("What you may see of it, as JSON or for a spreadsheet.")))
    if reader.manages and incident.status != Incident.Status.CLOSED:
        pages.append(("incident-displays", _("Wall screens"), _("A screen on the wall that shows the board alone.")))
    return pages
