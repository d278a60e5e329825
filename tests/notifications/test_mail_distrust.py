"""Mail that is not trusted is gone round from the next statement on, and used again when the mark has ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partners.mail_marks import not_used
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)

BEN, BENS = "ben.ashcroft@dunmere.example", "+447700900201"


@pytest.fixture
def texts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        yield box


def mark(stage: Stage, domain: str = "dunmere.example", *, by: str = "dunmere", for_all: bool = True) -> None:
    """A mark as the functions leave it, without who pressed."""
    stage.owner(
        "INSERT INTO partners_maildistrust (id, domain, organisation_id, for_all, reason, suspected_from, marked_by,"
        " marked_by_name, marked_by_organisation_id, marked_at, until, lifted_by_name, incident_reference, audience)"
        " SELECT gen_random_uuid(), %(domain)s, w.id, %(all)s, 'Phishing', now(), gen_random_uuid(), '', b.id, now(),"
        " now() + interval '7 days', '', '', ARRAY[b.id] FROM partners_organisation w, partners_organisation b"
        " WHERE w.slug = split_part(%(domain)s, '.', 1) AND b.slug = %(by)s",
        {"domain": domain, "by": by, "all": for_all},
    )


def test_the_next_message_goes_by_text_and_mail_is_used_again_when_the_mark_has_ended(
    stage: Stage, mail: Mailbox, texts: Mailbox
):
    number(stage, "dunmere", BEN, BENS, order=9)  # his mailbox is preferred
    mark(stage)
    incident = stage.opens()
    stage.works()
    assert [each["to"] for each in texts.messages()] == [[BENS]]
    assert not any("dunmere.example" in to for each in mail.messages() for to in each["to"])
    skipped = {row for row in stage.deliveries(incident, "dunmere", "d.way, d.state, d.error") if row[1] == "skipped"}
    assert ("email", "skipped", "The mail of Dunmere is marked as not trusted.") in skipped
    with stage.acting("gravenhurst"):
        assert not_used() == {}
    stage.closes(incident)
    stage.works()
    stage.owner("UPDATE partners_maildistrust SET until = now()")  # by the database's time, nobody has to do anything
    stage.opens()
    stage.works()
    assert len(mail.messages(to=BEN)) == 1


def test_mail_that_waits_when_the_mark_comes_goes_by_text(stage: Stage, mail: Mailbox, texts: Mailbox):
    number(stage, "dunmere", BEN, BENS, order=9)
    incident = stage.opens()
    stage.plans()
    mark(stage)
    stage.works()
    assert mail.messages(to=BEN) == []
    assert [each["to"] for each in texts.messages()] == [[BENS]]
    rows = stage.deliveries(incident, "dunmere", "p.email, d.way, d.state")
    assert {(BEN, "email", "dead"), (BEN, "sms", "accepted")} <= set(rows)


def test_what_one_organisation_distrusts_for_itself_changes_nothing_for_others_and_is_not_told(
    stage: Stage, mail: Mailbox, texts: Mailbox
):
    number(stage, "dunmere", BEN, BENS, order=9)
    stage.owner("UPDATE partners_contactpoint SET address = 'ben@post.ashbourne.example' WHERE address = %s", [BEN])
    mark(stage, "ashbourne.example", by="dunmere", for_all=False)
    incident = stage.opens()
    stage.works()
    assert [each["to"] for each in texts.messages()] == [[BENS]]
    with stage.acting("ashbourne"):
        assert not_used() == {}, "its own go on"
    errors = {row[0] for row in stage.deliveries(incident, "dunmere", "d.error") if row[0]}
    assert "It is not trusted at present." in errors
    assert not any("Ashbourne" in error for error in errors), "the lead reads this, and it names nobody"


def test_a_mark_for_oneself_shows_in_nobody_elses_preview(stage: Stage, mail: Mailbox, texts: Mailbox):
    """Brackenfield distrusts mail of Ashbourne, where it has contacts; Ashbourne must not learn it by counting."""
    stage.owner(
        "UPDATE partners_contactpoint SET address = 'a' || substr(id::text, 1, 8) || '@ashbourne.example'"
        " WHERE kind = 'email' AND organisation_id = %s",
        [stage.ids["brackenfield"]],
    )
    counts = (
        "SELECT told, avoided FROM sec.who_would_be_told(ARRAY(SELECT id FROM partners_sharedsystem"
        " WHERE slug = 'identity-platform'), NULL, ARRAY['email', 'sms']) WHERE organisation_id = %s"
    )
    of_brackenfield = [stage.ids["brackenfield"]]
    before = {slug: stage.as_app(slug, counts, of_brackenfield) for slug in ("ashbourne", "northgate", "brackenfield")}
    mark(stage, "ashbourne.example", by="brackenfield", for_all=False)
    after = {slug: stage.as_app(slug, counts, of_brackenfield) for slug in before}
    assert after["ashbourne"] == before["ashbourne"]
    assert after["northgate"] == before["northgate"]
    assert after["brackenfield"] != before["brackenfield"], "it knows itself"


def test_what_somebody_wrote_of_a_contact_of_their_own_stays_at_home(stage: Stage, mail: Mailbox, texts: Mailbox):
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'compromised', trust_because = 'Ben left his laptop on the train.'"
        " WHERE address = %s",
        [BEN],
    )
    incident = stage.opens()
    stage.works()
    said = stage.as_app("ashbourne", "SELECT error FROM notifications_delivery WHERE incident_id = %s", [incident.pk])
    assert ("It is not trusted at present.",) in said
    assert not any("laptop" in error for (error,) in said)


def test_whose_mail_is_marked_for_all_hears_of_it_by_another_way(stage: Stage, mail: Mailbox, texts: Mailbox):
    number(stage, "dunmere", BEN, BENS, order=9)
    mark(stage)
    stage.owner(
        "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)"
        " SELECT gen_random_uuid(), 'mail.distrusted', now(), %s, 'system', '', %s::uuid[], %s",
        [stage.ids["dunmere"], [stage.ids["dunmere"], stage.ids["gravenhurst"]], '{"organisation": "dunmere"}'],
    )
    stage.works()
    (text,) = texts.messages()
    assert text["to"] == [BENS]
    assert text["text"].startswith("Whether your organisation's mail is trusted has changed.")
    assert mail.messages() == []
