"""Isolation as the database has it: who presses, who undoes, who asks, who approves, who lifts."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from django.db import connections

from incidents.left_untold import LeftUntold
from incidents.models import Incident, Participant, Standing, Task
from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from partners.models import Approval, Isolation
from portal.tenancy.scope import organisation_scope
from tests.isolation.two import REFUSED, WRONG, Two, run

pytestmark = pytest.mark.django_db

ADMIN = ("ashbourne", "administrator")
LEAD = ("ashbourne", "incident_manager")
SECOND = ("brackenfield", "incident_manager")
DEPUTY = ("northgate", "incident_manager")
THIRD = ("coldharbour", "incident_manager")
TARGET = ("dunmere", "incident_manager")
STRANGER = ("gravenhurst", "incident_manager")
LIMITED = (
    "UPDATE sec.org_state SET own_tasks_at = now()"
    " WHERE org_id = (SELECT id FROM partners_organisation WHERE slug = 'ashbourne')"
)


def other_administrator(two: Two) -> UUID:
    return next(pk for pk, _, role in reversed(two.cast["ashbourne"].people) if role == "administrator")


def as_other(two: Two, statement: str, *parameters):
    """As Ashbourne's second administrator, in a session of their own with a passkey of their own."""
    with organisation_scope(f"fresh-ticket-{other_administrator(two)}"):
        return run(statement, *parameters)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_an_administrator_takes_the_first_three_steps_for_the_own_organisation(two, step):
    assert isinstance(two.press(ADMIN, step), UUID)
    assert two.press(ADMIN, step) == WRONG, "not twice"


def test_but_not_the_last_one_nor_for_others_nor_without_a_reason_or_a_passkey(two):
    assert two.press(ADMIN, 4) == REFUSED
    assert two.press(ADMIN, 0) == REFUSED
    assert two.press(ADMIN, 1, against="dunmere") == REFUSED
    assert two.press(ADMIN, 1, because="  ") == WRONG
    assert two.press(ADMIN, 1, fresh=False) == REFUSED


def test_a_step_taken_alone_names_no_incident(two):
    incident = two.opens()
    assert two.sql(
        ADMIN, "SELECT sec.isolate(%s, 1, 'Odd', NULL, %s, NULL)", two.cast.id("ashbourne"), incident.pk
    ) == REFUSED  # fmt: skip


@pytest.mark.parametrize("role", ["incident_manager", "responder", "approver", "data_protection_officer"])
def test_nobody_else_presses_for_the_own_organisation(two, role):
    assert two.press(("ashbourne", role), 1) == REFUSED


def test_further_steps_can_be_taken_while_limited_to_own_tasks(two):
    assert isinstance(two.press(ADMIN, 3), UUID)
    assert isinstance(two.press(ADMIN, 1), UUID)
    assert two.sql(ADMIN, "SELECT count(*) FROM partners_isolation") == 2, "and its own steps are seen"
    assert two.sql(ADMIN, "SELECT count(*) FROM partners_dutydesk") == 0


def test_another_administrator_takes_it_back_within_a_quarter_of_an_hour(two):
    made = two.press(ADMIN, 3)
    assert two.undo(ADMIN, made) == REFUSED, "not whoever pressed"
    assert two.undo(LEAD, made) in {REFUSED, WRONG}, "nor an incident manager"
    assert two.undo(SECOND, made) in {REFUSED, WRONG}, "nor another organisation"
    assert as_other(two, "SELECT sec.lift_isolation(%s, NULL)", made) is None
    assert as_other(two, "SELECT sec.lift_isolation(%s, NULL)", made) == WRONG, "nor twice"


@pytest.mark.django_db(transaction=True)
def test_later_it_takes_two_organisations(two, owner_url):
    made = two.press(ADMIN, 1)
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_isolation SET started_at = started_at - interval '16 minutes'")
    assert as_other(two, "SELECT sec.lift_isolation(%s, NULL)", made) == REFUSED
    asked = two.ask_to_lift(ADMIN, made, "ashbourne", told=["brackenfield"])
    assert two.decide(("brackenfield", "approver"), asked) is None
    assert two.lift(("brackenfield", "approver"), made, asked) is None
    assert two.sql(LEAD, "SELECT lifted_at IS NOT NULL FROM partners_isolation")


