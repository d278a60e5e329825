"""Every reader over records of the shapes that are met, ours and fictional; what is expected was written by hand.

A row: time (UTC), action, outcome, kind of account; the account; what it hints at; what was reached;
what that hints at; and more fields by name. A word alone is the reason of a refusal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.records.clocks import LOCAL_SAID_AS_UTC, NO_YEAR, NO_ZONE, OFFSET_FOUND, SECONDS, UTC_BY_FORMAT
from monitoring.records.reading import guess_format, reader_of
from monitoring.records.record import Unreadable

FILES = Path(__file__).parents[2] / "data" / "access"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)

A, C = "s-1-5-21-1004336348-1177238915-682003330", "s-1-5-21-2052111302-484763869-725345543"
TA, TC = "1b1f4c60-0000-4a6f-9d58-aaaaaaaaaaaa", "2c2f4c60-0000-4a6f-9d58-cccccccccccc"
FILE, DC, ASH_DC = "file-02.coldharbour.example", "dc-01.coldharbour.example", "dc-01.ashbourne.example"
ASH = f"sid={A} realm=ashbourne.example netbios=ashbourne"
COLD = f"sid={C} realm=coldharbour.example netbios=coldharbour"
ON_FILE = f"realm=coldharbour.example host={FILE}"
AT_FILE = f"{COLD} host={FILE}"

WINDOWS = [
    (
        "08:00:00 logon success service", f"sid:{A}-1104", f"sid={A} netbios=ashbourne", FILE, ON_FILE,
        {"aliases": ("svc-backup@ashbourne",), "privileged": True, "protocol": "kerberos", "src_ip": "10.4.0.7",
         "interactive": False, "clock": OFFSET_FOUND, "event_id": f"{FILE}/501", "shown": "svc-backup@ashbourne"},
    ),
    (
        "08:00:00 logon success service", f"sid:{A}-1104", ASH, FILE, ON_FILE,
        {"aliases": ("svc-backup@ashbourne", "svc-backup@ashbourne.example"), "privileged": False},
    ),
    (
        "08:00:00 service-ticket success service", "svc-backup@ashbourne.example", ASH, FILE,
        f"sid={C} realm=coldharbour.example host={FILE}", {"aliases": ("svc-backup@ashbourne",), "src_ip": "10.4.0.7"},
    ),
    (
        "08:00:00 tgt success service", "svc-backup@ashbourne.example", ASH, "coldharbour.example",
        f"sid={C} realm=coldharbour.example", {"src_ip": ""},
    ),
    (
        "08:00:00 tgt success person", f"sid:{C}-1310", COLD, "coldharbour.example", COLD,
        {"aliases": ("jo.field@coldharbour", "jo.field@coldharbour.example"), "src_ip": "10.9.0.4"},
    ),
    ("08:00:00 tgt failure person", f"sid:{C}-1310", COLD, "coldharbour.example", COLD, {"reason": "bad password"}),
    (
        "08:00:00 logon failure person", "jo.field@coldharbour.example", COLD, DC, f"{COLD} host={DC}",
        {"aliases": ("jo.field@coldharbour",), "reason": "bad password", "protocol": "ntlm", "src_host": "pc-77"},
    ),
    (
        "08:00:00 logon failure person", f"administrator@{FILE}", ON_FILE, FILE, AT_FILE,
        {"reason": "account disabled", "interactive": True, "src_ip": "10.4.0.9", "src_host": "pc-12"},
    ),
    (
        "08:00:00 explicit-credential unknown person", "adm-moss@coldharbour.example", COLD, FILE, AT_FILE,
        {"src_host": "pc-12.ashbourne.example", "src_ip": "", "reason": "used by pat.moss@ashbourne"},
    ),
    ("08:00:00 logon success machine", f"system@{FILE}", ON_FILE, FILE, AT_FILE, {"interactive": False}),
    ("08:00:00 logon success machine", f"dwm-1@{FILE}", ON_FILE, FILE, AT_FILE, {"interactive": True}),
    ("08:00:00 logon success anonymous", f"anonymous logon@{FILE}", ON_FILE, FILE, AT_FILE, {"src_ip": "10.4.0.9"}),
    ("08:00:00 logon success machine", f"sid:{C}-2201", COLD, DC, f"{COLD} host={DC}", {"src_ip": "10.9.0.2"}),
    ("08:00:00 logon success service", f"sid:{C}-1400", COLD, FILE, AT_FILE, {"protocol": "negotiate"}),
    ("08:00:00 logoff success service", f"sid:{A}-1104", ASH, FILE, AT_FILE, {}),
    ("08:00:00 privilege success service", f"sid:{A}-1104", ASH, FILE, AT_FILE, {"privileged": True}),
    "no-account",
    "not-authentication",
]  # fmt: skip

MOSS = f"sid:{A}-1201"
CHANGES = [
    (
        "08:10:00 account-created success person", MOSS, f"sid={A} netbios=ashbourne", "ashbourne.example", ASH,
        {"target": "temp-7@ashbourne", "clock": "", "event_id": f"{ASH_DC}/1"},
    ),
    ("08:10:00 account-enabled success person", MOSS, ASH, "ashbourne.example", ASH, {"target": "temp-7@ashbourne"}),
    ("08:10:00 account-changed success person", MOSS, ASH, "ashbourne.example", ASH, {"reason": "password reset"}),
    ("08:10:00 account-disabled success person", MOSS, ASH, "ashbourne.example", ASH, {"reason": ""}),
    ("08:10:00 account-disabled success person", MOSS, ASH, "ashbourne.example", ASH, {"reason": "deleted"}),
    (
        "08:10:00 account-changed success machine", "dc-01$@ashbourne.example", ASH, "ashbourne.example", ASH,
        {"reason": "locked out", "target": "jo.field@ashbourne", "src_host": "pc-77"},
    ),
    (
        "08:10:00 group-changed success person", MOSS, ASH, "ashbourne.example", ASH,
        {"target": "domain admins@ashbourne", "privileged": True,
         "reason": "added cn=temp-7,ou=staff,dc=ashbourne,dc=example"},
    ),
    (
        "08:10:00 group-changed success person", MOSS, ASH, FILE, ON_FILE,
        {"target": "administrators@builtin", "privileged": True, "reason": f"removed {A}-1104"},
    ),
    (
        "08:10:00 trust-changed success person", MOSS, ASH, "ashbourne.example", ASH,
        {"target": "coldharbour.example", "reason": "created"},
    ),
    ("08:10:00 policy-changed success person", MOSS, ASH, ASH_DC, f"{ASH} host={ASH_DC}", {"reason": "audit policy"}),
    ("08:10:00 policy-changed success person", MOSS, ASH, "ashbourne.example", ASH, {"reason": "domain policy"}),
    ("08:10:00 account-created success person", MOSS, ASH, FILE, ON_FILE, {"target": f"helper@{FILE}"}),
]  # fmt: skip

BEATS = [
    ("08:20:00 logon success service", f"sid:{A}-1104", f"sid={A} netbios=ashbourne", FILE, ON_FILE, {"clock": ""})
]
SHOWN = [
    (
        "08:30:00 logon success person", MOSS, f"sid={A} netbios=ashbourne", FILE, ON_FILE,
        {"interactive": True, "privileged": True, "src_ip": "10.4.0.9", "src_host": "pc-12", "clock": NO_ZONE},
    ),
    ("11:30:01 logon success person", f"helper@{FILE}", ON_FILE, FILE, ON_FILE, {"interactive": True}),
]  # fmt: skip

AT_ASH = "domain=ashbourne.example"
PAT_ENTRA, PAYROLL = f"entra:{TA}/0a0a0a0a-1111-4222-8333-444444444444", "99999999-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
GRAPH = [
    (
        "08:00:00 logon success person", PAT_ENTRA, f"tenant={TA} domain=ashbourne.example", "payroll",
        f"tenant={TC} app={PAYROLL}",
        {"crosses": True, "interactive": True, "aliases": ("pat.moss@ashbourne.example",), "src_host": "pc-12",
         "event_id": "g-1", "clock": ""},
    ),
    (
        "08:00:01 logon unknown person", f"entra:{TA}/0b0b0b0b-1111-4222-8333-444444444444",
        f"tenant={TA} domain=ashbourne.example", "payroll", f"tenant={TC}",
        {"crosses": False, "src_ip": "", "shown": "pat.moss@ashbourne.example",
         "reason": "50074 Strong authentication is required."},
    ),
    (
        "08:00:02 logon failure service", f"entra:{TC}/33333333-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
        "app=22222222-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "microsoft graph", f"tenant={TC}",
        {"crosses": None, "interactive": False, "shown": "nightly-export", "reason": "7000215 Invalid client secret."},
    ),
]  # fmt: skip
MONITOR = [
    (
        "08:01:00 logon failure person", f"entra:{TC}/0c0c0c0c-1111-4222-8333-444444444444",
        f"tenant={TC} domain=coldharbour.example", "sharepoint", f"tenant={TC}",
        {"crosses": True, "interactive": False, "src_ip": "10.4.0.9", "reason": "50126"},
    ),
    (
        "08:01:01 logon success service", f"entra:{TC}/44444444-aaaa-4aaa-8aaa-aaaaaaaaaaaa", f"tenant={TC}",
        "azure storage", f"tenant={TC} app=e406a681-f3d4-42a8-90b6-c2b029497af1", {"clock": UTC_BY_FORMAT},
    ),
    "not-authentication",
]  # fmt: skip
ANALYTICS = [
    (
        "08:01:58 logon success person", PAT_ENTRA, f"tenant={TA} domain=ashbourne.example", "payroll", f"tenant={TC}",
        {"crosses": True, "interactive": True, "src_ip": "10.4.0.9"},
    ),
]  # fmt: skip

JO_ENTRA, JO_HOME = f"entra:{TC}/0c0c0c0c-1111-4222-8333-444444444444", f"tenant={TC} domain=coldharbour.example"
AUDIT = [
    (
        "08:02:59 role-changed success person", f"entra:{TC}/0b0b0b0b-1111-4222-8333-444444444444", AT_ASH,
        "microsoft entra", f"tenant={TC}",
        {"target": "temp-7@coldharbour.example", "reason": "granted global administrator", "privileged": True,
         "shown": "pat.moss@ashbourne.example", "src_ip": "10.4.0.9"},
    ),
    (
        "08:02:59 account-created failure person", JO_ENTRA, JO_HOME, "microsoft entra", f"tenant={TC}",
        {"target": "temp-7@coldharbour.example", "reason": "Quota"},
    ),
    (
        "08:03:01 group-changed success person", JO_ENTRA, JO_HOME, "microsoft entra", "",
        {"target": "backup operators", "reason": "added temp-7@coldharbour.example"},
    ),
    (
        "08:03:02 trust-changed success service", f"entra:{TC}/33333333-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
        "app=22222222-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "microsoft entra", f"tenant={TC}",
        {"target": "ashbourne", "shown": "sync", "reason": "cross-tenant access"},
    ),
    "not-authentication",
    "no-account",
]  # fmt: skip

PAT_OKTA = "okta:00upatmoss1"
OKTA = [
    ("08:00:00 logon success person", PAT_OKTA, AT_ASH, "okta", "", {"interactive": True, "src_ip": "10.4.0.9"}),
    ("08:00:01 sso success person", PAT_OKTA, AT_ASH, "payroll", "app=0oapay app=payroll", {"clock": UTC_BY_FORMAT}),
    ("08:00:01 sso success person", PAT_OKTA, AT_ASH, "hr portal", "app=0oahr app=hr portal", {}),
    ("08:00:00 mfa unknown person", PAT_OKTA, AT_ASH, "okta", "", {}),
    (
        "08:00:00 sso success person", PAT_OKTA, AT_ASH, "okta admin console", "app=0oaadm app=okta admin console",
        {"privileged": True},
    ),
    ("08:00:00 sso unknown person", PAT_OKTA, AT_ASH, "payroll", "app=0oapay app=payroll", {"privileged": False}),
    ("08:00:00 account-switch success person", PAT_OKTA, AT_ASH, "okta", "", {"reason": "impersonation begun"}),
    (
        "08:00:00 role-changed success person", PAT_OKTA, AT_ASH, "okta", "",
        {"target": "temp-7@ashbourne.example", "reason": "granted super administrator", "privileged": True},
    ),
    (
        "08:00:00 group-changed success person", PAT_OKTA, AT_ASH, "okta", "",
        {"target": "administrators", "reason": "added temp-7@ashbourne.example"},
    ),
    ("08:00:00 account-created success person", PAT_OKTA, AT_ASH, "okta", "", {"target": "temp-7@ashbourne.example"}),
    (
        "08:00:09 logon failure person", "jo@coldharbour.example", "issuer=0oaidpash domain=coldharbour.example",
        "okta", "", {"reason": "invalid_credentials", "src_ip": ""},
    ),
    "not-authentication",
]  # fmt: skip

PAT_AWS, TWO, OPERATORS = "arn:aws:iam::111111111111:user/pat.moss", "222222222222", "role/operators"
CLOUDTRAIL = [
    (
        "08:00:00 logon success person", f"arn:aws:iam::{TWO}:user/jo", f"cloud-account={TWO}", f"aws:{TWO}",
        f"cloud-account={TWO}", {"crosses": False, "reason": "without a second factor", "interactive": True},
    ),
    (
        "08:00:00 logon failure person", f"arn:aws:iam::{TWO}:root", f"cloud-account={TWO}", f"aws:{TWO}",
        f"cloud-account={TWO}", {"privileged": True, "reason": "Failed authentication"},
    ),
    (
        "08:00:00 account-switch success person", PAT_AWS, "cloud-account=111111111111",
        f"arn:aws:iam::{TWO}:{OPERATORS}", f"cloud-account={TWO}", {"crosses": True},
    ),
    (
        "08:00:00 account-switch success person", PAT_AWS, "cloud-account=111111111111",
        f"arn:aws:iam::{TWO}:{OPERATORS}", f"cloud-account={TWO}", {"crosses": True, "interactive": True},
    ),
    (
        "08:00:00 logon success service", f"arn:aws:iam::{TWO}:role/export", f"cloud-account={TWO}", f"aws:{TWO}",
        f"cloud-account={TWO}", {"clock": UTC_BY_FORMAT},
    ),
    (
        "08:00:00 account-created success person", PAT_AWS, "cloud-account=111111111111", f"aws:{TWO}",
        f"cloud-account={TWO}", {"target": "temp-7", "crosses": True},
    ),
    (
        "08:00:00 backup-deleted failure person", PAT_AWS, "cloud-account=111111111111", f"aws:{TWO}",
        f"cloud-account={TWO}",
        {"target": f"arn:aws:backup:eu-west-2:{TWO}:recovery-point:7", "reason": "AccessDenied"},
    ),
    "no-account",
    "not-authentication",
]  # fmt: skip

OCSF = [
    (
        "08:00:00 logon success service", f"sid:{A}-1104", f"sid={A} netbios=ashbourne", FILE, ON_FILE,
        {"interactive": False, "protocol": "kerberos", "src_ip": "", "event_id": "o-1"},
    ),
    (
        "08:00:00 logon success person", PAT_OKTA, AT_ASH, "payroll", "app=payroll",
        {"clock": SECONDS, "aliases": ("pat.moss@ashbourne.example",), "event_id": "o-2"},
    ),
    (
        "08:00:00 logon failure person", "jo@coldharbour", "netbios=coldharbour", FILE, ON_FILE,
        {"clock": LOCAL_SAID_AS_UTC, "reason": "0xc000006a"},
    ),
    (
        "08:00:00 service-ticket success service", "svc-backup@ashbourne", f"sid={A} netbios=ashbourne", "file-02",
        "host=file-02", {},
    ),
    (
        "08:00:00 account-created success person", MOSS, f"sid={A} netbios=ashbourne", ASH_DC,
        f"realm=ashbourne.example host={ASH_DC}", {"target": "temp-7"},
    ),
    (
        "08:00:00 group-changed success person", "pat.moss@ashbourne.example", AT_ASH, "payroll", "app=payroll",
        {"target": "administrators", "reason": "added temp-7"},
    ),
    "not-authentication",
]  # fmt: skip
ECS = [
    ("08:00:00 logon success service", f"svc-backup@{FILE}", ON_FILE, FILE, ON_FILE, {"src_ip": "10.4.0.7"}),
    (
        "08:00:01 logon success person", PAT_ENTRA, f"tenant={TA} domain=outlook.example", "payroll",
        f"tenant={TC} app={PAYROLL}", {"crosses": False, "aliases": ("pat.moss@outlook.example",)},
    ),
    (
        "08:00:02 group-changed success person", "root@file-02", "host=file-02", "file-02", "host=file-02",
        {"target": "sudo"},
    ),
    "not-authentication",
    (
        "08:00:04 logon success person", PAT_AWS, "cloud-account=111111111111", f"arn:aws:iam::{TWO}:{OPERATORS}",
        f"cloud-account={TWO}", {"crosses": True},
    ),
    (
        "08:00:05 logon failure person", PAT_OKTA, AT_ASH, "payroll", "app=0oapay app=payroll",
        {"aliases": ("pat.moss@ashbourne.example",), "reason": "POLICY"},
    ),
]  # fmt: skip

HERE = "host=file-02"
SYSLOG = [
    (
        "23:59:58 logon success service", "svc-backup@file-02", HERE, "file-02", HERE,
        {"at": datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC), "clock": f"{NO_YEAR}; {NO_ZONE}", "protocol": "ssh"},
    ),
    ("08:00:00 logon failure person", f"admin@{FILE}", ON_FILE, FILE, ON_FILE, {"src_ip": "10.4.0.9", "clock": ""}),
    (
        "08:00:01 logon success person", "pat.moss@ashbourne", "netbios=ashbourne", "file-02", HERE,
        {"src_ip": "10.4.0.9"},
    ),
    (
        "08:00:02 privilege success person", "pat.moss@file-02", HERE, "file-02", HERE,
        {"target": "root", "privileged": True},
    ),
    (
        "08:00:03 privilege failure person", "jo@file-02", HERE, "file-02", HERE,
        {"at": datetime(2026, 10, 5, 8, 0, 3, tzinfo=UTC), "reason": "3 incorrect password attempts"},
    ),
    ("08:00:04 account-switch success person", "jo@file-02", HERE, "file-02", HERE, {"target": "root"}),
    (
        "08:00:05 group-changed success person", "root@file-02", HERE, "file-02", HERE,
        {"target": "sudo", "reason": "jo", "privileged": True},
    ),
    (
        "08:00:06 logon failure person", "a from 8.8.8.8 port 1 ssh2@file-02", HERE, "file-02", HERE,
        {"src_ip": "10.4.0.9"},
    ),
    "not-authentication",
    "unknown-shape",
]  # fmt: skip
CEF = [
    (
        "08:00:00 logon success service", "svc-backup@ashbourne", "netbios=ashbourne", "vpn.coldharbour.example",
        "realm=coldharbour.example host=vpn.coldharbour.example",
        {"src_ip": "10.4.0.7", "src_host": "pc-12", "clock": ""},
    ),
    (
        "08:00:01 logon failure person", "o=brien@ashbourne.example", "realm=ashbourne.example", "payroll",
        "app=payroll", {"reason": "bad password", "src_ip": "", "clock": ""},
    ),
    (
        "08:00:02 logoff unknown person", "jo@coldharbour.example", "realm=coldharbour.example", "10.9.0.2",
        "host=10.9.0.2", {},
    ),
    "not-authentication",
    "unknown-shape",
    "no-time",
]  # fmt: skip
CSV = [
    (
        "08:00:00 logon success service",
        "svc-backup@ashbourne",
        "netbios=ashbourne",
        "file-02",
        HERE,
        {"clock": NO_ZONE},
    ),
    ("08:01:00 logon failure person", "jo@coldharbour.example", "domain=coldharbour.example", "file-02", HERE, {}),
    "no-account",
    "bad-time",
    "bad-value",
]
NORMAL = [
    ("08:00:00 logon success service", "svc-backup@ashbourne", "netbios=ashbourne", "file-02", HERE, {"system": ""}),
    (
        "08:00:01 logon failure person", "pat@ashbourne.example", "organisation=ashbourne domain=ashbourne.example",
        "file-02", "organisation=coldharbour host=file-02", {"system": "revenues"},
    ),
    "unknown-field",
]  # fmt: skip

COLUMNS = {
    "at": "When",
    "at_format": "%d/%m/%Y %H:%M",
    "account": "Who",
    "resource": "Where",
    "outcome": "How it ended",
}
LONDON = {"zone": "Europe/London"}
CASES = [
    ("windows-flat.ndjson", "windows", {}, WINDOWS),
    ("windows-changes.ndjson", "windows", {}, CHANGES),
    ("windows-ecs.ndjson", "windows", {}, BEATS),
    ("windows-ecs.ndjson", "ecs", {}, BEATS),
    ("windows-shown.txt", "windows", LONDON, SHOWN),
    ("entra-graph.json", "entra", {}, GRAPH),
    ("entra-monitor.json", "entra", {}, MONITOR),
    ("entra-analytics.ndjson", "entra", {}, ANALYTICS),
    ("entra-audit.ndjson", "entra", {}, AUDIT),
    ("okta.json", "okta", {}, OKTA),
    ("cloudtrail.json", "cloudtrail", {}, CLOUDTRAIL),
    ("ocsf.ndjson", "ocsf", {}, OCSF),
    ("ecs.ndjson", "ecs", {}, ECS),
    ("syslog.log", "syslog", {"year_of": NEW_YEAR, "now": lambda: NEW_YEAR, **LONDON}, SYSLOG),
    ("cef.log", "cef", {}, CEF),
    ("logons.csv", "csv", {"mapping": COLUMNS, **LONDON}, CSV),
    ("normal.ndjson", "normal", {}, NORMAL),
]


def test_an_id_of_cef_marks_a_record_only_together_with_what_it_says():
    """Some tools write the event's code into externalId; a relay writes the head of the line anew."""
    event = "CEF:0|Acme|VPN|1.0|100|User login|3|duser={} dhost=vpn.coldharbour.example rt=1791187200000{}"
    with_id = " externalId=4624"
    lines = [
        "<13>Oct  5 09:00:00 siem " + event.format("jo@ashbourne.example", with_id),
        "<13>Oct  5 09:00:07 relay " + event.format("jo@ashbourne.example", with_id),
        "<13>Oct  5 09:00:00 siem " + event.format("pat@ashbourne.example", with_id),
        "<13>Oct  5 09:00:00 siem " + event.format("jo@ashbourne.example", ""),
    ]
    first, again, other, without = results(reader_of("cef", now=lambda: NOW), "\n".join(lines).encode())
    assert first.event_id == again.event_id != other.event_id
    assert first.event_id.startswith("4624 ")
    assert without.event_id == ""


