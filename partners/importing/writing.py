"""Writing a file whose dry run was seen: every good row in one transaction, or nothing.

It runs in the request of whoever presses the button, with their ticket and the application's role: what they may not
write by hand, the database refuses here, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import DatabaseError, IntegrityError, connections, models, transaction

from partners.importing.all_kinds import KINDS
from partners.importing.fates import Fate, Judged, judged_rows, told_apart
from partners.importing.kinds import Kind
from partners.importing.values import plain
from partners.models import Import, ImportRow
from portal import clock
from portal.ledger.record import Actor, record

WRITTEN = "import.written"


class Stale(Exception):
    """The register has changed since the dry run, so that a row's fate would be another. Nothing was written."""


class Denied(Exception):
    """The database refuses a row that the dry run let through. Nothing was written."""


class NotNow(Exception):
    """The file is in no state to be written: not looked at, written already, or thrown away."""


def write_file(file_id: UUID, *, actor: Actor) -> Import:
    """Write all rows that would be added or changed, and record one event; the file as it is then.

    Two files of one kind are written one after the other. Repeating is refused, so that nothing is written twice.

    Raises:
        Import.DoesNotExist: unknown, or another organisation's.
        NotNow: no dry run of it stands.
        Stale: somebody changed what the dry run went by; have it made anew.
        Denied: a policy or function refuses a row.
    """
    file = Import.objects.get(pk=file_id)
    hold(file.organisation_id, file.kind)
    file.refresh_from_db()
    if file.state != Import.State.CHECKED:
        raise NotNow
    try:
        with transaction.atomic():
            _write(file)
    except IntegrityError:  # somebody was quicker than our second look
        raise Stale from None
    except DatabaseError as error:
        if "no valid organisation context" in str(error):
            raise
        raise Denied from error
    file.state, file.written_at, file.written_by = Import.State.WRITTEN, clock.now(), actor.person_id
    file.written_count = file.counts.get(Fate.ADDED, 0) + file.counts.get(Fate.CHANGED, 0)
    file.save(update_fields=["state", "written_at", "written_by", "written_count"])
    record(
        WRITTEN,
        actor=actor,
        audience=[file.organisation_id],
        subject_id=file.pk,
        rows=file.kind,
        added=file.counts.get(Fate.ADDED, 0),
        changed=file.counts.get(Fate.CHANGED, 0),
        left_out=file.row_count - file.written_count,
    )
    return file


def hold(organisation_id: UUID, kind: str) -> None:
    """Let nobody else of the organisation write a file of this kind until the transaction ends."""
    digest = hashlib.sha256(f"import:{organisation_id}:{kind}".encode()).digest()
    halves = [int.from_bytes(digest[at : at + 4], signed=True) for at in (0, 4)]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", halves)


def _write(file: Import) -> None:
    shown = list(ImportRow.objects.filter(file=file).order_by("number"))
    kind_of = KINDS[file.kind]
    lock([row.object_id for row in shown if row.fate == Fate.CHANGED and row.object_id], kind_of.model)
    kind = kind_of(file.organisation_id)
    judged = judged_rows(((r.number, r.cells, r.trouble) for r in shown), kind=kind, mapping=file.mapping)
    told_apart(judged, {})
    if any(now.outcome != _outcome(was) for now, was in zip(judged, shown, strict=True)):
        raise Stale
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.import', %s, true)", [str(file.pk)])
    add([row for row in judged if row.fate == Fate.ADDED], kind)
    change([row for row in judged if row.fate == Fate.CHANGED], kind)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT set_config('app.import', '', true)")


def _outcome(row: ImportRow) -> tuple[Any, ...]:
    return Judged(
        row.number, row.fate, row.key, row.duplicate_of, row.object_id, row.changes, row.troubles, row.values
    ).outcome


def lock(ids: Sequence[UUID], model: type[models.Model]) -> None:
    """Let nobody change these objects until the transaction ends; always in the same order."""
    if ids:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {model._meta.db_table} WHERE id = ANY (%s) ORDER BY id FOR UPDATE",  # noqa: S608
                [sorted(ids)],
            )


def add(rows: Sequence[Judged], kind: Kind) -> list[UUID]:
    """Add these objects in one statement; their ids."""
    if not rows:
        return []
    unsaid = _unsaid(kind.model)
    listed = [{**unsaid, "id": str(uuid4()), **kind.columns(row.values)} for row in rows]
    names = list(listed[0])
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {kind.model._meta.db_table} ({', '.join(_quoted(names))})"  # noqa: S608
            f" SELECT {', '.join(_quoted(names, 'x.'))} FROM {_recordset(names, kind)}",
            [orjson.dumps(listed).decode()],
        )
        _all_of_them(cursor.rowcount, len(listed))
    ids = [UUID(each["id"]) for each in listed]
    kind.finish([(pk, row.values) for pk, row in zip(ids, rows, strict=True)])
    return ids


def _unsaid(model: type[models.Model]) -> dict[str, Any]:
    """What columns hold that no row speaks of, and that must hold something."""
    return {
        str(each.column): plain(each.get_default())
        for each in model._meta.concrete_fields
        if not each.null and not each.primary_key and not each.has_db_default()
    }


def change(rows: Sequence[Judged], kind: Kind) -> None:
    """Change these objects in one statement; a field that a row leaves as it is keeps its value."""
    if not rows:
        return
    by_id = {there.id: there.values for there in kind.there.values()}
    listed = []
    for row in rows:
        assert row.object_id is not None
        listed.append({"id": str(row.object_id), **kind.columns({**by_id[row.object_id], **row.values})})
    touched = {name for row in rows for name in kind.columns(row.values)}
    names = [name for name in listed[0] if name == "id" or name in touched]
    if touched:
        _update(listed, names, kind)
    kind.finish([(row.object_id, {**by_id[row.object_id], **row.values}) for row in rows if row.object_id])


def _update(listed: Sequence[dict[str, Any]], names: Sequence[str], kind: Kind) -> None:
    sets = ", ".join(f"{name} = x.{name}" for name in _quoted([name for name in names if name != "id"]))
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"UPDATE {kind.model._meta.db_table} t SET {sets} FROM {_recordset(names, kind)} WHERE t.id = x.id",  # noqa: S608
            [orjson.dumps([{name: each[name] for name in names} for each in listed]).decode()],
        )
        _all_of_them(cursor.rowcount, len(listed))


def _all_of_them(written: int, wanted: int) -> None:
    if written != wanted:  # a policy hid one: not an error for PostgreSQL, and nothing may be half done
        raise DatabaseError(f"{written} of {wanted} rows were reached")


def _recordset(names: Sequence[str], kind: Kind) -> str:
    columns = {field.column: field for field in kind.model._meta.concrete_fields}
    types = ", ".join(
        f"{quoted} {columns[name].db_type(connections['default'])}"
        for quoted, name in zip(_quoted(names), names, strict=True)
    )
    return f"jsonb_to_recordset(%s::jsonb) AS x({types})"


def _quoted(names: Sequence[str], before: str = "") -> list[str]:
    return [f'{before}"{name}"' for name in names]
