"""Bad input: a problem document that points at the place, and nothing half-written."""

from __future__ import annotations

from typing import Any

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from tests.api.asking import OPENING, ROOT, check_problem, opened, rows, send, tasks

pytestmark = pytest.mark.django_db
DEEP = b'{"title": ' + b"[" * 40 + b"]" * 40 + b"}"
ABYSS = b'{"title": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
NUL, HALF = b"\\u0000", b"\\ud800"


def opening_with(**more: Any) -> dict[str, Any]:
    return {**OPENING, **more}


OPENINGS: list[tuple[str, Any, int, tuple[str, ...]]] = [
    ("unknown system", opening_with(systems=["identity-platform", "nothing"]), 422, ("/systems/1",)),
    ("a system that is not yours", opening_with(systems=["finance-ledger"]), 422, ("/systems/0",)),
    ("empty list", opening_with(systems=[]), 422, ("/systems",)),
    ("nothing named", {"title": "x"}, 422, ("/systems",)),
    ("no title", {"systems": ["identity-platform"]}, 422, ("/title",)),
    ("no body", None, 422, ("/title",)),
    ("blank title", opening_with(title=" \t "), 422, ("/title",)),
    ("null title", opening_with(title=None), 422, ("/title",)),
    ("long title", opening_with(title="x" * 201), 422, ("/title",)),
    ("unknown field", opening_with(sistems=[]), 422, ("/sistems",)),
    ("unknown fields inside", opening_with(source={"name": "x", "colour": 1}), 422, ("/source/colour",)),
    ("slash and tilde in a name", opening_with(**{"a/b~c": 1}), 422, ("/a~1b~0c",)),
    ("number for text", opening_with(title=5), 422, ("/title",)),
    ("text for list", opening_with(systems="identity-platform"), 422, ("/systems",)),
    ("object for list", opening_with(systems={"0": "identity-platform"}), 422, ("/systems",)),
    ("number in list", opening_with(systems=["identity-platform", 5]), 422, ("/systems/1",)),
    ("list in list", opening_with(systems=[["identity-platform"]]), 422, ("/systems/0",)),
    ("null in list", opening_with(systems=[None]), 422, ("/systems/0",)),
    ("too many", opening_with(systems=["identity-platform"] * 101), 422, ("/systems",)),
    ("text for flag", opening_with(exercise="false"), 422, ("/exercise",)),
    ("number for flag", opening_with(exercise=1), 422, ("/exercise",)),
    ("text for number", opening_with(severity="2"), 422, ("/severity",)),
    ("flag for number", opening_with(severity=True), 422, ("/severity",)),
    ("broken number", opening_with(severity=2.5), 422, ("/severity",)),
    ("out of range", opening_with(severity=7), 422, ("/severity",)),
    ("far out of range", opening_with(tasks_due_minutes=2**62), 422, ("/tasks_due_minutes",)),
    ("no choice", opening_with(tlp="red"), 422, ("/tlp",)),
    ("list for choice", opening_with(tlp=["amber"]), 422, ("/tlp",)),
    ("unknown playbook", opening_with(playbook="nothing"), 422, ("/playbook",)),
    ("no technique", opening_with(techniques=["T1199", "x"]), 422, ("/techniques/1",)),
    ("no time", opening_with(detected_at="yesterday"), 422, ("/detected_at",)),
    ("time without zone", opening_with(detected_at="2026-05-03T09:40:00"), 422, ("/detected_at",)),
    ("day that is none", opening_with(detected_at="2026-02-30T09:40:00Z"), 422, ("/detected_at",)),
    ("first year", opening_with(detected_at="0001-01-01T00:00:00+14:00"), 422, ("/detected_at",)),
    ("last year", opening_with(detected_at="9999-12-31T23:59:59-14:00"), 422, ("/detected_at",)),
    ("number for time", opening_with(detected_at=1777777777), 422, ("/detected_at",)),
    ("source without name", opening_with(source={"url": "https://x.example"}), 422, ("/source/name",)),
    ("script for address", opening_with(source={"name": "x", "url": "javascript:alert(1)"}), 422, ("/source/url",)),
    ("text for source", opening_with(source="x"), 422, ("/source",)),
    (
        "unknown organisation",
        {"title": "x", "confirmed": [{"organisation": "nobody", "reported_by": "x"}]},
        422,
        ("/confirmed/0/organisation",),
    ),
    (
        "confirmed by nobody",
        {"title": "x", "confirmed": [{"organisation": "ashbourne"}]},
        422,
        ("/confirmed/0/reported_by",),
    ),
    ("text in confirmed", {"title": "x", "confirmed": ["ashbourne"]}, 422, ("/confirmed/0",)),
    ("unknown account", {"title": "x", "accounts": ["svc@nowhere"]}, 422, ("/accounts/0",)),
    ("account without realm", {"title": "x", "accounts": ["@"]}, 422, ("/accounts/0",)),
    ("NUL", b'{"title": "a' + NUL + b'", "systems": ["identity-platform"]}', 422, ("/title",)),
    ("half a pair", b'{"title": "a' + HALF + b'", "systems": ["identity-platform"]}', 422, ("/title",)),
    ("NUL inside", b'{"title": "a", "systems": ["b' + NUL + b'"]}', 422, ("/systems/0",)),
    ("NUL in a name", b'{"title": "a", "b' + NUL + b'": 1}', 422, ("",)),
    ("half a pair in a name", b'{"title": "a", "b' + HALF + b'": 1}', 422, ("",)),
    ("NUL in a deep name", b'{"title": "a", "source": {"x' + NUL + b'": {"y": "' + HALF + b'"}}}', 422, ("/source",)),
    ("huge number", b'{"title": "a", "severity": 1' + b"0" * 400 + b"}", 422, ("/severity",)),
    ("number that becomes infinite", b'{"title": "a", "severity": 1e400}', 422, ("/severity",)),
    ("number of 5,000 digits", b'{"severity": ' + b"1" * 5000 + b"}", 400, ("",)),
    ("NaN", b'{"title": "a", "severity": NaN}', 400, ("",)),
    ("Infinity", b'{"title": "a", "severity": -Infinity}', 400, ("",)),
    ("the same key twice", b'{"title": "a", "title": "b", "systems": ["identity-platform"]}', 400, ("",)),
    ("deep", DEEP, 400, ()),
    ("abyss", ABYSS, 400, ("",)),
    ("no JSON", b'{"title": ', 400, ("",)),
    ("bytes that are no text", b'{"title": "\xff\xfe"}', 400, ("",)),
    ("UTF-16", '{"title": "x"}'.encode("utf-16"), 400, ("",)),
    ("byte order mark", b'\xef\xbb\xbf{"title": "x"}', 400, ("",)),
    ("a list", b"[]", 422, ("",)),
    ("a text", b'"x"', 422, ("",)),
    ("null", b"null", 422, ("",)),
    ("a number", b"7", 422, ("",)),
    ("10 MB", b'{"title": "' + b"x" * 10_000_000 + b'"}', 413, ()),
]


