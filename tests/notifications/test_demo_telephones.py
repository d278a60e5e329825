"""Numbers of the demonstration: texts go to them, and what somebody took out of use stays out of use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.notifications.stage import Stage, address

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


def at_a_start(template: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": address("DATABASE_URL"),
        "NOTIFY_SMS_TEMPLATE": template,
        "NOTIFY_API_KEY": f"demo-{uuid.uuid4()}-{uuid.uuid4()}" if template else "",
    }
    subprocess.run([sys.executable, "manage.py", "demo_telephones"], cwd=ROOT, env=environment, check=True)


def numbers(stage: Stage) -> list[tuple[str, bool]]:
    return stage.owner("SELECT address, is_active FROM partners_contactpoint WHERE kind = 'sms' ORDER BY 1")


def test_they_are_there_after_the_first_start_that_sends_texts_and_a_retired_one_stays_away(stage: Stage):
    at_a_start("")
    assert numbers(stage) == [], "nothing would send to them"
    at_a_start(str(uuid.uuid4()))
    said = json.loads((ROOT / "demo/telephones.json").read_text())
    assert numbers(stage) == sorted((each["address"], True) for each in said["numbers"])
    assert len(said["numbers"]) == 10
    stage.owner("UPDATE partners_contactpoint SET is_active = false WHERE address = '+447700900231'")
    at_a_start(str(uuid.uuid4()))
    assert ("+447700900231", False) in numbers(stage)
    assert len(numbers(stage)) == 10
    own = stage.owner("SELECT preface, line FROM notifications_wording")
    assert own == [(said["wordings"][0]["preface"], said["wordings"][0]["line"])]
