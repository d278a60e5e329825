"""What a playbook becomes once it is read: the plan that an incident runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from incidents.cacao.extension import Audience, Join
from portal.documents import Problem


@dataclass(frozen=True, slots=True)
class Technique:
    """A D3FEND technique that a step carries out."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """A command that is not manual: shown as text, never run by the portal. `kind` is the command's type."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever completes a step must say (out_args). `deciding`: a condition of the plan asks about it."""

    name: str
    kind: str
    words: str
    deciding: bool


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One action step. `position` counts from 1; `after` holds the ids of the steps that must be done before.

    `do`, `why`, `who`, `stops`, `worked`, `undo`, `cannot` are for the person who does it; only `title` and
    `do` are never empty.
    `certain` and `at_opening` are explained at `incidents.cacao.flow.Flow`.
    Audience and join rule are explained at `incidents.cacao.extension.Details`.
    """

    id: str
    position: int
    title: str
    short_title: str
    do: str
    why: str
    who: str
    stops: str
    worked: str
    undo: str
    cannot: str
    evidence: str
    typed_confirmation: bool
    audience: Audience
    acknowledge_minutes: int
    finish_minutes: int
    containing: bool
    confirmed_by_council: bool
    join: Join
    after: tuple[str, ...]
    certain: bool
    at_opening: bool
    answers: tuple[Asked, ...]
    d3fend: tuple[Technique, ...]
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A playbook, ready to be kept and run.

    Attributes:
        version: the document's `modified`; (playbook_id, version) names one version.
        fingerprint: SHA-256 of the document's canonical form without its signatures, in hexadecimal.
        steps: its action steps, by position.
        blockers: why the plan cannot be run; empty for one that can.
        calls: ids of the playbooks that it runs within itself.
        document: the document as it came.
    """

    playbook_id: str
    slug: str
    name: str
    description: str
    version: str
    fingerprint: str
    steps: tuple[PlanStep, ...]
    warnings: tuple[Problem, ...]
    blockers: tuple[Problem, ...]
    calls: tuple[str, ...]
    document: dict[str, Any]

    @property
    def runnable(self) -> bool:
        return not self.blockers