@pytest.fixture
def lead(api_of):
    return api_of("ashbourne")


@pytest.fixture
def count(cast):
    ticket = cast.visitor("ashbourne").ticket
    return lambda: rows(ticket)


@pytest.mark.parametrize(
    ("body", "status", "pointers"), [row[1:] for row in OPENINGS], ids=[row[0] for row in OPENINGS]
)
def test_a_bad_opening_is_refused_whole(lead, count, body, status, pointers):
    before = count()
    check_problem(send(lead, "post", "/incidents/", body, Idempotency_Key="k"), status, *pointers)
    assert count() == before


def test_every_fault_is_named_at_once(lead):
    body = {"severity": 9, "tlp": "red", "sistems": [], "source": {}, "systems": [1]}
    check_problem(
        send(lead, "post", "/incidents/", body),
        422,
        "/title", "/severity", "/tlp", "/sistems", "/source/name", "/systems/0",
    )  # fmt: skip


TASK_BODIES: list[tuple[str, str, Any, int, tuple[str, ...]]] = [
    ("note is no text", "acknowledge", {"note": 5}, 422, ("/note",)),
    ("reason where none belongs", "acknowledge", {"reason": "x"}, 422, ("/reason",)),
    ("answers are a list", "complete", {"answers": ["x"]}, 422, ("/answers",)),
    ("an answer is an object", "complete", {"answers": {"q": {"x": 1}}}, 422, ("/answers/q",)),
    ("an answer is null", "complete", {"answers": {"q": None}}, 422, ("/answers/q",)),
    ("too many answers", "complete", {"answers": {str(n): n for n in range(51)}}, 422, ("/answers",)),
    ("an answer without a name", "complete", {"answers": {"": 1}}, 422, ("/answers",)),
    ("reason is a list", "block", {"reason": ["x"]}, 422, ("/reason",)),
    ("long reason", "block", {"reason": "x" * 4001}, 422, ("/reason",)),
    ("undo with a body", "undo", {"note": "x"}, 422, ("/note",)),
    ("NUL", "block", b'{"reason": "' + NUL + b'"}', 422, ("/reason",)),
    ("NUL in an answer", "complete", b'{"answers": {"q": "' + NUL + b'"}}', 422, ("/answers/q",)),
    ("deep", "complete", b'{"answers": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 400, ()),
    ("a list", "acknowledge", b"[]", 422, ("",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "body", "status", "pointers"), [row[1:] for row in TASK_BODIES], ids=[row[0] for row in TASK_BODIES]
)
def test_a_bad_answer_to_a_task_is_refused_whole(api_of, lead, cast, verb, body, status, pointers):
    dunmere = api_of("dunmere")
    task = tasks(dunmere, opened(lead)["reference"])[0]
    ticket = cast.visitor("dunmere").ticket
    before = rows(ticket)
    check_problem(send(dunmere, "post", f"/tasks/{task['id']}/{verb}/", body), status, *pointers)
    assert rows(ticket) == before
    assert send(dunmere, "get", f"/tasks/{task['id']}/").json()["version"] == 1


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "?limit"), ("limit=1001", "?limit"), ("limit=x", "?limit"), ("limit=", "?limit"),
        ("limit=1e2", "?limit"),
        ("limit=1&limit=2", "?limit"), ("cursor=x", "?cursor"), ("cursor=", "?cursor"), ("status=lost", "?status"),
        ("exercise=maybe", "?exercise"), ("nothing=1", "?nothing"), ("severity=2", "?severity"), ("a/b=1", "?a/b"),
    ],
)  # fmt: skip
def test_a_bad_query_is_refused_with_its_name(lead, query, pointer):
    check_problem(send(lead, "get", f"/incidents/?{query}"), 422, pointer)


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "limit=1001", "after=1&epoch=x"]
)
def test_a_bad_query_of_the_stream_is_refused(lead, query):
    check_problem(send(lead, "get", f"/events/?{query}"), 422)


