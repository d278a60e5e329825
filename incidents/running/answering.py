"""What whoever completes a step must say. What no condition of the plan asks about stays at home."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid
from incidents.models import Task
from incidents.running.kept import fetched
from incidents.running.values import read_one, wanted

_KEEP = """
INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at)
SELECT gen_random_uuid(), %s, %s, %s, %s, a.name, a.kind, a.value, clock_timestamp()
  FROM jsonb_to_recordset(%s::jsonb) AS a(name text, kind text, value text)
ON CONFLICT (task_id, name) DO UPDATE SET kind = excluded.kind, value = excluded.value, at = excluded.at
RETURNING 1
"""


def read_answers(asked: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, str]:
    """The answers to what a step asks (`Task.asks`), each in the one spelling of its type.

    Raises:
        Invalid: one does not fit its type, or one that a condition of the plan asks about is missing.
    """
    read, faults = {}, []
    for each in asked:
        name, value = each["name"], given.get(each["name"])
        if value is None or (isinstance(value, str) and not value.strip()):
            if each["deciding"]:
                faults.append(Fault(f"/answers/{name}", _("%(words)s: the plan goes on by it.") % each))
            continue
        text = read_one(each["kind"], value)
        if text is None:
            faults.append(Fault(f"/answers/{name}", f"{each['words']}: {wanted(each['kind'])}"))
        else:
            read[name] = text
    if faults:
        raise Invalid(faults)
    return read


def fitting(asked: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, str]:
    """Of what was given, the answers to what a step asks that fit their type, each in its one spelling."""
    read = {each["name"]: read_one(each["kind"], given[each["name"]]) for each in asked if each["name"] in given}
    return {name: text for name, text in read.items() if text is not None}


def keep_answers(task: Task, read: Mapping[str, str]) -> None:
    """Let the lead and the run have the answers that a condition asks about, and no other."""
    deciding = [
        {"name": each["name"], "kind": each["kind"], "value": read[each["name"]]}
        for each in task.asks
        if each["deciding"] and each["name"] in read
    ]
    if deciding:
        document = orjson.dumps(deciding).decode()
        fetched(_KEEP, [task.incident_id, task.pk, task.organisation_id, task.path, document])


def gone_on_by(task_ids: Iterable[UUID]) -> set[UUID]:
    """Those of one's own tasks whose step has ended with an answer of theirs that a condition asks about. One query."""
    ids = list(task_ids)  # asked also when there is none: a page has its fixed number of queries
    return {pk for (pk,) in fetched("SELECT id FROM unnest(%s::uuid[]) id WHERE sec.gone_on_by(id)", [ids])}


def hold_run_of(task_id: UUID) -> None:
    """Keep looks at the run of one's own task out until the transaction ends. Before the task itself is held."""
    fetched("SELECT sec.hold_run_of(%s)", [task_id])
