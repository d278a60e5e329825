"""What a file looks like by its first lines."""

from __future__ import annotations

import re

_SYSLOG = re.compile(
    rb"(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*) \S+ \S",
    re.ASCII,
)
_SHOWN = re.compile(rb"(?:\d\d?/\d\d?/\d{4},? \d\d?:\d\d:\d\d ?[AaPp][Mm]|LogName=)", re.ASCII)
# Keys that a format has and the others before it in this order have not. A later one may hold an earlier one's record
# whole, as text: ECS keeps `event.original`, so keys behind a backslash do not count.
_KEYS = (
    ("ocsf", (rb"(?:class_uid|type_uid)",)),
    ("windows", (rb"(?:winlog|event_data|EventData|TargetUserName|SubjectUserName|EventRecordID|RecordNumber)",)),
    ("ecs", (rb"(?:@timestamp)", rb"(?:event|ecs|event\.category)")),
    ("cloudtrail", (rb"(?:eventSource|userIdentity)", rb"eventName")),
    ("okta", (rb"(?:eventType|eventtype)", rb"(?:actor|published|legacyEventType)")),
    ("entra", (rb"(?i:userPrincipalName|servicePrincipalId|crossTenantAccessType|activityDisplayName|initiatedBy)",)),
    ("normal", (rb"at", rb"account", rb"resource")),
)


def guess(first_lines: list[bytes]) -> str | None:
    """The format's name, or None."""
    text = b"\n".join(first_lines)[:256_000].removeprefix(b"\xef\xbb\xbf")
    start = text.lstrip()
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return guess([text.decode("utf-16", "replace").encode()])
    line = start.split(b"\n", 1)[0].strip()
    if b"CEF:" in line[:400] and line.count(b"|") >= 6:
        return "cef"
    if start[:1] in (b"{", b"["):
        return next((name for name, keys in _KEYS if all(_has(key, start) for key in keys)), None)
    if _SHOWN.match(line):
        return "windows"
    if _SYSLOG.match(line):
        return "syslog"
    columns = {cell.strip().strip(b'"') for cell in re.split(rb"[,;\t]", line)}
    return "csv" if {b"at", b"account", b"resource"} <= columns else None


def _has(key: bytes, text: bytes) -> bool:
    return re.search(rb'(?<!\\)"' + key + rb'"\s*:', text) is not None