def hints(found):
    return " ".join(f"{hint.kind}={hint.value}" for hint in found)


@pytest.mark.parametrize(("name", "format_name", "how", "expected"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_file_of_each_shape_says_what_is_in_it(name, format_name, how, expected):
    reader = reader_of(format_name, **{"now": lambda: NOW, **how})
    rows = iter(expected)
    for found in results(reader, (FILES / name).read_bytes()):
        row = next(rows)
        if isinstance(found, str):
            assert found == row
            continue
        head, account, home, resource, place, more = row
        assert f"{found.at:%H:%M:%S} {found.action} {found.outcome} {found.kind}" == head
        assert (found.account, hints(found.home)) == (account, home)
        assert (found.resource, hints(found.place)) == (resource, place)
        assert {field: getattr(found, field) for field in more} == more
    assert list(rows) == []


def results(reader, content):
    """Every record, and in its place the reason of every refusal."""
    for piece in reader.documents([content]):
        try:
            yield from reader.read(piece.body)
        except Unreadable as refused:
            yield str(refused)


@pytest.mark.parametrize(("name", "format_name"), sorted({(c[0], c[1]) for c in CASES}))
def test_a_file_of_each_shape_is_known_by_its_first_lines(name, format_name):
    found = guess_format((FILES / name).read_bytes().split(b"\n")[:300])
    if name == "logons.csv":  # columns of other names need a mapping, and with it the format's name
        assert found is None
    elif name != "windows-ecs.ndjson" or format_name == "windows":
        assert found == format_name
