"""The demonstration's webhook leads to the stand-in of each start, and its page shows what came."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from portal.mail_sink import Mailbox
from portal.mail_sink_page import page_server
from portal.signing import new_key, written
from tests.cast import Cast
from tests.notifications.hooked import hooked
from tests.notifications.stage import Stage, address

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def at_a_start(url: str, key: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": address("DATABASE_URL"),
        "DEMO_WEBHOOK_URL": url,
        "DEMO_WEBHOOK_KEY": key,
        "EGRESS_ALLOW": url.removeprefix("http://").split("/")[0],
    }
    subprocess.run([sys.executable, "manage.py", "demo_webhook"], cwd=ROOT, env=environment, check=True)


def test_it_leads_to_the_stand_in_of_this_start_and_stays_ended(stage: Stage, cast: Cast, settings: Any) -> None:
    with hooked(stage, cast, settings) as tools:
        at_a_start("http://127.0.0.1:9/gone", written(new_key()))
        tools.tool.keys.append(written(new_key()))
        at_a_start(f"{tools.url}ashbourne", tools.tool.keys[0])
        stage.opens()
        tools.sends()
        assert [each.body["type"] for each in tools.tool.to("/ashbourne")].count("incident.opened") == 1
        assert not tools.tool.happened, "each is signed with the key of this start"
        assert {each.path for each in tools.tool.received} == {"/ashbourne"}

        page = page_server(Mailbox(), 0, tools=tools.tool)
        threading.Thread(target=page.serve_forever, args=[0.05], daemon=True).start()
        base = f"http://127.0.0.1:{page.server_address[1]}"
        with urllib.request.urlopen(f"{base}/tools", timeout=5) as answer:
            shown = answer.read().decode()
        assert "<h2>incident.opened</h2>" in shown
        assert tools.tool.received[0].id in shown
        with urllib.request.urlopen(f"{base}/", timeout=5) as answer:
            assert 'href="/tools"' in answer.read().decode()
        page.shutdown()
        page.server_close()

        stage.owner("UPDATE notifications_webhook SET state = 'ended', address = ''")
        at_a_start(f"{tools.url}ashbourne", written(new_key()))
        assert stage.owner("SELECT state, address FROM notifications_webhook") == [("ended", "")]


def test_a_sink_without_tools_has_no_such_page() -> None:
    page = page_server(Mailbox(), 0)
    threading.Thread(target=page.serve_forever, args=[0.05], daemon=True).start()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{page.server_address[1]}/tools", timeout=5)
    assert refused.value.code == 404
    page.shutdown()
    page.server_close()
