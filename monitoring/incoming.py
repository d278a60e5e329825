"""What came in: the alerts of a body, each with the rule that it falls under and the systems that it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from monitoring.models import AlertRule
from monitoring.rules import ABSENT, LONGEST, Reported, fingerprint_of, first_fitting, read_alert, resolve
from monitoring.tools import Tool
from monitoring.tools.shape import Reading
from partners.models import SharedSystem

LONGEST_KEY = 500


@dataclass(frozen=True, slots=True)
class Incoming:
    """An alert with the rule that it falls under and the systems on which it would open.

    `key` is the tool's own mark of the alarm, or ''. `join_key` None: the rule names nothing that alarms share.
    """

    tool: Tool
    body: dict[str, Any]
    rule: AlertRule | None
    source: str
    reading: Reading
    reported: Reported
    fingerprint: bytes
    join_key: bytes | None
    starts: frozenset[UUID]

    @property
    def key(self) -> str:
        return self.reading.key[:LONGEST_KEY]

    @property
    def opens(self) -> bool:
        return self.rule is not None and self.rule.action in {AlertRule.Action.OPEN, AlertRule.Action.SUSPECTED}


@dataclass(frozen=True, slots=True)
class Named:
    """The systems that some alerts name, as far as the reader sees them."""

    by_slug: Mapping[str, UUID]
    by_realm: Mapping[str, frozenset[UUID]]


def rules_of(organisation_id: UUID, tool: Tool) -> list[AlertRule]:
    """The rules in use for this tool, in the order in which they are tried."""
    return list(AlertRule.objects.filter(organisation_id=organisation_id, is_active=True, tool__in=["", tool.slug]))


def sort_alerts(alerts: Sequence[dict[str, Any]], rules: Sequence[AlertRule], tool: Tool) -> list[Incoming]:
    """Find the rule for each alert and read it by tool and rule. One query for all of them."""
    read = [(alert, tool.read(alert), first_fitting(rules, alert)) for alert in alerts]
    named = named_by(read)
    return [_sorted(alert, reading, rule, tool, named) for alert, reading, rule in read]


def named_by(read: Iterable[tuple[Mapping[str, Any], Reading, AlertRule | None]]) -> Named:
    """Look up every system and realm that any of these alerts could mean."""
    slugs: set[str] = set()
    realms: set[str] = set()
    for alert, reading, rule in read:
        said = read_alert(rule, alert) if rule else None
        hosts = rule.hosts if rule else {}
        slugs |= {*reading.hosts, *(hosts[each] for each in reading.hosts if each in hosts)}
        slugs |= set(said.systems) if said else set()
        realms |= {_realm(each) for each in (*reading.accounts, *(said.accounts if said else ()))}
    found = SharedSystem.objects.filter(Q(slug__in=slugs) | Q(account_realms__overlap=list(realms)))
    rows = list(found.values_list("pk", "slug", "account_realms"))
    by_realm: dict[str, frozenset[UUID]] = {}
    for pk, _slug, vouched in rows:
        for realm in vouched:
            by_realm[realm] = by_realm.get(realm, frozenset()) | {pk}
    return Named({slug: pk for pk, slug, _ in rows}, by_realm)


def _realm(account: str) -> str:
    return account.rpartition("@")[2].lower()


def _sorted(alert: dict[str, Any], reading: Reading, rule: AlertRule | None, tool: Tool, named: Named) -> Incoming:
    reported = reported_by(alert, reading, rule, tool, named)
    opens = rule is not None and rule.action in {AlertRule.Action.OPEN, AlertRule.Action.SUSPECTED}
    return Incoming(
        tool=tool,
        body=alert,
        rule=rule,
        source=rule.source if rule else tool.name or _source_of(alert),
        reading=reading,
        reported=reported,
        fingerprint=_fingerprint(alert, reading, rule, tool),
        join_key=_join_key(alert, rule),
        starts=_starts_of(reported, named) if opens else frozenset(),
    )


def reported_by(
    alert: Mapping[str, Any], reading: Reading, rule: AlertRule | None, tool: Tool, named: Named
) -> Reported:
    """What the tool's payload says, and where the rule reads something otherwise, what the rule says."""
    title = reading.title[:LONGEST]
    ours = rule.hosts if rule else {}
    systems = dict.fromkeys(ours.get(each, each) for each in reading.hosts)
    theirs = {**tool.severities, **(rule.severities if rule else {})}
    read = Reported(
        title=title or (rule.name if rule else "Alert"),
        systems=tuple(each for each in systems if each in named.by_slug),
        accounts=tuple(each for each in reading.accounts if _realm(each) in named.by_realm),
        severity=theirs.get(reading.severity),
        reference=reading.reference[:LONGEST],
    )
    if rule is None:
        return read
    said = read_alert(rule, alert)
    return Reported(
        title=said.title if "title" in rule.mapping or not title or not tool.name else read.title,
        systems=said.systems if "systems" in rule.mapping else read.systems,
        accounts=said.accounts if "accounts" in rule.mapping else read.accounts,
        severity=said.severity if "severity" in rule.mapping else read.severity,
        reference=said.reference if "reference" in rule.mapping else read.reference,
    )


def _starts_of(reported: Reported, named: Named) -> frozenset[UUID]:
    """The systems that the alert names, and those that vouch for its accounts."""
    systems = {named.by_slug[each] for each in reported.systems if each in named.by_slug}
    vouching = (named.by_realm.get(_realm(each), frozenset()) for each in reported.accounts)
    return frozenset(systems.union(*vouching))


def _fingerprint(alert: Mapping[str, Any], reading: Reading, rule: AlertRule | None, tool: Tool) -> bytes:
    if reading.key and not (rule is not None and rule.dedupe):
        return _digest([tool.slug, reading.key])
    return fingerprint_of(rule, alert)


def _join_key(alert: Mapping[str, Any], rule: AlertRule | None) -> bytes | None:
    shared = resolve(alert, rule.joins) if rule is not None and rule.joins else ABSENT
    return None if shared is ABSENT or rule is None else _digest([str(rule.pk), shared])


def _digest(said: Any) -> bytes:
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).digest()


def _source_of(alert: Mapping[str, Any]) -> str:
    said = alert.get("source")
    return said.strip()[:LONGEST] if isinstance(said, str) else ""
