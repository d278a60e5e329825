"""The pages of planned work, as the announcer, somebody reached and the stranger see them; and a board beside it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from incidents import planned
from incidents.models import PlannedSide, PlannedWork
from portal import clock
from portal.pages import local_time
from tests.incidents.test_planned_work import announced, set_back

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NEW = "/incidents/planned/"


def filled(**changes):
    begins = clock.now() + 24 * HOUR
    return {
        "systems": ["identity-platform"],
        "title": "New directory",
        "starts_at": local_time(begins, "%Y-%m-%dT%H:%M"),
        "ends_at": local_time(begins + 2 * HOUR, "%Y-%m-%dT%H:%M"),
        "stops": "Signing in",
        "fallback": "Paper",
        "ask": "Night desk, 01632 960100",
        "once": str(uuid4()),
        "step": "announce",
        **changes,
    }


def test_the_preview_shows_who_is_reached_and_sends_nothing(client_of, inside):
    page = client_of("northgate").post(NEW, {"systems": ["identity-platform"], "step": "preview"})
    text = page.content.decode()
    assert "Ashbourne" in text
    assert "Gravenhurst" not in text
    assert "Never sign in from a link" in text
    with inside("northgate"):
        assert not PlannedWork.objects.exists()


def test_announced_from_the_form_and_again_by_the_same_form(client_of, inside):
    client, form = client_of("northgate"), filled()
    first, again = client.post(NEW, form), client.post(NEW, form)
    assert (first.status_code, first["Location"]) == (302, again["Location"])
    with inside("northgate"):
        work = PlannedWork.objects.get()
        assert local_time(work.starts_at, "%Y-%m-%dT%H:%M") == form["starts_at"]
    page = client_of("northgate").get(first["Location"]).content.decode()
    followed = re.findall(r'id="(planned-\w+)" data-refresh-url="([^"]+)" data-refresh-on="\*"', page)
    assert dict(followed) == dict.fromkeys(("planned-facts", "planned-sides", "planned-changes"), first["Location"])
    listed = client_of("ashbourne").get("/incidents/?kind=planned").content.decode()
    assert work.reference in listed
    assert "your answer is missing" in listed
    assert "Planned work" in client_of("ashbourne").get("/my-tasks/").content.decode()
    for nothing in ("/incidents/?kind=planned", "/incidents/", "/my-tasks/"):
        assert work.reference not in client_of("gravenhurst").get(nothing).content.decode()
    assert client_of("gravenhurst").get(first["Location"]).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Say in a few words what is done."),
        ({"stops": ""}, "Say what will not work."),
        ({"ends_at": "2020-01-01T10:00"}, "The end comes after the start."),
        ({"starts_at": "tomorrow"}, "Give a day and a time"),
        ({"starts_at": "2020-01-01T10:00"}, "starts from now on"),
        ({"systems": ["finance-ledger"]}, "Only whoever hosts or administers a system"),
        ({"systems": []}, "Choose at least one system."),
    ],
)
def test_a_mistake_is_named_and_what_was_typed_stays(client_of, inside, wrong, words):
    page = client_of("northgate").post(NEW, filled(fallback="Fax and paper") | wrong)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert "Fax and paper" in page.content.decode()
    with inside("northgate"):
        assert not PlannedWork.objects.exists()


def test_who_runs_no_system_is_refused_clearly(client_of):
    page = client_of("brackenfield").get(NEW)
    assert page.status_code == 403
    assert "Only whoever hosts or administers a system" in page.content.decode()


def test_answers_reach_the_announcer_and_nobody_else(client_of, cast, inside, seal):
    work = announced(cast, inside, seal)
    address = f"/incidents/planned/{work.reference}/"
    without = client_of("brackenfield").post(f"{address}answer/", {"say": "objects", "why": "", "seen": "1"})
    assert without.status_code == 422
    assert "Say why you object" in without.content.decode()
    client_of("brackenfield").post(f"{address}answer/", {"say": "objects", "why": "Count night", "seen": "1"})
    client_of("ashbourne", "responder").post(f"{address}answer/", {"say": "known", "seen": "1"})
    assert (
        client_of("ashbourne", "observer").post(f"{address}answer/", {"say": "known", "seen": "1"}).status_code == 403
    )
    assert client_of("gravenhurst").post(f"{address}answer/", {"say": "known", "seen": "1"}).status_code == 404
    assert client_of("ashbourne").post(f"{address}move/", {"act": "cancelled", "words": "x"}).status_code == 404
    page = client_of("northgate").get(address).content.decode()
    assert "1 knows of it, 1 objects, 1 has not answered yet" in page
    assert "Count night" in page
    assert "Count night" not in client_of("ashbourne").get(address).content.decode()
    assert "Planned work:" not in client_of("ashbourne").get("/my-tasks/").content.decode()


def test_who_answers_an_old_page_is_shown_the_new_times(client_of, cast, inside, seal):
    work = announced(cast, inside, seal)
    address = f"/incidents/planned/{work.reference}/"
    assert 'name="seen" value="1"' in client_of("ashbourne").get(address).content.decode()
    with inside("northgate"):
        later = work.starts_at + 48 * HOUR
        planned.move(work, act="moved", words="Parts", starts_at=later, ends_at=later + HOUR)
    old = client_of("ashbourne").post(f"{address}answer/", {"say": "objects", "why": "Count night", "seen": "1"})
    text = old.content.decode()
    assert old.status_code == 409
    assert "t was moved meanwhile" in text
    assert "Count night" in text
    assert 'name="seen" value="2"' in text
    assert client_of("ashbourne").post(f"{address}answer/", {"say": "known"}).status_code == 422
    with inside("ashbourne"):
        assert PlannedSide.objects.get().answer == ""
    assert client_of("ashbourne").post(f"{address}answer/", {"say": "known", "seen": "2"}).status_code == 302


def test_silence_is_shown_as_not_confirmed(cast, inside, seal):
    work = announced(cast, inside, seal)
    with inside("northgate"):
        side = PlannedSide.objects.filter(work=work).first()
        assert planned.answer_key(side, work, work.confirm_by - timedelta(seconds=1)) == "waiting"
        assert planned.answer_key(side, work, work.confirm_by) == "silent"


@pytest.mark.django_db(transaction=True)
def test_an_incident_on_the_same_system_says_so(cast, inside, owner_url, client_of, api_of):
    with inside("northgate"):
        work = planned.announce(said_now(), me=cast.id("northgate"))
    set_back(owner_url, work, starts_at=clock.now() - HOUR, ends_at=clock.now() + HOUR)
    with inside("northgate"):
        planned.move(work, act="started")
    opened = (
        api_of("ashbourne")
        .post(
            "/api/v1/incidents/",
            {"title": "Odd log-ins", "systems": ["identity-platform"]},
            content_type="application/json",
        )
        .json()
    )
    board = client_of("ashbourne").get(f"/incidents/{opened['reference']}/").content.decode()
    assert "Planned work on an attacked system" in board
    assert "Night desk, 01632 960100" in board
    # Eastwick takes part and is not reached by the work: its board says nothing of it.
    assert "Planned work" not in client_of("eastwick").get(f"/incidents/{opened['reference']}/").content.decode()
    assert opened["similar"] == []


def said_now():
    begins = clock.now() + HOUR
    return planned.Announcement(
        title="New directory",
        systems=("identity-platform",),
        starts_at=begins,
        ends_at=begins + HOUR,
        stops="Signing in",
        ask="Night desk, 01632 960100",
    )
