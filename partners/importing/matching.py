"""Which column of a file is which field: remembered from the last such file, else guessed from the headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from partners.importing.kinds import Kind
from partners.models import ImportMapping
from portal import clock

Matched = dict[str, int]  # our field -> number of its column, from 0


def digest_of(headers: Sequence[str]) -> str:
    """The same for every file with this set of headers, in whatever order."""
    return hashlib.sha256("\n".join(sorted({_bare(each) for each in headers})).encode()).hexdigest()


def guessed(headers: Sequence[str], kind: type[Kind]) -> Matched:
    """Fields whose own name, words or other usual names stand in the headers."""
    bare = [_bare(each) for each in headers]
    found: Matched = {}
    for field in kind.fields:
        for name in (field.name, str(field.words), *field.also):
            if _bare(name) in bare and bare.index(_bare(name)) not in found.values():
                found[field.name] = bare.index(_bare(name))
                break
    return found


def remembered(headers: Sequence[str], kind: type[Kind]) -> Matched | None:
    """How the organisation matched such a file the last time; None when it never did. One query."""
    kept = ImportMapping.objects.filter(kind=kind.name, digest=digest_of(headers)).first()
    if kept is None:
        return None
    places = {_bare(header): nth for nth, header in enumerate(headers)}
    known = {field.name for field in kind.fields}
    return {name: places[header] for name, header in kept.columns.items() if header in places and name in known}


def remember(headers: Sequence[str], kind: type[Kind], mapping: Mapping[str, int], *, organisation_id: UUID) -> None:
    """Keep it for the next file with these headers."""
    ImportMapping.objects.bulk_create(
        [
            ImportMapping(
                organisation_id=organisation_id,
                kind=kind.name,
                digest=digest_of(headers),
                columns={name: _bare(headers[column]) for name, column in mapping.items()},
                used_at=clock.now(),
            )
        ],
        update_conflicts=True,
        unique_fields=["organisation", "kind", "digest"],
        update_fields=["columns", "used_at"],
    )


def missing(mapping: Mapping[str, int], kind: type[Kind]) -> list[Any]:
    """The required fields that no column is matched to."""
    return [field for field in kind.fields if field.required and field.name not in mapping]


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
