"""Answers to tasks: every arrow through `transitions`, as the database has it too."""

from __future__ import annotations

import pytest

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, Playbook, Standing, Task
from incidents.opening import Opening, open_incident
from incidents.playbooks import keep_playbook
from incidents.transitions import Answer, answer_task, cancel_task, undo_task, verify_task
from partners.acting import actor_of
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(cast, inside) -> Incident:
    with inside("ashbourne"):
        return open_incident(
            Opening(title="Breach", systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )


@pytest.fixture
def acts(cast, inside, incident):
    """`acts("dunmere", answer_task, position, to="done")`: that organisation does it to its own task of the step."""

    def act(slug, how, position, *, of="", **said):
        with inside(slug):
            task = Task.objects.get(incident=incident, organisation_id=cast.id(of or slug), position=position)
            return how(task_id=task.pk, actor=actor_of(cast.visitor(slug)), **said)

    return act


def test_a_repeated_answer_changes_nothing(acts):
    first = acts("dunmere", answer_task, 1, to="acknowledged")
    again = acts("dunmere", answer_task, 1, to="acknowledged")
    assert (first.status, first.version, again.version) == ("acknowledged", 2, 2)


def test_a_blocked_task_can_be_given_a_better_reason(acts):
    acts("dunmere", answer_task, 1, to="blocked", answer=Answer(reason="no phone"))
    again = acts("dunmere", answer_task, 1, to="blocked", answer=Answer(reason="the desk's phone is cut"))
    assert (again.status, again.reason, again.version) == ("blocked", "the desk's phone is cut", 3)


def test_blocking_needs_a_reason(acts):
    with pytest.raises(Invalid, match="/reason"):
        acts("dunmere", answer_task, 1, to="blocked")


def test_a_step_that_is_not_ready_can_be_accepted_but_not_started(acts):
    with pytest.raises(WrongMoment, match="not settled"):
        acts("dunmere", answer_task, 11, to="in_progress")
    assert acts("dunmere", answer_task, 11, to="acknowledged").status == "acknowledged"


def test_nobody_checks_for_themselves_and_no_one_but_the_lead_checks(acts):
    acts("dunmere", answer_task, 1, to="done")
    for slug in ("dunmere", "northgate"):
        with pytest.raises((NotYours, Task.DoesNotExist)):
            acts(slug, verify_task, 1, of="dunmere")
    assert acts("ashbourne", verify_task, 1, of="dunmere").status == "verified"


def test_the_deputy_checks_the_leads_own_task(acts):
    acts("ashbourne", answer_task, 1, to="done")
    with pytest.raises(NotYours):
        acts("ashbourne", verify_task, 1)


def test_undo_returns_to_what_was_for_the_same_person_only(acts, cast, inside, incident):
    acts("dunmere", answer_task, 1, to="done")
    with inside("dunmere"):
        task = Task.objects.get(incident=incident, position=1)
        other = cast.visitor("dunmere", "responder")
        assert other.person_id != cast.visitor("dunmere").person_id
        with pytest.raises(WrongMoment):
            undo_task(task_id=task.pk, actor=actor_of(other))
    assert acts("dunmere", undo_task, 1).status == "waiting"
    with pytest.raises(WrongMoment):
        acts("dunmere", undo_task, 1)


def test_only_the_lead_calls_a_task_off(acts):
    with pytest.raises((NotYours, Task.DoesNotExist)):
        acts("dunmere", cancel_task, 1)
    assert acts("ashbourne", cancel_task, 1, of="dunmere").status == "cancelled"


def test_contained_is_one_word_for_all_and_an_event_only_when_it_changes(acts, cast, inside, incident):
    with inside("dunmere"):
        containing = list(Task.objects.filter(containing=True).values_list("position", flat=True))
        assert containing
    for position in containing:
        acts("dunmere", answer_task, position, to="not_affected", answer=Answer(reason="we have none"))
    with inside("eastwick"):
        words = dict(Standing.objects.values_list("slug", "word"))
        assert words.pop("dunmere") == "contained"
        assert set(words.values()) == {"acting"}
        assert Event.objects.filter(kind="standing.changed").count() == 1
        assert Event.objects.filter(kind__startswith="task.").count() == 0


def test_a_playbook_of_the_same_name_by_somebody_else_does_not_take_over(cast, inside):
    with inside("dunmere"):
        ours = Playbook.objects.filter(slug="shared-platform-containment").order_by("-version")[0]
        document = {**ours.document, "modified": "2099-01-01T00:00:00.000Z"}
        keep_playbook(document, organisation_id=cast.id("dunmere"))
    with inside("ashbourne"):
        incident = open_incident(
            Opening(title="Breach", systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )
        assert incident.playbook_id == ours.pk
