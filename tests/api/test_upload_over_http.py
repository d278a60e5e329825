"""A file over a real connection to the real web process: cut off half-way it leaves nothing, whole it is there."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
import pytest

from tests.running import wait_for

HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="log.txt"\r\n\r\n'
BODY = HEAD + b"line\n" * 40_000 + b"\r\n--b--\r\n"


@pytest.fixture
def session(web) -> dict[str, str]:
    """Cookies and token of Northgate's incident manager, who has followed a demonstration link."""
    token = secrets.token_urlsafe(32)
    with psycopg.connect(web.database_url) as owner:
        owner.execute(
            "INSERT INTO partners_signinlink (id, person_id, purpose, digest, expires_at)"
            " SELECT %s, p.id, 'demonstration', %s, now() + interval '1 hour' FROM partners_person p"
            " JOIN partners_organisation o ON o.id = p.organisation_id"
            " WHERE o.slug = 'northgate' AND p.role = 'incident_manager' LIMIT 1",
            [uuid4(), hashlib.sha256(token.encode()).digest()],
        )
    path = f"/sign-in/link/{token}/"
    host = {"Host": f"localhost:{web.port}"}
    _, headers, page = web.ask("GET", path, headers=host)
    csrf = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1].decode()
    cookie = _cookies(headers)
    form = {**host, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = web.ask("POST", path, urlencode({"csrfmiddlewaretoken": csrf}), form)
    assert status == 302
    cookie = f"{cookie}; {_cookies(headers)}"
    _, headers, page = web.ask("GET", "/account/", headers={**host, "Cookie": cookie})
    csrf = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1].decode()
    return {**host, "Cookie": f"{cookie}; {_cookies(headers)}", "X-CSRFToken": csrf}


def _cookies(headers) -> str:
    return "; ".join(each.partition(";")[0] for each in headers.get_all("Set-Cookie") or ())


def rows(web) -> list[tuple]:
    with psycopg.connect(web.database_url) as owner:
        return owner.execute("SELECT storage_name, size, sha256 FROM files_storedfile").fetchall()


def files(web) -> list[Path]:
    return [path for path in (Path(web.var) / "files").rglob("*") if path.is_file()]


def test_a_file_that_is_cut_off_leaves_nothing_and_a_whole_one_is_there(web, session):
    with psycopg.connect(web.database_url) as owner:
        (pk,) = owner.execute("SELECT id FROM partners_assessment WHERE kind = 'architecture'").fetchone()
    path = f"/assessments/{pk}/evidence/"
    form = {**session, "Content-Type": "multipart/form-data; boundary=b"}
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        said = {**form, "Content-Length": str(len(BODY))}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + BODY[: len(BODY) // 2])
        wait_for(lambda: files(web))  # it is being written
    wait_for(lambda: not files(web))
    assert rows(web) == []
    assert web.ask("POST", path, BODY, form)[0] == 302
    ((name, size, digest),) = rows(web)
    (file,) = files(web)
    content = file.read_bytes()
    assert (file.name, len(content)) == (name, size) == (name, 200_000)
    assert hashlib.sha256(content).digest() == digest
    assert web.ask("POST", path, BODY, {**form, "X-CSRFToken": "x" * 64})[0] == 403
    assert len(files(web)) == len(rows(web)) == 1