def test_the_lead_and_a_second_organisation_cut_a_participant_off(two, seal):
    incident = two.opens()
    made = two.isolates("dunmere", 4, incident)
    assert two.sql(TARGET, "SELECT count(*) FROM partners_organisation") == REFUSED
    with two.inside("coldharbour"):
        assert Standing.objects.get(incident=incident, slug="dunmere").word == "cut_off"
        assert Isolation.objects.get(pk=made).pressed_by_name
    with two.inside("gravenhurst"):
        assert not Isolation.objects.exists()
        assert not Approval.objects.exists()
        seal()


def test_who_may_not_ask(two):
    incident = two.opens()
    for who in (SECOND, DEPUTY, TARGET, STRANGER, ("ashbourne", "responder"), ("ashbourne", "data_protection_officer")):
        assert two.ask(who, "dunmere", 4, told=["coldharbour"], incident=incident) == REFUSED, who
    assert two.ask(LEAD, "dunmere", 4, told=["brackenfield"], incident=incident, fresh=False) == REFUSED
    assert two.ask(LEAD, "dunmere", 4, told=["brackenfield"], incident=None) == REFUSED, "without an incident"
    assert two.ask(LEAD, "dunmere", 4, told=["gravenhurst"], incident=incident) == REFUSED, "a stranger as the second"
    assert two.ask(LEAD, "dunmere", 4, told=["dunmere"], incident=incident) == REFUSED, "the target as the second"
    assert two.ask(LEAD, "gravenhurst", 4, told=["brackenfield"], incident=incident) == REFUSED, "no participant"
    assert two.ask(LEAD, "ashbourne", 4, told=["brackenfield"], incident=incident) == REFUSED, "about itself"


def test_who_may_not_approve(two):
    incident = two.opens()
    asked = two.ask(LEAD, "dunmere", 4, told=["brackenfield", "coldharbour"], incident=incident)
    assert two.decide(LEAD, asked) == REFUSED, "whoever asked"
    assert two.decide(ADMIN, asked) == REFUSED, "the same organisation"
    assert two.decide(("brackenfield", "responder"), asked) == REFUSED, "a role that may not"
    assert two.decide(SECOND, asked, fresh=False) == REFUSED, "no passkey"
    assert two.decide(TARGET, asked) == WRONG, "the target is not asked"
    assert two.decide(STRANGER, asked) == WRONG, "a stranger"
    assert two.decide(SECOND, asked, yes=False) == WRONG, "a refusal without a reason"
    assert two.decide(SECOND, asked) is None
    assert two.decide(THIRD, asked) == WRONG, "decided already"


def test_two_organisations_even_when_it_was_asked_for_with_one(two):
    incident = two.opens()
    asked = two.ask(LEAD, "dunmere", 4, told=[], incident=incident, both=False)
    assert two.decide(ADMIN, asked) == REFUSED


def test_an_approval_is_spent_once_for_what_it_was_given_for(two):
    incident = two.opens()
    asked = two.ask(LEAD, "dunmere", 2, told=["brackenfield"], incident=incident)
    assert two.carry_out(SECOND, asked, "dunmere", 2, incident) == WRONG, "not decided yet"
    assert two.decide(SECOND, asked) is None
    assert two.carry_out(SECOND, asked, "dunmere", 4, incident) == REFUSED, "another step"
    assert two.carry_out(SECOND, asked, "eastwick", 2, incident) == REFUSED, "another organisation"
    assert two.carry_out(THIRD, asked, "dunmere", 2, incident) == REFUSED, "a third person"
    made = two.carry_out(SECOND, asked, "dunmere", 2, incident)
    assert isinstance(made, UUID)
    assert two.carry_out(SECOND, asked, "dunmere", 2, incident) == WRONG, "spent"
    assert two.lift(SECOND, made, asked) == REFUSED, "and no other act"


