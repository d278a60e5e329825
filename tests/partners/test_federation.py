"""Sign-in through an organisation's own provider with real sessions and real commits: who gets in, who never does."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connections
from django.test import Client

from partners.models import FederatedIdentity, IdentityProvider, OidcFlow, Person, PersonSession
from partners.oidc.refusals import ProviderAway
from partners.people import make_sign_in_link
from partners.pinning import Wish, write
from partners.providers import provider_choice
from portal import clock
from portal.tenancy.scope import at_the_door
from tests import servers
from tests.gates.access_stage import open_on
from tests.partners.hostile_provider import CLIENT, OTHERS, OURS, SECRET, STRANGERS_KEY, Reply, Scene, rs256

pytestmark = pytest.mark.django_db(transaction=True)
START, BACK = "/sign-in/brackenfield/provider/", "/oidc/brackenfield/callback"
TWO = ["pwd", "otp", "mfa"]


@pytest.fixture
def provider(cast: Any, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Brackenfield's provider, pinned, and the subject `anita` connected to Anita Desai."""
    scene = Scene(claims={"amr": TWO})
    scene.away = False  # type: ignore[attr-defined]

    def request(method: str, url: str, **more: Any) -> Reply:
        if scene.away:  # type: ignore[attr-defined]
            raise ProviderAway("no answer")
        if url == f"{OURS}/.well-known/openid-configuration":
            return Reply(200, json.dumps(scene.described()).encode())
        return scene.fetch(method, url, **more)

    monkeypatch.setattr("portal.egress.request", request)
    now = clock.now()
    scene.claims |= {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300}
    with at_the_door():
        metadata = scene.pin()
        write(cast.id("brackenfield"), metadata, Wish(OURS, CLIENT, SECRET, None, metadata.fingerprint))
        FederatedIdentity.objects.create(
            organisation_id=cast.id("brackenfield"), person=person("Anita Desai"), issuer=OURS, subject="anita",
            linked_at=now,
        )  # fmt: skip
    return scene


def person(name: str) -> Person:
    with at_the_door():
        return Person.objects.select_related("organisation").get(name=name)


def leave(client: Client, provider: Scene, path: str = START, **said: str) -> list[tuple[str, str]]:
    """Press the button, follow the page that goes on by itself, sign in there: what the provider sends back."""
    page = client.post(path, said)
    assert page.status_code == 200, page.content.decode()
    [url] = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    return provider.authorize(html.unescape(url))


def arrive(client: Client, back: list[tuple[str, str]], path: str = BACK) -> Any:
    return client.get(f"{path}?{urlencode(back)}")


def is_in(client: Client) -> bool:
    return client.get("/incidents/").status_code == 200


def sign_in(provider: Scene) -> tuple[Client, Any]:
    client = Client()
    return client, arrive(client, leave(client, provider))


def test_a_connected_person_comes_in_by_a_session_that_remembers_how(provider: Scene):
    client, answer = sign_in(provider)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_in(client)
    with at_the_door():
        [session] = PersonSession.objects.filter(person=person("Anita Desai"))
        assert (session.born, session.second_factor_at is not None) == ("provider", True)
        assert FederatedIdentity.objects.get(subject="anita").last_used_at is not None
    assert "provider" not in answer.cookies or not answer.cookies["provider"].value


@pytest.mark.parametrize("amr", [None, [], ["pwd"], ["pwd", "sms"]])
def test_without_a_second_factor_at_the_provider_the_portal_asks_for_its_own(provider: Scene, amr: Any):
    provider.claims["amr"] = amr
    client, answer = sign_in(provider)
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert not is_in(client)
    with at_the_door():
        assert PersonSession.objects.get(person=person("Anita Desai")).second_factor_at is None


