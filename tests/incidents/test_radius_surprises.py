"""The surprises of the demonstration as the pages tell them: who is reached unexpectedly, and what to cut."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db(transaction=True)


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def test_the_pages_tell_the_surprises(stage, client_of):
    incident = stage.opens(systems=("identity-platform",))
    address = reverse("incident-radius", args=[incident.reference])
    how_far = client_of("ashbourne").get(address)
    cuts = [words(each.encode()) for each in how_far.content.decode().split('<div class="cut')[1:]]
    (group,) = [cut for cut in cuts if "roup NG-ADM" in cut.partition("Protects")[0]]
    assert "Protects Dunmere, Eastwick and Fernleigh" in group
    assert "3 organisations" in group
    assert "one finance batch" in group
    why = client_of("fernleigh").get(reverse("incident-participant", args=[incident.reference, "fernleigh"]))
    assert "Archive of 2006" in words(why.content)
    text = words(how_far.content)
    outside = text.partition("No path known to the register")[2]
    assert "Gravenhurst" in outside
    assert "the barrier was tested on" in outside
    assert client_of("gravenhurst").get(address).status_code == 404
    (vpn,) = [cut for cut in cuts if "Remote access off the Identity platform" in cut]
    assert "Protects no further organisation. (0 organisations" in vpn
    assert "Telecare alarms for 2,140 people (no fallback recorded: Brackenfield)" in vpn
    assert cuts.index(group) < cuts.index(vpn)
