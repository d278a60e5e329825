"""`Idempotency-Key`: one work, one answer, however often and from wherever it is sent."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from incidents.api import opening
from incidents.models import Incident
from portal.api import idempotency
from portal.api.models import Replay
from tests.api.asking import OPENING, check_problem, opened, send, tasks


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_a_replay_answers_the_first_answer_and_does_nothing(self, api_of, inside):
        client = api_of("ashbourne")
        first = send(client, "post", "/incidents/", OPENING, Idempotency_Key="alert-4711")
        assert "Idempotent-Replayed" not in first.headers
        for written in ("alert-4711", '"alert-4711"'):
            again = send(client, "post", "/incidents/", OPENING, Idempotency_Key=written)
            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert again.headers["Location"] == first.headers["Location"]
            assert again.headers["Content-Type"] == first.headers["Content-Type"]
        with inside("ashbourne"):
            assert Incident.objects.count() == 1

    def test_the_same_key_with_another_body_is_422(self, api_of):
        client = api_of("ashbourne")
        send(client, "post", "/incidents/", OPENING, Idempotency_Key="k")
        check_problem(send(client, "post", "/incidents/", {**OPENING, "severity": 1}, Idempotency_Key="k"), 422)

    def test_a_refusal_is_not_kept(self, api_of, inside):
        client = api_of("ashbourne")
        check_problem(send(client, "post", "/incidents/", {"title": "x"}, Idempotency_Key="k"), 422)
        assert send(client, "post", "/incidents/", OPENING, Idempotency_Key="k").status_code == 201
        with inside("ashbourne"):
            assert Replay.objects.count() == 1

    def test_keys_are_apart_by_organisation_and_by_path(self, api_of):
        lead, dunmere = api_of("ashbourne"), api_of("dunmere")
        reference = send(lead, "post", "/incidents/", OPENING, Idempotency_Key="k").json()["reference"]
        mine, other = tasks(dunmere, reference)[:2]
        for task in (mine, other):
            done = send(dunmere, "post", f"/tasks/{task['id']}/acknowledge/", {}, Idempotency_Key="k")
            assert done.json()["id"] == task["id"]
            assert "Idempotent-Replayed" not in done.headers
        theirs = send(api_of("brackenfield"), "post", "/incidents/", OPENING, Idempotency_Key="k")
        assert theirs.json()["reference"] != reference

    def test_a_replay_needs_the_scope_that_the_first_needed(self, api_of):
        send(api_of("ashbourne"), "post", "/incidents/", OPENING, Idempotency_Key="k")
        for scopes in (["read"], ["suspect"]):
            check_problem(send(api_of("ashbourne", scopes), "post", "/incidents/", OPENING, Idempotency_Key="k"), 403)

    def test_a_key_is_free_again_after_a_day(self, api_of, monkeypatch):
        client = api_of("ashbourne")
        first = send(client, "post", "/incidents/", OPENING, Idempotency_Key="k").json()
        assert idempotency.KEPT.total_seconds() == 24 * 3600
        monkeypatch.setattr(idempotency, "KEPT", timedelta(0))
        again = send(client, "post", "/incidents/", OPENING, Idempotency_Key="k")
        assert again.status_code == 201
        assert again.json()["reference"] != first["reference"]

    @pytest.mark.parametrize("key", ["", " ", "a b", "ä", '"', '""', '"a', "x" * 256, '"' + "x" * 256 + '"', "a\x7f"])
    def test_a_key_that_is_none_is_refused(self, api_of, key):
        check_problem(send(api_of("ashbourne"), "post", "/incidents/", OPENING, Idempotency_Key=key), 400)

    def test_a_key_of_255_characters_is_one(self, api_of):
        client = api_of("ashbourne")
        assert send(client, "post", "/incidents/", OPENING, Idempotency_Key="x" * 255).status_code == 201


class InThread(threading.Thread):
    """A request in a thread of its own, with connections of its own."""

    def __init__(self, client, key="k"):
        super().__init__()
        self.client, self.key, self.response = client, key, None
        self.start()

    def run(self):
        try:
            self.response = send(self.client, "post", "/incidents/", OPENING, Idempotency_Key=self.key)
        finally:
            connections.close_all()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_while_the_first_runs_a_second_is_told_to_wait(self, api_of, monkeypatch, inside):
        inside_it, go_on = threading.Event(), threading.Event()
        real = opening.open_incident

        def slow(*args, **kwargs):
            incident = real(*args, **kwargs)
            inside_it.set()
            assert go_on.wait(20)
            return incident

        monkeypatch.setattr(opening, "open_incident", slow)
        first = InThread(api_of("ashbourne"))
        assert inside_it.wait(20)
        second = send(api_of("ashbourne"), "post", "/incidents/", OPENING, Idempotency_Key="k")
        check_problem(second, 409)
        assert second.headers["Retry-After"] == "1"
        go_on.set()
        first.join(20)
        assert first.response.status_code == 201
        third = send(api_of("ashbourne"), "post", "/incidents/", OPENING, Idempotency_Key="k")
        assert third.content == first.response.content
        assert third.headers["Idempotent-Replayed"] == "true"
        with inside("ashbourne"):
            assert Incident.objects.count() == 1

    def test_many_at_once_open_one_incident(self, api_of, inside):
        client = api_of("ashbourne")
        threads = [InThread(client) for _ in range(8)]
        for thread in threads:
            thread.join(30)
        answers = [thread.response for thread in threads]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        with inside("ashbourne"):
            assert Incident.objects.count() == 1
            assert Replay.objects.count() == 1

    def test_a_first_that_fails_leaves_the_key_free(self, api_of, monkeypatch, inside):
        client = api_of("ashbourne")
        client.raise_request_exception = False

        def broken(*args, **kwargs):
            raise RuntimeError("a fault of ours")

        with monkeypatch.context() as patch:
            patch.setattr(opening, "similar_to", broken)
            failed = send(client, "post", "/incidents/", OPENING, Idempotency_Key="k")
            check_problem(failed, 500)
        with inside("ashbourne"):
            assert Incident.objects.count() == 0
        assert opened(client)["status"] == "open"
        assert send(client, "post", "/incidents/", OPENING, Idempotency_Key="k").status_code == 201
