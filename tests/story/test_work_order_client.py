"""The client of docs/work-orders.md, as it stands in the file, against the running product."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from tests import servers
from tests.incidents.playbooks import key, tool_document

CLIENT = servers.ROOT / "docs" / "examples" / "work_order_client.py"


def ask(product: Any, token: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(f"{product.url}/api/v1{path}", data, headers), timeout=20
    ) as answer:
        return json.load(answer)


@pytest.mark.timeout(120)
def test_it_pulls_verifies_carries_out_and_answers_one_order(product, cast, tmp_path):
    lead = cast.make_key(product.database_url, "ashbourne")
    tool = cast.make_key(product.database_url, "dunmere", ["orders"])
    # A name of its own: other modules keep the same document on the product that they share with this one.
    document = tool_document() | {"name": "For tools, by the example client"}
    kept = ask(product, lead, "/playbooks/", document)
    opening = {"title": "Intruder", "systems": ["identity-platform"], "playbook": kept["slug"]}
    reference = ask(product, lead, "/incidents/", opening)["reference"]
    (order,) = (each for each in ask(product, tool, "/work-orders/")["results"] if each["incident"] == reference)
    (jwk,) = ask(product, tool, "/work-orders/keys/")["keys"]
    environment = {
        "PATH": os.environ["PATH"],
        "BULKHEAD_URL": product.url,
        "BULKHEAD_KEY": tool,
        "BULKHEAD_ORGANISATION": "dunmere",
        "BULKHEAD_KID": jwk["kid"],
        "BULKHEAD_PLAYBOOK": document["id"],
        "BULKHEAD_VERSION": document["modified"],
        "BULKHEAD_STEP": key("a"),
        "BULKHEAD_NOTES": str(tmp_path / "notes"),
    }

    def client(*arguments: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CLIENT), *arguments]
        return subprocess.run(
            command, env={**environment, **more}, input=text, capture_output=True, text=True, timeout=60, cwd=tmp_path
        )

    signed = ask(product, tool, f"/work-orders/{order['id']}/")["order"]
    assert json.loads(client("verify", text=signed).stdout)["id"] == order["id"]
    # One letter changed, another's name on it, another key than the one that was written down: none of them is ours.
    head, body, signature = signed.split(".")
    raw = base64.urlsafe_b64decode(body + "==").replace(b"ipset add", b"ipset del")
    forged = f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}.{signature}"
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "bulkhead-work-order+jwt",
                                                    "kid": jwk["kid"]}).encode()).decode().rstrip("=")  # fmt: skip
    for refused in (
        client("verify", text=forged),
        client("verify", text=f"{unsigned}.{body}."),
        client("verify", text=signed, BULKHEAD_ORGANISATION="ashbourne"),
        client("verify", text=signed, BULKHEAD_KID="another"),
    ):
        assert refused.returncode == 1, refused.stdout
        assert refused.stderr.startswith("refused: ")
    # What the tool does not know, may not do, or cannot trust it leaves waiting.
    for left, code in (
        (client(BULKHEAD_VERSION="another"), 0),
        (client(BULKHEAD_KID="another"), 1),
        (client(BULKHEAD_PLAYBOOK="...", BULKHEAD_VERSION="...", BULKHEAD_STEP="..."), 1),
        (client(BULKHEAD_ORGANISATION="ashbourne"), 1),
    ):
        assert left.returncode == code, left.stderr
        assert ask(product, tool, f"/work-orders/{order['id']}/")["state"] == "waiting"
    # Two workers of the tool at once, with a journal each: one of them does it, once.
    with ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda journal: client(BULKHEAD_JOURNAL=journal), ("one", "other")))
    assert [run.returncode for run in runs] == [0, 0], [run.stderr for run in runs]
    notes = (tmp_path / "notes").read_text().splitlines()
    assert len([line for line in notes if reference in line]) == 1
    found = ask(product, tool, f"/work-orders/{order['id']}/")
    assert (found["state"], found["outcome"], found["order"]) == ("answered", "done", None)
    own = cast.make_key(product.database_url, "dunmere", ["read"])
    task = ask(product, own, f"/tasks/{order['id']}/")
    assert task["status"] == "done"
    # Exercises are left alone unless the tool is told; stopped while at it, it looks no more and says so first.
    practice = ask(product, lead, "/incidents/", opening | {"exercise": True})["reference"]
    (trial,) = (each for each in ask(product, tool, "/work-orders/")["results"] if each["incident"] == practice)
    assert client(BULKHEAD_JOURNAL="one").returncode == 0
    assert ask(product, tool, f"/work-orders/{trial['id']}/")["state"] == "waiting"
    lease = "6f0c3f5e-53a3-4b4e-8a45-6a6f5d0c8a11"
    ask(product, tool, f"/work-orders/{trial['id']}/take/", {"lease": lease})
    with closing(sqlite3.connect(tmp_path / "one")) as journal:
        said = {"lease": lease, "outcome": "failed", "result": "stopped while at it"}
        journal.execute("INSERT INTO kept VALUES (?, ?, 0)", [trial["id"], json.dumps(said)])
        journal.commit()
        journal.execute("BEGIN EXCLUSIVE")
        busy = client(BULKHEAD_JOURNAL="one")
        assert (busy.returncode, busy.stderr[:24]) == (1, "Another run is under way"), "one run has it at a time"
    resumed = client(BULKHEAD_JOURNAL="one", BULKHEAD_EXERCISES="run")
    assert resumed.returncode == 0, resumed.stderr
    assert ask(product, tool, f"/work-orders/{trial['id']}/")["outcome"] == "failed"
    assert practice not in (tmp_path / "notes").read_text()