def test_an_unknown_subject_is_told_how_to_connect_and_joins_nobody(provider: Scene):
    provider.claims |= {"sub": "somebody", "email": "anita.desai@brackenfield.example", "email_verified": True}
    with at_the_door():
        before = Person.objects.count(), FederatedIdentity.objects.count()
    client, answer = sign_in(provider)
    assert answer.status_code == 403
    assert "Connect your organisation" in html.unescape(answer.content.decode())
    assert not is_in(client)
    with at_the_door():
        assert (Person.objects.count(), FederatedIdentity.objects.count()) == before
        assert not PersonSession.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE partners_person SET is_active = false WHERE name = 'Anita Desai'",
        "UPDATE partners_person SET access_ends_at = now() - interval '1 minute' WHERE name = 'Anita Desai'",
        "UPDATE partners_person SET break_glass = true, role = 'administrator' WHERE name = 'Anita Desai'",
        "UPDATE partners_federatedidentity SET issuer = 'https://login.dunmere.example/tenant'",
        "UPDATE partners_federatedidentity SET subject = 'Anita'",
        "UPDATE partners_federatedidentity f SET organisation_id = o.id FROM partners_organisation o WHERE slug ~ 'un'",
        "UPDATE sec.org_state SET provider_distrusted_at = now()",
        "UPDATE sec.org_state SET isolated_at = now()",
        "UPDATE partners_identityprovider SET is_active = false",
        "UPDATE partners_identityprovider SET changed_at = now()",
    ],
)
def test_whoever_may_not_come_in_does_not(provider: Scene, owner_url: str, change: str):
    client = Client()
    back = leave(client, provider)  # while everything was well
    with psycopg.connect(owner_url) as owner:
        owner.execute(change)
    assert arrive(client, back).status_code in {403, 404}
    assert not is_in(client)
    with at_the_door():
        assert not PersonSession.objects.exists()


def without_cookie(client: Client) -> None:
    client.cookies.clear()


def with_a_strangers(client: Client) -> None:
    client.cookies["provider"] = "s" * 43


@pytest.mark.parametrize("spoil", [without_cookie, with_a_strangers])
def test_an_answer_counts_in_the_browser_that_left_alone(provider: Scene, spoil: Callable[[Client], None]):
    client = Client()
    back = leave(client, provider)
    spoil(client)
    assert arrive(client, back).status_code == 403
    assert not is_in(client)


def test_an_answer_works_once_even_after_a_failure(provider: Scene):
    client = Client()
    back = leave(client, provider)
    stranger = Client()
    assert arrive(stranger, back).status_code == 403  # stolen: the flow is spent, for its owner too
    assert arrive(client, back).status_code == 403
    assert not is_in(client)
    again = leave(client, provider)
    assert arrive(client, again).status_code == 302
    client.post("/sign-out/")
    assert arrive(client, again).status_code == 403
    assert not is_in(client)


def test_an_answer_that_comes_too_late_is_none(provider: Scene, owner_url: str):
    client = Client()
    back = leave(client, provider)
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_oidcflow SET expires_at = now() - interval '1 second'")
    assert arrive(client, back).status_code == 403
    assert not is_in(client)


def test_each_organisation_has_a_callback_of_its_own(provider: Scene, cast: Any):
    with at_the_door():
        theirs = Scene(issuer=OTHERS).pin()
        write(cast.id("dunmere"), theirs, Wish(OTHERS, CLIENT, SECRET, None, theirs.fingerprint))
    client = Client()
    back = leave(client, provider)
    assert arrive(client, back, "/oidc/dunmere/callback").status_code == 403
    assert arrive(client, back, "/oidc/gravenhurst/callback").status_code == 404
    assert arrive(client, back, "/oidc/nowhere/callback").status_code == 404
    assert arrive(client, back).status_code == 302


def test_a_forged_signature_is_refused_by_the_page_too(provider: Scene):
    provider.signed = lambda message: rs256(message, STRANGERS_KEY)
    client, answer = sign_in(provider)
    assert answer.status_code == 403
    assert "by this provider" not in answer.content.decode()  # which check it was is not told
    assert not is_in(client)


