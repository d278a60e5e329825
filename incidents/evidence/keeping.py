"""Keeping and removing evidence. Functions of the database judge and write the rows, `portal.files` has the bytes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.errors import NotYours, WrongMoment
from incidents.models import Incident, OwnAction, Task
from incidents.planned import missing_right
from partners import approvals
from partners.acting import may_answer, may_open
from portal.files import store
from portal.files.kinds import words_of
from portal.files.limits import in_words
from portal.files.models import StoredFile
from portal.files.receiving import Received
from portal.tenancy.door import Visitor

TASK, OWN = "task", "own"  # `sec.evidence_may` has the same
KINDS = {TASK: Task, OWN: OwnAction}


def keep(kind: str, object_id: UUID, received: Received) -> bool:
    """Write the row of a file that has come, then put its bytes in their place; False: it is kept here already.

    Inside one transaction. Its SHA-256 goes into the ledger (`file.kept`), for the own organisation alone.

    Raises:
        NotYours: another organisation's, or a role that only watches. WrongMoment: no room for it.
        OSError: the disk does not take it.
    """
    made = _asked(
        "SELECT sec.keep_evidence(%s, %s, %s, %s, %s, %s, %s)",
        [
            kind, object_id, received.storage_name, received.name, received.size, received.sha256,
            received.content_type,
        ],
    )  # fmt: skip
    if made is not None:
        received.keep()
    return made is not None


@transaction.atomic(using="default")
def remove(file_id: UUID) -> None:
    """Take a file away: its bytes go after the commit, its row and its SHA-256 stay.

    Raises:
        StoredFile.DoesNotExist: unknown, another organisation's, or removed already. NotYours: only watches, or the
            incident is closed or put aside and the person is neither administrator nor incident manager.
    """
    StoredFile.objects.only("pk").get(pk=file_id, purpose__in=[f"{kind}_evidence" for kind in KINDS], state="kept")
    name = _asked("SELECT sec.drop_evidence(%s)", [file_id])
    transaction.on_commit(lambda: store.remove(name), using="default")


def may_remove(incident: Incident, visitor: Visitor) -> bool:
    """Whether the page offers it; `sec.drop_evidence` judges."""
    over = incident.status == Incident.Status.CLOSED or incident.suspended_at is not None
    return may_answer(visitor) and (may_open(visitor) or not over)


def files_of(kind: str, object_id: UUID) -> list[dict[str, Any]]:
    """Rows of the page, the oldest first; a removed one has its hash still. One query."""
    found = StoredFile.objects.filter(owner_id=object_id, purpose=f"{kind}_evidence").only(
        "id", "name", "size", "sha256", "content_type", "state", "uploaded_at", "removed_at", "owner_id"
    )
    return [
        {
            "id": str(each.pk),
            "name": each.name,
            "kind": words_of(each.content_type),
            "size": in_words(each.size),
            "sha256": bytes(each.sha256).hex(),
            "at": each.uploaded_at,
            "removed_at": each.removed_at,
        }
        for each in found
    ]


def count_of(kind: str, object_id: UUID) -> int:
    """How many files are kept with it. One query."""
    return StoredFile.objects.filter(owner_id=object_id, purpose=f"{kind}_evidence", state="kept").count()


def _asked(sql: str, params: list[Any]) -> Any:
    try:
        return approvals.call(sql, params)
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused
