"""`make run` gives the canaries of channels and webhooks to whoever sends, and to nobody else; a wrong one stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.processes import CANARIES, environment_of, mail_sink_command, plan_from, shared_environment


def test_workers_alone_are_handed_addresses_at_which_anybody_could_post(tmp_path: Path):
    _command, announced = mail_sink_command({}, tmp_path, demo=False)
    assert announced.keys() >= CANARIES
    plan = plan_from({})
    shared = shared_environment(plan, {"SECRET_KEY": "x", "MASTER_KEY": "x"}, addresses=announced)
    handed = {name: CANARIES & environment_of(name, shared).keys() for name in ("web", "live", "worker", "hooks")}
    assert handed == {"web": set(), "live": set(), "worker": CANARIES, "hooks": CANARIES}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"CANARY_SLACK": "https://example.org/x"}, "CANARY_SLACK leads to a host that SLACK_HOSTS does not list."),
        ({"CANARY_WEBHOOK": "https://sink.example/"}, "CANARY_WEBHOOK needs an address and CANARY_WEBHOOK_KEY"),
    ],
)
def test_one_that_cannot_be_used_stops_the_start_with_a_sentence(wrong: dict[str, str], sentence: str):
    environment = {**os.environ, **wrong}
    ran = subprocess.run(
        [sys.executable, "-c", "import portal.settings"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode != 0
    assert sentence in ran.stderr