def test_the_secret_is_sealed_and_no_claim_gives_a_role(provider: Scene, owner_url: str):
    provider.claims |= {"roles": ["administrator"], "groups": ["bulkhead-administrators"]}
    client, _ = sign_in(provider)
    assert is_in(client)
    assert client.get("/partners/identity-provider/").status_code == 403
    assert person("Anita Desai").role == "responder"
    with psycopg.connect(owner_url) as owner:
        [(sealed,)] = owner.execute("SELECT client_secret FROM partners_identityprovider").fetchall()
    assert SECRET.encode() not in bytes(sealed)


def test_only_a_button_of_ours_sends_a_browser_away(provider: Scene):
    assert Client().get(START).status_code == 405
    assert Client(enforce_csrf_checks=True).post(START).status_code == 403
    assert Client().post("/sign-in/gravenhurst/provider/").status_code == 404
    with at_the_door():
        assert not OidcFlow.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/my-tasks/", "/my-tasks/"), ("https://attacker.example/", "/"), ("//attacker.example", "/"),
        ("/\\attacker.example", "/"), ("javascript:alert(1)", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_whoever_comes_back_goes_on_within_the_portal(provider: Scene, wanted: str, goes: str):
    client = Client()
    assert arrive(client, leave(client, provider, next=wanted))["Location"] == goes


def test_the_browsers_secret_is_out_of_reach_of_scripts_and_other_sites(provider: Scene):
    client = Client()
    page = client.post(START)
    cookie = page.cookies["provider"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert int(cookie["max-age"]) == 600
    assert cookie.value not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] in {"no-referrer", "same-origin"}


@pytest.mark.usefixtures("time_stands")
def test_one_address_cannot_send_browsers_away_without_end(provider: Scene, owner_url: str):
    client = Client()
    assert client.post(START).status_code == 200
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_attempts SET count = 60")
    slowed = client.post(START)
    assert (slowed.status_code, int(slowed["Retry-After"]) > 0) == (429, True)
    assert Client(REMOTE_ADDR="198.51.100.7").post(START).status_code == 200
    with at_the_door():
        assert OidcFlow.objects.count() == 2


def test_a_distrusted_provider_ends_the_sessions_it_began(provider: Scene, owner_url: str):
    client, _ = sign_in(provider)
    assert is_in(client)
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE sec.org_state SET provider_distrusted_at = now()")
    assert not is_in(client)
    assert Client().post(START).status_code == 403


def test_what_was_never_finished_is_swept_away_the_day_after(provider: Scene, owner_url: str):
    leave(Client(), provider)
    leave(Client(), provider)
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE partners_oidcflow SET expires_at = now() - interval '25 hours'"
            " WHERE id = (SELECT min(id::text)::uuid FROM partners_oidcflow)"
        )
    database = str(connections["auth"].settings_dict["NAME"])
    with psycopg.connect(servers.database_url("DATABASE_URL_WORKER", database)) as worker:
        worker.execute("SELECT sec.sweep_door()")
    with at_the_door():
        assert OidcFlow.objects.count() == 1


# Connecting.


@pytest.fixture
def gareth(provider: Scene, owner_url: str) -> Client:
    """Gareth Lowe, signed in with a passkey used just now."""
    client = Client()
    with at_the_door():
        link = make_sign_in_link(person("Gareth Lowe"), "demonstration")
    assert client.post(link).status_code == 302
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE sec.grant_token SET stepped_up_at = now(), authenticator_id = person_id"
            " WHERE session_id = (SELECT id FROM partners_personsession)"
        )
    return client


