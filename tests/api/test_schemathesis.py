"""Schemathesis over the real web process: it makes up requests from our own OpenAPI document, right and wrong ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from tests import servers
from tests.api.asking import planned_body
from tests.incidents.playbooks import tool_document

ENVIRONMENT = servers.ROOT / "var" / "schemathesis"
# Left out: two checks that a body can be told right or wrong by the document alone; what is known to an organisation
# (a system, an account) no document can say.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,unsupported_method,ignored_auth,negative_data_rejection"
)
# One worker: with threads Python 3.11's parser, which the generator calls, fails now and then ("AST constructor
# recursion depth mismatch").
OPENINGS = 3
# The register has bodies with a score of fields each, of which the coverage phase makes thousands of requests. It gets
# the other phases, so that each part stays under a minute.
ESTATE = r"/api/v1/(systems|components|participations|services|dependencies|register)/"
AROUND = (
    r"/api/v1/(integrations|standing-access|assessments|findings|contracts|contacts|organisations|planned-work"
    r"|mail-distrust|work-orders|decisions|data-notices|decision-log|statements|own-actions|reported|access-findings"
    r"|first-sights|identifiers|access-sources|duty-catalogue)/"
    r"|/api/v1/incidents/[^/]+/(decision-log|known|statements|cuts|services|situation-reports|costs)/"
)
TASKS = r"/api/v1/(tasks|playbooks|alerts|events|advisories|exposures)/"
# Lines and not a document, which Schemathesis cannot write: tests/monitoring/records/test_hostile.py makes them up.
LINES = r"/api/v1/access-events/"
FULL = ("--phases", "examples,coverage,fuzzing", "--max-examples", "2")
FEW = ("--phases", "examples,fuzzing", "--max-examples", "6")
PARTS = {
    "incidents": ("--exclude-path-regex", f"{ESTATE}|{AROUND}|{TASKS}|{LINES}", *FULL),
    "tasks": ("--include-path-regex", TASKS, *FULL),
    "estate": ("--include-path-regex", ESTATE, *FEW),
    "around": ("--include-path-regex", AROUND, *FEW),
}


@pytest.fixture(scope="module")
def schemathesis() -> Path:
    """The executable in its own environment, which is made when it is not there."""
    executable = ENVIRONMENT / "bin" / "schemathesis"
    if not executable.exists():
        subprocess.run(
            ["make", "--silent", f"PYTHON={sys.executable}", "var/schemathesis/made.stamp"],
            cwd=servers.ROOT,
            check=True,
        )
    return executable


@pytest.fixture(scope="module")
def aimed(web, cast) -> tuple[dict[str, str], bytes]:
    """A key, and the document with parameters of things that are there."""
    key = {"Authorization": f"Bearer {cast.make_key(web.database_url, 'ashbourne')}"}
    document = orjson.loads(web.ask("GET", "/api/v1/schema/")[2])
    _aim(document, _known(web, key))
    return key, orjson.dumps(document)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("part", PARTS)
def test_no_made_up_request_breaks_the_api_or_its_document(web, aimed, schemathesis, tmp_path, part):
    key, document = aimed
    (tmp_path / "openapi.json").write_bytes(document)
    report = _run(schemathesis, web, key, tmp_path, *PARTS[part])
    cases = re.search(r"([\d,]+) generated", report)
    assert cases, report[-2000:]
    assert int(cases[1].replace(",", "")) > 50, report[-2000:]


def _run(schemathesis: Path, web, key, folder: Path, *how: str) -> str:
    """One run; its report."""
    command = [
        str(schemathesis), "run", str(folder / "openapi.json"), "--url", web.url, "--header",
        f"Authorization:{key['Authorization']}", "--checks", CHECKS, "--seed", "1", "--workers", "1", "--no-shrink",
        "--request-timeout", "60", "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off",
        "--no-color", *how,
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=190)
    report = run.stdout + run.stderr
    assert run.returncode == 0, report[-12_000:]
    return report


def _known(web, key) -> dict[str, str]:
    """An incident and a task that are there, so that not every answer is 404."""
    body = orjson.dumps({"title": "For Schemathesis", "systems": ["identity-platform"]})
    for _ in range(OPENINGS):
        opened = web.ask("POST", "/api/v1/incidents/", body, {**key, "Content-Type": "application/json"})
    reference = orjson.loads(opened[2])["reference"]
    tasks = orjson.loads(web.ask("GET", f"/api/v1/incidents/{reference}/tasks/", None, key)[2])["results"]
    contacts, dependencies, permissions, lines = (
        orjson.loads(web.ask("GET", f"/api/v1/{name}/", None, key)[2])["results"]
        for name in ("contacts", "dependencies", "integrations", "standing-access")
    )
    system = {"name": "Parking", "owner": "ashbourne"}
    slug = _made(web, key, "systems/", system)["slug"]
    file = web.ask(
        "POST", "/api/v1/register/imports/?kind=systems", b"name,owner\nA,ashbourne\n",
        {**key, "Content-Type": "text/csv"},
    )  # fmt: skip
    return {
        "components": _made(web, key, "components/", {"system": slug, "product": "x"})["id"],
        "participations": _made(web, key, "participations/", {"system": slug})["id"],
        "services": _made(web, key, "services/", {"system": slug, "name": "Rents"})["id"],
        "register": orjson.loads(file[2])["id"],
        # No key makes or decides one.
        **dict.fromkeys(
            (
                "access-events",
                "access-findings",
                "access-sources",
                "advisories",
                "exposures",
                "first-sights",
                "identifiers",
                "webhooks",
                "mail-distrust",
                "duty-catalogue",
                "decisions",
                "data-notices",
                "decision-log",
                "statements",
                "own-actions",
                "reported",
            ),
            str(uuid4()),
        ),
        "incidents": reference,
        "planned-work": _made(web, key, "incidents/", planned_body(systems=[slug]))["reference"],
        "tasks": tasks[0]["id"],
        "work-orders": _order(web, key),
        "systems": "identity-platform",
        "organisations": "ashbourne",
        "playbooks": "shared-platform-containment",
        "integrations": permissions[0]["id"],
        "standing-access": lines[0]["id"],
        "contacts": contacts[0]["id"],
        "dependencies": dependencies[0]["id"],
    }


def _order(web, key) -> str:
    """A work order of one's own, of a playbook whose first step has commands."""
    _made(web, key, "playbooks/", tool_document())
    _made(web, key, "incidents/", {"title": "For tools", "systems": ["identity-platform"], "playbook": "for-tools"})
    return orjson.loads(web.ask("GET", "/api/v1/work-orders/", None, key)[2])["results"][0]["id"]


def _made(web, key, path, body) -> dict[str, str]:
    answer = web.ask("POST", f"/api/v1/{path}", orjson.dumps(body), {**key, "Content-Type": "application/json"})
    return orjson.loads(answer[2])


def _aim(document, known) -> None:
    """Let path parameters be those of things that are there."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": [known[path.split("/")[3]]]}
