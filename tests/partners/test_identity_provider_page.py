"""The page for the organisation's own provider: nothing is pinned that was not shown, and by administrators only."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import psycopg
import pytest
from django.test import Client

from partners.models import IdentityProvider, OidcFlow
from partners.oidc.refusals import ProviderAway
from partners.providers import client_secret_of
from portal import clock
from portal.tenancy.scope import at_the_door
from tests.gates.access_stage import open_on
from tests.partners.hostile_provider import CLIENT, OURS, Reply, Scene

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/partners/identity-provider/"


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene()

    def request(method: str, url: str, **more: Any) -> Reply:
        scene.asked.append(url)
        if url == f"{OURS}/.well-known/openid-configuration":
            return Reply(200, json.dumps(scene.described()).encode())
        raise ProviderAway("nobody lives there")

    monkeypatch.setattr("portal.egress.request", request)
    return scene


@pytest.fixture
def oliver(client_of: Any) -> Client:
    """Brackenfield's administrator, with a passkey used just now."""
    return client_of("brackenfield", "administrator", fresh=True)


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def look(client: Client, issuer: str = OURS) -> dict[str, str]:
    """Look at a provider; what the page then sends back by itself."""
    answer = client.post(PAGE, {"act": "look", "issuer": issuer})
    assert answer.status_code == 200, words(answer)
    hidden = re.findall(r'<input type="hidden" name="(issuer|fingerprint)" value="([^"]*)"', answer.content.decode())
    return dict(hidden)


def pin(client: Client, **said: str) -> Any:
    return client.post(PAGE, {"act": "pin", "client_id": CLIENT, **said}, follow=True)


def row() -> IdentityProvider | None:
    with at_the_door():
        return IdentityProvider.objects.first()


def test_looking_shows_what_would_be_believed_and_pins_nothing(oliver: Client, scene: Scene):
    assert oliver.get(PAGE).status_code == 200
    answer = oliver.post(PAGE, {"act": "look", "issuer": OURS})
    for address in (f"{OURS}/authorize", f"{OURS}/token", f"{OURS}/keys"):
        assert address in words(answer)
    assert row() is None


def test_what_was_shown_is_pinned_its_secret_sealed_and_the_record_says_who(
    oliver: Client, scene: Scene, owner_url: str, cast: Any
):
    system = psycopg.connect(owner_url).execute(
        "SELECT id::text FROM partners_sharedsystem WHERE slug = 'identity-platform'"
    ).fetchone()[0]  # fmt: skip
    answer = pin(oliver, **look(oliver), client_secret="hush", rides_on=system)
    assert "Pinned" in words(answer)
    assert "Identity platform" in words(answer)
    assert "hush" not in words(answer)
    found = row()
    assert found is not None
    assert (found.issuer, found.client_id, str(found.rides_on_id)) == (OURS, CLIENT, system)
    with at_the_door():
        assert client_secret_of(found) == "hush"
    with psycopg.connect(owner_url) as owner:
        [(who, org, data)] = owner.execute(
            "SELECT actor_person_id, actor_organisation_id, data FROM ledger_event"
            " WHERE kind = 'identity_provider.changed'"
        ).fetchall()
    assert (who, org) == (cast.visitor("brackenfield", "administrator").person_id, cast.id("brackenfield"))
    assert data["issuer"] == OURS


def test_what_has_changed_since_it_was_shown_is_not_pinned(oliver: Client, scene: Scene):
    shown = look(oliver)
    scene.document["jwks_uri"] = "https://attacker.example/keys"
    assert "differently than a moment ago" in words(pin(oliver, **shown))
    assert row() is None
    forged = {**shown, "issuer": "https://attacker.example"}
    assert "nobody lives there" in words(pin(oliver, **forged))
    assert row() is None


def test_an_empty_secret_keeps_the_old_one_of_the_same_provider_only(oliver: Client, scene: Scene, owner_url: str):
    pin(oliver, **look(oliver), client_secret="hush")
    pin(oliver, **look(oliver))
    found = row()
    assert found is not None
    with at_the_door():
        assert client_secret_of(found) == "hush"
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_identityprovider SET issuer = 'https://old.example'")
    pin(oliver, **look(oliver))
    found = row()
    assert found is not None
    assert found.client_secret is None


