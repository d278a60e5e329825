"""Emergency enrolment: the right order lets somebody in for eight hours, every wrong one nobody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from partners import approvals, emergency
from partners.models import Approval, Organisation, Person
from portal.ledger.models import Event
from tests.partners.door import enrol, sign_in
from tests.partners.raw import entered, owner, refused
from tests.partners.soft_passkey import SoftPasskey

ABOUT, FIRST, SECOND = "dunmere", "ashbourne", "northgate"
NAME = "Ben Ashcroft of the night desk"
REASON = "Phones and laptops are locked"


def text(response: Any) -> str:
    return response.content.decode()


class Night:
    """Who does what; each step in its own scope, as pages would."""

    def __init__(self, inside: Any, cast: Any) -> None:
        self.inside, self.cast = inside, cast

    def organisation(self, slug: str) -> Organisation:
        return Organisation.objects.get(pk=self.cast.id(slug))

    def calls(self, who: str = FIRST, *, about: str = ABOUT, outcome: str = "reached") -> Any:
        with self.inside(who, fresh=True):
            return emergency.record_call(self.organisation(about), outcome=outcome, spoke_with="A. Birtles", note="")

    def asks(self, call: Any, who: str = FIRST, *, about: str = ABOUT, second: str = SECOND) -> Any:
        payload = {"organisation": str(self.cast.id(about)), "name": NAME, "call_back": str(call)}
        with self.inside(who, fresh=True):
            told = [self.cast.id(second)]
            return approvals.ask(emergency.KIND, payload, reason=REASON, told=told, about=self.cast.id(about))

    def approves(self, approval: Any, who: str = SECOND, role: str = "incident_manager") -> None:
        with self.inside(who, role, fresh=True):
            approvals.approve(Approval.objects.get(pk=approval))

    def let_in(self) -> int:
        with self.inside(ABOUT):
            return Person.objects.filter(access_ends_at__isnull=False).count()


@pytest.fixture
def night(inside: Any, cast: Any) -> Night:
    return Night(inside, cast)


@pytest.mark.django_db
class TestWrongOrders:
    def refuses(self, night: Night, step: Any, *, words: str) -> None:
        with pytest.raises(approvals.NotAllowed, match=words):
            step()
        assert night.let_in() == 0

    def test_without_a_call(self, night):
        approval = night.asks("11111111-1111-4111-8111-111111111111")
        self.refuses(night, lambda: night.approves(approval), words="Ring the registered number first")

    @pytest.mark.parametrize("outcome", ["voicemail", "wrong_number", "refused"])
    def test_after_a_call_that_confirmed_nothing(self, night, outcome):
        approval = night.asks(night.calls(outcome=outcome))
        self.refuses(night, lambda: night.approves(approval), words="Ring the registered number first")

    def test_after_a_call_to_somebody_else(self, night):
        approval = night.asks(night.calls(about="eastwick"))
        self.refuses(night, lambda: night.approves(approval), words="Ring the registered number first")

    def test_after_a_call_of_a_third_person(self, night):
        approval = night.asks(night.calls("coldharbour"))
        self.refuses(night, lambda: night.approves(approval), words="Ring the registered number first")

    def test_by_two_persons_of_one_organisation(self, night):
        approval = night.asks(night.calls(), second=FIRST)
        self.refuses(night, lambda: night.approves(approval, FIRST, "administrator"), words="A second person decides")

    def test_by_the_same_person(self, night):
        approval = night.asks(night.calls())
        self.refuses(night, lambda: night.approves(approval, FIRST), words="A second person decides")

    def test_by_a_person_of_the_organisation_itself(self, night, inside):
        with pytest.raises(approvals.NotAllowed, match="Not a call that you can record"):
            night.calls(ABOUT)
        approval = night.asks(night.calls(), second=ABOUT)
        self.refuses(night, lambda: night.approves(approval, ABOUT), words="about their own organisation")
        own = night.asks(night.calls(), ABOUT)  # asks about itself, with somebody else's call
        self.refuses(night, lambda: night.approves(own), words="Two persons of two other organisations|Ring the")

    def test_one_call_lets_one_person_in(self, night):
        call = night.calls()
        approval = night.asks(call)
        night.approves(approval)
        assert night.let_in() == 1
        with pytest.raises(approvals.NotAllowed, match="used for nobody else"):
            night.approves(night.asks(call))
        with pytest.raises(approvals.NotAllowed, match="Not waiting for anybody"):
            night.approves(approval)
        with entered(night.cast.visitor(SECOND, fresh=True).ticket) as connection:
            assert refused(connection, "SELECT sec.emergency_enrol(%s)", [approval]) == "42501"
        assert night.let_in() == 1

    def test_with_a_payload_that_names_somebody_else(self, night, inside):
        call = night.calls()
        payload = {"organisation": str(night.cast.id("eastwick")), "name": NAME, "call_back": str(call)}
        with inside(FIRST, fresh=True):
            told = [night.cast.id(SECOND)]
            approval = approvals.ask(emergency.KIND, payload, reason=REASON, told=told, about=night.cast.id(ABOUT))
        self.refuses(night, lambda: night.approves(approval), words="Two persons of two other organisations")

    def test_what_both_read_says_what_it_does(self, night, inside):
        approval = night.asks(night.calls())
        with inside(SECOND, fresh=True):
            effects = Approval.objects.get(pk=approval).effects
        assert effects[0] == (
            f"{NAME} is let in for Dunmere, for eight hours, with a code that is read out over the telephone."
        )
        assert len(effects) == 4


@pytest.mark.django_db
def test_the_page_leads_through_the_three_steps(client_of, inside):
    first = client_of(FIRST, fresh=True)
    page = text(first.get(f"/emergency/{ABOUT}/"))
    assert "01632" not in page
    assert "First a call within the last hour" in page
    early = first.post(f"/emergency/{ABOUT}/", {"step": "ask", "name": NAME, "reason": REASON, "second": SECOND})
    assert early.status_code == 422
    assert "Ring the registered number first" in text(early)
    assert "01632 960" in text(first.post(f"/emergency/{ABOUT}/", {"step": "number"}))
    said = {"step": "call", "outcome": "voicemail", "spoke_with": "nobody"}
    assert first.post(f"/emergency/{ABOUT}/", said).status_code == 302
    assert "First a call within the last hour" in text(first.get(f"/emergency/{ABOUT}/"))
    said = {"step": "call", "outcome": "reached", "spoke_with": "Alan Birtles"}
    assert first.post(f"/emergency/{ABOUT}/", said).status_code == 302
    said = {"step": "ask", "name": NAME, "reason": REASON, "second": SECOND}
    answer = first.post(f"/emergency/{ABOUT}/", said)
    assert answer.status_code == 302
    page = text(first.get(answer["Location"]))
    assert "Waiting for a second person" in page
    assert "Show the code" not in page
    assert first.post(f"{answer['Location']}code/").status_code == 409
    other = client_of(FIRST, "administrator", fresh=True)
    assert other.get(answer["Location"]).status_code == 404, "only whoever asked"
    assert client_of(SECOND, fresh=True).get(answer["Location"]).status_code == 404
    assert NAME in text(first.get("/emergency/"))
    with inside(ABOUT):
        assert Event.objects.filter(kind="number.read").count() == 1
        assert Event.objects.filter(kind="call_back.recorded").count() == 2


def code_in(page: str) -> str:
    found = re.search(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b", page)
    assert found is not None, page
    return found.group()


def enters(code: str, **more: Any) -> tuple[Client, Any]:
    browser = Client(**more)
    return browser, browser.post("/sign-in/code/", {"code": code})


@pytest.mark.django_db(transaction=True)
def test_from_the_call_to_own_tasks_and_out_again(night, client_of, cast):
    cache.clear()
    stale = night.calls()
    owner("UPDATE partners_callback SET called_at = called_at - interval '61 minutes'")
    with pytest.raises(approvals.NotAllowed, match="a call within the last hour"):
        night.approves(night.asks(stale))
    approval = night.asks(night.calls())
    second = client_of(SECOND, fresh=True)
    assert NAME in text(second.get("/approvals/"))
    assert second.post(f"/approvals/{approval}/approve/").status_code == 302

    ((email, role, hours),) = owner(
        "SELECT email, role, extract(epoch FROM access_ends_at - now()) / 3600 FROM partners_person"
        " WHERE access_ends_at IS NOT NULL"
    )
    assert re.fullmatch(r"emergency-[0-9a-f]{12}@dunmere\.invalid", email)
    assert role == "responder"
    assert 7.9 < float(hours) <= 8
    told = owner("SELECT audience, data FROM ledger_event WHERE kind = 'emergency_access.given'")
    assert {str(each) for each in told[0][0]} == {str(cast.id(slug)) for slug in (ABOUT, FIRST, SECOND)}
    assert NAME not in str(told[0][1])
    planned = owner("SELECT organisation_id FROM notifications_planning WHERE kind = 'emergency_access.given'")
    assert planned == [(cast.id(ABOUT),)], "the organisation itself is told"

    first = client_of(FIRST, fresh=True)
    asked = f"/emergency/requests/{approval}/"
    assert client_of(FIRST).post(f"{asked}code/").status_code == 403, "a passkey used just now"
    assert second.post(f"{asked}code/").status_code == 404, "who approved does not see it"
    code = code_in(text(first.post(f"{asked}code/")))
    again = first.post(f"{asked}code/")
    assert again.status_code == 409
    assert code not in text(again)
    assert code not in str(owner("SELECT digest FROM partners_signinlink"))

    browser, answer = enters(code.lower().replace("-", " "))
    assert (answer.status_code, answer["Location"]) == (302, "/my-tasks/")
    page = text(browser.get("/my-tasks/"))
    assert "You are signed in for your organisation" in page
    for closed in ("/incidents/", "/people/", "/partners/", "/deliveries/", "/readiness/", "/emergency/"):
        assert browser.get(closed).status_code == 403, closed
    assert enters(code)[1].status_code == 422, "a code works once"

    passkey = enrol(browser, SoftPasskey())
    later, said = sign_in(passkey)
    assert said.status_code == 200
    assert later.get("/my-tasks/").status_code == 200
    assert later.get("/incidents/").status_code == 403, "with a passkey it reaches no further"

    administrator = client_of(ABOUT, "administrator", fresh=True)
    page = text(administrator.get("/people/"))
    assert NAME in page
    person = re.search(rf'href="(/people/[0-9a-f-]+/)">{NAME}', page)
    assert person is not None
    assert administrator.post(f"{person.group(1)}switch/").status_code == 302
    for each in (browser, later):
        assert each.get("/my-tasks/").status_code == 302, "its administrators end it at once"
    assert sign_in(passkey)[1].status_code == 400


@pytest.mark.usefixtures("time_stands")
@pytest.mark.django_db(transaction=True)
def test_codes_are_guessed_ten_times_an_hour_from_one_address_and_lapse(night, client_of):
    approval = night.asks(night.calls())
    night.approves(approval)
    code = code_in(text(client_of(FIRST, fresh=True).post(f"/emergency/requests/{approval}/code/")))
    for nth in range(10):
        answer = enters(f"AAAA-AAAA-AA{nth % 6 + 2}A", REMOTE_ADDR="192.0.2.7")[1]
        assert answer.status_code == 422, nth
    slowed = enters(code, REMOTE_ADDR="192.0.2.7")[1]
    assert slowed.status_code == 429, "even the right one, from there"
    assert int(slowed["Retry-After"]) <= 3601
    owner("UPDATE partners_signinlink SET expires_at = now() - interval '1 second' WHERE purpose = 'emergency'")
    assert enters(code, REMOTE_ADDR="192.0.2.8")[1].status_code == 422, "older than an hour"
    owner("UPDATE partners_signinlink SET expires_at = now() + interval '1 hour' WHERE purpose = 'emergency'")
    assert enters(code, REMOTE_ADDR="192.0.2.8")[1].status_code == 302, "from elsewhere nobody is locked out"
