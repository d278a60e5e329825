"""Our types of CACAO's objects against the official schema files, read as their authors mean them: the same verdict.

The files declare draft-07 and rely on `unevaluatedProperties`, which that draft ignores; read as 2019-09, one root
keyword of `command-data.json` refuses every real command. So: 2019-09, without that one keyword, at load time.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest

from incidents.cacao.notes import Notes
from incidents.cacao.workflow import PLAYBOOK, STEPS
from tests.incidents.playbooks import DEMO, PUBLISHED, needs_published

pytestmark = needs_published
SCHEMAS, SAMPLES = PUBLISHED / "cacao" / "schema", PUBLISHED / "cacao" / "playbooks"
MUTATIONS = 2000
# Where the schema says nothing at all of what the standard says, so that ours may refuse more.
OURS_ALONE = (
    "commands",  # an action's commands are held against what all commands have in common, and nothing more
    "on_completion",  # its rule for successors is true for every step but `end`
)


@pytest.fixture(scope="module")
def official() -> Callable[[Any], bool]:
    def never(uri: str) -> Any:
        raise LookupError(uri)

    documents = {path: json.loads(path.read_bytes()) for path in SCHEMAS.rglob("*.json")}
    for path, document in documents.items():
        document["$schema"] = "https://json-schema.org/draft/2019-09/schema"
        if path.name == "command-data.json":
            assert document.pop("unevaluatedProperties") is False
    draft = jsonschema_rs.Draft201909
    registry = jsonschema_rs.Registry(
        [(document["$id"], document) for document in documents.values()], draft=draft, retriever=never
    )
    root = documents[SCHEMAS / "playbook.json"]
    return jsonschema_rs.Draft201909Validator(root, registry=registry).is_valid


def ours(document: Any) -> list[str]:
    """Where the document departs from our types, as pointers; an agent of a tool's own type counts as in the schema."""
    notes = Notes()
    PLAYBOOK.check(document, (), notes)
    own_types = [each.pointer for each in notes.warnings if each.detail.endswith("that the standard defines.")]
    return [each.pointer for each in notes.errors] + [each for each in own_types if "_definitions/" in each]


def samples() -> list[Any]:
    return [json.loads(path.read_bytes()) for path in [DEMO, *sorted(SAMPLES.glob("*.json"))]] + [everything()]


def everything() -> Any:
    """A playbook with an object of each kind, so that mutations reach them all."""
    number = iter(range(1, 100))

    def new(kind: str) -> str:
        return f"{kind}--00000000-0000-4000-8000-{next(number):012}"

    start, act, both, left, right, done, choose, loop, switch, other, end = map(
        new,
        ("start", "action", "parallel", "action", "end", "end", "if-condition", "while-condition", "switch-condition",
         "playbook-action", "end"),
    )  # fmt: skip
    group, device, network, sector, place, desk = map(
        new, ("group", "ssh", "net-address", "sector", "location", "security-category")
    )
    sign_in, token, user, mark, said, extension = map(
        new, ("http-basic", "oauth2", "user-auth", "marking-tlp", "marking-statement", "extension-definition")
    )
    at, who = "2026-09-14T09:00:00.000Z", new("identity")
    reference = [{"name": "Manual", "url": "https://example.org/a", "external_id": "A1"}]
    marking = {"created_by": who, "created": at, "labels": ["x"], "external_references": reference}
    address = {
        "dname": ["a.example"], "ipv4": ["192.0.2.1"], "ipv6": ["2001:db8::1"], "url": ["https://a.example.org/"],
        "l2mac": ["00:11:22:aa:bb:cc"], "vlan": [7],
    }  # fmt: skip
    command = {"type": "http-api", "command": "POST /x HTTP/1.1", "headers": {"A": ["b"]}, "content_b64": "YQ=="}
    action = {"type": "action", "agent": group, "commands": [{"type": "manual", "command": "Ring"}, command]}
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": new("playbook"), "name": "Everything",
        "description": "x", "created_by": who, "created": at, "modified": at, "revoked": False, "valid_from": at,
        "valid_until": "2036-09-14T09:00:00.000Z", "derived_from": [new("playbook")], "related_to": [new("playbook")],
        "priority": 3, "severity": 70, "impact": 0, "industry_sectors": ["local-government"], "labels": ["x"],
        "playbook_types": ["mitigation"], "playbook_activities": ["restrict-access"],
        "external_references": reference, "markings": [mark, said], "workflow_start": start, "workflow_exception": end,
        "playbook_processing_summary": {"manual_playbook": False, "parallel_processing": True},
        "playbook_variables": {"__a__": {"type": "string", "value": None, "constant": True, "external": False}},
        "playbook_extensions": {extension: {"x": 1}},
        "workflow": {
            start: {"type": "start", "on_completion": act},
            act: action | {"name": "x", "targets": [device], "in_args": ["__a__"], "out_args": ["__b__"], "timeout": 5,
                           "delay": 2, "on_success": both, "on_failure": end, "owner": who,
                           "step_variables": {"__b__": {"type": "bool"}}, "step_extensions": {extension: {}},
                           "external_references": reference},
            both: {"type": "parallel", "next_steps": [left, done], "on_completion": choose},
            left: action | {"on_completion": right}, right: {"type": "end"}, done: {"type": "end"},
            choose: {"type": "if-condition", "condition": "x", "on_true": right, "on_false": done,
                     "on_completion": loop},
            loop: {"type": "while-condition", "condition": "x", "on_true": right, "on_completion": switch},
            switch: {"type": "switch-condition", "switch": "__a__", "cases": {"a": right, "default": done},
                     "on_completion": other},
            other: {"type": "playbook-action", "playbook_id": new("playbook"), "playbook_version": at,
                    "on_completion": end},
            end: {"type": "end"},
        },
        "agent_definitions": {
            group: {"type": "group", "name": "x", "contact": {"phone": {"desk": "1"}, "contact_details": "x"}},
            device: {"type": "ssh", "name": "x", "address": address, "port": "22", "authentication_info": sign_in,
                     "category": ["server"], "agent_target_extensions": {extension: {}}},
            network: {"type": "net-address", "name": "x", "address": address},
            sector: {"type": "sector", "name": "x", "sector": "local-government",
                     "location": {"region": "northern-europe", "city": "x", "latitude": "1.5"}},
        },
        "target_definitions": {
            place: {"type": "location", "name": "x", "logical": ["closet"]},
            desk: {"type": "security-category", "name": "x", "category": ["siem"]},
        },
        "authentication_info_definitions": {
            sign_in: {"type": "http-basic", "user_id": "__a__:value", "kms": True, "kms_key_identifier": "x"},
            token: {"type": "oauth2", "oauth_header": "__a__:value", "token": "__a__:value"},
            user: {"type": "user-auth", "username": "x", "password": "__a__:value"},
        },
        "extension_definitions": {extension: {"type": "extension-definition", "name": "x", "created_by": who,
                                              "schema": "x", "version": "1"}},
        "data_marking_definitions": {
            mark: marking | {"type": "marking-tlp", "id": mark, "tlpv2_level": "TLP:GREEN"},
            said: marking | {"type": "marking-statement", "id": said, "statement": "x"},
        },
        "signatures": [{"type": "jss", "id": new("jss"), "created": at, "modified": at, "signee": "x",
                        "related_to": new("playbook"), "related_version": at, "hash_algorithm": "sha-256",
                        "algorithm": "RS256", "public_key": "x", "value": "x"}],
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*path, key))


