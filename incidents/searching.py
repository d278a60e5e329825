"""Search over what the reader may see: incidents, tasks, updates, own actions, and the own organisation's notes.

Row security comes first: the search of PostgreSQL is not leakproof, so it is never asked about a row that the reader
may not see, and no word that stands in somebody else's row makes an answer slower. It looks through the reader's newest
incidents alone, by their ids, with the same number of queries whether there is something or nothing; it says what it
found and never how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet

from incidents.errors import Fault, Invalid
from incidents.models import Incident, OwnAction, OwnActionNote, Task, TaskNote, Update

SHORTEST, LONGEST = 3, 200
MOST = 20  # of each kind
NEWEST = 500  # incidents that are looked through
EXCERPT = 240
LANGUAGE = "english"


@dataclass(frozen=True, slots=True)
class Found:
    """`kind`: incident, task, update, own_action or note. `object_id`: of the task, the own action or the incident."""

    kind: str
    incident: str
    object_id: UUID
    title: str
    excerpt: str
    at: datetime
    is_of_task: bool = False  # a note: of a task, and else of an own action


def search(words: str, *, me: UUID) -> list[Found]:
    """What the open scope finds, kind by kind, the newest first. Seven queries, whatever there is.

    Raises:
        Invalid: fewer than three characters, more than 200, or none that a text can hold.
    """
    said = words.strip()
    if not SHORTEST <= len(said) <= LONGEST or "\0" in said:
        raise Invalid([Fault("/q", f"Between {SHORTEST} and {LONGEST} characters.")])
    references = dict(Incident.objects.order_by("-opened_at", "-id").values_list("id", "reference")[:NEWEST])
    ids, query = list(references), SearchQuery(said, config=LANGUAGE, search_type="websearch")

    def among(rows: QuerySet[Any], *fields: str, path: str = "incident_id") -> QuerySet[Any]:
        return rows.filter(**{f"{path}__in": ids}).annotate(_words=SearchVector(*fields, config=LANGUAGE))

    incidents = among(Incident.objects.all(), "title", "summary", path="id").filter(
        Q(_words=query) | Q(reference=said.upper())
    )
    tasks = among(Task.objects.select_related("organisation"), "title", "reason").filter(_words=query)
    updates = among(Update.objects.all(), "text").filter(_words=query)
    own = among(OwnAction.objects.filter(taken_back_at=None), "title", "touches").filter(_words=query)
    notes = among(TaskNote.objects.filter(organisation_id=me), "text", path="task__incident_id").filter(_words=query)
    kept = among(OwnActionNote.objects.filter(organisation_id=me), "stops", "words", path="action__incident_id").filter(
        _words=query
    )
    return [
        *(
            Found("incident", each.reference, each.pk, each.title, _cut(each.summary), each.opened_at)
            for each in _newest(incidents, "opened_at")
        ),
        *(
            Found("task", references[each.incident_id], each.pk, each.title, _of_task(each), each.changed_at)
            for each in _newest(tasks, "changed_at")
        ),
        *(
            Found("update", references[each.incident_id], each.incident_id, each.author_name, _cut(each.text), each.at)
            for each in _newest(updates, "at")
        ),
        *(
            Found("own_action", references[each.incident_id], each.pk, each.title, each.touches, each.done_at)
            for each in _newest(own, "done_at")
        ),
        *(
            Found(
                "note", references[each.task.incident_id], each.task_id, each.task.title, _cut(each.text), each.at, True
            )
            for each in _newest(notes.select_related("task"), "at")
        ),
        *(
            Found(
                "note", references[each.action.incident_id], each.action_id, each.action.title,
                _cut(f"{each.stops} {each.words}"), each.action.done_at,
            )
            for each in _newest(kept.select_related("action"), "action__done_at")
        ),
    ]  # fmt: skip


def _newest(rows: QuerySet[Any], by: str) -> Iterable[Any]:
    return rows.order_by(f"-{by}", "-pk")[:MOST]


def _of_task(task: Task) -> str:
    return _cut(f"{task.organisation.name}: {task.reason}" if task.reason else task.organisation.name)


def _cut(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= EXCERPT else f"{said[: EXCERPT - 1]}…"
