"""Signatures of playbooks: the published example, and ten of ours that the openssl command made.

`tests/data/cacao/signed-ten-ways.json` and `signed-with-certificate.json` were signed once by hand: canonical text by
`json.dumps(sort_keys=True, separators=(",", ":"))`, which is the canonical form of a document without fractions and
with plain ASCII keys; its SHA-256 as text; `openssl dgst -sign` or `pkeyutl -sign` on that. The private keys are gone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from incidents.cacao.notes import Notes
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.cacao.signatures import ALGORITHMS, MOST, Signed, check_signatures, der_of
from tests.incidents.playbooks import PUBLISHED, ROOT, needs_published

TEN, CERTIFICATE = (
    ROOT / "tests" / "data" / "cacao" / f"signed-{name}.json" for name in ("ten-ways", "with-certificate")
)

EARLIER, LATER = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"


@pytest.fixture
def ten() -> dict[str, Any]:
    return json.loads(TEN.read_bytes())


def noted(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    notes = Notes()
    check_signatures(document, notes)
    return [str(each) for each in notes.errors], [str(each) for each in notes.warnings]


@needs_published
def test_the_published_example_is_right_as_its_authors_computed_it():
    folder = PUBLISHED / "cacao" / "signature"
    document = json.loads((folder / "signed-example-rsa.json").read_bytes())
    text = (folder / "signed-example-rsa.jcs.txt").read_bytes().rstrip(b"\n")
    placeholder, real = document["signatures"]
    signed = Signed(document)
    assert signed.message(real) == hashlib.sha256(text).hexdigest().encode()
    assert signed.message(real).startswith(b"973bb649")
    assert signed.message(real).endswith(b"1b0a")
    assert signed.verdict(real).state == "right"
    assert signed.verdict(placeholder).state == "wrong"


def test_ten_algorithms_each_alone_with_the_other_nine_in_the_document(ten):
    assert {each["algorithm"] for each in ten["signatures"]} == set(ALGORITHMS)
    signed = Signed(ten)
    for each in ten["signatures"]:
        verdict = signed.verdict(each)
        assert (each["algorithm"], verdict.state) == (each["algorithm"], "right")
        assert verdict.thumbprint == hashlib.sha256(base64.b64decode(each["public_key"])).hexdigest()
    assert read_playbook(ten).warnings == ()
    assert noted(json.loads(CERTIFICATE.read_bytes())) == ([], [])


def test_whatever_is_changed_makes_all_of_them_wrong(ten):
    ten["description"] = ten.get("description", "") + " "
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(ten)
    assert [each.pointer for each in refused.value.errors] == [f"/signatures/{at}" for at in range(10)]
    assert "wrong" in refused.value.errors[0].detail


def other_key(algorithm: str) -> str:
    key = ed25519.Ed25519PrivateKey.generate() if algorithm == "Ed25519" else rsa.generate_private_key(65537, 2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda each: each.update(value=each["value"][:-4] + "AAAA"), "is wrong"),
        (lambda each: each.update(value=each["value"] + "=="), "is wrong"),
        (lambda each: each.update(signee="Somebody else"), "is wrong"),
        (lambda each: each.update(revoked=False), "is wrong"),
        (lambda each: each.update(public_key=other_key(each["algorithm"])), "is wrong"),
        (lambda each: each.update(public_key="some public key"), "cannot be read"),
        (lambda each: each.update(algorithm="Ed25519" if each["algorithm"] != "Ed25519" else "ES256"), "not one for"),
        (lambda each: each.update(related_version="2026-01-01T00:00:00.000Z"), "another version"),
        (lambda each: each.update(related_to="playbook--00000000-0000-4000-8000-000000000000"), "another playbook"),
        (lambda each: each.update(valid_from=LATER, valid_until=EARLIER), "before it"),
    ],
    ids=["value", "padding", "signee", "added", "key", "no key", "algorithm", "version", "playbook", "times"],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 6, 9], ids=["RS256", "ES256", "Ed25519"])
def test_a_wrong_signature_is_an_error_and_the_others_stay_right(ten, at, change, words):
    change(ten["signatures"][at])
    errors, warnings = noted(ten)
    assert errors
    assert all(each.startswith(f"/signatures/{at}") for each in errors)
    assert words in " ".join(errors)
    assert warnings == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"algorithm": "HS256"}, "HS256 cannot be checked"),
        ({"algorithm": "XMSS"}, "XMSS cannot be checked"),
        ({"hash_algorithm": "sha3-512"}, "sha3-512"),
        ({"public_key": None, "cert_url": "https://127.0.0.1:9/never"}, "nothing is fetched"),
        ({"public_key": None, "thumbprint": "00"}, "does not bring its key"),
    ],
    ids=["keyed hash", "unknown", "other hash", "address", "fingerprint"],
)
def test_what_nobody_can_check_is_kept_with_a_warning_and_refused_when_strict(ten, change, words):
    (one, *_) = ten["signatures"]
    ten["signatures"] = [{key: value for key, value in {**one, **change}.items() if value is not None}]
    errors, warnings = noted(ten)
    assert errors == []
    (warning,) = warnings
    assert "kept but not checked" in warning
    assert words in warning
    with pytest.raises(PlaybookRefused):
        read_playbook(ten, strict=True)


def test_taken_back_expired_and_not_yet_are_said(ten):
    """The key is made here, for what is signed says when it holds. The signing itself is what others checked above."""
    key = ed25519.Ed25519PrivateKey.generate()
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    base = {**ten["signatures"][9], "public_key": base64.b64encode(der).decode()}
    for more, pointer, words in (
        ({"revoked": True}, "revoked", "taken it back"),
        ({"valid_until": "2020-01-01T00:00:00.000Z"}, "valid_until", "expired"),
        ({"valid_from": "2090-01-01T00:00:00.000Z"}, "valid_from", "not hold yet"),
    ):
        made = {key: value for key, value in {**base, **more}.items() if key != "value"}
        made["value"] = base64.urlsafe_b64encode(key.sign(Signed(ten).message(made))).decode().rstrip("=")
        errors, warnings = noted({**ten, "signatures": [made]})
        assert errors == []
        assert [each.startswith(f"/signatures/0/{pointer}:") and words in each for each in warnings] == [True]


def test_a_countersignature_is_kept_and_said_not_to_be_checked(ten):
    one, two, *_ = ten["signatures"]
    one["signature"] = {**two, "id": "jss--5b6c1e70-0c1d-4f5e-8b1a-000000000099"}
    errors, warnings = noted({**ten, "signatures": [one]})
    assert errors == []
    assert [each.startswith("/signatures/0/signature: Countersigned, not checked") for each in warnings] == [True]
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook({**ten, "signatures": [one]}, strict=True)
    assert "/signatures/0/signature" in [problem.pointer for problem in refused.value.errors]


def test_one_identifier_twice_and_too_many_are_refused(ten):
    one = ten["signatures"][9]
    assert "/signatures/1/id" in noted({**ten, "signatures": [one, one]})[0][0]
    assert noted({**ten, "signatures": [one] * (MOST + 1)})[0] == ["/signatures: A playbook has at most 50 signatures."]


def test_keys_are_taken_with_and_without_their_frame_and_short_ones_are_not(ten):
    pasted = ten["signatures"][6]["public_key"]
    framed = f"-----BEGIN PUBLIC KEY-----\n{pasted[:64]}\n{pasted[64:]}\n-----END PUBLIC KEY-----\n"
    assert der_of(framed) == der_of(pasted) == base64.b64decode(pasted)
    short = rsa.generate_private_key(65537, 1024).public_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for wrong in ("", "AAAA", "nothing", short.public_bytes(*form).decode()):
        with pytest.raises(ValueError, match="key"):
            der_of(wrong)


def test_bytes_of_a_certificate_that_nobody_can_read_are_a_wrong_signature():
    document = json.loads(CERTIFICATE.read_bytes())
    (signature,) = document["signatures"]
    good = base64.b64decode(signature["public_cert_chain"][0])
    chance = random.Random(20261126)
    version = good.index(bytes.fromhex("a003020102")) + 4
    hostile = [good[:version] + bytes([byte]) + good[version + 1 :] for byte in (1, 3, 4, 127, 255)]
    for _ in range(400):
        changed = bytearray(good)
        for _ in range(chance.choice((1, 1, 2, 8))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        hostile.append(bytes(changed[: chance.choice((len(good), chance.randrange(len(good))))]))
    words = set()
    for each in hostile:
        signature["public_cert_chain"] = [base64.b64encode(each).decode()]
        errors, _ = noted(document)
        assert len(errors) == (each != good)
        words |= {error.split("This signature is wrong. ")[1].split(".")[0] for error in errors}
    assert "Its public key cannot be read" in words
