"""`manage.py play_story` against the running product, and what it says when it cannot play."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.core.management import CommandError, call_command

from portal.children import free_port


def play(**options: Any) -> str:
    told = StringIO()
    call_command("play_story", pace=0, stdout=told, **options)
    return told.getvalue()


@pytest.mark.timeout(120)
def test_the_others_answer_and_a_second_telling_changes_nothing(product, settings):
    settings.VAR_DIR = product.var

    def ask(path: str, slug: str = "ashbourne", body: dict[str, Any] | None = None) -> dict[str, Any]:
        sent = json.dumps(body).encode() if body else None
        headers = {"Authorization": f"Bearer {product.key(slug)}", "Content-Type": "application/json"}
        with urlopen(Request(f"{product.url}/api/v1/{path}", sent, headers), timeout=30) as answer:
            return json.load(answer)

    reference = ask("incidents/", body={"title": "Breach", "systems": ["identity-platform"]})["reference"]
    told = play()
    assert told.startswith(f"{reference}: the others answer.")
    assert "Coldharbour is blocked at step 7" in told
    assert "Eastwick has done step 7" in told
    assert "Fernleigh does not need step 3" in told
    assert "Dunmere says nothing." in told
    tasks = ask(f"incidents/{reference}/tasks/?limit=1000", "northgate")["results"]
    status = {(task["organisation"], task["step"]): task["status"] for task in tasks}
    assert status["coldharbour", 7] == "blocked"
    assert status["eastwick", 7] == "done"
    assert status["fernleigh", 3] == "not_affected"
    by_side = {slug: Counter(s for (side, _), s in status.items() if side == slug) for slug, _ in status}
    assert set(by_side["dunmere"]) == {"waiting"}
    assert not any(by_side[slug]["waiting"] for slug in ("northgate", "brackenfield", "coldharbour", "fernleigh"))
    last = told.splitlines()[-1]
    assert last.startswith(f"{reference}: 7 organisations, ")
    assert "1 blocked" in last
    assert last.endswith("Not heard from yet: Ashbourne, Dunmere.")

    versions = {task["id"]: task["version"] for task in tasks}
    again = play()
    assert "Coldharbour has answered step 7" in again
    assert again.splitlines()[-1] == last
    after = ask(f"incidents/{reference}/tasks/?limit=1000", "northgate")["results"]
    assert {task["id"]: task["version"] for task in after} == versions


@pytest.fixture
def portal() -> Iterator[dict[str, Any]]:
    """A portal of one answer: set `status` and `body`."""
    answer: dict[str, Any] = {"status": 200, "body": {"results": []}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answer["body"]).encode()
            self.send_response(answer["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer["url"] = f"http://127.0.0.1:{server.server_port}"
    yield answer
    server.shutdown()
    server.server_close()


@pytest.fixture
def demo(tmp_path, settings, portal) -> dict[str, Any]:
    settings.VAR_DIR = tmp_path
    document = {"url": portal["url"], "api_keys": [{"organisation": "ashbourne", "key": "bh_x_y"}]}
    (tmp_path / "demo.json").write_text(json.dumps(document))
    return document


@pytest.mark.parametrize(
    ("status", "incidents", "sentence"),
    [
        (200, [], "Ashbourne leads no open incident"),
        (200, [{"lead": "northgate", "status": "open"}], "leads no open incident"),
        (200, [{"lead": "ashbourne", "status": "closed"}], "leads no open incident"),
        (200, [{"lead": "ashbourne", "status": "suspected", "reference": "INC-1"}], "INC-1 is only suspected"),
        (401, [], "start the portal again"),
    ],
)
def test_it_says_in_a_sentence_why_there_is_nothing_to_play(demo, portal, status, incidents, sentence):
    portal |= {"status": status, "body": {"results": incidents}}
    with pytest.raises(CommandError, match=sentence):
        play()


def test_it_says_that_nobody_answers_or_that_there_is_no_demonstration(demo, tmp_path):
    with pytest.raises(CommandError, match="Is `make run` running"):
        play(url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CommandError, match="is not an address"):
        play(url="file:///etc")
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(CommandError, match="cannot be read"):
        play()
    (tmp_path / "demo.json").unlink()
    with pytest.raises(CommandError, match="`make run` writes it"):
        play()
