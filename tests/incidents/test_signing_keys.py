"""Keys that organisations sign playbooks with, and whose keys are trusted: by whom, for whom, and what a page says."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.db import connections

from incidents.models import Playbook, PlaybookSignature, SigningKey, TrustedKey
from partners.models import Approval
from portal.ledger.models import Event
from tests.incidents.signing import API, SIGNED, make_key, outside_key, read, trust

pytestmark = pytest.mark.django_db


def independently_right(document: dict[str, Any], at: int) -> bool:
    """Verifies by STANDARDS 1.10 with its own canonical text: ours has plain keys and no fractions."""
    signature = dict(document["signatures"][at])
    value = signature.pop("value")
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    text = json.dumps(
        {**document, "signatures": [signature]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    message = hashlib.sha256(text.encode()).hexdigest().encode()
    key: Any = serialization.load_der_public_key(base64.b64decode(signature["public_key"]))
    match signature["algorithm"]:
        case "Ed25519":
            key.verify(raw, message)
        case "ES256":
            pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
            key.verify(pair, message, ec.ECDSA(hashes.SHA256()))
        case "RS256":
            key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    return True


def test_three_kinds_of_key_sign_one_after_the_other_and_others_can_check_it(client_of, small, inside, seal, cast):
    page, sign = f"/playbooks/{small['id']}/", f"/playbooks/{small['id']}/sign/"
    assert "Your organisation has no key yet" in read(client_of("dunmere"), page)
    for nth, algorithm in enumerate(("Ed25519", "ES256", "RS256")):
        make_key(client_of, "dunmere", algorithm)
        manager = client_of("dunmere", fresh=True)
        assert "Sign it with our key" in read(manager, page)
        assert client_of("dunmere").post(sign).status_code == 403  # no passkey just now
        assert client_of("dunmere", "responder", fresh=True).post(sign).status_code == 403
        assert manager.post(sign).status_code == 302
        assert "Right, by the key that Dunmere made here. Nobody vouched for this key." in read(manager, page)
        assert "Sign it with our key" not in read(manager, page)
        manager.post(sign)  # once is enough
        document = json.loads(client_of("gravenhurst").get(f"{page}document/").content)
        assert len(document["signatures"]) == nth + 1
        assert [independently_right(document, at) for at in range(nth + 1)] == [True] * (nth + 1)
        signature = document["signatures"][nth]
        assert (signature["algorithm"], signature["related_version"]) == (algorithm, document["modified"])
        assert signature["signee"] == cast["dunmere"].name
    with inside("dunmere"):
        seal()
        assert Playbook.objects.filter(cacao_id=document["id"]).count() == 1, "signing makes no other version"
        kinds = list(
            Event.objects.filter(kind__regex="^(signing_key|playbook.signed)")
            .order_by("pos")
            .values_list("kind", flat=True)
        )
        assert kinds == [
            "signing_key.made", "playbook.signed",
            "signing_key.ended", "signing_key.made", "playbook.signed",
            "signing_key.ended", "signing_key.made", "playbook.signed",
        ]  # fmt: skip
        assert SigningKey.objects.filter(ended="replaced").count() == 2
    with inside("gravenhurst"):
        assert not Event.objects.filter(kind__regex="^(signing_key|playbook.signed)").exists()
    body = read(client_of("dunmere", "administrator"), "/playbooks/keys/")
    assert "Keys we had before" in body
    assert "BEGIN" not in body


def test_a_key_that_was_never_used_is_nobody_elses_to_see_and_its_private_half_nobodys(client_of, small, inside):
    make_key(client_of, "dunmere")
    with inside("gravenhurst"):
        assert not SigningKey.objects.exists()
    with inside("dunmere"):
        assert SigningKey.objects.count() == 1
    for sql in ("SELECT sealed FROM incidents_signingsecret", "SELECT 1 FROM sec.use_signing_key(NULL)"):
        with pytest.raises(Exception, match=r"permission denied|no key|passkey"), inside("dunmere"):
            connections["default"].cursor().execute(sql)
    for who in ("responder", "incident_manager"):
        assert client_of("dunmere", who, fresh=True).post("/playbooks/keys/make/").status_code == 403
    assert client_of("dunmere", "administrator").post("/playbooks/keys/make/").status_code == 403


def test_an_organisation_trusts_a_key_for_itself_and_nobody_else_hears_of_it(client_of, signed, inside, api_of):
    page = f"/playbooks/{signed['id']}/"
    ours = client_of("dunmere", fresh=True)
    assert "The signature is right, but nobody vouched for this key." in read(ours, page)
    outside = {"owner": "outside", "outside": "Harbour Standards Body", "public_key": outside_key()}
    assert trust(client_of("dunmere", "responder", fresh=True), **outside).status_code == 403
    assert trust(client_of("dunmere"), **outside).status_code == 403
    for wrong in ({"public_key": "nothing"}, {"outside": ""}, {"reason": ""}, {"owner": ""}, {"outside": "dunmere"}):
        answer = trust(ours, **{**outside, **wrong})
        assert answer.status_code == 422, wrong
        if wrong.get("public_key") is None:
            assert outside_key() in answer.content.decode()  # what was typed is there still
    assert trust(ours, **outside).status_code == 302
    assert trust(ours, **outside).status_code == 422  # it is on the list
    assert "Signed by Harbour Standards Body. Trusted since" in read(ours, page)
    assert "by your organisation alone" in read(ours, page)
    states = [each["state"] for each in api_of("dunmere").get(f"{API}{signed['slug']}/").json()["signatures"]]
    assert states == ["right"] * 9 + ["trusted"]
    for slug in ("gravenhurst", "ashbourne"):
        assert "Harbour Standards Body. Trusted" not in read(client_of(slug), page)
        assert "key is on the list</h2>" in read(client_of(slug), "/playbooks/keys/")
        with inside(slug):
            assert not TrustedKey.objects.exists()
    with inside("dunmere"):
        row = TrustedKey.objects.get()
    end = f"/playbooks/keys/trust/{row.pk}/end/"
    assert client_of("gravenhurst", fresh=True).post(end, {"reason": "x"}).status_code == 409
    assert ours.post(end, {"reason": ""}).status_code == 409
    assert ours.post(end, {"reason": "A new one comes"}).status_code == 302
    assert "nobody vouched" in read(ours, page)
    assert "A new one comes" in read(ours, "/playbooks/keys/")


def test_a_key_counts_for_everybody_when_a_second_organisation_has_approved(client_of, small, inside, cast, seal):
    page = f"/playbooks/{small['id']}/"
    make_key(client_of, "dunmere")
    client_of("dunmere", fresh=True).post(f"{page}sign/")
    asker = client_of("ashbourne", fresh=True)
    said = {"owner": str(cast.id("dunmere")), "reach": "all"}
    assert trust(asker, **said).status_code == 422  # nobody is asked
    assert trust(asker, **said, second=str(cast.id("ashbourne"))).status_code == 422
    answer = trust(asker, **said, second=str(cast.id("brackenfield")))
    assert answer.status_code == 302, answer.content.decode()
    with inside("ashbourne"):
        approval: UUID = Approval.objects.get(kind="trust_signing_key").pk
        assert not TrustedKey.objects.exists()
        print_ = SigningKey.objects.get().thumbprint
    assert "nobody vouched" in read(client_of("gravenhurst"), page).lower()
    for slug in ("gravenhurst", "dunmere"):  # not asked
        assert client_of(slug, fresh=True).post(f"/approvals/{approval}/approve/").status_code == 404
    assert asker.post(f"/approvals/{approval}/approve/").status_code == 409
    second = client_of("brackenfield", fresh=True)
    shown = read(second, "/approvals/")
    assert " ".join(print_[at : at + 4] for at in range(0, 64, 4)) in shown
    assert "counts as signed by Dunmere, for everybody in the partnership" in shown
    assert second.post(f"/approvals/{approval}/approve/").status_code == 302
    for slug in ("gravenhurst", "dunmere", "ashbourne"):
        body = read(client_of(slug), page)
        assert "Signed by Dunmere. Trusted since" in body
        assert "Ashbourne and Brackenfield vouch for the key" in body
        with inside(slug):
            seal()
            assert Event.objects.filter(kind="signing_key.trusted").count() == 1
    with inside("gravenhurst"):
        row = TrustedKey.objects.get()
    end = f"/playbooks/keys/trust/{row.pk}/end/"
    assert client_of("gravenhurst", fresh=True).post(end, {"reason": "I do not like it"}).status_code == 409
    assert second.post(end, {"reason": "They rang: it is lost"}).status_code == 302
    assert "Signed by Dunmere" not in read(client_of("gravenhurst"), page)


def test_what_counts_as_whose_cannot_be_made_up(client_of, small, inside, cast):
    """Nobody gets the name of an organisation that takes part here but by a key of its own."""
    asker = client_of("ashbourne", fresh=True)
    for said in (
        {"owner": str(cast.id("dunmere")), "public_key": outside_key()},
        {"owner": "outside", "outside": "  DUNMERE ", "public_key": outside_key()},
        {"owner": str(cast.id("dunmere"))},  # it has made none
    ):
        for reach in ({"reach": "own"}, {"reach": "all", "second": str(cast.id("brackenfield"))}):
            assert trust(asker, **said, **reach).status_code == 422, said
    with inside("ashbourne"):
        assert not TrustedKey.objects.exists()
        assert not Approval.objects.filter(kind="trust_signing_key").exists()


def test_a_key_that_is_no_longer_secret_counts_for_nothing_at_once(client_of, small, inside, cast, seal):
    page = f"/playbooks/{small['id']}/"
    make_key(client_of, "dunmere")
    client_of("dunmere", fresh=True).post(f"{page}sign/")
    assert trust(client_of("gravenhurst", fresh=True), owner=str(cast.id("dunmere"))).status_code == 302
    assert "by your organisation alone" in read(client_of("gravenhurst"), page)
    with inside("dunmere"):
        key = SigningKey.objects.get()
    end = f"/playbooks/keys/{key.pk}/end/"
    assert client_of("gravenhurst", "administrator", fresh=True).post(end, {"how": "exposed"}).status_code == 409
    assert client_of("dunmere", fresh=True).post(end, {"how": "exposed"}).status_code == 403
    administrator = client_of("dunmere", "administrator", fresh=True)
    assert administrator.post(end, {"how": "retired"}).status_code == 302
    assert "Signed by Dunmere" in read(client_of("gravenhurst"), page)  # what it signed stays right
    assert administrator.post(end, {"how": "exposed"}).status_code == 302
    for slug in ("gravenhurst", "ashbourne"):
        body = read(client_of(slug), page)
        assert "Counts for nothing: Dunmere said on" in body
        assert "that this key is no longer secret" in body
    assert "Its owner says that it is no longer secret." in read(client_of("gravenhurst"), "/playbooks/keys/")
    assert trust(client_of("ashbourne", fresh=True), owner=str(cast.id("dunmere"))).status_code == 422
    with inside("gravenhurst"):
        seal()
        assert Event.objects.get(kind="signing_key.exposed").data["organisation"] == "dunmere"


def test_a_signature_that_somebody_wrote_into_the_database_is_seen_to_be_wrong(client_of, small, inside, cast):
    """The page works it out each time: no column says that a signature is right."""
    document = json.loads(SIGNED.read_bytes())["signatures"][9]
    with inside("gravenhurst"):
        PlaybookSignature.objects.create(
            playbook_id=small["id"],
            signature_id="jss--00000000-0000-4000-8000-000000000001",
            document={**document, "signee": "Dunmere"},
            organisation_id=cast.id("gravenhurst"),
        )
        for nth, nothing in enumerate(({}, [], "x", {"signee": [], "valid_until": 7}), start=2):
            PlaybookSignature.objects.create(
                playbook_id=small["id"],
                signature_id=f"jss--00000000-0000-4000-8000-{nth:012}",
                document=nothing,
                organisation_id=cast.id("gravenhurst"),
            )
    body = read(client_of("ashbourne"), f"/playbooks/{small['id']}/")
    assert body.count("Wrong. It is no signature.") == 4
    assert "Wrong. The playbook was changed after it was signed, or another key signed it." in body
