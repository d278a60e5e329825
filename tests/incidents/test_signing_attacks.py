"""Signatures and keys under attack: places filled by others, keys that are exposed, names that only look alike."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.db import DatabaseError, connections, transaction

from incidents.models import PlaybookSignature, SigningKey, TrustedKey
from tests.incidents.playbooks import small_document
from tests.incidents.signing import API, bring, make_key, outside_key, read, trust, written

pytestmark = pytest.mark.django_db


def test_nobody_fills_the_places_of_others_and_only_right_ones_come_from_others(client_of, api_of, small, inside, cast):
    document, key = small_document(), ed25519.Ed25519PrivateKey.generate()
    unknown = {**written(document, key, 99), "algorithm": "XX999"}
    answer = bring(api_of("gravenhurst"), document, unknown)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/signatures/0"
    assert bring(api_of("ashbourne"), document, unknown).status_code == 200  # its keeper
    many = [written(document, key, nth) for nth in range(11)]
    assert bring(api_of("gravenhurst"), document, *many).status_code == 422
    assert bring(api_of("gravenhurst"), document, *many[:10]).status_code == 200
    assert bring(api_of("gravenhurst"), document, many[10]).status_code == 422

    def by_hand(slug: str, nth: int) -> None:
        with inside(slug), transaction.atomic():
            PlaybookSignature.objects.create(
                playbook_id=small["id"], signature_id=f"jss--junk-{slug}-{nth}", document={},
                organisation_id=cast.id(slug),
            )  # fmt: skip

    with pytest.raises(DatabaseError, match="no more signatures"):
        by_hand("gravenhurst", 0)
    for nth in range(49):
        by_hand("ashbourne", nth)
    with pytest.raises(DatabaseError, match="no more signatures"):
        by_hand("ashbourne", 50)
    make_key(client_of, "dunmere")
    assert client_of("dunmere", fresh=True).post(f"/playbooks/{small['id']}/sign/").status_code == 302
    body = read(client_of("dunmere"), f"/playbooks/{small['id']}/")
    assert "Right, by the key that Dunmere made here" in body
    handed = json.loads(client_of("dunmere").get(f"/playbooks/{small['id']}/document/").content)["signatures"]
    assert len(handed) == 50
    assert cast["dunmere"].name in {each.get("signee") for each in handed}


def test_a_signer_takes_a_signature_back_and_nobody_else_does(client_of, api_of, small):
    document, page = small_document(), f"/playbooks/{small['id']}/"
    key, other = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
    api = api_of("gravenhurst")
    first, later = written(document, key, 1), "2026-02-01T00:00:00.000Z"
    assert bring(api_of("ashbourne"), document, first).status_code == 200
    for refused in (
        written(document, other, 1, modified=later, revoked=True),
        written(document, key, 1, revoked=True),  # not later
        written(document, key, 1, modified=later),
    ):
        assert bring(api, document, refused).status_code == 422
    revoked = written(document, key, 1, modified=later, revoked=True)
    assert bring(api, document, revoked).status_code == 200
    assert bring(api, document, first).status_code == 200  # an old file again: it stays taken back
    body = read(client_of("dunmere"), page)
    assert "Whoever signed has taken it back since." in body
    (shown,) = api.get(f"{API}{small['slug']}/").json()["signatures"]
    assert shown["state"] == "revoked"
    assert json.loads(client_of("dunmere").get(f"{page}document/").content)["signatures"] == [revoked]


def test_an_exposed_key_counts_for_nothing_however_its_signature_came_in(client_of, api_of, small, inside, cast):
    # Somebody else has the private half as well; nothing was ever signed with it here.
    stolen = ed25519.Ed25519PrivateKey.generate()
    der = stolen.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public, make = base64.b64encode(der).decode(), "SELECT sec.make_signing_key(%s, 'Ed25519', %s, '\\x00')"
    with inside("dunmere", "administrator", fresh=True):
        connections["default"].cursor().execute(make, [uuid4(), public])
        own = SigningKey.objects.get()
    with (
        pytest.raises(DatabaseError, match="not a key that could sign"),  # to say then that it is exposed
        inside("gravenhurst", "administrator", fresh=True),
    ):
        connections["default"].cursor().execute(make, [uuid4(), public])
    ours = client_of("ashbourne", fresh=True)
    outside = {"owner": "outside", "outside": "Harbour Standards Body", "public_key": public}
    assert trust(ours, **outside).status_code == 302
    end = f"/playbooks/keys/{own.pk}/end/"
    assert client_of("dunmere", "administrator", fresh=True).post(end, {"how": "exposed"}).status_code == 302
    forged = written(small_document(), stolen, 1, signee="Dunmere")
    assert bring(api_of("gravenhurst"), small_document(), forged).status_code == 200
    for slug in ("ashbourne", "gravenhurst"):
        body = read(client_of(slug), f"/playbooks/{small['id']}/")
        assert "Counts for nothing: Dunmere said on" in body
        assert "The signature is right" not in body
    assert "Its owner says that it is no longer secret." in read(ours, "/playbooks/keys/")
    for said in (outside, {"owner": str(cast.id("ashbourne")), "public_key": public}):
        assert trust(ours, **said).status_code == 422, said


LOOKALIKES = (
    "Dun\u200bmere", "Dunmere\u00ad", "\u202eDunmere", "\uff24unmere", "Dunmere\u00a0", "DUNMERE\u2003",
    "D\u2060unmere", "Dunmere\x07", "Dun\ufe0fmere",
)  # fmt: skip


def test_no_name_that_only_looks_like_a_partners_comes_on_the_list(client_of, small, inside, cast):
    ours = client_of("ashbourne", fresh=True)
    for name in LOOKALIKES:
        answer = trust(ours, owner="outside", outside=name, public_key=outside_key())
        assert answer.status_code == 422, ascii(name)
        with pytest.raises(DatabaseError, match=r"cannot be seen|takes part here"), inside("ashbourne", fresh=True):
            connections["default"].cursor().execute("SELECT sec.trust_key(%s, NULL, %s, 'r')", [name, outside_key()])
    assert trust(ours, owner="outside", outside="Harbour \u00a0 Body", public_key=outside_key()).status_code == 302
    with inside("ashbourne"):
        assert TrustedKey.objects.get().owner == "Harbour Body"
    assert "takes no part here" in read(ours, "/playbooks/keys/")


def test_what_nobody_could_approve_cannot_be_asked(client_of, inside, cast):
    key, dunmere = outside_key(), str(cast.id("dunmere"))
    broken = key[:20] + "\n" + key[20:]
    for payload, about in (
        ({"owner": "Harbour", "public_key": broken}, None),
        ({"owner": "Harbour", "public_key": [key]}, None),
        ({"owner": 7, "public_key": key}, None),
        ({"owner": "Harbour", "public_key": key, "organisation": None}, None),
        ({"owner": "Harbour", "public_key": key, "organisation": "nobody"}, None),
        ({"owner": cast["dunmere"].name, "public_key": key, "organisation": "{" + dunmere + "}"}, dunmere),
        ({"owner": cast["dunmere"].name, "public_key": key, "organisation": dunmere.upper()}, dunmere),
    ):
        with pytest.raises(DatabaseError, match=r"owner|owns|one line"), inside("ashbourne", fresh=True):
            connections["default"].cursor().execute(
                "SELECT sec.request_approval('trust_signing_key', %s, NULL, %s::jsonb, ARRAY['x'], 'r', true,"
                " %s::uuid[])",
                [about, json.dumps(payload), [cast.id("brackenfield")]],
            )
    assert client_of("brackenfield", fresh=True).get("/approvals/").status_code == 200