def test_withdrawn_and_refused_approvals_open_nothing(two):
    incident = two.opens()
    refused = two.ask(LEAD, "dunmere", 2, told=["brackenfield"], incident=incident)
    assert two.decide(SECOND, refused, yes=False, because="Too early") is None
    assert two.carry_out(SECOND, refused, "dunmere", 2, incident) in {REFUSED, WRONG}
    taken_back = two.ask(LEAD, "dunmere", 2, told=["brackenfield"], incident=incident)
    assert two.sql(SECOND, "SELECT sec.withdraw(%s)", taken_back) == REFUSED
    assert two.sql(LEAD, "SELECT sec.withdraw(%s)", taken_back, fresh=False) is None
    assert two.decide(SECOND, taken_back) == WRONG


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("meanwhile", "refusal"),
    [
        ("UPDATE partners_approval SET expires_at = now() - interval '1 second'", WRONG),
        ("UPDATE partners_approval SET payload = jsonb_set(payload, '{step}', '4')", WRONG),
        ("UPDATE partners_person SET role = 'responder' WHERE name = 'Priya Nair'", REFUSED),
        ("UPDATE partners_person SET is_active = false WHERE name = 'Gareth Lowe'", REFUSED),
        (LIMITED, REFUSED),
        ("UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now()", REFUSED),
    ],
)  # fmt: skip
def test_everything_is_looked_at_again_when_it_is_carried_out(two, owner_url, meanwhile, refusal):
    incident = two.opens()
    asked = two.ask(LEAD, "dunmere", 2, told=["brackenfield"], incident=incident)
    assert two.decide(SECOND, asked) is None
    with psycopg.connect(owner_url) as owner:
        owner.execute(meanwhile)
    assert two.carry_out(SECOND, asked, "dunmere", 2, incident) == refusal
    with two.inside("ashbourne"):
        assert not Isolation.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("column", ["authenticator_id", "session_id"])
def test_one_passkey_or_one_session_is_not_two_persons(two, owner_url, column):
    incident = two.opens()
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            f"UPDATE sec.grant_token SET {column} = (SELECT id FROM partners_person WHERE name = 'Priya Nair')"
            " WHERE person_id = (SELECT id FROM partners_person WHERE name = 'Gareth Lowe')"
        )
    asked = two.ask(LEAD, "dunmere", 2, told=["brackenfield"], incident=incident)
    assert two.decide(SECOND, asked) == REFUSED


def leads_steps(two, incident, overseer):
    with two.inside(overseer):
        return set(
            Task.objects.filter(incident=incident, step__audience="lead").values_list("organisation__slug", "status")
        )


@pytest.mark.parametrize("step", [3, 4])
def test_cutting_the_lead_off_hands_over_first(two, step):
    incident = two.opens()
    with two.inside("ashbourne"):
        deputy = Participant.objects.get(incident=incident, organisation_id=incident.deputy_lead_id).slug
    assert two.ask(LEAD, "ashbourne", step, told=["brackenfield"], incident=incident) == REFUSED
    offer = two.sql(LEAD, "SELECT sec.offer_lead(%s, %s, 'Going home')", incident.pk, two.cast.id("dunmere"))
    assert offer != REFUSED
    assert leads_steps(two, incident, deputy) == {("ashbourne", "waiting")}
    two.isolates("ashbourne", step, incident, lead=deputy)
    # What the lead alone does is not left with whoever can do nothing any more, and nobody accepts its offer.
    assert leads_steps(two, incident, deputy) == {("ashbourne", "cancelled"), (deputy, "waiting")}
    assert two.sql(("dunmere", "incident_manager"), "SELECT sec.accept_lead(%s)", offer) == WRONG
    with two.inside(deputy):
        now = Incident.objects.get(pk=incident.pk)
        assert now.lead_id == two.cast.id(deputy)
        assert now.deputy_lead_id not in {two.cast.id("ashbourne"), two.cast.id(deputy), None}
        assert two.cast.id("ashbourne") not in now.overseers
        assert now.deputy_lead_id in now.overseers
        roles = dict(Standing.objects.filter(incident=incident).values_list("slug", "role"))
    assert roles[deputy] == "lead"
    assert roles["ashbourne"] == "participant"


