"""Gate: what the lead may read of another organisation ends at status, and at its own incident. By raw SQL.

Written by hand from what was agreed: of others the lead sees steps and their states, the ladder, the duty desk. Notes,
evidence, duties, people, own references, ways to reach people and the estate stay at home.
"""

from __future__ import annotations

import psycopg
import pytest

from tests import servers
from tests.gates.arranged import Arranged, arranged
from tests.gates.arranged_names import secret_of, ticket

# Tables with rows of one organisation each, of which the lead reads its own alone.
STAYS_AT_HOME = (
    "incidents_tasknote", "incidents_ownreference", "incidents_duty", "partners_person", "partners_contactpoint",
    "partners_dutydesk", "partners_apikey", "partners_authenticator", "partners_personsession",
    "partners_identityprovider", "partners_signinpolicy", "monitoring_alert", "monitoring_alertrule", "api_replay",
)  # fmt: skip
# What crosses with a name in it: the duty desk, as it stood when its organisation joined, and what is addressed to the
# lead by name: who asked for an approval, cut off, or was rung; what it asked of somebody; whose mail is not trusted;
# why a ladder moved; a link that somebody names, and a clearing. Planned work is told to whomever it stops something
# for. Who signed a plan, and with what reservation, is said to all who keep it; what a step asks is answered to the
# lead; a turn of an exercise is written by whoever leads it; who has seen a technique is said to lead, deputy and
# provider, with the evidence that its owner has shared. A position on personal data and a report to a body outside are
# shared by their owner; a notice of data is addressed to whom it is about, the lead too.
ADDRESSED = {
    "incidents_dataposition",  # shared by its owner
    "incidents_datanotice",  # of which the lead is the addressee
    "incidents_logentry",  # decisions that their owner has shared
    "incidents_servicenote",  # shared by its owner
    "incidents_situationreport",  # shared by its owner
    "incidents_statement",  # issued, or put to the lead
    "incidents_statementversion",
    "incidents_statementask",
    "incidents_plannedcut",  # whoever plans one, and whoever is asked, says so to lead and provider
    "incidents_plannedcutside",
    "incidents_plannedcutchange",
    "incidents_outsidereport",  # shared by its owner; who rang and what was said stand elsewhere
    "monitoring_exposuredecision",  # between a system's owner and its provider, about its software
    "incidents_inject",
    "incidents_runanswer",
    "incidents_signedatopening",
    "incidents_techniqueevidence",
    "incidents_techniquesaying",
    "incidents_signoff",
    "incidents_signoffstep",
    "incidents_clearing",
    "incidents_linkclaim",
    "incidents_participant",
    "incidents_updaterequest",
    "notifications_callattempt",
    "notifications_ladderstep",
    "partners_maildistrust",
    "incidents_handover",
    "incidents_plannedchange",
    "incidents_plannedsystem",
    "incidents_plannedwork",
    "partners_approval",
    "partners_isolation",
    "partners_callback",
}
OF_ITS_INCIDENT = ("incidents_task", "incidents_participant", "incidents_standing", "incidents_update",
                   "incidents_incidentsystem", "incidents_radius", "notifications_delivery")  # fmt: skip


@pytest.fixture(scope="module")
def world():
    with arranged("bulkhead_test_lead_rights") as made:
        yield made


def rows(world: Arranged, slug: str, sql: str, *parameters):
    with world.entered("portal_app", ticket(slug)) as connection:
        return connection.execute(sql, parameters).fetchall()


@pytest.mark.parametrize("table", STAYS_AT_HOME)
def test_the_lead_reads_its_own_alone(world: Arranged, table: str):
    owners = {org for (org,) in rows(world, "ashbourne", f"SELECT organisation_id FROM {table}")}
    assert owners <= {world.ids["ashbourne"]}


@pytest.mark.parametrize("table", OF_ITS_INCIDENT)
def test_and_of_incidents_that_it_is_not_in_nothing(world: Arranged, table: str):
    incidents = {incident for (incident,) in rows(world, "ashbourne", f"SELECT incident_id FROM {table}")}
    assert world.ids["INC-LED"] in incidents
    assert not incidents & {world.ids["INC-APART"], world.ids["INC-ALONE"]}


def test_where_it_only_takes_part_it_reads_its_own_side_alone(world: Arranged):
    for table in ("incidents_task", "incidents_participant"):
        found = rows(
            world, "ashbourne", f"SELECT organisation_id FROM {table} WHERE incident_id = %s", world.ids["INC-TURNED"]
        )
        assert {org for (org,) in found} == {world.ids["ashbourne"]}


def test_no_answer_to_the_lead_holds_what_others_keep_at_home(world: Arranged):
    others = [secret_of(slug) for slug in ("brackenfield", "coldharbour", "dunmere", "gravenhurst", "northgate")]
    leaked = []
    with world.entered("portal_app", ticket("ashbourne")) as connection:
        tables = connection.execute(
            "SELECT c.relname::text, (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a WHERE"
            " a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " AND has_column_privilege(c.oid, a.attnum, 'SELECT')) FROM pg_class c"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        ).fetchall()
        for table, columns in tables:
            if columns:
                said = connection.execute(f"SELECT string_agg(x::text, ' ') FROM (SELECT {columns} FROM {table}) x")
                words = said.fetchone()[0] or ""
                leaked += [(table, other) for other in others if other in words]
    assert {each[0] for each in leaked if each[0] not in ADDRESSED} == set()
    assert leaked


def test_a_lead_that_handed_over_is_a_participant_like_any_other(world: Arranged):
    """By the owner here, because only the function moves a lead; everything after it is asked as the application."""
    led, everybody = (
        world.ids["INC-LED"],
        {"ashbourne", "brackenfield", "coldharbour", "dunmere", "northgate", "eastwick"},
    )
    seen = "SELECT organisation_id FROM incidents_participant WHERE incident_id = %s"
    with psycopg.connect(servers.database_url("DATABASE_URL", world.name)) as owner:
        assert {org for (org,) in rows(world, "ashbourne", seen, led)} == {world.ids[slug] for slug in everybody}
        owner.execute("SELECT sec.hand_over_lead(%s, %s, true, 'x')", [led, world.ids["brackenfield"]])
        owner.execute("SELECT set_config('app.ticket', %s, true)", [ticket("ashbourne")])
        owner.commit()
    assert {org for (org,) in rows(world, "ashbourne", seen, led)} == {world.ids["ashbourne"]}
    assert {org for (org,) in rows(world, "brackenfield", seen, led)} == {world.ids[slug] for slug in everybody}
    assert rows(world, "gravenhurst", seen, led) == []
