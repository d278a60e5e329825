"""Whoever leads an incident and can send any SQL: what a radius says is never a key to what stands elsewhere."""

from __future__ import annotations

import json

import pytest

from incidents.models import Incident
from tests.notifications.stage import Stage
from tests.partners.raw import entered, refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def system(stage: Stage, slug: str) -> str:
    ((pk,),) = stage.owner("SELECT id FROM partners_sharedsystem WHERE slug = %s", [slug])
    return str(pk)


def fresh(cast, slug: str = "ashbourne") -> str:
    return cast.visitor(slug, fresh=True).ticket


NAME = "SELECT sec.name_link(%s, %s, %s, %s, '', '')"


def test_the_lead_links_into_no_system_that_it_neither_stands_on_nor_reaches(stage, incident, cast):
    source, foreign = system(stage, "identity-platform"), system(stage, "planning-search")
    with entered(fresh(cast)) as lead:
        for kind in ("system", None, "organisation", "x"):
            assert refused(lead, NAME, [incident.pk, source, kind, foreign]) in {"42501", "23514"}, kind
            assert refused(lead, NAME, [incident.pk, foreign, kind, source]) in {"42501", "23514"}, kind


FORGED = "SELECT sec.keep_radius(%s, %s::jsonb, '[]', '{}', '[]')"


def forged(stage: Stage, *, reached: list[str], edges: list[str], slug: str = "ashbourne") -> str:
    side = {
        "id": str(stage.ids[slug]),
        "slug": "ashbourne",
        "name": "Ashbourne",
        "path": {"systems": reached, "edges": edges},
        "others": [],
    }
    return json.dumps(
        {
            "organisations": [side],
            "reached_systems": reached,
            "systems": [{"id": each, "name": "x"} for each in reached],
        }
    )


def test_a_radius_that_the_lead_made_up_opens_no_foreign_system_and_shows_no_foreign_link(stage, incident, cast):
    """It is not taken; and were there one, what the lead is let see is asked of the register."""
    source, foreign = system(stage, "identity-platform"), system(stage, "planning-search")
    other = stage.owner(
        "INSERT INTO partners_sharedsystem (id, slug, name, spoken, description, hosting, status, safety_critical,"
        " cut_stops, account_realms, owner_id) VALUES (gen_random_uuid(), 'maps', 'Maps of Gravenhurst', '', '', '',"
        " 'live', false, '', '{}', %s) RETURNING id",
        [stage.ids["gravenhurst"]],
    )[0][0]
    ((link,),) = stage.owner(
        'INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group",'
        " barrier, reviewed_by, note) VALUES (gen_random_uuid(), %s, %s, 'hosting', 'A secret of Gravenhurst', '', '',"
        " false, '', 'none', '', '') RETURNING id",
        [foreign, other],
    )
    with entered(fresh(cast)) as lead:
        made_up = forged(stage, reached=[source, foreign], edges=[str(link)])
        for each in (made_up, forged(stage, reached=[source], edges=[], slug="gravenhurst")):
            assert refused(lead, FORGED, [incident.pk, each]) == "23514"
        assert refused(lead, FORGED, [incident.pk, forged(stage, reached=[source], edges=[])]) == ""
    stage.owner(
        "INSERT INTO incidents_radiusversion (id, incident_id, number, at, causes, document, contain_first, changed)"
        " VALUES (gen_random_uuid(), %s, 99, now(), '[]', %s, '[]', '{}')",
        [incident.pk, made_up],
    )
    with entered(fresh(cast)) as lead:
        assert refused(lead, NAME, [incident.pk, source, "system", foreign]) == "23514"
        assert refused(lead, NAME, [incident.pk, foreign, "new", None]) == "23514"
        ((said,),) = lead.execute("SELECT sec.why_here(%s, %s)::text", [incident.pk, stage.ids["ashbourne"]]).fetchall()
        assert "Gravenhurst" not in said
        assert refused(lead, "SELECT sec.dispute_link(%s, %s, 'x')", [incident.pk, link]) == "42501"
        assert refused(lead, "SELECT sec.propose_link(%s, %s, 'x')", [incident.pk, foreign]) == "23514"


