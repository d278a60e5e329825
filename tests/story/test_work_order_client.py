"""The client of docs/work-orders.md, as it stands in the file, against the running product."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
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
    document = tool_document()
    ask(product, lead, "/playbooks/", document)
    opening = {"title": "Intruder", "systems": ["identity-platform"], "playbook": "for-tools"}
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
    # Two workers of the tool at once: one of them does it, once.
    with ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda _: client(), range(2)))
    assert [run.returncode for run in runs] == [0, 0], [run.stderr for run in runs]
    notes = (tmp_path / "notes").read_text().splitlines()
    assert len([line for line in notes if reference in line]) == 1
    found = ask(product, tool, f"/work-orders/{order['id']}/")
    assert (found["state"], found["outcome"], found["order"]) == ("answered", "done", None)
    own = cast.make_key(product.database_url, "dunmere", ["read"])
    task = ask(product, own, f"/tasks/{order['id']}/")
    assert task["status"] == "done"
