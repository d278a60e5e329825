"""Writes a partnership file into the database: the same way for a demonstration and for a real partnership.

Runs as the owner, in one transaction. Loading again changes what the file says differently and removes nothing: an
organisation that is gone from the file is somebody's decision, not a loader's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.db import models, transaction

from partners.loading_estate import fields_of, load_estate
from partners.loading_permissions import load_permissions
from partners.models import (
    ContactPoint,
    DutyDesk,
    Organisation,
    Person,
)
from partners.partnership_assurance import load_assurance
from partners.partnership_duty import address_kept, finish_contact, load_duty
from partners.partnership_entries import PartnershipFile

M = TypeVar("M", bound=models.Model)


@dataclass
class Loaded:
    """What loading did, by kind of row: added, changed, kept as it was."""

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        kinds = sorted({*self.added, *self.changed, *self.kept})
        return [
            f"{kind}: {self.added[kind]} added, {self.changed[kind]} changed, {self.kept[kind]} as before"
            for kind in kinds
        ]


@transaction.atomic
def load(file: PartnershipFile) -> Loaded:
    """Write organisations, people, systems, participations, dependencies, contact points, assurance. Safe to repeat.

    Playbooks and keys are loaded by the rooms that own them (`manage.py load_partnership` calls all).
    """
    done = Loaded()
    organisations = {
        entry.slug: _put(
            done,
            Organisation,
            {"slug": entry.slug},
            fields_of(entry, "slug", "duty_desk", mail_domains=list(entry.mail_domains)),
        )
        for entry in file.organisations
    }
    for entry in file.organisations:
        if entry.duty_desk:
            _put(done, DutyDesk, {"organisation": organisations[entry.slug]}, asdict(entry.duty_desk))
    people = {
        person.email: _put(
            done,
            Person,
            {"email": person.email},
            fields_of(person, "email", organisation=organisations[person.organisation]),
        )
        for person in file.people
    }
    systems = load_estate(file, organisations=organisations, people=people, put=partial(_put, done), added=done.added)
    for point in file.contact_points:
        key: dict[str, Any] = {
            "organisation": organisations[point.organisation],
            "kind": point.kind,
            "address": address_kept(point),
        }
        values = fields_of(
            point,
            "organisation",
            "kind",
            "address",
            "tested_days_ago",
            person=people.get(point.person or ""),
            rides_on=systems.get(point.rides_on or ""),
        )
        if point.is_private:
            key["label"] = values.pop("label")
        finish_contact(_put(done, ContactPoint, key, values), point)
    load_duty(file, organisations=organisations, people=people, put=partial(_put, done))
    load_assurance(
        file.assessments, file.findings, file.contracts, organisations=organisations, put=partial(_put, done)
    )
    load_permissions(file, done.added, done.kept, organisations=organisations, people=people, systems=systems)
    return done


def _put(done: Loaded, model: type[M], key: Mapping[str, Any], values: Mapping[str, Any]) -> M:
    """Add the row, or change what differs; an unchanged row is not written."""
    kind = str(model._meta.verbose_name_plural)
    row = model._default_manager.filter(**key).first()
    if row is None:
        done.added[kind] += 1
        return model._default_manager.create(**key, **values)
    different = [name for name, value in values.items() if getattr(row, name) != value]
    if different:
        done.changed[kind] += 1
        for name in different:
            setattr(row, name, values[name])
        row.save(update_fields=different)
    else:
        done.kept[kind] += 1
    return row
