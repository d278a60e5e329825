"""What no single field of a partnership file can show: duplicates, references to nothing, contradictions."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from partners.partnership_assurance import of_assessment, of_contract
from partners.partnership_duty import wrong_in_alongside, wrong_in_duty, wrong_in_number
from partners.partnership_entries import (
    ApiKeyEntry,
    DependencyEntry,
    OrganisationEntry,
    ParticipationEntry,
    PersonEntry,
    SystemEntry,
)
from partners.partnership_estate_checks import check_estate, of_categories, of_component, of_service
from partners.partnership_permissions import of_access, of_integration
from portal.documents import Problem, pointer

SCOPES = frozenset(
    {"suspect", "open", "answer", "orders", "read", "playbooks", "access-events", "estate", "contacts", "audit"}
)


def check(read: dict[str, tuple[Any, ...]], problems: list[Problem]) -> None:
    """Note every duplicate, every reference to nothing, and every entry that contradicts itself."""
    _once(read, "organisations", lambda each: each.slug, problems)
    _once(read, "people", lambda each: each.email.casefold(), problems)
    _once(read, "systems", lambda each: each.slug, problems)
    _once(read, "participations", lambda each: (each.organisation, each.system), problems)
    _once(read, "components", lambda each: (each.system, each.product, each.product_version), problems)
    _once(read, "segments", lambda each: (each.system, each.name), problems)
    _once(read, "public_services", lambda each: (each.organisation, each.system, each.name), problems)
    _once(read, "dependencies", lambda each: (each.source, each.target, each.kind, each.label), problems)
    _once(read, "contact_points", lambda each: (each.organisation, each.kind, each.address.casefold()), problems)
    _once(read, "contractors", lambda each: (each.organisation, each.name), problems)
    _once(read, "ladder", lambda each: (each.organisation, each.rung), problems)
    _once(read, "told_alongside", lambda each: (each.organisation, each.role, each.person), problems)
    _once(read, "assessments", lambda each: (each.provider, each.title), problems)
    _once(read, "findings", lambda each: (each.provider, each.title), problems)
    _once(read, "contracts", lambda each: (each.organisation, each.provider), problems)
    _once(read, "playbook_systems", lambda each: (each.playbook, each.system), problems)
    _once(read, "sign_offs", lambda each: (each.organisation, each.playbook, each.version), problems)
    _once(read, "sign_off_steps", lambda each: (each.organisation, each.playbook, each.version, each.step), problems)
    organisations = {each.slug for each in read["organisations"]}
    systems = {each.slug for each in read["systems"]}
    for section, entries in read.items():
        for at, entry in enumerate(entries):
            for field, known in REFERENCES.get(section, {}).items():
                value = getattr(entry, field)
                if value is not None and value not in (organisations if known == "organisation" else systems):
                    _wrong((section, at, field), f"There is no {known} {value!r} in this file.", problems)
            for field, detail in CONTRADICTIONS.get(section, _nothing)(entry):
                _wrong((section, at, field), detail, problems)
    homes = {each.email: each.organisation for each in read["people"]}
    for section in ("contact_points", "duty", "told_alongside", "ladder"):
        for at, point in enumerate(read[section]):
            if point.person is not None and homes.get(point.person) != point.organisation:
                _wrong((section, at, "person"), "No person of this organisation has this e-mail.", problems)
    names = {(each.organisation, each.name) for each in read["people"]}
    for at, signed in enumerate(read["sign_offs"]):
        if (signed.organisation, signed.signed_by) not in names:
            _wrong(("sign_offs", at, "signed_by"), "No person of this organisation has this name.", problems)
    given = {(each.organisation, each.playbook, each.version) for each in read["sign_offs"]}
    for at, step in enumerate(read["sign_off_steps"]):
        if (step.organisation, step.playbook, step.version) not in given:
            _wrong(("sign_off_steps", at), "There is no such signature in this file.", problems)
    firms = {(each.organisation, each.name) for each in read["contractors"]}
    for at, line in enumerate(read["duty"]):
        if line.contractor is not None and (line.organisation, line.contractor) not in firms:
            _wrong(("duty", at, "contractor"), "No contractor of this organisation has this name.", problems)
    for at, permission in enumerate(read["integrations"]):
        for side in ("grantor", "grantee"):
            owner = getattr(permission, f"{side}_owner")
            if owner is not None and homes.get(owner) != getattr(permission, side):
                _wrong(("integrations", at, f"{side}_owner"), "No person of this side has this e-mail.", problems)
    for section in ("integrations", "standing_access"):
        for at, entry in enumerate(read[section]):
            if unknown := [each for each in entry.systems if each not in systems]:
                _wrong((section, at, "systems"), f"There is no system {unknown[0]!r} in this file.", problems)
    check_estate(read, problems)
    titles = {(each.provider, each.title) for each in read["assessments"]}
    for at, found in enumerate(read["findings"]):
        if found.assessment is not None and (found.provider, found.assessment) not in titles:
            _wrong(("findings", at, "assessment"), "No assessment of this provider has this title.", problems)
    for at, assessment in enumerate(read["assessments"]):
        for unknown in set(assessment.shared_with) - organisations:
            _wrong(("assessments", at, "shared_with"), f"There is no organisation {unknown!r} in this file.", problems)


def _once(
    read: dict[str, tuple[Any, ...]], section: str, key: Callable[[Any], Hashable], problems: list[Problem]
) -> None:
    seen: dict[Hashable, int] = {}
    for at, entry in enumerate(read[section]):
        if (first := seen.setdefault(key(entry), at)) != at:
            _wrong((section, at), f"This is the same as number {first + 1} of its section.", problems)


REFERENCES = {
    "people": {"organisation": "organisation"},
    "systems": {"provider": "organisation", "owner": "organisation"},
    "components": {"system": "system"},
    "segments": {"system": "system"},
    "participations": {"organisation": "organisation", "system": "system"},
    "public_services": {"organisation": "organisation", "system": "system"},
    "dependencies": {"source": "system", "target": "system"},
    "contact_points": {"organisation": "organisation", "rides_on": "system"},
    "contractors": {"organisation": "organisation"},
    "duty": {"organisation": "organisation"},
    "told_alongside": {"organisation": "organisation"},
    "ladder": {"organisation": "organisation"},
    "integrations": {"grantor": "organisation", "grantee": "organisation", "from_system": "system"},
    "standing_access": {"provider": "organisation", "council": "organisation"},
    "api_keys": {"organisation": "organisation"},
    "assessments": {"provider": "organisation", "organisation": "organisation"},
    "findings": {"provider": "organisation", "organisation": "organisation"},
    "contracts": {"provider": "organisation", "organisation": "organisation"},
    "playbook_systems": {"system": "system"},
    "sign_offs": {"organisation": "organisation"},
    "sign_off_steps": {"organisation": "organisation"},
}

Contradictions = Iterable[tuple[str, str]]  # field, what is wrong with it


def _nothing(entry: Any) -> Contradictions:
    return ()


def _of_organisation(entry: OrganisationEntry) -> Contradictions:
    yield from _slug(entry)
    if (entry.status == "former") != (entry.left_on is not None):
        yield "left_on", "A former organisation needs the day on which it left, a current one has none."


def _slug(entry: OrganisationEntry | SystemEntry) -> Contradictions:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", entry.slug):
        yield "slug", "A slug has small letters, digits and single hyphens only."


def _of_person(entry: PersonEntry) -> Contradictions:
    if entry.email.count("@") != 1 or entry.email.strip() != entry.email:
        yield "email", "This must be one e-mail address."


def _of_system(entry: SystemEntry) -> Contradictions:
    yield from _slug(entry)
    yield from of_categories(entry)


def _of_participation(entry: ParticipationEntry) -> Contradictions:
    yield from of_categories(entry)
    if entry.status == "live" and entry.left_on is not None:
        yield "left_on", "Only one that left and is still connected has such a day."


def _of_dependency(entry: DependencyEntry) -> Contradictions:
    if entry.source == entry.target:
        yield "target", "A system cannot depend on itself."
    if entry.barrier == "tested" and entry.tested_on is None:
        yield "tested_on", "A tested barrier needs the day of its test."
    if entry.tested_on and entry.valid_until and entry.valid_until < entry.tested_on:
        yield "valid_until", "This lies before the test."
    if entry.phrase and "{source}" not in entry.phrase:
        yield "phrase", "The phrase must say {source} where the source's name belongs."


def _of_key(entry: ApiKeyEntry) -> Contradictions:
    unknown = sorted(set(entry.scopes) - SCOPES)
    if unknown or not entry.scopes:
        yield "scopes", f"Unknown scopes: {', '.join(unknown)}." if unknown else "A key needs at least one scope."


CONTRADICTIONS: dict[str, Callable[[Any], Contradictions]] = {
    "organisations": _of_organisation,
    "people": _of_person,
    "systems": _of_system,
    "components": of_component,
    "public_services": of_service,
    "participations": _of_participation,
    "dependencies": _of_dependency,
    "contractors": wrong_in_number,
    "duty": wrong_in_duty,
    "told_alongside": wrong_in_alongside,
    "integrations": of_integration,
    "standing_access": of_access,
    "api_keys": _of_key,
    "assessments": of_assessment,
    "contracts": of_contract,
}


def _wrong(at: tuple[str | int, ...], detail: str, problems: list[Problem]) -> None:
    problems.append(Problem(pointer(*at), detail))