def test_connecting_makes_the_next_sign_in_work_and_disconnecting_ends_it(gareth: Client, provider: Scene):
    provider.claims["sub"] = "gareth"
    assert sign_in(provider)[1].status_code == 403
    back = leave(gareth, provider, "/account/provider/", act="connect")
    [asked] = provider.codes.values()
    assert asked["prompt"] == "login"  # not with whatever session the provider still has in this browser
    assert arrive(gareth, back)["Location"] == "/account/"
    client, answer = sign_in(provider)
    assert answer.status_code == 302
    assert is_in(client)
    assert gareth.post("/account/provider/", {"act": "disconnect"})["Location"] == "/account/"
    assert sign_in(provider)[1].status_code == 403


def test_connecting_needs_a_passkey_used_just_now(gareth: Client, owner_url: str):
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE sec.grant_token SET stepped_up_at = now() - interval '6 minutes'")
    for act in ("connect", "disconnect"):
        assert gareth.post("/account/provider/", {"act": act}).status_code == 403
    with at_the_door():
        assert not OidcFlow.objects.exists()


def test_nobody_takes_anothers_identity_nor_connects_in_anothers_session(gareth: Client, provider: Scene):
    back = leave(gareth, provider, "/account/provider/", act="connect")
    assert arrive(gareth, back).status_code == 403  # the provider says `anita`, who is somebody else's
    provider.claims["sub"] = "gareth"
    stolen = leave(gareth, provider, "/account/provider/", act="connect")
    other = Client()
    other.cookies["provider"] = gareth.cookies["provider"].value  # the cookie alone is not the session
    assert arrive(other, stolen).status_code == 403
    provider.claims["sub"] = "anita"
    anita, _ = sign_in(provider)  # whole, and not the one who left
    provider.claims["sub"] = "gareth"
    handed_on = leave(gareth, provider, "/account/provider/", act="connect")
    anita.cookies["provider"] = gareth.cookies["provider"].value
    assert is_in(anita)
    assert arrive(anita, handed_on).status_code == 403
    with at_the_door():
        assert list(FederatedIdentity.objects.values_list("person__name", "subject")) == [("Anita Desai", "anita")]


# Whether it can be relied on.


def trouble(slug: str = "brackenfield") -> tuple[str, bool]:
    with at_the_door():
        choice = provider_choice(IdentityProvider.objects.get().organisation)
    assert choice is not None
    return str(choice["trouble"]), bool(choice["usable"])


def test_a_provider_that_does_not_answer_is_asked_once_a_minute(provider: Scene, owner_url: str):
    assert trouble() == ("", True)
    provider.away = True  # type: ignore[attr-defined]
    assert trouble() == ("", True)  # remembered
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_identityprovider SET checked_at = now() - interval '61 seconds'")
    assert trouble() == ("Brackenfield's own sign-in does not answer just now.", False)
    provider.away = False  # type: ignore[attr-defined]
    assert trouble()[1] is False
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_identityprovider SET checked_at = now() - interval '61 seconds'")
    assert trouble() == ("", True)


@pytest.mark.parametrize(
    "swap", [{"jwks_uri": "https://attacker.example/keys"}, {"issuer": "https://attacker.example"}]
)
def test_changed_metadata_is_an_alarm_and_is_not_followed(provider: Scene, swap: dict[str, str], owner_url: str):
    provider.document |= swap
    assert trouble() == ("Brackenfield's own sign-in has changed, and nobody has checked the change yet.", False)
    provider.document.clear()
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_identityprovider SET checked_at = NULL")
    assert trouble()[1] is False  # that it is back proves nothing
    assert Client().post(START).status_code == 403


def test_an_incident_on_what_it_stands_on_puts_the_passkey_first(
    provider: Scene, cast: Any, inside: Any, owner_url: str
):
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE partners_identityprovider SET rides_on_id = s.id FROM partners_sharedsystem s"
            " WHERE s.slug = 'identity-platform'"
        )
    assert trouble() == ("", True)
    with inside("ashbourne"):
        open_on(cast, "identity-platform")
    sentence, usable = trouble()
    assert (sentence, usable) == ("Brackenfield's own sign-in may not work just now.", True)
    assert "incident" not in sentence  # an intruder reads it too
