"""Playbooks with signatures, and what is done to them by page, for the tests of keys."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.test import Client

from tests.incidents.playbooks import ROOT, small_document

SIGNED = ROOT / "tests" / "data" / "cacao" / "signed-ten-ways.json"
API = "/api/v1/playbooks/"


@pytest.fixture
def small(api_of) -> dict[str, Any]:
    """Kept by Ashbourne, unsigned."""
    answer = api_of("ashbourne").post(API, json.dumps(small_document()), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def read(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return re.sub(r"\s+", " ", answer.content.decode())


def make_key(client_of: Any, slug: str, algorithm: str = "Ed25519") -> None:
    answer = client_of(slug, "administrator", fresh=True).post("/playbooks/keys/make/", {"algorithm": algorithm})
    assert answer.status_code == 302, answer.content.decode()


def trust(client: Client, **said: str) -> Any:
    return client.post("/playbooks/keys/trust/", {"reach": "own", "reason": "Rung their duty officer", **said})


@pytest.fixture
def signed(api_of) -> dict[str, Any]:
    answer = api_of("ashbourne").post(API, SIGNED.read_bytes(), content_type="application/json")
    assert answer.status_code == 201
    return answer.json()


def outside_key() -> str:
    """The key of the Ed25519 signature in the file."""
    return json.loads(SIGNED.read_bytes())["signatures"][9]["public_key"]


def written(document: dict[str, Any], key: Any, nth: int, **more: Any) -> dict[str, Any]:
    """The document with one signature, made by hand (plain keys, no fractions)."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    made = {
        "type": "jss", "id": f"jss--00000000-0000-4000-8000-{nth:012}", "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z", "signee": "Harbour", "related_to": document["id"],
        "related_version": document["modified"], "hash_algorithm": "sha-256", "algorithm": "Ed25519",
        "public_key": base64.b64encode(der).decode(), **more,
    }  # fmt: skip
    text = json.dumps({**document, "signatures": [made]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    value = key.sign(hashlib.sha256(text.encode()).hexdigest().encode())
    return {**made, "value": base64.urlsafe_b64encode(value).decode().rstrip("=")}


def bring(client: Client, document: dict[str, Any], *signatures: dict[str, Any]) -> Any:
    body = json.dumps({**document, "signatures": list(signatures)})
    return client.post(API, body, content_type="application/json")
