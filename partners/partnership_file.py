"""Reading a partnership file: everything is checked before anything is loaded, and every problem is named."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from partners import partnership_entries
from partners.partnership_assurance import AssessmentEntry, ContractEntry, FindingEntry
from partners.partnership_checks import check
from partners.partnership_duty import AlongsideEntry, ContractorEntry, DutyEntry, RungEntry
from partners.partnership_entries import (
    ApiKeyEntry,
    ComponentEntry,
    ContactPointEntry,
    DependencyEntry,
    DutyDeskEntry,
    OrganisationEntry,
    ParticipationEntry,
    PartnershipFile,
    PersonEntry,
    PlaybookSystemEntry,
    SegmentEntry,
    ServiceEntry,
    SignOffEntry,
    SignOffStepEntry,
    SystemEntry,
)
from partners.partnership_permissions import IntegrationEntry, StandingAccessEntry
from portal.documents import Problem, Refused, pointer, read_json

SECTIONS: dict[str, type[Any]] = {
    "organisations": OrganisationEntry,
    "people": PersonEntry,
    "systems": SystemEntry,
    "components": ComponentEntry,
    "segments": SegmentEntry,
    "participations": ParticipationEntry,
    "public_services": ServiceEntry,
    "dependencies": DependencyEntry,
    "contact_points": ContactPointEntry,
    "contractors": ContractorEntry,
    "duty": DutyEntry,
    "told_alongside": AlongsideEntry,
    "ladder": RungEntry,
    "integrations": IntegrationEntry,
    "standing_access": StandingAccessEntry,
    "api_keys": ApiKeyEntry,
    "assessments": AssessmentEntry,
    "findings": FindingEntry,
    "contracts": ContractEntry,
    "playbook_systems": PlaybookSystemEntry,
    "sign_offs": SignOffEntry,
    "sign_off_steps": SignOffStepEntry,
}
LARGEST = 16 * 1024 * 1024  # bytes


class PartnershipRefused(Refused):
    """The file cannot be loaded; `problems` are JSON pointers with a sentence each."""


def read_partnership(path: Path | str) -> PartnershipFile:
    """Read and check a partnership file. Playbooks are paths beside it, inside its folder.

    Raises:
        PartnershipRefused: with every problem found, also when the file is absent or not JSON.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise PartnershipRefused([Problem("", f"The file is larger than {LARGEST // 1024 // 1024} MiB.")])
        document = read_json(path.read_bytes())
    except OSError as error:
        raise PartnershipRefused([Problem("", f"The file cannot be read: {error.strerror}.")]) from None
    except Refused as refused:
        raise PartnershipRefused(refused.problems) from None
    return parse_partnership(document, folder=path.parent)


def parse_partnership(document: Any, *, folder: Path) -> PartnershipFile:
    """Check a parsed document; `folder` is where its playbooks lie."""
    problems: list[Problem] = []
    if not isinstance(document, dict):
        raise PartnershipRefused([Problem("", "The file must be a JSON object.")])
    allowed = {"name", *SECTIONS, "playbooks", "later"}
    problems += [Problem(pointer(key), "There is no such section.") for key in document if key not in allowed]
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        problems.append(Problem("/name", "The partnership needs a name."))
    read = {key: _section(document.get(key, []), key, entry, problems) for key, entry in SECTIONS.items()}
    if not document.get("organisations"):
        problems.append(Problem("/organisations", "A partnership needs at least one organisation."))
    playbooks = _playbooks(document.get("playbooks", []), folder, problems)
    later = document.get("later", {})
    if not isinstance(later, dict):
        problems.append(Problem("/later", "This must be an object."))
    if not problems:  # references can be judged only when every entry could be read
        check(read, problems)
    if problems:
        raise PartnershipRefused(problems)
    return PartnershipFile(name=name, **read, playbooks=playbooks, later=later)  # type: ignore[arg-type]


def _section(value: Any, key: str, entry: type[Any], problems: list[Problem]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        problems.append(Problem(pointer(key), "This must be a list."))
        return ()
    return tuple(_entry(each, entry, (key, at), problems) for at, each in enumerate(value))


@cache
def _shape(entry: Any) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Types and fields of an entry, by name."""
    return typing.get_type_hints(entry, vars(partnership_entries)), {f.name: f for f in dataclasses.fields(entry)}


def _entry(value: Any, entry: Any, at: tuple[str | int, ...], problems: list[Problem]) -> Any:
    """One object as its dataclass; None when it cannot be, with the problems noted."""
    if not isinstance(value, dict):
        problems.append(Problem(pointer(*at), "This must be an object."))
        return None
    before = len(problems)
    hints, fields = _shape(entry)
    problems += [Problem(pointer(*at, key), "There is no such field.") for key in value if key not in fields]
    found = {}
    for name, field in fields.items():
        if name in value:
            found[name] = _value(value[name], hints[name], (*at, name), problems)
            if found[name] == "" and field.default is dataclasses.MISSING:
                _wrong((*at, name), "This cannot be empty.", problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(Problem(pointer(*at, name), "This field is required."))
    return entry(**found) if len(problems) == before else None


def _value(value: Any, hint: Any, at: tuple[str | int, ...], problems: list[Problem]) -> Any:
    """`value` as the field's type: text, whole number, yes or no, a date, a choice, a list of texts, an entry."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    if hint is DutyDeskEntry:
        return _entry(value, DutyDeskEntry, at, problems)
    if typing.get_origin(hint) is typing.Literal:
        choices = typing.get_args(hint)
        return value if value in choices else _wrong(at, f"This must be one of: {', '.join(choices)}.", problems)
    if typing.get_origin(hint) is tuple:
        if isinstance(value, list) and all(_is_text(each) and each.strip() for each in value):
            return tuple(value)
        return _wrong(at, "This must be a list of texts, none of them empty.", problems)
    if hint is date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            return _wrong(at, "This must be a date such as 2026-05-03.", problems)
    if hint is bool:
        return value if isinstance(value, bool) else _wrong(at, "This must be true or false.", problems)
    if hint is int:
        whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
        return value if whole else _wrong(at, "This must be a whole number, zero or more.", problems)
    return value.strip() if _is_text(value) else _wrong(at, "This must be a text.", problems)


def _is_text(value: Any) -> bool:
    """Text that the database can hold: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and not re.search("[\0\ud800-\udfff]", value)


def _wrong(at: tuple[str | int, ...], detail: str, problems: list[Problem]) -> None:
    problems.append(Problem(pointer(*at), detail))


def _playbooks(value: Any, folder: Path, problems: list[Problem]) -> tuple[Path, ...]:
    if not isinstance(value, list):
        problems.append(Problem("/playbooks", "This must be a list."))
        return ()
    found = []
    for at, each in enumerate(value):
        path = folder / each if isinstance(each, str) else None
        if path is None or not path.resolve().is_relative_to(folder.resolve()):
            problems.append(Problem(pointer("playbooks", at), "This must be a path inside the file's own folder."))
        elif not path.is_file():
            problems.append(Problem(pointer("playbooks", at), "There is no such file."))
        elif path in found:
            problems.append(Problem(pointer("playbooks", at), "This playbook is already listed."))
        else:
            found.append(path)
    return tuple(found)