ODD = [None, True, False, 0, -1, 5, 101, 4096, 1.5, 5.0, "", "banana", [], {}, ["banana"], {"banana": 1}, "2026-02-03"]
OPS = ("put", "put", "put", "drop", "add", "key", "empty", "twice", "swap")


def mutated(document: Any, chance: random.Random) -> tuple[Any, str, tuple[Any, ...]]:
    """The document with one thing changed: what was done, and where."""
    changed = copy.deepcopy(document)
    path = chance.choice(list(places(changed)))
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    key, op = path[-1], chance.choice(OPS)
    value = parent[key]
    match op:
        case "put":
            parent[key] = copy.deepcopy(chance.choice(ODD))
        case "drop":
            del parent[key]
        case "add" if isinstance(value, dict):
            value["banana"] = chance.choice(ODD)
        case "key" if isinstance(parent, dict):
            parent[str(key)[:-1] + chance.choice("zq-_A")] = parent.pop(key)
        case "empty" if isinstance(value, dict | list):
            value.clear()
        case "twice" if isinstance(value, list) and value:
            value.append(copy.deepcopy(value[0]))
        case "swap":
            other = chance.choice(list(places(changed)))
            found = changed
            for each in other:
                found = found[each]
            parent[key] = copy.deepcopy(found)
        case _:
            parent[key] = chance.choice(ODD)
    return changed, op, path


def test_each_sample_gets_the_same_verdict(official):
    assert {str(ours(each) == []) + str(official(each)) for each in samples()} == {"TrueTrue", "FalseFalse"}
    assert official(everything()), "every object in it is one that the schema takes"
    assert official(json.loads(DEMO.read_bytes())), "our own"


def test_two_thousand_mutations_get_the_same_verdict(official):
    chance, verdicts, differ = random.Random(20260914), Counter[str](), []
    found = samples()
    valid = [each for each in found if official(each)]
    assert len(valid) >= 4
    while verdicts.total() < MUTATIONS:
        document, op, path = mutated(chance.choice(valid), chance)
        theirs, mine = official(document), ours(document)
        if theirs and mine and all(alone(each) for each in mine):
            verdicts["ours alone"] += 1
            continue
        verdicts["valid" if theirs else "invalid"] += 1
        if theirs != (mine == []):
            differ.append((op, path, theirs, mine[:2]))
    print(verdicts)
    assert differ == []
    assert min(verdicts["valid"], verdicts["invalid"]) > MUTATIONS / 10


def alone(pointer: str) -> bool:
    """Whether ours may refuse this place although the schema does not."""
    parts = pointer.split("/")
    return parts[1] == "workflow" and len(parts) > 3 and parts[3] in OURS_ALONE


def test_every_kind_of_step_is_among_what_is_mutated():
    assert {step["type"] for step in everything()["workflow"].values()} == set(STEPS)