def test_whoever_leads_again_has_the_leads_steps_again(two):
    """Ashbourne hands over to Northgate, which is cut off: the lead comes back, and no step is left with nobody."""
    incident = two.opens()
    northgate = two.cast.id("northgate")
    offer = two.sql(LEAD, "SELECT sec.offer_lead(%s, %s, 'Going home')", incident.pk, northgate)
    assert two.sql(DEPUTY, "SELECT sec.accept_lead(%s)", offer) is None
    assert leads_steps(two, incident, "northgate") == {("ashbourne", "cancelled"), ("northgate", "waiting")}
    two.isolates("northgate", 4, incident)
    assert leads_steps(two, incident, "ashbourne") == {("ashbourne", "waiting"), ("northgate", "cancelled")}
    with two.inside("ashbourne"):
        task = Task.objects.get(incident=incident, organisation_id=two.cast.id("ashbourne"), step__audience="lead")
        assert task.ready is False or task.acknowledge_by is not None
        assert Participant.objects.get(incident=incident, slug="ashbourne").tasks_settled == 0


def test_what_a_former_lead_kept_goes_to_the_lead_when_it_is_cut_off(two, owner_url):
    incident = two.opens()
    with psycopg.connect(owner_url) as owner:  # as after a hand-over back and forth before steps came along
        owner.execute(
            "UPDATE incidents_incident SET lead_id = %s WHERE id = %s", [two.cast.id("northgate"), incident.pk]
        )
    two.isolates("ashbourne", 4, incident, lead="northgate")
    assert leads_steps(two, incident, "northgate") == {("ashbourne", "cancelled"), ("northgate", "waiting")}


def test_cutting_the_deputy_off_finds_another_one_who_sees_every_side(two):
    incident = two.opens()
    with two.inside("ashbourne"):
        deputy = Participant.objects.get(incident=incident, organisation_id=incident.deputy_lead_id).slug
    two.isolates(deputy, 4, incident)
    with two.inside("ashbourne"):
        now = Incident.objects.get(pk=incident.pk)
        assert now.lead_id == two.cast.id("ashbourne")
        assert now.deputy_lead_id not in {two.cast.id(deputy), two.cast.id("ashbourne"), None}
        assert now.deputy_lead_id in now.overseers


def test_lifting_takes_two_of_two_others(two):
    incident = two.opens()
    made = two.isolates("dunmere", 4, incident)
    assert two.undo(ADMIN, made) == REFUSED, "nobody alone"
    assert two.ask_to_lift(STRANGER, made, "dunmere", told=["brackenfield"]) == REFUSED
    assert two.ask_to_lift(LEAD, made, "dunmere", told=["gravenhurst"]) == REFUSED
    assert two.ask_to_lift(LEAD, made, "dunmere", told=["dunmere"]) == REFUSED
    assert two.ask_to_lift(LEAD, made, "eastwick", told=["brackenfield"]) == REFUSED
    asked = two.ask_to_lift(LEAD, made, "dunmere", told=["coldharbour"])
    assert two.lift(LEAD, made, asked) == WRONG, "not approved"
    assert two.decide(ADMIN, asked) == REFUSED, "one organisation"
    assert two.decide(THIRD, asked) is None
    assert two.lift(THIRD, made, asked) is None
    assert two.lift(THIRD, made, asked) == WRONG
    with two.inside("coldharbour"):
        assert Standing.objects.get(incident=incident, slug="dunmere").word == "acting"
    assert two.sql(TARGET, "SELECT count(*) FROM partners_organisation") == REFUSED, "sessions from before stay ended"


def test_what_two_others_did_is_not_undone_with_the_organisation_itself(two):
    incident = two.opens()
    made = two.isolates("dunmere", 2, incident)
    assert two.ask_to_lift(TARGET, made, "dunmere", told=["eastwick"]) == REFUSED
    assert two.ask_to_lift(LEAD, made, "dunmere", told=["dunmere"]) == REFUSED
    assert two.undo(("dunmere", "administrator"), made) == REFUSED


