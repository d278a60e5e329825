"""What is known, believed and not known: the lead's, for everybody, and as it stood when an update was sent."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.decisions.known import Known, say_known
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident
from incidents.updates import send_update
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = Known(["Files on FS-02 are locked."], ["It came in by VPN."], ["Whether data was taken."])
SECOND = Known(["Files on FS-02 are locked.", "Nothing was taken."])


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def test_only_who_leads_keeps_it_every_revision_stays_and_all_participants_read_it(stage, incident, inside):
    for slug, role in (("northgate", "incident_manager"), ("dunmere", "incident_manager"), ("ashbourne", "responder"),
                       ("gravenhurst", "incident_manager")):  # fmt: skip
        with inside(slug, role), pytest.raises(NotYours):
            say_known(incident, FIRST)
    with inside("ashbourne"):
        for said, pointer in (
            (Known(), "/known"), (Known(["x"] * 11), "/known"), (Known(believed=["x" * 201]), "/believed"),
            (Known(not_known=[" "]), "/not_known"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=pointer):
                say_known(incident, said)
        assert say_known(incident, FIRST)
        assert not say_known(incident, FIRST)  # twice the same
        assert say_known(incident, SECOND)
    found = "SELECT number, cardinality(known) FROM incidents_knowncard ORDER BY number"
    for slug in ("ashbourne", "northgate", "dunmere", "eastwick"):
        assert stage.as_app(slug, found) == [(1, 1), (2, 2)], slug
    assert stage.as_app("gravenhurst", found) == []
    with pytest.raises(Exception, match="permission denied"):
        stage.as_app("ashbourne", "UPDATE incidents_knowncard SET known = '{}'")
    stage.closes(incident)
    with inside("ashbourne"), pytest.raises(WrongMoment):
        say_known(incident, FIRST)


def test_an_update_is_headed_by_the_card_that_stood_when_it_was_sent(stage, incident, inside, client_of):
    board, brief, update = (
        reverse(name, args=[incident.reference]) for name in ("incident-board", "incident-brief", "incident-update")
    )

    def sends(words: str) -> None:
        with stage.acting("ashbourne") as actor:
            send_update(incident_id=incident.pk, text=words, actor=actor, author_name="Ashbourne")

    sends("Before anybody had said.")
    with inside("ashbourne"):
        say_known(incident, FIRST)
    form = client_of("ashbourne").get(update).content.decode()
    assert "Whether data was taken." in form
    assert "have to be disclosed" in form
    sends("With the first.")
    with inside("ashbourne"):
        say_known(incident, SECOND)
    sends("With the second.")
    assert stage.owner(
        "SELECT k.number FROM incidents_update u LEFT JOIN incidents_knowncard k ON k.id = u.card_id ORDER BY u.at"
    ) == [(None,), (1,), (2,)]
    for slug in ("ashbourne", "northgate", "dunmere", "eastwick"):
        page = client_of(slug).get(board).content.decode()
        # The newest in the head and with the newest update; the older one where it stood.
        assert (page.count("Nothing was taken."), page.count("It came in by VPN.")) == (2, 1), slug
        assert "Nothing was taken." in client_of(slug).get(brief).content.decode()
    shown = client_of("ashbourne").post(update, {"text": "More", "step": "preview"}).content.decode()
    assert "Nothing was taken." in shown.split('id="preview"')[1]


def test_the_page_by_hand(stage, incident, client_of):
    at = reverse("incident-known", args=[incident.reference])
    assert client_of("gravenhurst").get(at).status_code == 404
    lead, partner = client_of("ashbourne"), client_of("eastwick")
    assert "has not said yet" in partner.get(at).content.decode()
    assert "What we believe" not in partner.get(at).content.decode()
    assert partner.post(at, {"known": "x"}).status_code == 403
    assert lead.post(at, {"known": " \n "}).status_code == 422
    assert lead.post(at, {"known": "x\n" * 11}).status_code == 422
    assert lead.post(at, {"known": "One <b>thing</b>\n\nAnother", "not_known": "Why"}).status_code == 302
    page = partner.get(at).content.decode()
    assert "<dd>One &lt;b&gt;thing&lt;/b&gt;</dd>" in page
    assert lead.post(at, {"known": "Another"}).status_code == 302
    assert "1 earlier version" in partner.get(at).content.decode()
