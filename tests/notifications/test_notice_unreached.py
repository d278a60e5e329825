"""A data notice whose addressee nobody can reach: its sender is told to ring, and whom; nobody else is."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.models import DataNotice
from incidents.personal_data.notices import Notice, send_notice
from tests.api.asking import send
from tests.incidents.test_data_notices import ABOUT, KNOWN, SINCE
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "Nobody at Dunmere could be reached."


def test_the_sender_reads_that_nobody_was_reached_and_whom_to_ring(stage: Stage, client_of, api_of, inside):
    incident = stage.opens()
    stage.works()
    ((dunmere,),) = stage.owner("SELECT id FROM partners_organisation WHERE slug = 'dunmere'")
    ((number,),) = stage.owner("SELECT phone FROM partners_dutydesk WHERE organisation_id = %s", [dunmere])
    stage.owner("UPDATE partners_contactpoint SET trust = 'compromised' WHERE organisation_id = %s", [dunmere])
    stage.owner("UPDATE partners_dutydesk SET phone = '' WHERE organisation_id <> %s", [dunmere])
    with inside("eastwick"):
        sent = send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE))
    page = reverse("incident-data", args=[incident.reference])
    assert NOBODY not in client_of("eastwick").get(page).content.decode()
    stage.works()
    shown = client_of("eastwick").get(page).content.decode()
    assert NOBODY in shown
    assert f'href="tel:{number}"' in shown
    for slug in ("ashbourne", "northgate", "brackenfield", "gravenhurst"):
        assert NOBODY not in client_of(slug).get(page).content.decode(), slug
    notices = f"/incidents/{incident.reference}/data-notices/"
    (row,) = send(api_of("eastwick"), "get", notices).json()["results"]
    assert (row["ring"], row["unreached_at"] is not None) == (number, True)
    assert send(api_of("northgate"), "get", notices).json()["results"] == []
    ((_data, audience),) = stage.events("data_notice.unreached")
    assert set(audience) == {stage.ids["eastwick"], dunmere}
    # Somebody there is found at the reminder: nobody need ring any more.
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'trusted', rides_on_id = NULL WHERE organisation_id = %s", [dunmere]
    )
    stage.owner("UPDATE incidents_datanotice SET due_at = now() + interval '1 hour'")
    stage.worker("SELECT sec.remind_of_data_notices()")
    stage.works()
    assert NOBODY not in client_of("eastwick").get(page).content.decode()
    with inside("eastwick"):
        assert DataNotice.objects.get(pk=sent.pk).ring == ""