def test_an_alarm_stays_until_the_change_was_shown_and_pinned_again(oliver: Client, scene: Scene, cast: Any):
    pin(oliver, **look(oliver))
    with at_the_door():
        OidcFlow.objects.create(
            organisation_id=cast.id("brackenfield"), state=b"s", browser=b"b", nonce="n", verifier="v",
            expires_at=clock.now(),
        )  # fmt: skip
    scene.document["jwks_uri"] = f"{OURS}/keys2"
    assert "nobody has checked the change" in words(oliver.post(PAGE, {"act": "test"}, follow=True))
    assert "Nobody can sign in through it" in words(oliver.get(PAGE))
    shown = oliver.post(PAGE, {"act": "look", "issuer": OURS})
    assert "(changed)" in words(shown)
    assert "Pinned" in words(pin(oliver, **look(oliver)))
    assert "Nobody can sign in through it" not in words(oliver.get(PAGE))
    found = row()
    assert found is not None
    assert found.metadata["jwks_uri"] == f"{OURS}/keys2"
    with at_the_door():
        assert not OidcFlow.objects.exists()  # whoever had left under the old one begins again


def test_an_administrator_reads_of_an_incident_why_the_passkey_comes_first(
    oliver: Client, scene: Scene, owner_url: str, cast: Any, inside: Any
):
    pin(oliver, **look(oliver))
    assert "Answers, and describes itself" in words(oliver.get(PAGE))
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE partners_identityprovider SET rides_on_id = s.id FROM partners_sharedsystem s"
            " WHERE s.slug = 'identity-platform'"
        )
    with inside("ashbourne"):
        open_on(cast, "identity-platform")
    assert "a system of an open incident" in words(oliver.get(PAGE))


def test_it_is_switched_off_and_on_again(oliver: Client, scene: Scene):
    pin(oliver, **look(oliver))
    assert "Passkeys go on working" in words(oliver.post(PAGE, {"act": "off"}, follow=True))
    assert Client().post("/sign-in/brackenfield/provider/").status_code == 404
    oliver.post(PAGE, {"act": "on"})
    assert Client().post("/sign-in/brackenfield/provider/").status_code == 200


@pytest.mark.parametrize(
    "issuer", ["", "http://login.brackenfield.example", "https://login.microsoftonline.com/common/v2.0", "nonsense"]
)
def test_what_cannot_be_pinned_is_refused_with_words(oliver: Client, scene: Scene, issuer: str):
    answer = oliver.post(PAGE, {"act": "look", "issuer": issuer})
    assert answer.status_code == 422
    assert "There is a problem" in words(answer)
    assert scene.asked == []


def test_nobody_but_an_administrator_with_a_fresh_passkey_comes_near_it(client_of: Any, scene: Scene, cast: Any):
    for act in ("look", "pin", "on", "off", "test", "", "nonsense"):
        said = {"act": act, "issuer": OURS, "client_id": CLIENT, "fingerprint": "0" * 64}
        assert client_of("brackenfield", "administrator").post(PAGE, said).status_code == 403
        assert client_of("brackenfield", "incident_manager", fresh=True).post(PAGE, said).status_code == 403
        assert Client().post(PAGE, said).status_code == 302
    assert client_of("brackenfield", "administrator").get(PAGE)["Location"].startswith("/sign-in/again/")
    assert (row(), scene.asked) == (None, [])


def test_two_organisations_cannot_pin_one_issuer(oliver: Client, client_of: Any, scene: Scene, cast: Any):
    pin(oliver, **look(oliver))
    rhys = client_of("dunmere", "administrator", fresh=True)
    assert "another organisation's" in words(pin(rhys, **look(rhys)))
    with at_the_door():
        assert [each.organisation_id for each in IdentityProvider.objects.all()] == [cast.id("brackenfield")]


@pytest.mark.parametrize(
    "body", [{"act": "pin"}, {"act": "pin", "issuer": OURS}, {"act": "x"}, {}, {"act": ["a", "b"]}]
)
def test_a_form_that_is_not_ours_changes_nothing(oliver: Client, scene: Scene, body: Any):
    assert oliver.post(PAGE, body).status_code == 422
    assert row() is None
