"""A thousand made-up bodies for each group of addresses: never a 5xx, and a refusal never writes anything."""

from __future__ import annotations

import copy
import logging
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.api.asking import check_problem, opened, rows, send, tasks

# With real commits: a transaction may take 30 s, also one around a whole test.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
BODIES = 1000
PLAYBOOK = Path(__file__).parent.parent / "data" / "cacao" / "two-branches.json"
WHEN = "2026-05-03T09:40:00Z"
NASTY: list[Any] = [
    None, True, False, 0, -1, 1, 7, 2**31, 2**53, 2**62, -(2**63), 1.5, 1e300, -0.0, "", " ", "\t", "0", "null",
    "x" * 300,
    "x" * 5000, "\u202e", "\ufeff", "\U0010ffff", "é" * 200, "a\nb", "' OR 1=1 --", "<script>", "${7*7}", "%00",
    "../../etc",
    "2026-05-03T09:40:00Z", "2026-13-03T09:40:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1e400",
    "identity-platform", "ashbourne", "INC-222222", "open", "closed", [], [None], [[]], [{}], ["identity-platform"] * 3,
    {},
    {"": ""}, {"a": {"b": {"c": [1, {"d": None}]}}}, ["x"] * 200, {"__proto__": 1},
    "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
RAW = [
    b"", b" ", b"{", b"}", b"null", b"[]", b'"', b"\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\xff", b"\x00", b"NaN",
    b"Infinity", b"1e999", b"9" * 30, b"-", b",", b":", b'{"a":' * 50, b"[" * 50, b"/*x*/", b"'", b"\xef\xbb\xbf",
]  # fmt: skip
GROUPS: dict[str, list[tuple[str, str, str, dict[str, Any]]]] = {
    "opening": [
        (
            "ashbourne",
            "post",
            "/incidents/",
            {
                "title": "x",
                "systems": ["identity-platform", "nothing"],
                "accounts": ["svc@ashbourne"],
                "confirmed": [{"organisation": "ashbourne", "reported_by": "x"}],
                "summary": "x",
                "severity": 2,
                "tlp": "amber",
                "exercise": False,
                "stage": "open",
                "playbook": "x",
                "techniques": ["T1199"],
                "detected_at": "2026-05-03T09:40:00Z",
                "source": {"name": "x", "reference": "y", "url": "https://x.example"},
                "tasks_due_minutes": 30,
            },
        ),
    ],
    "answers to tasks": [
        ("dunmere", "post", f"/tasks/{{task}}/{verb}/", {"note": "x", "answers": {"q": 1}, **more})
        for verb, more in (
            ("acknowledge", {}), ("start", {}), ("complete", {}), ("block", {"reason": "x"}),
            ("decline", {"reason": "x", "as": "not_affected"}), ("undo", {}),
        )
    ] + [("dunmere", "put", "/tasks/{task}/own-reference/", {"text": "x"})],
    "leading": [
        ("ashbourne", "post", "/incidents/{reference}/updates/", {"text": "x", "next_update_at": WHEN}),
        ("ashbourne", "post", "/incidents/{reference}/systems/", {"systems": ["telephony", "nothing"]}),
        ("ashbourne", "post", "/incidents/{reference}/participants/", {"organisations": ["nobody"], "because": "x"}),
        ("ashbourne", "post", "/incidents/{reference}/moves/", {"to": "recovered", "reason": "x", "outcome": "x"}),
        ("ashbourne", "put", "/incidents/{reference}/own-reference/", {"text": "x"}),
        (
            "ashbourne",
            "patch",
            "/incidents/{reference}/",
            {"title": "x", "summary": "x", "severity": 2, "meeting_point": "x", "next_update_at": WHEN},
        ),
        ("ashbourne", "post", "/live/tickets/", {}),
    ],
}  # fmt: skip


def mangled(body: dict[str, Any], dice: random.Random) -> bytes:
    """The body with one to three things changed for the worse, as JSON or, one time in four, as its bytes."""
    wrong = copy.deepcopy(body)
    for _ in range(dice.randint(1, 3)):
        _spoil(wrong, dice)
    text = orjson.dumps(wrong)
    if dice.random() < 0.25:
        at = dice.randrange(len(text) + 1)
        text = text[:at] + dice.choice(RAW) + text[at + dice.randint(0, 3) :]
    return text


def _spoil(value: Any, dice: random.Random) -> None:
    """Change one place somewhere within an object or array."""
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not places or dice.random() < 0.1:
        if isinstance(value, dict):
            value[dice.choice(["unknown", "", "id", "organisation_id", "a/b", "ü", "x" * 300])] = dice.choice(NASTY)
        else:
            value.append(dice.choice(NASTY))
        return
    place = dice.choice(places)
    if isinstance(value[place], dict | list) and dice.random() < 0.5:
        _spoil(value[place], dice)
    elif dice.random() < 0.15:
        del value[place]
    else:
        value[place] = copy.deepcopy(dice.choice(NASTY))


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("django.request").setLevel(logging.ERROR)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)


def bombard(api_of, cast, targets, *, body_of=mangled):
    reference = opened(api_of("ashbourne"))["reference"]
    known = {"reference": reference, "task": tasks(api_of("dunmere"), reference)[0]["id"]}
    clients = {slug: api_of(slug) for slug, *_ in targets}
    dice = random.Random(targets[0][2])
    counts = {slug: rows(cast.visitor(slug).ticket) for slug in clients}
    statuses: dict[int, int] = {}
    for nth in range(BODIES):
        slug, method, path, body = targets[nth % len(targets)]
        sent = body_of(body, dice)
        response = send(clients[slug], method, path.format(**known), sent, If_Match="*")
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        ticket = cast.visitor(slug).ticket
        if response.status_code >= 400:
            assert response.status_code < 500, sent
            check_problem(response, response.status_code)
            assert rows(ticket) == counts[slug], sent
        else:
            counts[slug] = rows(ticket)
    return statuses


@pytest.mark.parametrize("group", GROUPS)
def test_made_up_bodies_never_break_anything(api_of, cast, group):
    statuses = bombard(api_of, cast, GROUPS[group])
    assert statuses.get(422, 0) > BODIES / 4, statuses
    assert statuses.keys() <= {200, 201, 400, 403, 404, 409, 422}, statuses


def test_made_up_playbooks_never_break_anything(api_of, cast):
    document = orjson.loads(PLAYBOOK.read_bytes())
    statuses = bombard(api_of, cast, [("ashbourne", "post", "/playbooks/", document)], body_of=mangled_deep)
    assert statuses.get(422, 0) > BODIES / 4, statuses


def mangled_deep(document: dict[str, Any], dice: random.Random) -> bytes:
    """One place somewhere in the depth of a large document changed."""
    wrong = orjson.loads(orjson.dumps(document))
    here: Any = wrong
    while True:
        inner = list(here.values()) if isinstance(here, dict) else list(here)
        inner = [each for each in inner if isinstance(each, dict | list) and each]
        if not inner or dice.random() < 0.2:
            break
        here = dice.choice(inner)
    _spoil(here, dice)
    return orjson.dumps(wrong)
