"""An alert of another tool opens an incident, joins one, waits for a person or is left out, as a stored rule says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connections, transaction

from incidents.errors import Invalid
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from monitoring.bodies import kept_until
from monitoring.incoming import Incoming, rules_of, sort_alerts
from monitoring.models import Alert, AlertRule
from monitoring.repeats import Taken, goes_on, group_incident, note_resolved, repeat_of, taken_again
from monitoring.rules import LONGEST
from monitoring.tools import Tool
from partners.acting import actor_of
from portal import clock
from portal.api.permissions import scopes_of
from portal.ledger.record import Actor, record
from portal.tenancy.door import Visitor

LOCK = 760541
NO_RULE = "No rule fits."
CLOSED = "It comes again although {reference}, which it belonged to, is closed."
NOTHING_KNOWN = "No incident could be opened: it names no system and no account that the register knows."
MANY = "Started as suspected: more than 20 incidents of your organisation within an hour."
Outcome = Alert.Outcome


@dataclass(frozen=True, slots=True)
class _Fate:
    outcome: str
    incident: Incident | None = None
    reason: str = ""


@transaction.atomic(using="default")
def take_alerts(body: Mapping[str, Any], *, tool: Tool, visitor: Visitor) -> list[Taken]:
    """Take the alerts of a tool's body, in their order. Each is kept whatever became of it; a repeat is counted.

    A visitor without the scope `open` opens suspected incidents only. Two tools that report the same breach at the
    same moment open one incident, and the same alarm posted twice at once is one row: whoever comes second waits for
    the first one's commit.

    Raises:
        Invalid: the body holds no alert of this tool, too many, or something that is none.
    """
    actor = actor_of(visitor)
    alerts = tool.split(body)
    found = sort_alerts(alerts, rules_of(actor.organisation_id, tool), tool)
    _wait_for_others(found, actor.organisation_id)
    suspected_only = "open" not in scopes_of(visitor)
    return [_take(each, actor=actor, suspected_only=suspected_only) for each in found]


def _wait_for_others(found: Sequence[Incoming], organisation_id: UUID) -> None:
    """Hold these alarms, and the systems on which they would open, until the commit, always in the same order.

    An organisation's openings wait for each other too: the limit of an hour counts what is committed.
    """
    held = {str(start) for each in found for start in each.starts}
    held |= {f"{organisation_id} {each.fingerprint.hex()}" for each in found}
    held |= {f"{organisation_id} {each.tool.slug} {each.key}" for each in found if each.key}
    held |= {f"{organisation_id} opens" for each in found if each.opens}
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, h) FROM"
            " (SELECT DISTINCT hashtext(s) AS h FROM unnest(%s::text[]) s ORDER BY h) x",
            [LOCK, sorted(held)],
        )


def _take(each: Incoming, *, actor: Actor, suspected_only: bool) -> Taken:
    now = clock.now()
    if each.reading.resolved:
        return note_resolved(each, actor=actor, now=now)
    earlier = repeat_of(each, actor.organisation_id, now)
    if earlier is not None and not _woken_again(earlier):
        return taken_again(earlier, now=now)
    fate = _fate_of(each, earlier, actor=actor, suspected_only=suspected_only, now=now)
    alert = Alert(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        rule=each.rule,
        rule_version=each.rule.version if each.rule else 0,
        tool=each.tool.slug,
        source=each.source,
        title=each.reported.title,
        reference=each.reported.reference,
        body=each.body,
        severity=each.reported.severity,
        severity_said=each.reading.severity[:LONGEST],
        fingerprint=each.fingerprint,
        key=each.key,
        join_key=each.join_key,
        link=each.reading.link,
        received_at=now,
        outcome=fate.outcome,
        reason=fate.reason,
        incident=fate.incident,
    )
    alert.save(force_insert=True)
    if fate.outcome != Outcome.SUPPRESSED:
        record_alert(alert, actor=actor)
    return Taken(fate.outcome, fate.incident.reference if fate.incident else None, kept_until(alert))


def _woken_again(earlier: Alert) -> bool:
    """It goes on although its incident is closed: that is said once, on a row of its own."""
    return earlier.incident is not None and goes_on(earlier.incident).status == Incident.Status.CLOSED


def _fate_of(each: Incoming, earlier: Alert | None, *, actor: Actor, suspected_only: bool, now: datetime) -> _Fate:
    rule = each.rule
    if rule is None:
        return _Fate(Outcome.QUEUED, reason=NO_RULE)
    if rule.action == AlertRule.Action.SUPPRESS:
        return _Fate(Outcome.SUPPRESSED)
    if rule.action == AlertRule.Action.QUEUE:
        return _Fate(Outcome.QUEUED)
    if earlier is not None and earlier.incident is not None:
        # Somebody has decided that this is over: a tool that goes on must not wake everybody again.
        return _Fate(Outcome.QUEUED, reason=CLOSED.format(reference=earlier.incident.reference))
    running = group_incident(each, actor.organisation_id, now) or running_on(each.starts)
    if running is not None:
        return _Fate(Outcome.JOINED, running)
    if each.tool.name and not each.starts and not rule.mapping.keys() & {"systems", "accounts"}:
        return _Fate(Outcome.QUEUED, reason=NOTHING_KNOWN)
    suspected = suspected_only or rule.action == AlertRule.Action.SUSPECTED
    try:
        incident = open_incident(_opening_of(each, rule, suspected=suspected), actor=actor)
    except Invalid as invalid:
        return _Fate(Outcome.QUEUED, reason=f"No incident could be opened. {invalid}")
    many = incident.status == Incident.Status.SUSPECTED and not suspected
    return _Fate(Outcome.OPENED, incident, reason=MANY if many else "")


def running_on(starts: frozenset[UUID]) -> Incident | None:
    """An incident under way on any of these systems that the caller may see; an exercise is none."""
    under_way = Incident.objects.filter(systems__system_id__in=starts, exercise=False)
    return under_way.exclude(status=Incident.Status.CLOSED).order_by("-opened_at").first()


def _opening_of(each: Incoming, rule: AlertRule, *, suspected: bool) -> Opening:
    reported = each.reported
    source = {"name": each.source} | ({"reference": reported.reference} if reported.reference else {})
    return Opening(
        title=reported.title,
        systems=reported.systems,
        accounts=reported.accounts,
        severity=reported.severity,
        suspected=suspected,
        playbook=rule.playbook,
        source=source | ({"url": each.reading.link} if each.reading.link.startswith("https://") else {}),
        tool_kind=each.tool.kind,
    )


def record_alert(alert: Alert, *, actor: Actor) -> None:
    """An event for the own organisation alone: what its tools see stays at home."""
    incident = alert.incident
    record(
        f"alert.{alert.outcome}",
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=alert.pk,
        incident_id=incident.pk if incident else None,
        incident_reference=incident.reference if incident else "",
        alert=str(alert.pk),
        source=alert.source,
        title=alert.title,
    )
