"""A time of becoming aware that looks like a slip is asked about; of two who judge one duty at once, one starts it."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents.duties.saying import Saying, say
from incidents.errors import Doubtful, WrongMoment
from incidents.models import Duty, DutyRevision
from tests.api.asking import check_problem, send
from tests.incidents.test_duties import DPO, EVIDENCE, own
from tests.notifications.stage import Stage, in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_time_years_back_is_asked_about_before_it_starts_a_clock(stage: Stage, inside, client_of):
    incident = stage.opens()
    with inside("ashbourne"):
        duty = own(incident, stage, "ashbourne")
    page = reverse("duty-detail", args=[incident.reference, duty.pk])
    officer = client_of("ashbourne", DPO)
    then = timezone.localtime() - timedelta(days=3 * 366)
    said = {"act": "aware", "moment": then.strftime("%Y-%m-%dT%H:%M"), "words": EVIDENCE}
    answer = officer.post(page, said)
    assert answer.status_code == 409
    assert "That is 3 years ago. Is it right?" in answer.content.decode()
    assert "It is right" in answer.content.decode()
    assert "It is right" not in officer.get(page).content.decode()
    later = timezone.localtime() + timedelta(days=1)
    ahead = officer.post(page, {**said, "moment": later.strftime("%Y-%m-%dT%H:%M"), "sure": "on"})
    assert ahead.status_code == 409
    assert "not in the future" in ahead.content.decode()
    with inside("ashbourne"):
        assert own(incident, stage, "ashbourne").aware_at is None
    assert client_of("gravenhurst", DPO).post(page, said).status_code == 404
    assert officer.post(page, {**said, "sure": "on"}).status_code == 302
    with inside("ashbourne"):
        assert own(incident, stage, "ashbourne").state == "running"
    # A correction asks too, by API as well; a month before the incident is no slip.
    path = f"/incidents/{incident.reference}/duties/{duty.pk}/sayings/"
    body = {"act": "correct", "at": (then - timedelta(days=1)).isoformat(), "words": EVIDENCE}
    problem = check_problem(send(officer, "post", path, body), 409)
    assert "Is it right?" in problem["detail"]
    assert send(officer, "post", path, {**body, "sure": True}).status_code == 200
    fortnight = (timezone.now() - timedelta(days=14)).isoformat()
    assert send(officer, "post", path, {**body, "at": fortnight}).status_code == 200
    with inside("ashbourne", DPO), pytest.raises(Doubtful):
        say(duty, Saying("correct", then, EVIDENCE))


def test_of_two_who_judge_at_once_one_starts_the_clock_and_the_other_is_told(stage: Stage, inside):
    incident = stage.opens()
    with inside("ashbourne"):
        duty = own(incident, stage, "ashbourne")
    at_once, made = Barrier(2), []

    def judges(ago: int) -> None:
        with stage.as_person("ashbourne", role=DPO):
            at_once.wait()
            made.append(say(duty, Saying("aware", timezone.now() - timedelta(hours=ago), f"{EVIDENCE} {ago}")))

    raised = in_threads(lambda: judges(1), lambda: judges(2))
    assert [type(each) for each in raised] == [WrongMoment]
    assert made == [True]
    with inside("ashbourne"):
        (line,) = DutyRevision.objects.filter(duty=duty)
        assert Duty.objects.get(pk=duty.pk).aware_at == line.aware_at
    assert len(stage.events("duty.changed")) == 1
