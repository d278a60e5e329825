"""Real recordings of others through the readers, counted as the table in docs/monitoring.md has it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from monitoring.records.reading import guess_format, reader_of
from monitoring.records.record import AccountKind, Action, Unreadable

ROOT = Path(__file__).parents[3]
LOGS = ROOT.parent / "shared" / "data" / "logs"
_ROW = re.compile(r"\| `(?P<file>[^`]+)` \| (?P<format>\w+) \| (?P<read>\d+) \|(?P<refused>[^|]*)\|")
TABLE = [found.groupdict() for found in _ROW.finditer((ROOT / "docs" / "monitoring.md").read_text())]

pytestmark = pytest.mark.skipif(not LOGS.is_dir(), reason="no ../shared/data/logs here: the recordings are not tried")


def read_all(file, format_name):
    """Records and the number of each refusal."""
    reader = reader_of(format_name)
    records, refused = [], Counter()
    with file.open("rb") as stream:
        for piece in reader.documents(iter(lambda: stream.read(8192), b"")):
            try:
                records += reader.read(piece.body)
            except Unreadable as error:
                refused[str(error)] += 1
    return records, refused


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["file"])
def test_a_recording_is_read_as_the_table_says(row):
    records, refused = read_all(LOGS / row["file"], row["format"])
    assert len(records) == int(row["read"])
    assert refused == {reason: int(count) for count, reason in re.findall(r"(\d+) `([a-z-]+)`", row["refused"])}


def test_every_recording_stands_in_the_table():
    assert {str(file.relative_to(LOGS)) for file in LOGS.rglob("*") if file.is_file()} == {row["file"] for row in TABLE}


def test_recordings_are_known_by_their_first_lines():
    for row in TABLE:
        lines = (LOGS / row["file"]).read_bytes().split(b"\n")[:300]
        if int(row["read"]):
            assert guess_format(lines) == row["format"], row["file"]


def joined(records):
    """The accounts of people and services, each with all its keys: what one record gives two names to is one."""
    groups = []
    for record in records:
        if record.kind in (AccountKind.PERSON, AccountKind.SERVICE):
            keys = {record.account, *record.aliases}
            same = [group for group in groups if group & keys]
            groups = [group for group in groups if not group & keys] + [keys.union(*same)]
    return groups


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("covenant_psremoting_command", {"pgustavo"}),
        (
            "purplesharp_ad_playbook_I",
            {"lrodriguez", "mscott", "nxlogsvc", "pbeesly", "pgustavo", "sbeavers", "sysmonsvc"},
        ),
    ],
)
def test_one_person_is_one_account_whatever_the_domain_is_called(name, people):
    """THESHIRE, THESHIRE.LOCAL, theshire.local, user@REALM and, for NTLM, no domain at all."""
    records, _ = read_all(LOGS / "windows" / f"{name}.auth.ndjson", "windows")
    groups = joined(records)
    assert sorted(sorted(key.partition("@")[0] for key in group if "@" in key)[0] for group in groups) == sorted(people)


def test_the_machine_of_a_ticket_is_the_one_that_the_logon_names():
    records, _ = read_all(LOGS / "windows" / "covenant_psremoting_command.auth.ndjson", "windows")
    by_action = {}
    for record in records:
        if record.kind is AccountKind.PERSON:
            by_action.setdefault(record.action, set()).add(record.resource)
    assert by_action[Action.SERVICE_TICKET] == by_action[Action.LOGON] == {"workstation6.theshire.local"}
    assert by_action[Action.TGT] == {"theshire.local"}
    assert by_action[Action.EXPLICIT_CREDENTIAL] == {"workstation6"}
    assert Counter(record.action for record in records) == {
        Action.LOGON: 16,
        Action.LOGOFF: 14,
        Action.PRIVILEGE: 13,
        Action.EXPLICIT_CREDENTIAL: 5,
        Action.TGT: 1,
        Action.SERVICE_TICKET: 1,
    }


def test_local_time_of_the_recordings_is_found_four_hours_behind():
    for name, hour in (("covenant_psremoting_command", 15), ("purplesharp_ad_playbook_I", 8)):
        records, _ = read_all(LOGS / "windows" / f"{name}.auth.ndjson", "windows")
        assert {record.at.hour for record in records} == {hour}


def test_the_two_tenants_of_entra_are_kept_beside_what_the_log_says_of_a_boundary():
    records, _ = read_all(LOGS / "entra" / "panther-azure-signin.json", "entra")
    apart = [each for each in records if {h.value for h in each.home} & {"4328f0a8-06da-4457-b0d0-2c8e115e52cc"}]
    assert [(each.crosses, each.place[0].value) for each in apart] == 2 * [
        (False, "fc66a38e-bcba-4fe9-b2de-c67918514cc5")
    ]


def test_elastics_own_document_inside_its_expectation_names_the_home_tenant_and_not_the_mail_domain():
    file = LOGS / "entra" / "elastic-signinlogs-sample.expected-first.json"
    inside = json.loads(file.read_bytes())["expected"][0]
    (record,) = reader_of("ecs").read(json.dumps(inside).encode())
    (same, _), _ = read_all(LOGS / "entra" / "elastic-signinlogs-sample.ndjson", "entra")
    assert record.account == same.account
    assert record.home[0] == same.home[0]
    assert record.home[0].value == "4bbb79f7-5724-4c9e-95f3-de075f6ec090"
    assert (record.resource, record.event_id) == (same.resource, same.event_id)
