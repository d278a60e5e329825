"""What only a real server shows: bodies that are too large, of unknown length, or cut off."""

from __future__ import annotations

import socket

import orjson
import pytest

LARGE = b'{"title": "' + b"x" * 10_000_000 + b'"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def key(web, cast):
    return {"Authorization": f"Bearer {cast.make_key(web.database_url, 'ashbourne')}"}


def check(answer, status):
    found, headers, body = answer
    assert found == status, body
    assert headers["Content-Type"] == "application/problem+json"
    assert orjson.loads(body)["status"] == status


def test_ten_megabytes_are_refused_and_the_sender_hears_why(web, key):
    check(web.ask("POST", "/api/v1/incidents/", LARGE, {**JSON, **key}), 413)
    check(web.ask("PUT", "/api/v1/incidents/", LARGE, {**JSON, **key}), 405)
    check(web.ask("POST", "/api/v1/incidents/", LARGE, {**key, "Content-Type": "text/plain"}), 415)


def test_a_body_of_unknown_length_is_411(web, key):
    chunks = iter([b'{"title": "x", ', b'"systems": ["identity-platform"]}'])
    check(web.ask("POST", "/api/v1/incidents/", chunks, {**JSON, **key}, encode_chunked=True), 411)


def test_a_body_that_stops_early_opens_nothing(web, key):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as raw:
        head = f"POST /api/v1/incidents/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key['Authorization']}\r\n"
        raw.sendall(head.encode() + b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n")
        raw.sendall(b'{"title": "x", "systems": ["identity-platform"]')
    _, _, body = web.ask("GET", "/api/v1/incidents/", None, key)
    assert orjson.loads(body)["results"] == []


def test_an_incident_opens_and_replays_over_http(web, key):
    body = orjson.dumps({"title": "x", "systems": ["identity-platform"]})
    headers = {**JSON, **key, "Idempotency-Key": '"4711"'}
    status, first_headers, first = web.ask("POST", "/api/v1/incidents/", body, headers)
    assert status == 201
    assert orjson.loads(first)["url"].startswith(f"http://127.0.0.1:{web.port}/api/v1/incidents/INC-")
    status, headers, again = web.ask("POST", "/api/v1/incidents/", body, headers)
    assert (status, again, headers["Idempotent-Replayed"]) == (201, first, "true")
    path = first_headers["Location"].removeprefix(web.url)
    assert web.ask("GET", path, None, key)[0] == 200
    check(web.ask("GET", path.rstrip("/"), None, key), 404)
