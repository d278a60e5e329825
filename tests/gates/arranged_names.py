"""Who is in which of the arranged incidents, and the words by which they are known. See `arranged`."""

from __future__ import annotations

ORGANISATIONS = ("ashbourne", "brackenfield", "coldharbour", "dunmere", "gravenhurst", "northgate")
INCIDENTS = {
    "INC-LED": {
        "ashbourne": "lead",
        "coldharbour": "deputy_lead",
        "brackenfield": "participant",
        "dunmere": "participant",
        "northgate": "provider",
        "eastwick": "observer",
    },
    "INC-APART": {"gravenhurst": "lead", "dunmere": "participant"},
    "INC-ALONE": {"brackenfield": "lead"},
    "INC-TURNED": {"northgate": "lead", "brackenfield": "deputy_lead", "ashbourne": "participant"},
}


def secret_of(slug: str) -> str:
    return f"kept at home in {slug}"


def ticket(slug: str) -> str:
    return f"gate-ticket-of-{slug}"


def own_tasks(slug: str) -> str:
    """A ticket that reaches no further than the organisation's own tasks."""
    return f"narrow-ticket-of-{slug}"
