"""`manage.py ingest` and the watched folder: the same path, killed half-way, beside each other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from monitoring.access import jobs
from monitoring.models import Intake, Sight, Source
from tests import servers
from tests.conftest import database_name
from tests.notifications.stage import as_worker
from tests.servers import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def write(path: Path, count: int, *, accounts: int = 500) -> Path:
    """`count` lines in which `accounts` accounts of Ashbourne reach two machines of Coldharbour."""
    with path.open("w") as file:
        for nth in range(count):
            said = {
                "at": f"2026-10-03T{nth // 3600 % 24:02}:{nth // 60 % 60:02}:{nth % 60:02}.{nth // 86400:03}Z",
                "id": f"e{nth}",
                "account": f"u{nth % accounts}@ashbourne",
                "resource": f"file-{nth // accounts % 2}",
                "resource_organisation": "coldharbour",
            }
            file.write(json.dumps(said) + "\n")
    return path


def environment() -> dict[str, str]:
    names = ("DATABASE_URL_APP", "DATABASE_URL_AUTH", "DATABASE_URL_WORKER", "DATABASE_URL_SEALER")
    addresses = {name: servers.database_url(name, database_name()) for name in names if name in os.environ}
    return {**os.environ, **addresses, "BULKHEAD_PROCESS": "worker"}


def ingest(path: Path, source: str = "SIEM") -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "ingest", str(path), "--organisation", "ashbourne", "--source", source]
    return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)


def test_the_command_takes_a_file_says_what_became_of_it_and_a_second_time_changes_nothing(tmp_path, inside, capsys):
    path = write(tmp_path / "log.ndjson", 2000)
    with path.open("a") as file:
        file.write("not a line\n")
    with as_worker():
        call_command("ingest", str(path), organisation="ashbourne", source="SIEM")
        said = capsys.readouterr().out
        assert "2000 accepted, 0 duplicates, 1 rejected, 1000 first sights" in said
        assert "line 2001: not-json" in said
        call_command("ingest", str(path), organisation="ashbourne", source="SIEM")
        assert "0 accepted, 2001 duplicates, 0 rejected, 0 first sights" in capsys.readouterr().out
        with pytest.raises(CommandError, match="no organisation"):
            call_command("ingest", str(path), organisation="nowhere")
        other = tmp_path / "words.txt"
        other.write_text("Dear all,\n")
        with pytest.raises(CommandError, match="no log that is read here"):
            call_command("ingest", str(other), organisation="ashbourne")
    with inside("ashbourne"):
        assert Sight.objects.count() == 1000
        assert Source.objects.get().accepted == 2000


def test_killed_half_way_it_goes_on_and_none_is_lost_or_told_twice(tmp_path, inside, owner_url):
    path = write(tmp_path / "log.ndjson", 200_000)
    going = ingest(path)
    reached = 0
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for _ in range(600):
            row = owner.execute("SELECT reached FROM monitoring_intake WHERE finished_at IS NULL").fetchone()
            if row and row[0]:
                reached = row[0]
                break
            time.sleep(0.02)
        going.send_signal(signal.SIGKILL)
        assert going.wait(10) == -signal.SIGKILL, "it was killed, not done"
        assert 0 < reached < path.stat().st_size
        before = owner.execute("SELECT accepted FROM monitoring_source").fetchone()
        owner.execute("UPDATE monitoring_intake SET claimed_until = now()")  # its lease runs out in two minutes
        assert before
        assert 0 < before[0] < 200_000
    with as_worker():
        call_command("ingest", str(path), organisation="ashbourne", source="SIEM")
    with inside("ashbourne"):
        assert Source.objects.get().accepted == 200_000
        assert Sight.objects.count() == 1000
        intake = Intake.objects.get()
        assert (intake.accepted, intake.reached) == (200_000, path.stat().st_size)


@pytest.mark.parametrize("sources", [["one", "one"], ["one", "two", "three", "four"]])
def test_beside_each_other_they_tell_each_first_sight_once(tmp_path, inside, sources):
    path = write(tmp_path / "log.ndjson", 30_000)
    going = [ingest(path, source) for source in sources]
    said = [each.communicate(timeout=50)[0] for each in going]
    assert [each.returncode for each in going] == [0] * len(sources)
    told = [int(each.split(" first sights")[0].split(", ")[-1]) for each in said]
    assert sum(told) == 1000
    with inside("ashbourne"):
        assert Sight.objects.count() == 1000
        lines = {each.name: each.accepted + each.duplicates for each in Source.objects.all()}
        assert lines == {name: 30_000 * sources.count(name) for name in set(sources)}


def test_files_in_the_watched_folder_are_taken_once_they_are_whole(tmp_path, inside, settings, caplog: Any):
    settings.ACCESS_FOLDER = str(tmp_path)
    for whose, source in (("ashbourne", "SIEM.normal"), ("nowhere", "SIEM"), ("gravenhurst", "SIEM")):
        (tmp_path / whose / source).mkdir(parents=True)
        write(tmp_path / whose / source / "log", 100, accounts=10)
    (tmp_path / "ashbourne" / "SIEM.normal" / "link").symlink_to("/etc/passwd")
    with as_worker():
        assert jobs.take_folder() == 0, "they were written to just now"
        for each in tmp_path.glob("*/*/log"):
            os.utime(each, (time.time() - 60, time.time() - 60))
        assert jobs.take_folder() == 2
        assert jobs.take_folder() == 0
    assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.glob("*/*/*")) == [
        "ashbourne/SIEM.normal/link",
        "ashbourne/SIEM.normal/log.taken",
        "gravenhurst/SIEM/log.taken",
        "nowhere/SIEM/log.refused",
    ]
    with inside("ashbourne"):
        assert Source.objects.get().name == "SIEM"
        assert Sight.objects.count() == 20
    with inside("gravenhurst"):
        assert not Sight.objects.exists(), "what others do among themselves is not its to say"
