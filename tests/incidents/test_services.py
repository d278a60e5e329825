"""How services stand: two taps, every change kept, seen by the own organisation, lead and provider alone."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.urls import reverse

from incidents.brief import brief_of
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, ServiceStatus
from incidents.services.saying import Count, Said, counted, own_services, say_service
from tests.notifications.stage import Stage, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

NOTE = "The night team rings round by hand."
OTHERS = ("dunmere", "coldharbour", "gravenhurst")


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def test_two_taps_on_a_phone_and_every_change_is_kept(stage, incident, client_of, inside):
    phone = client_of("brackenfield", "responder")
    at = reverse("incident-services", args=[incident.reference])
    assert at in phone.get(reverse("my-tasks")).content.decode()  # the first tap
    page = phone.get(at).content.decode()
    first = page.split('<h2 class="h3" id="service-1">')[1].split("</h2>")[0]
    assert "Safety-critical" in first  # on what lives hang stands first
    assert phone.post(at, {"service": "Telecare", "state": "down"}).status_code == 302  # the second
    assert phone.post(at, {"service": "Telecare", "state": "down"}).status_code == 302  # the same: nothing new
    since = {"since": "2026-01-05T07:40", "note": NOTE, "more": "1"}
    assert phone.post(at, {"service": "Telecare", "state": "down", **since}).status_code == 302
    assert phone.post(at, {"service": "Telecare", "state": "difficulty"}).status_code == 302
    assert stage.owner("SELECT state, newest, critical FROM incidents_servicestatus ORDER BY at") == [
        ("down", False, True), ("down", False, True), ("difficulty", True, True),
    ]  # fmt: skip
    assert stage.owner("SELECT text, shared FROM incidents_servicenote") == [(NOTE, False)]
    with inside("brackenfield"):
        assert ServiceStatus.objects.get(newest=True).since > datetime(
            2026, 1, 5, 8, tzinfo=UTC
        )  # another word: from now
    assert NOTE in phone.get(at).content.decode()  # among what was said before


def test_lead_and_provider_see_the_word_and_nobody_else_anything(stage, incident, client_of, inside):
    at = reverse("incident-services", args=[incident.reference])
    board = reverse("incident-board", args=[incident.reference])
    with inside("brackenfield"):
        say_service(incident, Said("Telecare", "down", note=NOTE))
        total = len(own_services())
        assert counted(incident) == {stage.ids["brackenfield"]: Count(total, 0, 0, 1, 1)}
    words = f"safety-critical: 1 of {total} not working"
    for slug in ("ashbourne", "northgate"):
        page = client_of(slug).get(at).content.decode()
        assert "Brackenfield" in page
        assert "Telecare" in page.partition("Services of the others")[2]
        assert NOTE not in page
        assert words in client_of(slug).get(board).content.decode()
        assert stage.as_app(slug, "SELECT 1 FROM incidents_servicenote") == []
    assert words in client_of("brackenfield").get(board).content.decode()
    for slug in OTHERS:
        assert stage.as_app(slug, "SELECT 1 FROM incidents_servicestatus") == []
        if slug != "gravenhurst":
            assert "not working" not in client_of(slug).get(board).content.decode()
            assert "Services of the others" not in client_of(slug).get(at).content.decode()
        with inside(slug):
            assert counted(incident) == {}
    assert client_of("gravenhurst").get(at).status_code == 404
    ((data, audience),) = stage.events("service.said")
    assert NOTE not in str(data)
    assert not set(audience) & {stage.ids[slug] for slug in OTHERS}
    with inside("brackenfield"):
        say_service(incident, Said("Telecare", "down", note=f"{NOTE} Still.", shared=True))
    assert f"{NOTE} Still." in client_of("ashbourne").get(at).content.decode()
    assert f"{NOTE} Still." not in client_of("coldharbour").get(at).content.decode()
    with inside("brackenfield"):  # a note that stays at home is nobody else's event
        say_service(incident, Said("Work from home", "working"))
        say_service(incident, Said("Work from home", "working", note="From the library."))
    assert stage.events("service.said")[-1][1] == [stage.ids["brackenfield"]]


def test_the_brief_says_what_works_and_what_does_not(stage, incident, inside):
    with inside("brackenfield"):
        total = len(own_services())
        assert "not recorded here" in " ".join(brief_of(incident, me=stage.ids["brackenfield"], name="Brackenfield"))
        say_service(incident, Said("Telecare", "down"))
        say_service(incident, Said("Work from home", "difficulty"))
        say_service(incident, Said("Contact centre", "working"))
        brief = " ".join(brief_of(incident, me=stage.ids["brackenfield"], name="Brackenfield"))
    assert (
        f"Of our {total} services: not working: Telecare; working with difficulty: Work from home;"
        f" working: Contact centre; of {total - 3} it is not known yet." in brief
    )


def test_what_is_wrong_is_said(stage, incident, client_of, inside):
    with inside("brackenfield"):
        for wrong in (
            Said("Rents", "down"), Said("Telecare", "broken"), Said("Telecare", "down", note="x" * 1001),
            Said("Telecare", "down", since=datetime(2999, 1, 1, tzinfo=UTC)),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                say_service(incident, wrong)
    with inside("gravenhurst"), pytest.raises(NotYours):
        say_service(incident, Said("Contact centre", "down"))
    at = reverse("incident-services", args=[incident.reference])
    assert client_of("brackenfield").post(at, {"service": "Rents", "state": "down"}).status_code == 422
    assert client_of("brackenfield", "observer").post(at, {"service": "Telecare", "state": "down"}).status_code == 403
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE role = 'responder'")
    with inside("brackenfield", "responder"), pytest.raises(NotYours):
        say_service(incident, Said("Telecare", "down"))
    exercise = stage.opens(exercise=True)
    stage.owner("UPDATE incidents_incident SET suspended_at = now() WHERE id = %s", [exercise.pk])
    with inside("brackenfield"), pytest.raises(WrongMoment, match="put aside"):
        say_service(exercise, Said("Telecare", "down"))


def test_of_two_taps_at_once_one_counts(stage, incident):
    at_once, made = Barrier(2), []

    def says() -> None:
        with stage.as_person("brackenfield"):
            at_once.wait()
            made.append(say_service(incident, Said("Telecare", "down")))

    assert in_threads(says, says) == []
    assert sorted(made) == [False, True]
    assert stage.owner("SELECT count(*), count(*) FILTER (WHERE newest) FROM incidents_servicestatus") == [(1, 1)]
