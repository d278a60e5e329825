"""Old advisories loaded as known: they stand on the page, and nobody is sent a message. So the demonstration's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring.advisories.reading import read_parsed
from monitoring.advisories.storing import row_of
from monitoring.advisories.telling import tell_due
from monitoring.models import Exposure
from portal.mail_sink import Mailbox
from tests.monitoring.advisories.conftest import document, match
from tests.notifications.conftest import mail, stage  # noqa: F401
from tests.notifications.stage import Stage, as_worker
from tests.servers import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
FIRST_RUN = "from portal.tenancy.management.commands.prepare import load_files; load_files()"
URGENT = "CVE-2099-10001"  # exploited, by CPE, in what Northgate runs
SETUP = "import django; django.setup(); "


def as_operator(owner_url: str, code: str) -> str:
    """In a process of its own, as the owner of the database; what it says."""
    environment = {
        **os.environ,
        "DATABASE_URL": owner_url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "BULKHEAD_PROCESS": "owner",
    }
    done = subprocess.run(
        [sys.executable, "-c", SETUP + code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def load_known(owner_url: str, file: Path, first: str = "") -> None:
    as_operator(
        owner_url,
        f"{first}from django.core.management import call_command;"
        f" call_command('read_advisories', {str(file)!r}, known=True)",
    )


def tell() -> int:
    with as_worker():
        return tell_due()


def test_the_first_run_of_the_demonstration_sends_no_mail_of_its_advisories(
    stage: Stage,  # noqa: F811
    mail: Mailbox,  # noqa: F811
    owner_url,
    operator,
    inside,
    client_of,
):
    said = as_operator(owner_url, FIRST_RUN)
    assert "advisories.json: " in said, "they were loaded, not left out"
    assert tell() == 0
    match()
    assert tell() == 0, "nor when the worker has looked too"
    stage.works()
    assert stage.events("advisory.matched") == []
    assert mail.messages() == []
    with inside("northgate"):
        assert Exposure.objects.filter(label=URGENT, state="open", exploited=True).count() == 1
    assert URGENT in client_of("northgate").get("/advisories/").content.decode()
    with inside("gravenhurst"):
        assert not Exposure.objects.filter(label=URGENT).exists()
    # What is news afterwards is told at once: one that was retracted and comes back, and one that was never loaded.
    found = document("nvd")
    found["vulnerabilities"] = found["vulnerabilities"][:1]
    found["resultsPerPage"] = found["totalResults"] = 1
    found["vulnerabilities"][0]["cve"]["id"] = "CVE-2099-30001"
    operator(found)
    assert tell() == 1
    ((data, audience),) = stage.events("advisory.matched")
    assert (data["count"], audience) == (1, [stage.ids["northgate"]])


def test_what_becomes_urgent_later_is_told_then(stage: Stage, owner_url, tmp_path: Path):  # noqa: F811
    """Samba's record is of high severity alone when it is loaded as known; then somebody exploits it."""
    file = tmp_path / "nvd.json"
    file.write_text(json.dumps(document("nvd")))
    load_known(owner_url, file)
    assert tell() == 0
    found = "SELECT label, exploited FROM monitoring_exposure WHERE state = 'open' AND severity = 'high'"
    assert stage.owner(found) == [("CVE-2099-10002", False)]
    stage.owner("UPDATE monitoring_exposure SET exploited = true WHERE label = 'CVE-2099-10002'")
    assert tell() == 1


def test_what_was_known_as_critical_is_told_once_somebody_exploits_it(
    stage: Stage,  # noqa: F811
    operator,
    owner_url,
    tmp_path: Path,
):
    file = tmp_path / "nvd.json"
    file.write_text(json.dumps(document("nvd")))
    load_known(owner_url, file)
    found = "SELECT DISTINCT severity, exploited FROM monitoring_exposure WHERE label = %s AND certainty <> 'possible'"
    assert stage.owner(found, [URGENT]) == [("critical", False)]
    assert tell() == 0
    operator(document("kev"))
    assert stage.owner(found, [URGENT]) == [("critical", True)]
    assert tell() == 1
    ((data, audience),) = stage.events("advisory.matched")
    assert (data["exploited"], audience) == (True, [stage.ids["northgate"]])
    stage.owner("UPDATE monitoring_exposuretold SET at = at - interval '1 hour'")
    assert tell() == 0, "once"


@pytest.mark.parametrize("matched", [True, False])
def test_what_was_news_before_stays_news(stage: Stage, operator, owner, owner_url, tmp_path: Path, matched):  # noqa: F811
    """Feeds have brought it, and it waits its turn; then a file with the same is loaded as known."""
    if matched:
        operator(document("kev"), document("nvd"))
    else:
        brought(owner, document("kev"))
        brought(owner, document("nvd"))
    newer = document("nvd")
    for each in newer["vulnerabilities"]:
        each["cve"]["lastModified"] = "2099-12-01T00:00:00.000"
    file = tmp_path / "nvd.json"
    file.write_text(json.dumps(newer))
    load_known(owner_url, file)
    assert tell() == 1


@pytest.mark.parametrize("batches", [40, 1])
def test_what_waits_behind_many_that_touch_nobody_stays_news(
    stage: Stage,  # noqa: F811
    owner,
    owner_url,
    tmp_path: Path,
    batches,
):
    """What is loaded as known is another document of the same flaw; what waits is more than a job takes at once."""
    match()  # the register; a system that has changed meets everything at once
    of_nobody = document("nvd")
    for number, each in enumerate(of_nobody["vulnerabilities"]):
        each["cve"] |= {"id": f"CVE-2099-4000{number}", "configurations": []}
    brought(owner, of_nobody)
    brought(owner, document("nvd"))
    file = tmp_path / "kev.json"
    file.write_text(json.dumps(document("kev")))
    few = f"from monitoring.advisories import settling; settling.ADVISORIES, settling.BATCHES = 1, {batches}; "
    load_known(owner_url, file, few)
    assert tell() == 1


def brought(owner, found) -> None:
    """By a feed, and not matched yet."""
    rows = json.dumps([row_of(each) for each in read_parsed(found)])
    owner.execute("SELECT outcome FROM sec.advisories_kept(NULL, NULL, %s)", [rows])