def test_an_incident_is_known_to_its_own_alone(two, seal):
    """Everybody shares the public website with everybody: that does not make them party to an incident."""
    incident = two.opens()
    two.isolates("dunmere", 2, incident)
    with two.inside("gravenhurst"), connections["default"].cursor() as cursor:
        seal()
        cursor.execute("SELECT count(*) FROM ledger_event WHERE incident_id IS NOT NULL")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM sec.not_trusted(%s)", [incident.pk])
        assert cursor.fetchone()[0] == 0
    with two.inside("eastwick"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT step FROM sec.not_trusted(%s)", [incident.pk])
        assert cursor.fetchall() == [(2,)]


def test_who_is_cut_off_joins_a_later_incident_as_cut_off(two):
    incident = two.opens()
    two.isolates("dunmere", 4, incident)
    later = two.opens("file-services")
    with two.inside("ashbourne"):
        assert Standing.objects.get(incident=later, slug="dunmere").word == "cut_off"


def test_who_is_cut_off_does_not_stand_in_for_the_lead_of_a_later_incident(two):
    incident = two.opens()
    two.isolates("northgate", 4, incident)
    later = two.opens()
    with two.inside("ashbourne"):
        now = Incident.objects.get(pk=later.pk)
        roles = dict(Standing.objects.filter(incident=later).values_list("organisation_id", "role"))
    assert now.deputy_lead_id not in {two.cast.id("northgate"), two.cast.id("ashbourne"), None}
    assert now.deputy_lead_id in now.overseers
    assert roles[now.deputy_lead_id] == "deputy_lead"


def test_an_appeal_rests_on_the_registered_number_and_all_who_know_can_read_it(two):
    incident = two.opens()
    number = "SELECT sec.registered_number(%s, 'appeal')"
    dunmere = two.cast.id("dunmere")
    assert two.sql(SECOND, number, dunmere) == REFUSED, "it is not isolated"
    two.isolates("dunmere", 4, incident)
    assert two.sql(SECOND, number, dunmere) == "01632 960134"
    assert two.sql(SECOND, number, dunmere, fresh=False) == REFUSED
    assert two.sql(("brackenfield", "responder"), number, dunmere) == REFUSED
    assert two.sql(STRANGER, number, dunmere) == REFUSED
    call = "SELECT sec.record_call_back(%s, 'appeal', 'reached', 'Grace Holloway', 'It was a drill')"
    assert two.sql(STRANGER, call, dunmere) == REFUSED
    assert isinstance(two.sql(SECOND, call, dunmere), UUID)
    assert two.sql(THIRD, "SELECT number FROM partners_callback") == "01632 960134"
    assert two.sql(STRANGER, "SELECT count(*) FROM partners_callback") == 0


def test_a_stranger_who_lets_somebody_join_reads_no_reason_and_no_name(two, cast):
    """Brackenfield distrusts its own mail; Gravenhurst, which shares an incident with it only later, knows the fact."""
    with two.inside("gravenhurst", "incident_manager"):
        apart = open_incident(
            Opening(
                title="Apart", systems=("telephony",), untold=(LeftUntold("brackenfield", "Not before they answer"),)
            ),
            actor=actor_of(cast.visitor("gravenhurst")),
        )
    two.opens()
    two.press(("brackenfield", "administrator"), 2, because="Orders that nobody gave")
    with two.inside("gravenhurst", "incident_manager"), connections["default"].cursor() as cursor:
        seen = "SELECT count(*) FROM partners_isolation WHERE organisation_id = %s"
        cursor.execute(seen, [cast.id("brackenfield")])
        assert cursor.fetchone() == (0,)
        cursor.execute("UPDATE incidents_untold SET told_at = now()")
        cursor.execute(
            "INSERT INTO incidents_participant (id, incident_id, organisation_id, slug, name, kind, role, is_provider,"
            " exposure, distance, because, other_paths, joined_at, duty_name, duty_phone, tasks_total, tasks_open,"
            " tasks_waiting, tasks_settled, tasks_blocked, containing_open, told_by, people_told, people_seen,"
            " not_told_because) VALUES (gen_random_uuid(), %s, %s, 'brackenfield', 'Brackenfield', 'council',"
            " 'participant', false, 'direct', 0, 'it is so', '[]', now(), '', '', 0, 0, 0, 0, 0, 0, '', 0, 0, '')",
            [apart.pk, cast.id("brackenfield")],
        )
        cursor.execute(seen, [cast.id("brackenfield")])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM sec.not_trusted(%s)", [apart.pk])
        assert cursor.fetchone() == (1,)
