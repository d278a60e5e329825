"""The lead marks a participant's mail for all with a second organisation, on pages; two renew and lift it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from partners.mail_marks import marks
from partners.models import Approval, MailDistrust
from tests.cast import Cast
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(cast: Cast, inside):
    return Two(cast, inside)


@pytest.fixture
def incident(two) -> str:
    return two.opens().reference


def asked(cast: Cast, **changes: str) -> dict[str, str]:
    return {"domain": "dunmere.example", "reason": "Invoices from its mailboxes", "since": "",
            "second": str(cast.id("coldharbour")), **changes}  # fmt: skip


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def approves(client: Client) -> str:
    """Approve the one thing that waits; the page from before it."""
    page = client.get("/approvals/").content.decode()
    (path,) = re.findall(r'action="(/approvals/[0-9a-f-]+/approve/)"', page)
    assert client.post(path).status_code == 302
    return page


def marked(cast: Cast, client_of, incident: str) -> str:
    """Dunmere's mail is marked for all by Ashbourne and Coldharbour; the mark's id."""
    lead = client_of("ashbourne", fresh=True)
    assert lead.post(f"/incidents/{incident}/mail/ask/", asked(cast)).status_code == 302
    approves(client_of("coldharbour", fresh=True))
    page = lead.get(f"/incidents/{incident}/mail/").content.decode()
    (mark,) = re.findall(r"/partners/mail/([0-9a-f-]+)/change/", page)
    return mark


def test_the_lead_asks_the_second_reads_what_it_does_and_a_yes_does_it(cast, inside, client_of, incident):
    lead = client_of("ashbourne", fresh=True)
    page = text_of(lead, f"/incidents/{incident}/mail/ask/?about=dunmere.example")
    assert "Everybody in the partnership reads that mail from there is not to be trusted" in page
    assert lead.post(f"/incidents/{incident}/mail/ask/", asked(cast)).status_code == 302
    with inside("gravenhurst"):
        assert marks() == [], "nothing has changed yet"
    shown = approves(client_of("coldharbour", fresh=True))
    for words in ("Mark mail as not trusted, for all", "Dunmere", "to an address in dunmere.example",
                  "Invoices from its mailboxes"):  # fmt: skip
        assert words in shown
    with inside("gravenhurst"):
        (mark,) = marks()
        assert (mark.domain, mark.in_force, mark.reason) == ("dunmere.example", True, "")
    stranger = text_of(client_of("gravenhurst"), "/partners/mail/")
    assert "Dunmere (dunmere.example)" in stranger
    for hidden in ("Invoices", incident, "Ashbourne, ", "Renew or lift it"):
        assert hidden not in stranger


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": ""}, "Say why, in a few words."),
        ({"domain": "gravenhurst.example"}, "Select a valid choice"),
        ({"domain": "ashbourne.example"}, "Select a valid choice"),
        ({"since": "2999-01-01T00:00"}, "That is still to come"),
        ({"second": ""}, "Choose the organisation that decides with you."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(cast, client_of, incident, wrong, words):
    answer = client_of("ashbourne", fresh=True).post(f"/incidents/{incident}/mail/ask/", asked(cast, **wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    if "reason" not in wrong:
        assert "Invoices from its mailboxes</textarea>" in page


def test_nobody_is_asked_to_decide_about_their_own_mail(cast, client_of, incident):
    own = asked(cast, second=str(cast.id("dunmere")))
    answer = client_of("ashbourne", fresh=True).post(f"/incidents/{incident}/mail/ask/", own)
    assert answer.status_code == 422
    assert "Nobody decides about their own mail" in answer.content.decode()


def test_who_may_not_ask(cast, client_of, incident):
    path = f"/incidents/{incident}/mail/ask/"
    for slug in ("dunmere", "coldharbour", "gravenhurst"):
        assert client_of(slug, fresh=True).post(path, asked(cast)).status_code == 404, slug
    assert client_of("ashbourne", "responder", fresh=True).post(path, asked(cast)).status_code == 403
    assert client_of("ashbourne").post(path, asked(cast)).status_code == 403, "without a passkey just now"
    deputy = client_of("northgate", fresh=True).get(path).content.decode()
    assert re.findall(r'<option value="([^"]+)"', deputy) == ["ashbourne.example"], "against the lead alone"


def test_it_is_found_where_a_lead_looks(client_of, incident):
    lead = client_of("ashbourne", fresh=True)
    assert f'href="/incidents/{incident}/mail/"' in lead.get(f"/incidents/{incident}/more/").content.decode()
    side = lead.get(f"/incidents/{incident}/organisations/dunmere/").content.decode()
    assert f"/incidents/{incident}/mail/ask/?about=dunmere.example" in side
    for page in ("", "more/"):
        partner = client_of("dunmere").get(f"/incidents/{incident}/{page}").content.decode()
        assert f"/incidents/{incident}/mail/" not in partner


def test_overseers_read_yes_or_no_of_each_participant_and_nothing_more(cast, client_of, incident):
    mark = marked(cast, client_of, incident)
    told = {"act": "notice", "mark": mark, "text": "Ring the desk first", "people": "341"}
    assert client_of("coldharbour", "responder", fresh=True).post("/partners/mail/act/", told).status_code == 302
    for overseer in ("ashbourne", "northgate"):
        page = client_of(overseer).get(f"/incidents/{incident}/mail/").content.decode()
        rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td>(?:<strong>)?(yes|no)', page))
        assert rows.pop("Coldharbour") == "yes"
        assert {"Dunmere", "Brackenfield"} <= set(rows)
        assert set(rows.values()) == {"no"}
        assert "Gravenhurst" not in page
        assert "Ring the desk first" not in page
        assert "341" not in re.sub(r"<[^>]*>", " ", page)  # what is read: a random id in an address may hold it
    for other in ("coldharbour", "gravenhurst"):
        assert client_of(other).get(f"/incidents/{incident}/mail/").status_code == 404


def test_two_renew_and_two_lift_it_and_never_the_one_concerned(cast, inside, client_of, incident):
    mark = marked(cast, client_of, incident)
    path = f"/partners/mail/{mark}/change/"
    for slug in ("dunmere", "gravenhurst"):
        assert client_of(slug, fresh=True).get(path).status_code == 404, slug
    asks = client_of("coldharbour", fresh=True)
    page = asks.get(path).content.decode()
    seconds = set(re.findall(r'name="second" value="([^"]+)"', page))
    assert {str(cast.id("ashbourne")), str(cast.id("northgate"))} <= seconds
    assert not seconds & {str(cast.id(each)) for each in ("dunmere", "gravenhurst", "coldharbour")}
    said = {"act": "renew", "reason": "Still odd", "second": str(cast.id("ashbourne"))}
    assert asks.post(path, {**said, "act": ""}).status_code == 422
    assert client_of("coldharbour").post(path, said).status_code == 403, "without a passkey just now"
    assert asks.post(path, said).status_code == 302
    shown = approves(client_of("ashbourne", fresh=True))
    assert "The mark on mail of Dunmere (dunmere.example) holds for seven days from the approval on." in shown
    with inside("ashbourne"):
        assert MailDistrust.objects.get(pk=mark).renewed_at is not None
    assert asks.post(path, {**said, "act": "lift", "reason": "Clean"}).status_code == 302
    with inside("dunmere"):
        assert not Approval.objects.filter(kind="trust_mail").exists(), "it is not for the one concerned to see"
    approves(client_of("ashbourne", fresh=True))
    with inside("gravenhurst"):
        assert [each.in_force for each in marks()] == [False]
    assert asks.get(path).status_code == 409
