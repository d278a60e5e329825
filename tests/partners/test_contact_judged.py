"""A person's own judgement of a contact: who may, what it changes, and that its words stay at home."""

from __future__ import annotations

from uuid import UUID

import pytest

from partners.models import ContactPoint
from portal.ledger.models import Event

pytestmark = pytest.mark.django_db
WHY = "Ben left his laptop on the train"


@pytest.fixture
def point(inside) -> UUID:
    with inside("dunmere"):
        return ContactPoint.objects.get(address="ben.ashcroft@dunmere.example").pk


def judged(client, point: UUID, trust: str = "compromised", because: str = WHY):
    return client.post(f"/partners/contacts/{point}/trust/", {"trust": trust, "because": because})


def test_a_judgement_is_kept_shown_at_home_and_taken_back(inside, client_of, point):
    manager = client_of("dunmere", fresh=True)
    page = manager.get(f"/partners/contacts/{point}/").content.decode()
    assert "How far is it to be trusted?" in page
    assert judged(manager, point).status_code == 302
    own = client_of("dunmere", "observer").get("/partners/contacts/").content.decode()
    assert "compromised" in own
    assert WHY in own
    assert judged(manager, point, "trusted", "New laptop, new password").status_code == 302
    with inside("dunmere"):
        kept = ContactPoint.objects.get(pk=point)
        assert (kept.trust, kept.trust_because) == ("trusted", "")


def test_nobody_else_reads_why(inside, client_of, point, seal):
    assert judged(client_of("dunmere", fresh=True), point).status_code == 302
    for slug in ("ashbourne", "northgate", "gravenhurst"):
        with inside(slug):
            seal()
            assert not Event.objects.filter(subject_id=point).exists()
            assert not ContactPoint.objects.filter(pk=point).exists()
    with inside("dunmere"):
        assert Event.objects.filter(subject_id=point, kind="contact.trust_changed").exists()


def test_what_is_wrong_is_said_and_what_was_typed_stays(client_of, point):
    manager = client_of("dunmere", fresh=True)
    refused = judged(manager, point, "doubtful", "")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Say why, in a few words." in page
    assert 'value="doubtful" checked' in page
    assert 'value="ben.ashcroft@dunmere.example"' in page, "the other form stays as it is"
    assert judged(manager, point, "perfect").status_code == 422


def test_who_may_not_judge(inside, client_of, point):
    with inside("ashbourne"):
        desk = ContactPoint.objects.get(address="duty@ashbourne-duty.example").pk
    assert judged(client_of("ashbourne", "responder", fresh=True), desk).status_code == 403, "not theirs"
    assert judged(client_of("ashbourne", fresh=True), desk).status_code == 302
    assert judged(client_of("dunmere"), point).status_code == 403, "without a passkey just now"
    assert judged(client_of("ashbourne", fresh=True), point).status_code == 404
    assert judged(client_of("gravenhurst", fresh=True), point).status_code == 404
