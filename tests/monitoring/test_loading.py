"""Loading alert rules from a file: checked before anything is written, safe to repeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from monitoring.loading import RulesRefused, read_rules
from tests.servers import ROOT

RULE = {"organisation": "ashbourne", "name": "A", "source": "Sentinel", "action": "open"}


def problems_of(tmp_path: Path, document: object) -> list[str]:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(document))
    with pytest.raises(RulesRefused) as refused:
        read_rules(path)
    return [problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"action": "explode"}, "/rules/0/action"),
        ({"name": ""}, "/rules/0/name"),
        ({"colour": "red"}, "/rules/0/colour"),
        ({"window_minutes": 0}, "/rules/0/window_minutes"),
        ({"window_minutes": True}, "/rules/0/window_minutes"),
        ({"dedupe": "case"}, "/rules/0/dedupe"),
        ({"conditions": [{"pointer": "/a"}]}, "/rules/0/conditions/0"),
        ({"conditions": [{"pointer": "/a", "equals": 1, "contains": 1}]}, "/rules/0/conditions/0"),
        ({"conditions": [{"pointer": "a", "equals": 1}]}, "/rules/0/conditions/0/pointer"),
        ({"conditions": [{"pointer": "/a", "exists": "yes"}]}, "/rules/0/conditions/0/exists"),
        ({"mapping": {"colour": {"value": 1}}}, "/rules/0/mapping/colour"),
        ({"mapping": {"title": "text"}}, "/rules/0/mapping/title"),
        ({"mapping": {"title": {"pointer": 3}}}, "/rules/0/mapping/title/pointer"),
        ({"mapping": {"systems": [{"value": "x"}, {"words": {}}]}}, "/rules/0/mapping/systems/1"),
    ],
)
def test_every_fault_is_named_by_its_pointer(tmp_path, change, pointer):
    assert problems_of(tmp_path, {"rules": [{**RULE, **change}]}) == [pointer]


def test_a_file_of_another_shape_is_refused(tmp_path):
    assert problems_of(tmp_path, []) == [""]
    assert problems_of(tmp_path, {"alerts": []}) == ["/alerts"]
    assert problems_of(tmp_path, {"rules": {}}) == ["/rules"]
    assert problems_of(tmp_path, {"rules": [3]}) == ["/rules/0"]
    with pytest.raises(RulesRefused):
        read_rules(tmp_path / "absent.json")


LOADING = """
import json, pathlib, sys
import django
django.setup()
from django.core.management import CommandError, call_command
path = pathlib.Path(sys.argv[1])
for entry, options in json.loads(sys.argv[2]):
    path.write_text(json.dumps({"rules": [entry]}))
    try:
        call_command("load_alert_rules", str(path), **options)
    except CommandError as refused:
        print("refused")
    print("--")
"""


@pytest.mark.django_db(transaction=True)
def test_the_command_loads_once_changes_what_differs_and_leaves_others_alone(owner_url, tmp_path):
    """The database is this worker's; the commands run as its owner, in a process of their own."""
    nowhere = {**RULE, "organisation": "nowhere"}
    steps = [
        (nowhere, {}, "refused"),
        (nowhere, {"if_empty": True}, ""),
        (RULE, {"dry_run": True}, "rules added: 1"),
        (RULE, {"if_empty": True}, "rules added: 1"),
        ({**RULE, "source": "Zeek"}, {"if_empty": True}, ""),
        ({**RULE, "source": "Wazuh"}, {}, "rules changed: 1"),
        ({**RULE, "name": "B"}, {}, "rules added: 1"),
        ({**RULE, "name": "B"}, {}, "rules kept: 1"),
    ]
    environment = {
        **os.environ,
        "DATABASE_URL": owner_url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "BULKHEAD_PROCESS": "owner",
    }
    asked = json.dumps([(entry, options) for entry, options, _ in steps])
    command = [sys.executable, "-c", LOADING, str(tmp_path / "rules.json"), asked]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = [each.strip().splitlines()[-1:] for each in done.stdout.split("--\n")[:-1]]
    assert said == [[words] if words else [] for *_, words in steps]
    assert "/rules/0/organisation: There is no organisation of this name." in done.stderr
    with psycopg.connect(owner_url) as owner:
        stored = owner.execute("SELECT name, source FROM monitoring_alertrule ORDER BY name").fetchall()
    assert stored == [("A", "Wazuh"), ("B", "Sentinel")]


def test_the_demonstrations_rules_can_be_read():
    assert len(read_rules(ROOT / "demo" / "alert-rules.json")["rules"]) == 5
