"""Two incidents of one lead become one: who joins, what closes, what stays, and that nobody else learns of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.left_untold import LeftUntold
from incidents.merging import merge
from incidents.models import Incident
from partners.acting import actor_of
from portal.tenancy.scope import organisation_scope
from tests.cast import Cast
from tests.incidents.test_own_actions import acts, incident, words
from tests.notifications.stage import Stage

__all__ = ["acts", "incident"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def same(stage: Stage) -> Incident:
    """A second incident of Ashbourne's, about another system."""
    return stage.opens(systems=("remote-access",))


def sides(stage: Stage, incident: Incident) -> set[str]:
    rows = stage.owner("SELECT slug FROM incidents_participant WHERE incident_id = %s", [incident.pk])
    return {slug for (slug,) in rows}


def merged(stage: Stage, cast: Cast, closed: Incident, goes_on: Incident) -> Any:
    visitor = cast.visitor("ashbourne", fresh=True)
    with organisation_scope(visitor.ticket):
        return merge(incident_id=closed.pk, into_id=goes_on.pk, actor=actor_of(visitor))


def test_one_goes_on_with_everybody_and_both_records_stay(
    stage: Stage, incident: Incident, same: Incident, cast: Cast, client_of: Callable[..., Any]
) -> None:
    before, others = sides(stage, incident), sides(stage, same)
    trail = stage.owner("SELECT kind, data FROM ledger_event WHERE incident_id = %s ORDER BY pos", [same.pk])
    done = merged(stage, cast, same, incident)
    assert merged(stage, cast, same, incident).joined == []  # a second time
    assert others <= sides(stage, incident) | set(done.asked)
    assert set(done.joined) == sides(stage, incident) - before
    status = stage.owner("SELECT status, outcome, merged_into_id FROM incidents_incident WHERE id = %s", [same.pk])
    assert status == [("closed", "duplicate", incident.pk)]
    after = stage.owner("SELECT kind, data FROM ledger_event WHERE incident_id = %s ORDER BY pos", [same.pk])
    assert after[: len(trail)] == trail
    assert len(stage.events("incident.closed")) == 1
    # Of the other incident nothing stands in the one that goes on, and whoever had no part in it does not find it.
    told = stage.owner("SELECT data::text FROM ledger_event WHERE incident_id = %s", [incident.pk])
    assert not [data for (data,) in told if same.reference in data]
    for slug in ("ashbourne", "northgate", "dunmere", "eastwick", "gravenhurst"):
        status_code = client_of(slug).get(f"/incidents/{same.reference}/").status_code
        assert status_code == (200 if slug in others else 404), slug
    both = next(slug for slug in sorted(others) if slug in sides(stage, incident))
    assert incident.reference in words(client_of(both), f"/incidents/{same.reference}/")


def test_what_cannot_be_one_is_refused_and_nothing_happens(
    stage: Stage, incident: Incident, same: Incident, cast: Cast, acts: Callable[..., Any]
) -> None:
    for slug, refused in (("northgate", NotYours), ("dunmere", (NotYours, Incident.DoesNotExist)),
                          ("gravenhurst", Incident.DoesNotExist)):  # fmt: skip
        with acts(slug) as actor, pytest.raises(refused):
            merge(incident_id=same.pk, into_id=incident.pk, actor=actor)
    with pytest.raises(Invalid):
        merged(stage, cast, same, same)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # by SQL alone, and nobody
        stage.as_app("ashbourne", "SELECT sec.merged_into(%s, %s)", [same.pk, incident.pk])
    stage.closes(incident)
    for closed, goes_on in ((same, incident), (incident, same)):
        with pytest.raises(WrongMoment):
            merged(stage, cast, closed, goes_on)
    assert stage.owner("SELECT 1 FROM incidents_incident WHERE merged_into_id IS NOT NULL") == []


def test_nobody_is_told_by_it_who_is_left_untold_in_the_one_that_goes_on(
    stage: Stage, same: Incident, cast: Cast
) -> None:
    kept = stage.opens(systems=("remote-access",), untold=(LeftUntold("brackenfield", "Its screens are watched."),))
    with pytest.raises(WrongMoment, match="Brackenfield"):
        merged(stage, cast, same, kept)
    assert "brackenfield" in sides(stage, same)
    assert "brackenfield" not in sides(stage, kept)
    assert stage.owner("SELECT told_at FROM incidents_untold WHERE incident_id = %s", [kept.pk]) == [(None,)]


def test_the_page_says_what_it_does_and_does_it(
    incident: Incident, same: Incident, client_of: Callable[..., Any]
) -> None:
    at, lead = f"/incidents/{same.reference}/merge/", client_of("ashbourne", fresh=True)
    assert "This cannot be taken back" in words(lead, at)
    assert lead.post(at, {"into": "INC-000000"}).status_code == 422
    assert client_of("northgate", fresh=True).post(at, {"into": incident.reference}).status_code == 404
    done = lead.post(at, {"into": incident.reference})
    assert (done.status_code, done["Location"]) == (302, f"/incidents/{incident.reference}/")
