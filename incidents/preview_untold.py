"""What the preview says of organisations that are left untold: the tick with its reason, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from incidents.fanout import Joining


def choice_of(each: Joining, *, ticked: bool, typed: str, problem: bool) -> dict[str, Any] | None:
    """What the row of one organisation in reach offers; None for the lead, who knows."""
    if each.role == "lead":
        return None
    return {
        "ticked": ticked,
        "because": typed,
        "means": meaning(each),
        "error": problem_of(ticked, typed, each.name) if problem else "",
    }


def problem_of(ticked: bool, typed: str, name: str) -> str:
    """Why the two do not fit together; "" when they do."""
    if ticked == bool(typed):
        return ""
    words = (
        _("Say why %(name)s is not told.") if ticked else _("Tick that %(name)s is not told, or take the reason out.")
    )
    return words % {"name": name}


def meaning(each: Joining) -> str:
    """In plain words, what leaving this one untold leaves undone."""
    if each.exposure == "confirmed":
        said = _("The intruder was seen there: nobody there is asked to stop what is going on.")
    elif each.is_provider:
        said = _("It runs what is attacked: nobody does its steps until it is told.")
    elif each.exposure == "direct":
        said = _("It uses what is attacked: its people go on using it, and nobody there contains anything.")
    else:
        said = _("The intruder could reach it: nobody there closes the way or looks for traces.")
    return said + " " + _("It can be told at any time afterwards.")


def effects_of(untold: Sequence[Joining], *, why: Callable[[str], str], by: str) -> list[str]:
    """What pressing the button does to them, in sentences. `why`: the reason typed for a slug; `by`: who decides."""
    if not untold:
        return []
    return [
        *(
            _("%(name)s is not told, because: %(why)s") % {"name": each.name, "why": why(each.slug)}
            if why(each.slug)
            else _("%(name)s is not told: say why.") % {"name": each.name}
            for each in untold
        ),
        _(
            "Whoever is not told gets no message, no steps, and nothing of the incident to see, until you tell it."
            " Lead, deputy lead and provider read that %(by)s decided it."
        )
        % {"by": by},
    ]
