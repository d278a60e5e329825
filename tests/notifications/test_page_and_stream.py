"""A page follows its organisation's stream: whatever changes on it, an event must have come (B22).

Whatever is done here is done as people and keys do it; before and after each act everybody's board and *My tasks* are
looked at, at the same second. Where one differs, its organisation's stream must name the incident once more: otherwise
an open page would look live and not be. The stranger has neither page nor event, whatever happens.

What has no event is fetched by the clock, once a minute (`frontend/scripts/refresh.js`), and stands here by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incidents.models import Incident
from portal import clock
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(150)]

INSIDE = ("ashbourne", "northgate", "brackenfield", "dunmere")  # lead, provider, and two that take part
STRANGER = "gravenhurst"
NOT_THE_PAGE = re.compile(r'csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"')


# Whose page changes without an event, and why none is sent.
BY_THE_CLOCK = {
    # How many others are silent: an event to all at each first answer would be organisations × organisations rows.
    "accepted": {"brackenfield"},
    "refused": {"dunmere"},
    # Which of one's own contacts are to be trusted again is said in an event without the incident, which is over.
    "stood down": {"brackenfield", "dunmere"},
}


@dataclass
class Play:
    """One incident, whoever acts in it, and what each of them has on the screen."""

    stage: Stage
    incident: Incident
    pages: dict[str, Client]
    keys: dict[str, Client]
    at: datetime

    def task(self, slug: str, position: int) -> str:
        ((pk,),) = self.stage.owner(
            "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND position = %s",
            [self.incident.pk, self.stage.ids[slug], position],
        )
        return str(pk)

    def answers(self, slug: str, position: int, act: str, whose: str = "", **body: Any) -> None:
        """By key, about the task of `whose`, or one's own."""
        path = reverse(f"api-task-{act}", args=[self.task(whose or slug, position)])
        done = self.keys[slug].post(path, body, content_type="application/json")
        assert done.status_code == 200, (path, done.content)

    def calls(self, slug: str, name: str, body: dict[str, Any] | None = None, status: int = 200) -> None:
        """By key, an address of the incident."""
        done = self.keys[slug].post(
            reverse(f"api-incident-{name}", args=[self.incident.reference]), body or {}, content_type="application/json"
        )
        assert done.status_code == status, (name, done.content)

    def posts(self, slug: str, name: str, *more: str, **body: Any) -> None:
        """By page, an address of the incident."""
        done = self.pages[slug].post(reverse(name, args=[self.incident.reference, *more]), body)
        assert done.status_code == 302, (name, done.content.decode()[:3000])

    def screens(self) -> dict[str, list[str]]:
        shown = {}
        for slug in INSIDE:
            answers = [
                self.pages[slug].get(reverse("incident-board-fragment", args=[self.incident.reference])),
                self.pages[slug].get(reverse("my-tasks-fragment")),
            ]
            assert [each.status_code for each in answers] == [200, 200], slug
            shown[slug] = [NOT_THE_PAGE.sub("", each.content.decode()) for each in answers]
        return shown

    def streams(self) -> dict[str, int]:
        """How many rows of each organisation's stream name this incident."""
        return dict(
            self.stage.owner(
                "SELECT o.slug, count(e.id) FROM partners_organisation o LEFT JOIN ledger_event e"
                " ON o.id = ANY (e.audience) AND e.incident_reference = %s GROUP BY o.slug",
                [self.incident.reference],
            )
        )


def _update(play: Play) -> None:
    play.posts("ashbourne", "incident-update", text="Nobody answers mail from Dunmere.", next_in="30")


def _asked(play: Play) -> None:
    play.posts("ashbourne", "update-ask", "dunmere", question="Is the finance batch stopped?")


def _given(play: Play) -> None:
    ((pk,),) = play.stage.owner("SELECT id FROM incidents_updaterequest ORDER BY asked_at DESC LIMIT 1")
    assert play.pages["dunmere"].post(reverse("update-request", args=[pk]), {"answer": "It is."}).status_code == 302


def _checked(play: Play) -> None:
    path = reverse("task-verify", args=[play.task("dunmere", 1)])
    assert play.pages["ashbourne"].post(path).status_code == 302


ACTS: dict[str, Callable[[Play], None]] = {
    "messages go out": lambda play: play.stage.works(),
    "accepted": lambda play: play.answers("dunmere", 1, "acknowledge"),
    "begun": lambda play: play.answers("dunmere", 1, "start"),
    "done": lambda play: play.answers("dunmere", 1, "complete", note="By telephone 01632 960100."),
    "checked by the lead": _checked,
    "blocked": lambda play: play.answers("dunmere", 2, "block", reason="Nobody may decide."),
    "blocked no more": lambda play: play.answers("dunmere", 2, "undo"),
    "refused": lambda play: play.answers("brackenfield", 4, "decline", reason="The logs are elsewhere."),
    "called off": lambda play: play.answers("ashbourne", 10, "cancel", whose="brackenfield"),
    "an update": _update,
    "asked for an update": _asked,
    "an update given": _given,
    "a technique": lambda play: play.calls(
        "ashbourne", "techniques", {"technique": "T1199", "state": "hypothesised", "words": "By the trust."}
    ),
    "more systems": lambda play: play.posts("ashbourne", "incident-widen", systems=["file-services"]),
    "contained": lambda play: play.calls("ashbourne", "moves", {"to": "contained"}),
    "closed": lambda play: play.posts("ashbourne", "incident-close", outcome="resolved"),
    "stood down": lambda play: play.stage.works(),
}


def test_where_a_page_changes_an_event_has_come(stage: Stage, mail: Mailbox, client_of, api_of, monkeypatch):
    everybody = (*INSIDE, STRANGER)
    incident = stage.opens()
    pages = {each: client_of(each, fresh=True) for each in everybody}
    play = Play(stage, incident, pages, {each: api_of(each) for each in everybody}, datetime.now(UTC))
    monkeypatch.setattr(clock, "now", lambda: play.at)
    play.screens()  # having been looked at is news too
    before = play.screens()
    stale, moved = [], 0
    for name, act in ACTS.items():
        had = play.streams()
        act(play)
        has = play.streams()
        after = play.screens()
        assert has[STRANGER] == 0, name
        board = play.pages[STRANGER].get(reverse("incident-board-fragment", args=[incident.reference]))
        assert board.status_code == 404, name
        changed = [slug for slug in INSIDE if before[slug] != after[slug]]
        moved += len(changed)
        silently = {slug for slug in changed if has[slug] == had[slug]}
        if silently != BY_THE_CLOCK.get(name, set()):
            stale.append((name, silently))
        assert changed, f"{name}: nobody's page has changed, so that this act shows nothing"
        before = after
    assert not stale, stale
    assert moved > 30, "too few pages have changed to show anything"
