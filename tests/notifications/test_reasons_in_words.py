"""Reasons are kept in English, and read on board, call list and deliveries in the reader's language."""

from __future__ import annotations

from html import unescape

import pytest
from babel.messages.catalog import Catalog
from django.utils import translation

from scripts.texts import collected
from tests.notifications.stage import Stage
from tests.portal.test_texts import _forget, brackets

__all__ = ["brackets"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def texts() -> Catalog:
    """Of the rooms that write reasons: collecting all takes its time."""
    return collected(("notifications", "partners"))


@pytest.mark.usefixtures("mail", "brackets")
def test_board_call_list_and_deliveries_speak_the_readers_language(stage: Stage, settings, client_of):
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'doubtful', trust_because = 'Jo has a feeling.', rides_on_id = NULL"
        " WHERE organisation_id = %s",
        [stage.ids["dunmere"]],
    )
    settings.LANGUAGE_CODE = "cy"  # of the workers, too: what they write is English all the same
    _forget()
    translation.activate("cy")
    incident = stage.opens()
    stage.works()
    kept = stage.side(incident, "dunmere")["not_told_because"]
    assert kept == "No recorded way can be used. It is not trusted at present. Call the duty desk."
    assert [data["because"] for data, _ in stage.events("organisation.not_told")] == [kept]
    doubt = "⟦It is not trusted at present.⟧"
    why = f"⟦No recorded way can be used. {doubt} Call the duty desk.⟧"
    pages = {
        name: unescape(client_of("ashbourne").get(f"/incidents/{incident.reference}/{name}").content.decode())
        for name in ("", "calls/", "deliveries/")
    }
    assert why in pages[""]
    assert "⟦No recorded way of theirs can be trusted at present.⟧" in pages["deliveries/"], "of the ladder"
    assert doubt in pages["deliveries/"]
    assert "⟦" in pages["calls/"]
    assert "Call the duty desk.⟧" in pages["calls/"]
    said = (
        "SELECT next_step FROM incidents_participant WHERE incident_id = %s AND next_step <> '' ORDER BY slug LIMIT 1"
    )
    ((following,),) = stage.owner(said, [incident.pk])
    assert "⟦" not in following
    assert f"⟦⟦{following.partition(' by ')[0]}⟧ by " in pages[""]
