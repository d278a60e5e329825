"""What a work order says, signed: a JWS (RFC 7515) by the portal's own key, with the claims of a JWT (RFC 7519)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings

from incidents.cacao.credentials import named, secret_variables, without_secrets
from incidents.models import OrderAgain, Playbook, Task, TaskNote
from incidents.running.answering import fitting
from incidents.work_order_states import OrderTask
from portal import clock
from portal.vault.own_key import own_key

TYPE = "bulkhead-work-order+jwt"
GOOD_FOR = timedelta(minutes=15)  # one that nobody took; one that was taken is good as long as its lease


def signed_order(task: OrderTask, *, until: datetime | None = None) -> str:
    """The order as text for a tool (JWS compact). `task` is one of `orders_of`; three queries.

    `until`: the end of the lease, when it is handed to whoever has taken it; only then does it say `taken`.

    Raises:
        portal.vault.master.VaultError: this process cannot sign.
    """
    now = clock.now()
    key = own_key()
    claims = {
        "exercise": task.incident.exercise,  # first: whoever reads no further has read that
        "iss": settings.PORTAL_URL,
        "aud": task.organisation.slug,
        "sub": str(task.order_id),
        "jti": str(uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((until or now + GOOD_FOR).timestamp()),
        "taken": until is not None,
        "order": content_of(task),
    }
    return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.kid, "typ": TYPE})


def content_of(task: OrderTask) -> dict[str, Any]:
    """What is to be done, as the playbook's document has it, and never a secret."""
    playbook = Playbook.objects.get(pk=task.step.playbook_id)
    document, step_id = playbook.document, task.step.cacao_step_id
    step = document["workflow"][step_id]
    commands = [without_secrets(each) for each in step["commands"]]
    definitions = {**document.get("agent_definitions", {}), **document.get("target_definitions", {})}
    earlier = OrderAgain.objects.filter(pk=task.order_id).first()
    return {
        "id": str(task.order_id),
        "again": None
        if earlier is None
        else {"of": str(earlier.earlier_id), "nth": earlier.nth, "was": earlier.outcome},
        "incident": {
            "reference": task.incident.reference,
            "status": task.incident.status,
            "exercise": task.incident.exercise,
            "tlp": task.incident.tlp,
        },
        "organisation": {"slug": task.organisation.slug, "name": task.organisation.name},
        "task": {
            "id": str(task.pk),
            "title": task.title,
            "ready_at": _written(task.ready_at),
            "acknowledge_by": _written(task.acknowledge_by),
            "finish_by": _written(task.finish_by),
        },
        "playbook": {
            "id": playbook.cacao_id,
            "version": playbook.version,
            "sha256": bytes(playbook.digest).hex(),
            "step": step_id,
        },
        "commands": commands,
        "agent": _described(step["agent"], definitions),
        "targets": [_described(each, definitions) for each in step.get("targets", [])],
        "variables": _variables(task, document, step),
        "out_args": [{"name": each["name"], "type": each["kind"], "needed": each["deciding"]} for each in task.asks],
    }


def _described(key: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """An agent or target by its id; which account it is reached with is the tool's own affair."""
    known = definitions.get(key, {})
    return {"id": key, **{name: value for name, value in known.items() if name != "authentication_info"}}


def _variables(task: OrderTask, document: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the step takes, gives or names, with what is known: the organisation's own answers of this run before
    the document's value. What another organisation answered is not handed on."""
    declared = {**document.get("playbook_variables", {}), **step.get("step_variables", {})}
    wanted = {*step.get("in_args", []), *step.get("out_args", []), *step.get("step_variables", {})}
    wanted |= set(named(step["commands"]))
    secret, said = secret_variables(document, step), _own_answers(task)
    found: dict[str, Any] = {}
    for name in sorted(wanted & declared.keys()):
        variable = {part: value for part, value in declared[name].items() if part != "value"}
        value = declared[name].get("value")
        if not variable.get("constant"):
            value = said.get(name, value)
        found[name] = variable if name in secret or value is None else {**variable, "value": value}
    return found


def _own_answers(task: OrderTask) -> dict[str, str]:
    """What the organisation has answered in this run, in the one spelling of its type: to what a step asks, and only
    where that step is done now. A later answer stands."""
    notes = TaskNote.objects.filter(
        organisation_id=task.organisation_id,
        task__organisation_id=task.organisation_id,
        task__incident_id=task.incident_id,
        task__path=task.path,
        task__status__in=[Task.Status.DONE, Task.Status.VERIFIED],
    )
    said: dict[str, str] = {}
    for asked, answers in notes.exclude(answers={}).order_by("at").values_list("task__step__answers", "answers"):
        said |= fitting(asked, answers)
    return said


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