@pytest.mark.parametrize("path", ["/incidents/%00/", "/incidents/?status=%00", "/systems/%ff/", "/incidents/?a=%ff"])
def test_an_address_with_nul_or_no_text_is_unreadable(lead, path):
    check_problem(lead.get(f"{ROOT}{path}"), 400)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
     "application/json; charset=latin-1", "application/json; charset=nothing", "application/json; charset=\"\""],
)  # fmt: skip
def test_another_content_type_is_415(lead, count, content_type):
    before = count()
    response = lead.generic("POST", f"{ROOT}/incidents/", b'{"title": "x"}', content_type)
    check_problem(response, 415)
    assert count() == before


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON; charset="UTF-8"'])
def test_utf8_may_be_said(lead, content_type):
    response = lead.post(f"{ROOT}/incidents/", data=b'{"title": "x"}', content_type=content_type)
    check_problem(response, 422, "/systems")


def test_a_playbook_may_have_two_mebibytes(lead):
    check_problem(send(lead, "post", "/playbooks/", b'{"x": "' + b"x" * 1_500_000 + b'"}'), 422)
    check_problem(send(lead, "post", "/playbooks/", b'{"x": "' + b"x" * 2_500_000 + b'"}'), 413)


def test_without_a_key_or_with_a_bad_one_401_says_how(client, api_of, count):
    before = count()
    for bad in (client, api_of("ashbourne", expired=True)):
        for method, path in (("get", "/incidents/"), ("post", "/incidents/"), ("post", "/live/tickets/")):
            refused = send(bad, method, path, OPENING if method == "post" else None)
            check_problem(refused, 401)
            assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    for text in ("Bearer x", "Bearer bh_1_2", "Bearer bh_%s_x" % ("0" * 32), "Basic eDp4", "Bearer \xff", "Bearer"):
        check_problem(client.get(f"{ROOT}/incidents/", headers={"Authorization": text}), 401)
    assert count() == before


@pytest.mark.parametrize(
    ("scopes", "method", "path", "body"),
    [
        (["read", "answer", "suspect"], "post", "/incidents/", OPENING),
        (["open"], "get", "/incidents/", None),
        (["open", "answer"], "get", "/events/", None),
        (["open", "read"], "post", "/playbooks/", {}),
        (["answer", "read"], "post", "/playbooks/", {}),
        (["answer"], "get", "/contacts/", None),
        (["open"], "post", "/live/tickets/", {}),
    ],
)
def test_a_missing_scope_is_403(api_of, count, scopes, method, path, body):
    before = count()
    check_problem(send(api_of("ashbourne", scopes), method, path, body), 403)
    assert count() == before


def test_every_other_method_is_405_and_says_which_are_taken(lead):
    for method, path, allow in (
        ("put", "/incidents/", "GET, POST, HEAD, OPTIONS"),
        ("delete", "/incidents/", "GET, POST, HEAD, OPTIONS"),
        ("patch", "/organisations/", "GET, HEAD, OPTIONS"),
        ("get", "/live/tickets/", "POST, OPTIONS"),
        ("post", "/events/", "GET, HEAD, OPTIONS"),
    ):
        refused = send(lead, method, path, {} if method != "get" else None)
        check_problem(refused, 405)
        assert refused.headers["Allow"] == allow
    answer = lead.options(f"{ROOT}/incidents/")
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")
    head = lead.head(f"{ROOT}/incidents/")
    assert (head.status_code, head.content) == (200, b"")


def test_a_session_changes_nothing_without_its_csrf_token(cast):
    client = Client(enforce_csrf_checks=True, **{"bulkhead.visitor": cast.visitor("ashbourne")})
    assert send(client, "get", "/incidents/").status_code == 200
    check_problem(send(client, "post", "/incidents/", OPENING), 403)
    token = get_token(RequestFactory().get("/"))
    client.cookies["csrf"] = token
    check_problem(send(client, "post", "/incidents/", OPENING), 403)
    assert send(client, "post", "/incidents/", OPENING, X_CSRFToken=token).status_code == 201


def test_a_lapsed_ticket_is_401(cast):
    visitor = cast.visitor("ashbourne")
    lapsed = type(visitor)(
        **{name: getattr(visitor, name) for name in visitor.__slots__ if name != "ticket"}, ticket="x"
    )
    check_problem(send(Client(**{"bulkhead.visitor": lapsed}), "get", "/incidents/"), 401)
