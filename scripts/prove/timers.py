"""B9: five hundred ladders at once: none climbs early, none is lost, none sends after an answer, and how late they are.

What must hold is asserted by the test that `make test` runs with fewer of them; here it runs with all and says how late
they were, which no test may ask.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/notifications/test_ladder_timers.py::test_none_early_none_after_an_answer_none_lost"
INCIDENTS, SPREAD_SECONDS = 72, 40  # of seven organisations each
LATE_P99_SECONDS = 5.0


def timers() -> dict[str, Any]:
    """The facts of one run, with `wrong` and `failures`. None early, lost or after an answer: the test asserts it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "b9.json"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "VALKEY_URL"))
        }
        for name in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "MASTER_KEY", "BULKHEAD_PROCESS"):
            environment.pop(name, None)
        environment.update(B9_INCIDENTS=str(INCIDENTS), B9_SECONDS=str(SPREAD_SECONDS), B9_REPORT=str(report))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-n0", "-q", TEST],
            cwd=ROOT, env=environment, stdout=sys.stderr, check=False,
        )  # fmt: skip
        facts = json.loads(report.read_text()) if report.exists() else {}
    bounds = {
        "one climbed early, was lost, or sent after an answer": done.returncode == 0,
        "fewer than five hundred timers": facts.get("timers", 0) >= 500,
        f"p99 later than {LATE_P99_SECONDS} s": facts.get("late_p99", float("inf")) <= LATE_P99_SECONDS,
    }
    missed = [words for words, holds in bounds.items() if not holds]
    return {"name": "B9", **facts, "failures": len(missed), "wrong": missed}
