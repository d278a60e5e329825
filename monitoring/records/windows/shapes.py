"""One event of Windows out of the shapes in which forwarders hand it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitoring.records.names import DASH, host_of, word
from monitoring.records.objects import Doc, at, first, part, whole
from monitoring.records.record import Unreadable


@dataclass(frozen=True, slots=True)
class Event:
    """`fields` are the event's own data by Microsoft's names. `times` by the name under which a forwarder says them."""

    code: int
    computer: str
    number: str
    fields: Doc
    times: Doc

    def text(self, *names: str) -> str:
        for name in names:
            if found := word(self.fields.get(name), nothing=DASH):
                return found
        return ""


def event_of(doc: Doc) -> Event:
    """Raises:
    Unreadable: `unknown-shape`, `not-authentication` for a log other than Security.
    """
    inner = part(doc, "Event") or doc
    if "System" in inner:
        return _as_xml(inner)
    if "winlog" in doc:
        return _by_beats(doc)
    if "event_data" in doc:
        return _by_old_beats(doc)
    return _flat(doc)


def _as_xml(doc: Doc) -> Event:
    """The XML as JSON: attributes stand under `#attributes`, `@Name` or the bare name, values under `#text`."""
    system = part(doc, "System")
    created = part(system, "TimeCreated")
    return _event(
        code=_value(system.get("EventID")),
        computer=_value(system.get("Computer")),
        number=_value(system.get("EventRecordID")),
        channel=_value(system.get("Channel")),
        fields=_data(doc.get("EventData")),
        times={"utc": first(part(created, "#attributes") or created, "SystemTime", "@SystemTime")},
    )


def _by_beats(doc: Doc) -> Event:
    """ECS with `winlog`, as Winlogbeat and Elastic Agent write it: @timestamp is the event's own time in UTC."""
    log = part(doc, "winlog")
    return _event(
        code=first(log, "event_id") or at(doc, "event", "code"),
        computer=first(log, "computer_name") or at(doc, "host", "name"),
        number=log.get("record_id"),
        channel=log.get("channel"),
        fields=part(log, "event_data"),
        times={"utc": doc.get("@timestamp")},
    )


def _by_old_beats(doc: Doc) -> Event:
    return _event(
        code=doc.get("event_id"),
        computer=doc.get("computer_name"),
        number=doc.get("record_number"),
        channel=doc.get("log_name"),
        fields=part(doc, "event_data"),
        times={"utc": doc.get("@timestamp")},
    )


def _flat(doc: Doc) -> Event:
    """Everything on one level: NXLog, Log Analytics' SecurityEvent, and our own reading of shown text."""
    return _event(
        code=first(doc, "EventID", "EventCode", "event_id"),
        computer=first(doc, "Hostname", "Computer", "ComputerName", "MachineName", "computer_name"),
        number=first(doc, "RecordNumber", "EventRecordID", "RecordId"),
        channel=first(doc, "Channel", "LogName"),
        fields=doc,
        times={
            "utc": first(doc, "SystemTime", "TimeCreated", "TimeGenerated"),
            "event": doc.get("EventTime"),
            "received": doc.get("EventReceivedTime"),
            "stamp": doc.get("@timestamp"),
        },
    )


def _event(*, code: object, computer: object, number: object, channel: object, fields: Doc, times: Doc) -> Event:
    known = whole(code)
    if known is None:
        raise Unreadable("unknown-shape")
    if (log := word(channel)) and log.lower() != "security":
        raise Unreadable("not-authentication")
    host = host_of(computer)
    record = word(number)
    return Event(known, host, f"{host}/{record}" if record else "", fields, times)


def _value(value: Any) -> Any:
    return first(value, "#text", "Value", "text") if isinstance(value, dict) else value


def _data(data: object) -> Doc:
    """EventData as an object by name, or as the list of `Data` elements that the XML has."""
    named = part(data).get("Data") if isinstance(data, dict) else data
    if not isinstance(named, list):
        return part(data)
    found: dict[str, Any] = {}
    for each in named[:200]:
        if isinstance(each, dict) and (name := word(first(part(each, "#attributes") or each, "Name", "@Name"))):
            value = first(each, "#text", "content", "Value", "text")
            if name in found and found[name] != value:
                raise Unreadable("duplicate-key")
            found[name] = value
    return found
