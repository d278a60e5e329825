"""B24 where Django is not asked: files, and what the server answers to a Host that is not ours."""

from __future__ import annotations

import pytest

from tests.gates.access_headers import HEADERS, REFUSED_FEATURES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/static/plain.svg", None, 200),
        ("/static/none.css", None, 404),
        ("/nothing/here/", None, 404),
        ("/sign-in/", "portal.attacker.example", 400),
    ],
)
def test_every_header_stands_on_it_and_no_other_site_may_read_it(web, path, host, status):
    answer, headers, body = web.ask("GET", path, headers={"Host": host or f"localhost:{web.port}"})
    assert answer == status
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert set(REFUSED_FEATURES) <= set(headers["Permissions-Policy"].split(", "))
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Access-Control-Allow-Origin"] is None
    assert b"attacker" not in body
