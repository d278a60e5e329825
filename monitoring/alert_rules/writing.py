"""The only code that writes a rule on a person's behalf; each change is recorded for the own organisation alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.errors import WrongMoment
from monitoring.models import AlertRule
from portal.ledger.record import Actor, record

FIELDS = (
    "name", "source", "tool", "conditions", "mapping", "severities", "hosts", "action", "playbook", "dedupe", "joins",
    "window_minutes", "is_active",
)  # fmt: skip
MOST_RULES = 100
STALE = "Somebody has changed this rule since you opened it. What you typed is below; look at theirs and save again."


def rules_in_order() -> list[AlertRule]:
    """One's own organisation's rules, in the order in which they are tried."""
    return list(AlertRule.objects.all())


@transaction.atomic(using="default")
def write_rule(values: dict[str, Any], *, actor: Actor) -> AlertRule:
    """A new rule, tried after all others.

    Raises:
        WrongMoment: there are `MOST_RULES` already. IntegrityError: the name is taken.
    """
    there = rules_in_order()
    if len(there) >= MOST_RULES:
        raise WrongMoment(f"At most {MOST_RULES} rules: remove one first.")
    rule = AlertRule(organisation_id=actor.organisation_id, position=_last(there) + 1, **values)
    rule.save(force_insert=True)
    _record("alert_rule.written", rule, actor=actor)
    return rule


@transaction.atomic(using="default")
def change_rule(rule_id: UUID, values: dict[str, Any], *, version: int, actor: Actor) -> AlertRule:
    """Change what differs. Saving the same again changes nothing and makes no new version.

    Raises:
        AlertRule.DoesNotExist: no rule of theirs. WrongMoment: it has another version by now.
    """
    rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule_id)
    changed = [name for name, value in values.items() if getattr(rule, name) != value]
    if not changed:
        return rule
    if rule.version != version:
        raise WrongMoment(STALE)
    for name in changed:
        setattr(rule, name, values[name])
    rule.version += 1
    rule.save(update_fields=[*changed, "version"])
    _record("alert_rule.changed", rule, actor=actor, fields=changed)
    return rule


@transaction.atomic(using="default")
def remove_rule(rule_id: UUID, *, version: int, actor: Actor) -> None:
    """Remove it; what it made of alerts stays. Raises: as `change_rule`."""
    rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule_id)
    if rule.version != version:
        raise WrongMoment(STALE)
    _record("alert_rule.removed", rule, actor=actor)
    rule.delete()


@transaction.atomic(using="default")
def move_rule(rule_id: UUID, *, earlier: bool, actor: Actor) -> bool:
    """Try a rule one place earlier or later; False at the end of the list. The first that fits decides.

    Raises:
        AlertRule.DoesNotExist: no rule of theirs.
    """
    rules = list(AlertRule.objects.select_for_update(of=("self",)).all())
    here = next((nth for nth, rule in enumerate(rules) if rule.pk == rule_id), None)
    if here is None:
        raise AlertRule.DoesNotExist
    there = here - 1 if earlier else here + 1
    if not 0 <= there < len(rules):
        return False
    rules[here], rules[there] = rules[there], rules[here]
    for position, rule in enumerate(rules, start=1):
        if rule.position != position:
            rule.position = position
            rule.save(update_fields=["position"])
    _record("alert_rule.changed", rules[there], actor=actor, fields=["position"])
    return True


def _last(rules: list[AlertRule]) -> int:
    return max((rule.position for rule in rules), default=0)


def _record(kind: str, rule: AlertRule, *, actor: Actor, **more: Any) -> None:
    record(
        kind,
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=rule.pk,
        rule=str(rule.pk),
        name=rule.name,
        version=rule.version,
        active=rule.is_active,
        **more,
    )
