"""An event as Windows' viewer shows it in English, turned back into the fields that it was made of."""

from __future__ import annotations

import re
from typing import Any

from monitoring.records.record import Unreadable

_DATE = re.compile(r"\d\d?/\d\d?/\d{4},? \d\d?:\d\d:\d\d ?[AP]M", re.ASCII | re.IGNORECASE)
_HEADER = re.compile(r"([A-Za-z]{3,40})=(.*)")
_LABEL = re.compile(r"([A-Z][A-Za-z ()/]{1,60}):\s*(.*)")

_TARGETS = frozenset(
    {
        "New Logon", "Account For Which Logon Failed", "Account Whose Credentials Were Used", "Account Information",
        "Target Account", "New Account", "Account That Was Locked Out", "Group",
    }
)  # fmt: skip
_IN_ACCOUNT = {
    "Security ID": "UserSid", "User ID": "UserSid", "Account Name": "UserName", "Account Domain": "DomainName",
    "Supplied Realm Name": "DomainName", "Group Name": "UserName", "Group Domain": "DomainName",
}  # fmt: skip
_ANYWHERE = {
    "Logon Type": "LogonType", "Elevated Token": "ElevatedToken", "Workstation Name": "WorkstationName",
    "Source Workstation": "Workstation", "Source Network Address": "IpAddress", "Client Address": "IpAddress",
    "Network Address": "IpAddress", "Authentication Package": "AuthenticationPackageName",
    "Target Server Name": "TargetServerName", "Service Name": "ServiceName", "Service ID": "ServiceSid",
    "Result Code": "Status", "Failure Code": "Status", "Error Code": "Status", "Status": "Status",
    "Sub Status": "SubStatus", "Logon Account": "TargetUserName", "Caller Computer Name": "TargetDomainName",
    "Domain Name": "DomainName", "Domain ID": "DomainSid",
}  # fmt: skip


def fields_of(text: str) -> dict[str, Any]:
    """`Key=value` lines, then the message in its sections. The first saying of a field counts, as the viewer has it.

    Raises:
        Unreadable: `unknown-shape`.
    """
    found: dict[str, Any] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if _DATE.fullmatch(line.strip()):
            found.setdefault("EventTime", line.strip())
        elif header := _HEADER.fullmatch(line.strip()):
            found.setdefault(header[1], header[2].strip())
            if header[1] == "Message":
                break
    if "EventCode" not in found and "EventID" not in found:
        raise Unreadable("unknown-shape")
    section = ""
    for line in lines:
        label = _LABEL.fullmatch(line.strip())
        if not label:
            continue
        if not line[:1].isspace():
            section = label[1]
        name = _name(label[1], section)
        if name and label[2].strip():
            found.setdefault(name, label[2].strip())
    return found


def _name(label: str, section: str) -> str:
    if section == "Member":
        return {"Security ID": "MemberSid", "Account Name": "MemberName"}.get(label, "")
    if label in _IN_ACCOUNT and section == "Subject":
        return f"Subject{_IN_ACCOUNT[label]}"
    if label in _IN_ACCOUNT and section in _TARGETS:
        return f"Target{_IN_ACCOUNT[label]}"
    return _ANYWHERE.get(label, "")
