"""Whose an account of Windows is: spellings joined where an identifier bears them, and never two forests by a name."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from monitoring.records.reading import reader_of
from monitoring.records.record import AccountKind, Unreadable

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
ONE, TWO = "S-1-5-21-1-1-1", "S-1-5-21-2-2-2"
FILE, DC = "FILE-02.coldharbour.example", "DC-01.coldharbour.example"


@pytest.fixture
def read():
    reader = reader_of("windows", now=lambda: NOW)

    def read(code, computer=FILE, **fields):
        event = {"EventID": code, "Computer": computer, "SystemTime": "2026-10-05T08:00:00Z", **fields}
        (record,) = reader.read(json.dumps(event).encode())
        return record

    return read


def logon(read, name, domain, sid="S-1-0-0", computer=FILE):
    fields = {"TargetUserName": name, "TargetDomainName": domain, "TargetUserSid": sid, "LogonType": "3"}
    return read(4624, computer, **fields)


def values(hints):
    return [hint.value for hint in hints]


def test_a_short_name_of_two_forests_belongs_to_neither(read):
    logon(read, "pat", "CORP", f"{ONE}-1001")
    logon(read, "pat", "corp.ashbourne.example", f"{ONE}-1001")
    assert values(logon(read, "jo", "CORP").home) == [ONE.lower(), "corp.ashbourne.example", "corp"]
    logon(read, "sam", "CORP", f"{TWO}-1001")
    stranger = logon(read, "jo", "CORP")
    assert (stranger.account, values(stranger.home)) == ("jo@corp", ["corp"])
    assert logon(read, "pat", "CORP", f"{ONE}-1001").account == f"sid:{ONE}-1001".lower()


def test_an_account_without_an_identifier_gets_its_domains_full_name_once_that_is_known(read):
    assert logon(read, "jo", "COLDHARBOUR").account == "jo@coldharbour"
    logon(read, "pat", "COLDHARBOUR", f"{ONE}-1001")
    logon(read, "pat", "coldharbour.example", f"{ONE}-1001")
    record = logon(read, "jo", "COLDHARBOUR")
    assert (record.account, record.aliases) == ("jo@coldharbour.example", ("jo@coldharbour",))


@pytest.mark.parametrize("domain", ["FILE-02", ".", "WORKGROUP", "file-02.coldharbour.example"])
def test_a_machines_own_account_is_the_machines(read, domain):
    record = logon(read, "Administrator", domain)
    assert record.account == f"administrator@{FILE.lower()}"
    assert values(record.home) == ["coldharbour.example", FILE.lower()]


def test_a_machines_own_identifier_teaches_nothing_of_a_domain(read):
    logon(read, "helper", "FILE-02", f"{TWO}-1001")
    assert values(logon(read, "jo", "FILE-02", computer=DC).home) == ["file-02"]


def test_an_account_of_entra_on_a_joined_machine_is_of_the_domain_in_its_name(read):
    record = logon(read, "pat.moss@ashbourne.example", "AzureAD", "S-1-12-1-7-7-7-7")
    assert (record.account, values(record.home)) == ("sid:s-1-12-1-7-7-7-7", ["ashbourne.example"])


def test_ntlm_names_no_domain(read):
    fields = {"TargetUserName": "jo", "Workstation": "PC-77", "Status": "0x0"}
    assert read(4776, DC, **fields).account == f"jo@{DC.lower()}"  # it may be the machine's own account
    read(4768, DC, TargetUserName="pat", TargetDomainName="COLDHARBOUR", TargetSid=f"{ONE}-1001", Status="0x0")
    assert read(4776, DC, **fields).account == "jo@coldharbour.example"
    assert read(4776, "DC-02.coldharbour.example", **fields).account == "jo@coldharbour.example"  # a name of the domain
    logon(read, "helper", "FILE-02")
    assert read(4776, FILE, **fields).account == f"jo@{FILE.lower()}"  # a machine with accounts of its own
    assert read(4776, DC, **{**fields, "TargetUserName": "ASHBOURNE\\jo"}).account == "jo@ashbourne"


@pytest.mark.parametrize(
    ("name", "domain", "sid", "kind"),
    [
        ("SYSTEM", "NT AUTHORITY", "S-1-5-18", AccountKind.MACHINE),
        ("SYSTEM", "NT-AUTORITÄT", "S-1-5-18", AccountKind.MACHINE),
        ("UMFD-3", "Font Driver Host", "S-1-5-96-0-3", AccountKind.MACHINE),
        ("LOCAL SERVICE", "NT AUTHORITY", "S-1-5-19", AccountKind.MACHINE),
        ("ANONYMOUS LOGON", "NT AUTHORITY", "S-1-5-7", AccountKind.ANONYMOUS),
        ("MSSQLSERVER", "NT SERVICE", "S-1-5-80-1-2-3", AccountKind.SERVICE),
        ("DefaultAppPool", "IIS APPPOOL", "S-1-5-82-1-2", AccountKind.SERVICE),
        ("FILE-02$", "COLDHARBOUR", "S-1-5-18", AccountKind.MACHINE),
        ("svc_backup", "COLDHARBOUR", f"{ONE}-1", AccountKind.SERVICE),
        ("nightlysvc", "COLDHARBOUR", f"{ONE}-2", AccountKind.SERVICE),
        ("null", "COLDHARBOUR", f"{ONE}-3", AccountKind.PERSON),
    ],
)
def test_what_is_no_person_is_told_apart(read, name, domain, sid, kind):
    assert logon(read, name, domain, sid).kind is kind


@pytest.mark.parametrize(
    ("server", "info", "reached"),
    [
        ("FILE-02", "cifs/FILE-02.coldharbour.example", FILE.lower()),
        ("FILE-02", "FILE-02", "file-02"),
        ("file-02.coldharbour.example", "-", FILE.lower()),
        ("localhost", "localhost", "pc-12.ashbourne.example"),
    ],
)
def test_an_explicit_credential_reaches_the_server_that_it_names(read, server, info, reached):
    fields = {"TargetUserName": "adm", "TargetDomainName": "COLDHARBOUR", "SubjectUserName": "-"}
    record = read(4648, "PC-12.ashbourne.example", TargetServerName=server, TargetInfo=info, **fields)
    assert (record.resource, record.src_host, record.reason) == (reached, "pc-12.ashbourne.example", "")


def test_a_ticket_of_another_realm_is_asked_for_there(read):
    record = read(
        4769, DC, TargetUserName="jo@COLDHARBOUR.EXAMPLE", ServiceName="krbtgt/ASHBOURNE.EXAMPLE", Status="0x0"
    )
    assert (record.action, record.resource, values(record.place)) == ("tgt", "ashbourne.example", ["ashbourne.example"])


def test_another_log_than_security_is_not_taken_for_it():
    event = {"EventID": 4624, "Channel": "Application", "Computer": FILE, "SystemTime": "2026-10-05T08:00:00Z"}
    with pytest.raises(Unreadable, match="not-authentication"):
        reader_of("windows").read(json.dumps(event).encode())
