"""Provider assurance in a partnership file: its entries, what is wrong with them, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from partners import contracts
from partners.models import Assessment, AssessmentShare, Contract, Finding, Organisation


@dataclass(frozen=True, slots=True)
class AssessmentEntry:
    """A look at a provider. `organisation` owns it; without `done_on` it is planned."""

    provider: str
    organisation: str
    kind: Literal["architecture", "incident_response", "penetration_test"]
    title: str
    scope: str
    assessor: str = ""
    summary: str = ""
    done_on: date | None = None
    retest_due_on: date | None = None
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """Something to mend at a provider. `assessment` is the title of one of the same provider, null: from none."""

    provider: str
    organisation: str
    title: str
    severity: Literal["critical", "high", "medium", "low"]
    due_on: date
    detail: str = ""
    assessment: str | None = None
    state: Literal["open", "planned", "fixed", "retest_asked"] = "open"
    planned_for: date | None = None


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """A council's contract with a provider. `responsibilities` are lines of five words: an activity, then who is
    responsible, accountable, consulted and informed; see `partners.contracts`."""

    organisation: str
    provider: str
    responsibilities: tuple[str, ...]
    liability: str = ""
    liability_cap: int | None = None
    insurer: str = ""
    insured_sum: int | None = None
    insured_until: date | None = None
    hours_to_notify: int | None = None
    exit_terms: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


Contradictions = Iterable[tuple[str, str]]


def of_contract(entry: ContractEntry) -> Contradictions:
    if wrong := contracts.faults(responsibilities_of(entry)):
        yield "responsibilities", f"Each activity needs four words, one of the two accountable: {', '.join(wrong)}."
    if entry.organisation == entry.provider:
        yield "provider", "A contract is with another organisation."
    if entry.valid_from and entry.valid_until and entry.valid_until < entry.valid_from:
        yield "valid_until", "This lies before the contract begins."


def of_assessment(entry: AssessmentEntry) -> Contradictions:
    if entry.organisation in entry.shared_with:
        yield "shared_with", "Its owner reads it anyway."


def responsibilities_of(entry: ContractEntry) -> dict[str, list[str]]:
    """By activity; a line without words is left for `faults` to name."""
    return {words[0]: words[1:] for line in entry.responsibilities if (words := line.split())}


Put = Callable[[type[Any], Mapping[str, Any], Mapping[str, Any]], Any]


def load_assurance(
    assessments: Iterable[AssessmentEntry],
    findings: Iterable[FindingEntry],
    agreed: Iterable[ContractEntry],
    *,
    organisations: Mapping[str, Organisation],
    put: Put,
) -> None:
    """Write them; `put` adds a row or changes what differs. What people have said of a finding since stays."""
    written = {}
    for each in assessments:
        key = {"provider": organisations[each.provider], "title": each.title}
        values = {**asdict(each), "organisation": organisations[each.organisation]}
        written[each.provider, each.title] = assessment = put(Assessment, key, _without(values, *key, "shared_with"))
        for slug in each.shared_with:
            share = {"assessment": assessment, "organisation": organisations[slug]}
            put(AssessmentShare, share, {"shared_by_organisation": assessment.organisation})
    for found in findings:
        key = {"provider": organisations[found.provider], "title": found.title}
        if Finding.objects.filter(**key).exists():
            continue
        values = {
            **asdict(found),
            "organisation": organisations[found.organisation],
            "assessment": written.get((found.provider, found.assessment or "")),
        }
        put(Finding, key, _without(values, *key))
    for contract in agreed:
        key = {"organisation": organisations[contract.organisation], "provider": organisations[contract.provider]}
        values = {**asdict(contract), "responsibilities": responsibilities_of(contract)}
        put(Contract, key, _without(values, *key))


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}
