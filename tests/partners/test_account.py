"""One's own account: who may add and take away what, when, and that nobody else can."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connections
from django.test import Client

from partners import totp
from partners.authenticators import LastWay, remove
from partners.models import Authenticator, Credential, Person, PersonSession, RecoveryCode, SignInLink, SignInPolicy
from portal import clock
from portal.tenancy.scope import at_the_door
from tests.partners.door import CALLUM, PRIYA, by_link, enrol, enrolled, options, person, post, sign_in, step_up
from tests.partners.soft_passkey import COPIED, ELIGIBLE, PRESENT, VERIFIED, SoftPasskey

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "seven vales by night"
OWN_PAGES = ("/account/", "/account/app/", "/account/recovery-codes/", "/account/password/")


def _kinds(owner_url: str, email: str = PRIYA) -> list[tuple[str, dict[str, Any]]]:
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(
            "SELECT kind, data, audience FROM ledger_event WHERE actor_person_id = %s ORDER BY at", [person(email).pk]
        ).fetchall()
    for _kind, data, audience in rows:
        assert audience == [person(email).organisation_id]
        assert "Priya" not in json.dumps(data)
    return [(kind, data) for kind, data, _audience in rows]


def _way(browser: Client) -> str:
    return re.findall(r"/account/ways/[0-9a-f-]{36}/", browser.get("/account/").content.decode())[0]


def _later(monkeypatch: Any, **by: int) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(**by))


def _no_longer_fresh(owner_url: str) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE sec.grant_token SET stepped_up_at = now() - interval '6 minutes'")


def _give_app(email: str = PRIYA, *, password: str = "") -> bytes:
    seed = totp.new_seed()
    with at_the_door():
        owner = person(email)
        row = Authenticator(organisation_id=owner.organisation_id, person=owner, kind="totp", label="App")
        row.created_at, row.secret = clock.now(), totp.seal_seed(seed, person=owner, row_id=row.pk)
        row.save()
        if password:
            Credential.of(owner).set(password)
    return seed


def _code(seed: bytes, later: int = 0) -> str:
    return totp.code_of(seed, totp.step_of(clock.now()) + later)


def test_an_account_is_for_its_owner_alone(api_of):
    priya, _ = enrolled(PRIYA)
    callum, his = enrolled(CALLUM)
    way = _way(priya)
    for path in (*OWN_PAGES, way):
        assert Client().get(path)["Location"] == "/sign-in/", path
        assert api_of("ashbourne").get(path)["Location"] == "/sign-in/", path
    page = callum.get("/account/").content.decode()
    assert "Priya" not in page
    assert "ashbourne" not in page.lower()
    assert callum.get(way).status_code == 404
    assert step_up(callum, his).status_code == 200
    for act in ({"act": "remove"}, {"label": "Mine", "needs": "nothing"}):
        assert callum.post(way, act).status_code == 404
        assert Client().post(way, act).status_code == 302
    with at_the_door():
        hers = PersonSession.objects.get(person=person(PRIYA))
        assert Authenticator.objects.get(person=person(PRIYA)).label.startswith("Passkey")
    for stranger in (callum, Client(), api_of("ashbourne")):
        stranger.post("/account/sessions/", {"session": str(hers.pk)})
        stranger.post("/account/sessions/", {"session": "others"})
    callum.post("/account/sessions/", {"session": "' OR 1=1"})
    assert priya.get("/account/").status_code == 200


def test_a_session_without_a_passkey_may_add_the_first_one_for_thirty_minutes(monkeypatch, owner_url):
    browser = by_link(PRIYA, SignInLink.Purpose.DEMONSTRATION)
    late = by_link(PRIYA, SignInLink.Purpose.DEMONSTRATION)
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_personsession SET started_at = now() - interval '31 minutes'")
    said = post(late, "/account/passkeys/options/")
    assert said.status_code == 403
    assert "more than 30 minutes ago" in said.json()["words"]
    assert "more than 30 minutes ago" in late.get("/account/").content.decode()
    # Having typed a code from one's app lets the first passkey in all the same.
    seed = _give_app()
    assert late.post("/account/code/", {"code": "000000"}).status_code == 302
    assert post(late, "/account/passkeys/options/").status_code == 403
    assert late.post("/account/code/", {"code": _code(seed)}).status_code == 302
    enrol(late)
    # From now on there is one, so that another one needs it.
    said = post(browser, "/account/passkeys/options/")
    assert (said.status_code, said.json()["again"]) == (403, "/sign-in/again/?next=/account/")
    young = by_link(PRIYA, SignInLink.Purpose.DEMONSTRATION)
    assert post(young, "/account/passkeys/options/").status_code == 403
    enrol(late)  # adding it counted as using it


def test_what_a_provider_says_adds_no_passkey_to_somebody_who_has_one(owner_url):
    _, passkey = enrolled(PRIYA)
    halfway = by_link(PRIYA)
    with at_the_door():
        PersonSession.objects.filter(person=person(PRIYA), second_factor_at=None).update(born="provider")
    page = halfway.get("/account/").content.decode()
    assert "Show what you set up here" in page
    assert "Set up a passkey" not in page
    assert post(halfway, "/account/passkeys/options/").status_code == 403
    assert halfway.get("/account/app/")["Location"] == "/account/"
    assert step_up(halfway, SoftPasskey(user_handle=person(PRIYA).pk.bytes)).status_code == 400
    assert halfway.get("/incidents/").status_code == 302
    assert step_up(halfway, passkey, next="/incidents/").json() == {"next": "/incidents/"}
    assert halfway.get("/incidents/").status_code == 200

    first_time = by_link(CALLUM)  # nothing is set up here yet
    with at_the_door():
        PersonSession.objects.filter(person=person(CALLUM)).update(born="provider")
    enrol(first_time)


def test_a_session_that_somebody_took_over_makes_no_way_in_for_later(owner_url):
    """A stolen cookie, or a provider that says it asked for two factors: neither leaves a passkey or a code behind."""
    browser, _ = enrolled(PRIYA)
    _no_longer_fresh(owner_url)
    assert browser.post("/account/recovery-codes/").status_code == 403
    assert post(browser, "/account/passkeys/options/").status_code == 403
    for path in ("/account/app/", "/account/password/"):
        assert browser.get(path)["Location"].startswith("/sign-in/again/"), path

    _give_app(CALLUM, password=PASSWORD)
    federated = by_link(CALLUM, SignInLink.Purpose.DEMONSTRATION)
    with at_the_door():
        PersonSession.objects.filter(person=person(CALLUM)).update(born="provider")
    assert federated.get("/incidents/").status_code == 200
    assert post(federated, "/account/passkeys/options/").status_code == 403
    assert federated.post("/account/recovery-codes/").status_code == 403
    with at_the_door():
        assert not RecoveryCode.objects.exists()
        assert not Authenticator.objects.filter(person=person(CALLUM), kind="passkey").exists()


def test_a_new_passkey_counts_as_riding_on_nothing_once_its_owner_has_said_so(inside):
    """Windows Hello on a managed laptop looks like any key; readiness must not be green by default."""
    browser, _ = enrolled(PRIYA)
    with at_the_door():
        owner = person(PRIYA).pk

    def counted() -> tuple[int, int]:
        with inside("ashbourne"), connections["default"].cursor() as cursor:
            cursor.execute("SELECT passkeys, passkeys_alone FROM sec.ways_in() WHERE person_id = %s", [owner])
            return cursor.fetchone()

    assert counted() == (1, 0)
    assert "not said yet" in browser.get("/account/").content.decode()
    for needs, is_alone in (("unknown", 0), ("nothing", 1), ("copying", 0)):
        assert browser.post(_way(browser), {"label": "My key", "needs": needs}).status_code == 302
        assert counted() == (1, is_alone), needs


def test_naming_and_removing_need_a_passkey_used_just_now_and_the_last_way_stays(owner_url):
    browser, passkey = enrolled(PRIYA)
    other, _ = sign_in(passkey)
    way = _way(browser)
    said = browser.post(way, {"act": "remove"})
    assert said.status_code == 302
    assert "only way in" in browser.get("/account/").content.decode()
    with at_the_door():
        system = person(PRIYA).organisation_id
    for label, needs, status in (("", "nothing", 422), ("My phone", "elsewhere", 422), ("My phone", "copying", 302)):
        assert browser.post(way, {"label": label, "needs": needs}).status_code == status, needs
    foreign = {"label": "My phone", "needs": "system", "system": str(system)}  # an id, but of no system
    assert browser.post(way, foreign).status_code == 422
    assert "an account that copies passkeys" in browser.get("/account/").content.decode()

    second = enrol(browser, SoftPasskey(flags=PRESENT | VERIFIED | ELIGIBLE | COPIED))
    with at_the_door():
        copied = Authenticator.objects.get(credential_id=second.credential_id)
    assert (copied.backed_up, copied.rides_on_words) == (True, "an account that copies passkeys")
    _no_longer_fresh(owner_url)
    assert browser.post(way, {"act": "remove"}).status_code == 403
    assert browser.post(way, {"label": "x", "needs": "nothing"}).status_code == 403
    assert step_up(browser, second).status_code == 200
    assert other.get("/incidents/").status_code == 200
    assert browser.post(way, {"act": "remove"}).status_code == 302
    assert other.get("/incidents/").status_code == 302  # it may be in the wrong hands
    assert browser.get("/incidents/").status_code == 200
    assert sign_in(passkey)[1].status_code == 400
    kinds = [kind for kind, _ in _kinds(owner_url)]
    assert kinds == ["authenticator.added", "authenticator.changed", "authenticator.added", "authenticator.removed"]


def test_of_two_that_are_removed_at_once_one_stays():
    browser, _ = enrolled(PRIYA)
    enrol(browser)
    with at_the_door():
        rows = list(Authenticator.objects.select_related("person").filter(person=person(PRIYA)))
    came: list[str] = []
    together = threading.Barrier(2)

    def take(row: Authenticator) -> None:
        together.wait()
        try:
            with at_the_door():
                remove(row, but=uuid4())
            came.append("removed")
        except LastWay:
            came.append("stays")
        connections.close_all()

    threads = [threading.Thread(target=take, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["removed", "stays"]


def test_recovery_codes_are_shown_once_used_once_and_lead_to_a_new_passkey(owner_url):
    browser, passkey = enrolled(PRIYA)
    page = browser.post("/account/recovery-codes/").content.decode()
    codes = re.findall(r"<li>((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})</li>", page)
    assert len(set(codes)) == 10
    assert codes[0] not in browser.get("/account/recovery-codes/").content.decode()
    with at_the_door():
        kept = [bytes(each.digest) for each in RecoveryCode.objects.filter(person=person(PRIYA))]
    assert not any(code.replace("-", "").encode() in b"".join(kept) for code in codes)
    _no_longer_fresh(owner_url)
    assert browser.post("/account/recovery-codes/").status_code == 403

    def use(code: str, email: str = PRIYA, slug: str = "ashbourne") -> Client:
        found = Client()
        found.said = found.post(f"/sign-in/{slug}/recovery/", {"email": email, "code": code})  # type: ignore[attr-defined]
        return found

    assert use(codes[0], CALLUM, "gravenhurst").said.status_code == 422
    assert use(codes[0][:-1]).said.status_code == 422
    lost = use(codes[0].lower().replace("-", ""))
    assert lost.said["Location"] == "/account/"
    assert use(codes[0]).said.status_code == 422
    assert lost.get("/incidents/").status_code == 302
    assert "Your recovery code is used up" in lost.get("/account/").content.decode()
    enrol(lost)
    assert lost.get("/incidents/").status_code == 200
    used = [data for kind, data in _kinds(owner_url) if kind == "recovery_code.used"]
    assert used == [{"left": 9}]
    assert step_up(browser, passkey).status_code == 200
    assert browser.post("/account/recovery-codes/").status_code == 200
    assert use(codes[1]).said.status_code == 422  # new ones make the old ones worthless


def test_a_password_signs_in_only_with_a_code_and_changing_it_ends_other_sessions(owner_url):
    browser, _ = enrolled(PRIYA)
    assert browser.post("/account/password/", {"password": "short"}).status_code == 422
    assert browser.post("/account/password/", {"password": PASSWORD}).status_code == 302
    seed = _give_app()

    def sign(password: str, code: str) -> Client:
        found = Client()
        found.post("/sign-in/ashbourne/", {"email": PRIYA.upper(), "password": password})
        assert found.get("/incidents/").status_code == 302  # a password alone never signs in
        found.said = found.post("/sign-in/ashbourne/code/", {"code": code})  # type: ignore[attr-defined]
        return found

    code = _code(seed)
    let_in = sign(PASSWORD, code)
    assert let_in.said["Location"] == "/"
    assert let_in.get("/incidents/").status_code == 200
    assert sign(PASSWORD, code).said.status_code == 422  # the same code again
    assert sign("another password", _code(seed, 1)).said.status_code == 422
    # A session born of a password is not stepped up by it.
    assert let_in.get("/account/password/")["Location"].startswith("/sign-in/again/")
    assert let_in.post("/account/password/", {"password": PASSWORD}).status_code == 403
    assert browser.post("/account/password/", {"password": "another by day, longer"}).status_code == 302
    assert let_in.get("/incidents/").status_code == 302
    assert browser.get("/incidents/").status_code == 200
    assert browser.post("/account/password/", {"act": "remove"}).status_code == 302
    with at_the_door():
        assert not Credential.of(person(PRIYA)).is_usable()
    changes = [(kind, data.get("kind")) for kind, data in _kinds(owner_url)][1:]
    assert changes == [(f"authenticator.{what}", "password") for what in ("added", "changed", "removed")]


def test_where_passwords_are_not_allowed_there_is_no_way_with_one(owner_url):
    seed = _give_app(password=PASSWORD)
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO partners_signinpolicy (organisation_id, idle_minutes, absolute_hours, allow_password)"
            " VALUES (%s, 60, 12, false)",
            [person(PRIYA).organisation_id],
        )
    browser = Client()
    assert "E-mail address" not in browser.get("/sign-in/ashbourne/").content.decode()
    assert browser.post("/sign-in/ashbourne/", {"email": PRIYA, "password": PASSWORD}).status_code == 404
    assert browser.post("/sign-in/ashbourne/code/", {"code": _code(seed)}).status_code == 302
    assert browser.get("/incidents/").status_code == 302
    halfway = by_link("tom.whitlock@ashbourne.example")
    assert halfway.get("/account/app/")["Location"] == "/account/"
    assert SignInPolicy._meta.get_field("allow_password").default is True


def test_an_isolated_organisation_is_told_so_after_its_people_have_shown_who_they_are(owner_url):
    _, passkey = enrolled(PRIYA)
    seed = _give_app(password=PASSWORD)
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s", [person(PRIYA).organisation_id])
    assert "cut off" not in Client().get("/sign-in/ashbourne/").content.decode()
    assert Client().get("/sign-in/cut-off/").status_code == 302
    browser, said = sign_in(passkey)
    assert said.json() == {"next": "/sign-in/cut-off/"}
    page = browser.get("/sign-in/cut-off/")
    assert page.status_code == 403
    assert "Ashbourne is cut off" in page.content.decode()
    browser = Client()
    browser.post("/sign-in/ashbourne/", {"email": PRIYA, "password": PASSWORD})
    page = browser.post("/sign-in/ashbourne/code/", {"code": _code(seed)})
    assert (page.status_code, "is cut off" in page.content.decode()) == (403, True)
    assert browser.get("/incidents/").status_code == 302


def test_sessions_are_listed_and_ended_by_their_owner_and_signing_out_forgets_everything(owner_url):
    browser, passkey = enrolled(PRIYA)
    other, _ = sign_in(passkey, Client(headers={"User-Agent": "Mozilla/5.0 (iPhone; …) Safari/605"}))
    third, _ = sign_in(passkey)
    page = browser.get("/account/").content.decode()
    assert "Safari on iPhone" in page
    ended = re.findall(r'name="session" value="([0-9a-f-]{36})"', page)
    assert len(ended) == 2
    assert browser.post("/account/sessions/", {"session": ended[0]}).status_code == 302
    assert sorted(each.get("/incidents/").status_code for each in (other, third)) == [200, 302]
    assert browser.post("/account/sessions/", {"session": "others"}).status_code == 302
    assert {each.get("/incidents/").status_code for each in (other, third)} == {302}
    assert [data["count"] for kind, data in _kinds(owner_url) if kind == "session.ended"] == [1, 1]
    # Signing in again in the same browser leaves no second session behind.
    assert sign_in(passkey, browser)[1].status_code == 200
    with at_the_door():
        assert PersonSession.objects.filter(person=person(PRIYA), ended_at=None).count() == 1
    assert browser.get("/sign-out/").status_code == 200
    said = browser.post("/sign-out/")
    assert said["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert browser.get("/incidents/").status_code == 302
    with at_the_door():
        assert PersonSession.objects.filter(person=person(PRIYA), ended_at=None).count() == 0


def test_an_app_can_be_set_up_only_by_its_first_code(monkeypatch, owner_url):
    browser = by_link(PRIYA)
    page = browser.get("/account/app/").content.decode()
    typed = re.search(r'<strong class="mono wrap">([A-Z2-7 ]+)</strong>', page)
    assert typed
    seed = __import__("base64").b32decode("".join(typed[1].split()))
    assert browser.post("/account/app/", {"password": PASSWORD, "code": "000000"}).status_code == 422
    assert browser.post("/account/app/", {"password": "password1234", "code": _code(seed)}).status_code == 422
    assert browser.post("/account/app/", {"code": _code(seed)}).status_code == 422
    assert browser.get("/incidents/").status_code == 302
    assert typed[1] in browser.get("/account/app/").content.decode()  # the same one until it is set up
    said = browser.post("/account/app/", {"password": PASSWORD, "code": _code(seed)})
    assert said["Location"] == "/account/recovery-codes/"
    assert browser.get("/incidents/").status_code == 200
    assert post(browser, "/sign-in/again/options/").status_code == 200
    assert browser.get("/sign-in/again/?next=/partners/").content.decode().count("You need a passkey for this") == 1
    with at_the_door():
        assert Authenticator.objects.filter(person=person(PRIYA), last_step__gt=0).count() == 1
        assert Person.objects.get(pk=person(PRIYA).pk).is_active
    assert [data["kind"] for _, data in _kinds(owner_url)] == ["totp", "password"]
    assert options(browser, "/account/passkeys/options/")["user"]["displayName"] == "Priya Nair"
