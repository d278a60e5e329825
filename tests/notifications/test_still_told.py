"""An isolated organisation is still told, by the ways that are trusted; and what it led goes on."""

from __future__ import annotations

import pytest

from incidents.models import Incident
from notifications.messages import compose
from notifications.models import Delivery
from portal.mail_sink import Mailbox
from tests.isolation.committed import Committed
from tests.notifications.stage import Stage
from tests.notifications.test_advance import advances, ready, settle

pytestmark = pytest.mark.django_db(transaction=True)
DESK = "duty@dunmere-duty.example"


@pytest.fixture
def two(stage: Stage) -> Committed:
    return Committed(str(stage.owner("SELECT current_database()")[0][0]))


def trusted_desk(stage: Stage) -> None:
    """Dunmere's desk gets a way of its own that rides on nothing attacked."""
    stage.owner(
        "UPDATE partners_contactpoint SET address = %s, rides_on_id = NULL WHERE organisation_id = %s"
        " AND person_id IS NULL",
        [DESK, stage.ids["dunmere"]],
    )


def after(mail: Mailbox, before: int, to: str | None = None) -> list:
    """What arrived since there were `before`; the newest stand first."""
    found = mail.messages(to)
    return found[: len(found) - before]


def addresses(stage: Stage, incident: Incident | None, message: str) -> dict[str, str]:
    rows = stage.owner(
        "SELECT c.address, d.state FROM notifications_delivery d JOIN partners_contactpoint c"
        " ON c.id = d.contact_point_id WHERE d.organisation_id = %s AND d.message = %s"
        " AND d.incident_id IS NOT DISTINCT FROM %s",
        [stage.ids["dunmere"], message, incident.pk if incident else None],
    )
    return dict(rows)


def test_an_organisation_is_told_that_its_access_has_changed_and_nothing_else(stage, two, mail):
    trusted_desk(stage)
    incident = stage.opens()
    stage.works()
    before = len(mail.messages(DESK))
    made = two.isolate(incident.pk, "dunmere", 4)
    stage.works()
    (told,) = after(mail, before, DESK)
    assert "access to Bulkhead has changed" in told["text"]
    assert incident.reference not in str(told)
    others = stage.owner(
        "SELECT count(*) FROM notifications_delivery WHERE message = 'access_changed' AND organisation_id <> %s",
        [stage.ids["dunmere"]],
    )
    assert others == [(0,)], "the overseers read it on the board"
    two.lift(made, "dunmere")
    stage.works()
    assert len(mail.messages(DESK)) == before + 2, "each step is news"


def test_a_message_planned_after_it_was_cut_off_goes_out_over_its_trusted_way(stage, two, mail):
    trusted_desk(stage)
    first = stage.opens()
    two.isolate(first.pk, "dunmere", 4)
    stage.works()
    before = len(mail.messages())
    later = stage.opens(systems=("file-services",))
    stage.works()
    assert addresses(stage, later, "opened")[DESK] == "accepted"
    assert DESK in str(after(mail, before))
    assert stage.side(later, "dunmere")["told_at"] is not None


def test_under_the_second_step_its_mailboxes_are_not_used_and_the_board_says_why(stage, two, mail):
    first = stage.opens()
    two.isolate(first.pk, "dunmere", 2)
    stage.works()
    before = len(mail.messages())
    later = stage.opens(systems=("file-services",))
    stage.works()
    sent = stage.deliveries(later, "dunmere", "d.state, d.way")
    assert {state for state, way in sent if way != "phone"} <= {"skipped"}
    assert [state for state, way in sent if way == "phone"] == ["pending"], "somebody rings them"
    assert "dunmere.example" not in str(after(mail, before))
    because = stage.side(later, "dunmere")["not_told_because"]
    assert "The mail of Dunmere is marked as not trusted" in because
    assert stage.side(later, "dunmere")["told_at"] is None


def test_what_the_lead_had_under_way_goes_on_under_the_next_one(stage, two):
    incident = stage.opens()
    with stage.acting("ashbourne"):
        deputy = Incident.objects.get(pk=incident.pk).deputy_lead_id
    slug = next(slug for slug, pk in stage.ids.items() if pk == deputy)
    assert slug == "northgate"
    asked = two.ask("Dana Kowalski", incident.pk, "ashbourne", 4, "brackenfield")
    two.approve("Gareth Lowe", asked, incident.pk, "ashbourne", 4)
    assert 2 not in ready(stage, incident, "dunmere")
    settle(stage, incident, "dunmere", 1)
    assert advances() >= 1
    assert 2 in ready(stage, incident, "dunmere")
    assert stage.owner("SELECT lead_id FROM incidents_run WHERE incident_id = %s", [incident.pk]) == [(deputy,)]
    ((data, audience),) = stage.events("incident.handed_over")
    assert data["organisation"] == "northgate"
    assert stage.ids["gravenhurst"] not in audience
    stage.plans()
    told = stage.owner(
        "SELECT DISTINCT o.slug FROM notifications_delivery d JOIN partners_organisation o ON o.id = d.organisation_id"
        " WHERE d.message = 'leads_now' AND d.state = 'pending'"
    )
    assert told == [("northgate",)], "nobody of it pressed anything, and it has steps with clocks"


def test_every_message_has_words():
    for message in Delivery.Message.values:
        reference = "3" if message == Delivery.Message.ADVISORIES else "INC-1"  # of advisories: how many
        assert compose(message=message, reference=reference, code="123", exercise=False).body
