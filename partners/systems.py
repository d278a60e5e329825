"""Writing what a shared system is, who stands on it and what it is made of. The database says who may."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from partners import approvals
from partners.approvals import NotAllowed
from partners.models import Component, Participation, Segment, SharedSystem
from portal import clock


class Changed(Exception):
    """Somebody changed it since it was shown. Nothing was written."""


@contextmanager
def written() -> Iterator[None]:
    """One savepoint; what the database refuses is `NotAllowed`, in words for people."""
    try:
        with approvals.refusals(), transaction.atomic():
            yield
    except NotAllowed as refused:
        if "row-level security" in str(refused):
            raise NotAllowed(_("This is not yours to write.")) from refused
        raise


def checked_now(who: str) -> dict[str, Any]:
    """Fields that say that everything was looked at today."""
    return {"reviewed_on": clock.now().date(), "reviewed_by": who}


def add_system(columns: Mapping[str, Any]) -> SharedSystem:
    """A new system of one's own. Its slug ends in characters that the database draws.

    Raises:
        NotAllowed: one neither owns nor provides it, or may not write.
    """
    system = SharedSystem(slug=slugify(columns["name"])[:40] or "system", **columns)
    with written():
        system.save(force_insert=True)
    return SharedSystem.objects.get(pk=system.pk)


def change_system(system: SharedSystem, columns: Mapping[str, Any], *, seen: int) -> None:
    """Change what differs, unless it is no longer as it was seen.

    Raises:
        Changed: another version stands there.
        NotAllowed: it is run by somebody else, or who runs it is not this organisation's to say.
    """
    change(SharedSystem, system.pk, columns, seen=seen)


def change(model: type[models.Model], pk: UUID, columns: Mapping[str, Any], *, seen: int) -> None:
    """The same for any row that counts its versions."""
    with written():
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        if row is None:
            raise NotAllowed(_("This is not yours to write."))
        if row.version != seen:  # type: ignore[attr-defined]
            raise Changed
        differs = {name: value for name, value in columns.items() if getattr(row, name) != value}
        if differs:
            model._default_manager.filter(pk=pk).update(**differs)


def add_organisation(system: SharedSystem, organisation_id: UUID) -> None:
    """Say that an organisation stands on a system that one runs; it is asked whether that is so.

    Raises:
        NotAllowed: the system is run by somebody else, or the organisation stands there already.
    """
    with written():
        Participation(system=system, organisation_id=organisation_id).save(force_insert=True)


def mark_left(stand: Participation) -> None:
    """Say that an organisation has left and is still connected; every radius counts it as before."""
    with written():
        Participation.objects.filter(pk=stand.pk).update(status=Participation.Status.LEFT_CONNECTED)


def remove_stand(stand: Participation) -> None:
    """Take an organisation off that has said itself that it does not stand there.

    Raises:
        NotAllowed: it has not said so, the system is somebody else's, or the passkey is too long ago.
    """
    approvals.call("SELECT sec.remove_stand(%s)", [stand.pk])


def digest(*parts: Any) -> str:
    """The state of several rows in a few characters, to see whether they are still as they were shown."""
    return hashlib.sha256(orjson.dumps(parts, default=str)).hexdigest()[:16]


OF_A_COMPONENT = ("vendor", "product", "product_version", "cpe", "purl", "note")
OF_A_SEGMENT = ("name", "note")


def parts_of(system: SharedSystem) -> tuple[list[Component], list[Segment]]:
    return list(Component.objects.filter(system=system)), list(Segment.objects.filter(system=system))


def state_of_parts(components: Sequence[Component], segments: Sequence[Segment]) -> str:
    return digest(
        [[each.pk, *(getattr(each, name) for name in OF_A_COMPONENT)] for each in components],
        [[each.pk, each.name, each.note] for each in segments],
    )


Said = Sequence[tuple[UUID | None, Mapping[str, Any]]]


def keep_parts(system: SharedSystem, components: Said, segments: Said, *, seen: str) -> None:
    """Make the parts of a system what was said: what is not named any more is removed.

    Raises:
        Changed: they are no longer as they were seen.
        NotAllowed: the system is somebody else's.
    """
    with written():
        SharedSystem.objects.select_for_update().filter(pk=system.pk).first()
        now = parts_of(system)
        if state_of_parts(*now) != seen:
            raise Changed
        keep_rows(Component, {each.pk: each for each in now[0]}, components, system=system)
        keep_rows(Segment, {each.pk: each for each in now[1]}, segments, system=system)


def keep_rows(model: type[models.Model], there: Mapping[UUID, Any], said: Said, **of: Any) -> None:
    """Remove, change and add rows of one kind; a row of an id that is not `there` is a new one.

    Removing comes first and adding last, so that a name can move from one row to another.
    """
    named = {pk for pk, _fields in said if pk in there}
    gone = [pk for pk in there if pk not in named]
    if gone:
        model._default_manager.filter(pk__in=gone).delete()
    for pk, fields in said:
        if pk is None or pk not in there:
            continue
        differs = {name: value for name, value in fields.items() if getattr(there[pk], name) != value}
        if differs:
            model._default_manager.filter(pk=pk).update(**differs)
    new = [model(**of, **fields) for pk, fields in said if pk not in there]
    if new:
        model._default_manager.bulk_create(new)