def test_a_wide_read_is_recorded_for_owners_too_and_tells_nobody_who_else_was_shown(stage, cast):
    """Dunmere owns the ledger; take it off as a participant, and it is an owner that is shown and nothing else."""
    for table in ("partners_publicservice", "partners_participation"):
        stage.owner(f"DELETE FROM {table} WHERE organisation_id = %s", [stage.ids["dunmere"]])
    with entered(fresh(cast), commits=True) as reader:
        ((shown,),) = reader.execute(
            "SELECT sec.edges_from(ARRAY[%s]::uuid[], 'what-if')::text", [system(stage, "file-services")]
        ).fetchall()
    assert str(stage.ids["dunmere"]) in shown
    for slug, ticket in [("dunmere", stage.ticket("dunmere")), ("coldharbour", stage.ticket("coldharbour"))]:
        with entered(ticket) as told:
            found = told.execute("SELECT audience FROM ledger_event WHERE kind = 'estate.read'").fetchall()
        assert found == [([stage.ids[slug]],)], slug
    with entered(stage.ticket("gravenhurst")) as stranger:
        assert stranger.execute("SELECT 1 FROM ledger_event WHERE kind = 'estate.read'").fetchall() == []


def test_a_number_is_not_revealed_without_a_reason(stage, incident, cast):
    ((point,),) = stage.owner(
        "UPDATE partners_contactpoint SET is_private = true, is_active = true, kind = 'phone', address = 'ends 67'"
        " WHERE id = (SELECT id FROM partners_contactpoint WHERE organisation_id = %s LIMIT 1) RETURNING id",
        [stage.ids["brackenfield"]],
    )
    ask = "SELECT * FROM sec.reveal_number(%s, %s, %s)"
    with entered(fresh(cast)) as lead:
        for because in (None, "", "  "):
            assert refused(lead, ask, [incident.pk, point, because]) == "23514"
        assert refused(lead, ask, [incident.pk, point, "Nobody answers"]) in {"", "no row"}
    with entered(fresh(cast, "gravenhurst")) as stranger:
        assert refused(stranger, ask, [incident.pk, point, "Nobody answers"]) == "42501"


def test_whoever_draws_an_organisation_in_alone_reads_no_private_number_of_it(stage, cast):
    """Gravenhurst says that Brackenfield stands on its own system, opens an incident there, and so leads over it."""
    stand = (
        "INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)"
        " VALUES (gen_random_uuid(), %s, %s, '{}', false, 'live')"
    )
    brackenfield = stage.ids["brackenfield"]
    ((point,),) = stage.owner(
        "UPDATE partners_contactpoint SET is_private = true, is_active = true, kind = 'phone', address = 'ends 67'"
        " WHERE id = (SELECT id FROM partners_contactpoint WHERE organisation_id = %s LIMIT 1) RETURNING id",
        [brackenfield],
    )
    stage.owner(
        "INSERT INTO partners_dutyoverride (id, organisation_id, person_id, starts_at, ends_at, note, made_at)"
        " VALUES (gen_random_uuid(), %s, %s, now() - interval '1 hour', now() + interval '1 hour', '', now())",
        [brackenfield, cast["brackenfield"].people[0][0]],
    )
    with entered(fresh(cast, "gravenhurst"), commits=True) as stranger:
        stranger.execute(stand, [brackenfield, system(stage, "planning-search")])
    drawn = stage.opens("gravenhurst", systems=("planning-search",))
    assert brackenfield in drawn.participants
    ask = "SELECT * FROM sec.reveal_number(%s, %s, 'Nobody answers')"
    ring = "SELECT DISTINCT organisation_id FROM sec.duty_contacts(%s)"
    with entered(fresh(cast, "gravenhurst")) as stranger:
        assert refused(stranger, ask, [drawn.pk, point]) == "42501"
        assert stranger.execute(ring, [drawn.pk]).fetchall() == []
    with entered(fresh(cast, "brackenfield")) as own:
        assert own.execute(ring, [drawn.pk]).fetchall() == [(brackenfield,)]
        assert refused(own, ask, [drawn.pk, point]) != "42501"
        own.execute("UPDATE partners_participation SET confirmed_at = now() WHERE organisation_id = sec.me()")
        own.execute("SELECT set_config('app.ticket', %s, true)", [fresh(cast, "gravenhurst")])
        assert refused(own, ask, [drawn.pk, point]) != "42501", "it has said itself that it stands there"
