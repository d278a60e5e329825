"""Which part of what happened a reader wants to see. Each choice is an address of its own (`?feed=tasks`)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as lazy

WORDS = {
    "": lazy("All"),
    "tasks": lazy("Tasks"),
    "words": lazy("Words"),
    "deliveries": lazy("Deliveries"),
    "mine": lazy("Ours"),
}
# By the first part of the kind, but for those kinds that say something else than their first part does.
SUBJECTS = {
    "tasks": ("task", "tasks", "own_action", "work_order", "cut"),
    "words": (
        "update",
        "headsup",
        "decision",
        "known_card",
        "statement",
        "technique",
        "answer",
        "service",
        "situation_report",
    ),
    "deliveries": ("organisation", "call", "delivery", "ladder", "mail"),
}
APART = {
    "incident.decided": "words",
    "organisation.isolated": "",
    "organisation.reconnected": "",
    "update.asked": "words",
}


def choice(asked: str) -> str:
    """What was asked for; everything when there is no such part."""
    return asked if asked in WORDS else ""


def kinds_of(part: str, kinds: list[str]) -> list[str]:
    """Those of these kinds that belong to a part."""
    subjects = SUBJECTS.get(part)
    if subjects is None:
        return kinds
    return [kind for kind in kinds if (APART[kind] if kind in APART else _part(kind)) == part]


def _part(kind: str) -> str:
    subject = kind.partition(".")[0]
    return next((part for part, subjects in SUBJECTS.items() if subject in subjects), "")


def links(part: str, *, address: str) -> list[dict[str, Any]]:
    """`{"words", "href", "current"}` of each choice."""
    return [
        {"words": str(words), "href": f"{address}?feed={key}" if key else address, "current": key == part}
        for key, words in WORDS.items()
    ]
