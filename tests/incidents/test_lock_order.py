"""Whoever leads locks the incident without its key: a worker's COMMIT, which checks that it is there, never waits."""

from __future__ import annotations

import psycopg
import pytest

from incidents.transitions import locked_incident
from tests.notifications.stage import Stage, address

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_foreign_key_is_checked_while_the_lead_holds_the_incident(stage: Stage):
    """Both at once were a deadlock: the closing waited for a participant, the message's COMMIT for the incident."""
    incident = stage.opens()
    by_id = "SELECT 1 FROM incidents_incident WHERE id = %s"
    with stage.acting("ashbourne") as actor:
        locked_incident(incident.pk, actor=actor)
        with psycopg.connect(address("DATABASE_URL")) as other:
            assert other.execute(f"{by_id} FOR KEY SHARE NOWAIT", [incident.pk]).fetchone() == (1,)
        with psycopg.connect(address("DATABASE_URL")) as other, pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(f"{by_id} FOR NO KEY UPDATE NOWAIT", [incident.pk])


def test_no_function_holds_the_key_of_an_incident(stage: Stage):
    holds = "prosrc ~ 'incidents_incident x[^;]* FOR (NO KEY )?UPDATE( OF x)?;'"
    with_its_key = "prosrc ~ 'incidents_incident x[^;]* FOR UPDATE( OF x)?;'"
    names = {name for (name,) in stage.owner(f"SELECT proname FROM pg_proc WHERE {holds}")}
    assert {"hand_over_lead", "keep_radius", "offer_lead", "offer_silent_lead", "open_offer", "send_heads_up"} <= names
    assert stage.owner(f"SELECT proname FROM pg_proc WHERE {with_its_key}") == []
