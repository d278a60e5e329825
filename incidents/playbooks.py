"""Keeps playbooks: a CACAO document becomes a playbook row, one row per action step, and one per signature."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from incidents.cacao.canonical import canonical, content_of
from incidents.cacao.plan import Plan
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.cacao.signatures import MOST
from incidents.models import Playbook, PlaybookSignature, Step
from portal import clock
from portal.documents import Problem, pointer
from portal.ledger.record import Actor, record


class VersionTaken(Exception):
    """Another document is kept under the same id and version. A playbook is never changed in place."""


@transaction.atomic(using="default")
def keep_playbook(
    document: dict[str, Any] | bytes, *, organisation_id: UUID, actor: Actor | None = None, strict: bool = False
) -> tuple[Playbook, bool]:
    """Check a CACAO document and keep it; returns the playbook and whether it is new. Safe to repeat.

    Signatures are kept beside the version. The same version with others of them is the same version: they are added.

    Raises:
        incidents.cacao.reading.PlaybookRefused: the document breaks the standard, or, when `strict`, earns a warning;
            every problem has a JSON pointer.
        VersionTaken: see there.
    """
    plan = read_playbook(document, strict=strict)
    digest = bytes.fromhex(plan.fingerprint)
    kept = Playbook.objects.filter(cacao_id=plan.playbook_id, version=plan.version).first()
    if kept is not None:
        if bytes(kept.digest) != digest:
            raise VersionTaken(f"{plan.name} {plan.version} is kept already, with another content.")
        _keep_signatures(kept, plan, organisation_id)
        return kept, False
    playbook = Playbook(
        id=uuid4(),
        slug=plan.slug,
        name=plan.name,
        description=plan.description,
        cacao_id=plan.playbook_id,
        version=plan.version,
        created_by_organisation_id=organisation_id,
        imported_at=clock.now(),
        document=content_of(plan.document),
        digest=digest,
        warnings=[asdict(warning) for warning in plan.warnings],
        blockers=[asdict(blocker) for blocker in plan.blockers],
        calls=list(plan.calls),
        revoked=plan.document.get("revoked", False),
        valid_from=_moment(plan.document.get("valid_from")),
        valid_until=_moment(plan.document.get("valid_until")),
    )
    playbook.save(force_insert=True)
    Step.objects.bulk_create(_steps(playbook, plan))
    _keep_signatures(playbook, plan, organisation_id)
    if actor is not None:
        record("playbook.imported", actor=actor, audience=[organisation_id], subject_id=playbook.pk, slug=playbook.slug)
    return playbook, True


def _keep_signatures(playbook: Playbook, plan: Plan, organisation_id: UUID) -> None:
    """Add those that are not kept yet. They were looked at when the document was read.

    Raises:
        PlaybookRefused: another signature is kept under the identifier of one of them, or there would be too many.
    """
    brought = plan.document.get("signatures", [])
    if not brought:
        return
    kept = dict(PlaybookSignature.objects.filter(playbook=playbook).values_list("signature_id", "document"))
    fresh = []
    for at, each in enumerate(brought):
        if each["id"] not in kept:
            fresh.append((at, each))
        elif canonical(kept[each["id"]]) != canonical(each):
            words = "Another signature of this version is kept under this identifier."
            raise PlaybookRefused([Problem(pointer("signatures", at, "id"), words)])
    if len(kept) + len(fresh) > MOST:
        raise PlaybookRefused([Problem("/signatures", f"A version has at most {MOST} signatures.")])
    now = clock.now()
    rows = [
        PlaybookSignature(
            playbook=playbook,
            signature_id=each["id"],
            document=each,
            organisation_id=organisation_id,
            added_at=now,
            position=at,
        )
        for at, each in fresh
    ]
    PlaybookSignature.objects.bulk_create(rows, ignore_conflicts=True)  # the same document twice at once


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _steps(playbook: Playbook, plan: Plan) -> list[Step]:
    return [
        Step(
            playbook=playbook,
            cacao_step_id=step.id,
            position=step.position,
            title=step.title,
            short_title=step.short_title,
            audience=step.audience,
            acknowledge_minutes=step.acknowledge_minutes,
            finish_minutes=step.finish_minutes,
            containing=step.containing,
            confirmed_by_council=step.confirmed_by_council,
            join=step.join,
            do_this=step.do,
            why=step.why,
            who=step.who,
            stops=step.stops,
            worked=step.worked,
            undo=step.undo,
            cannot=step.cannot,
            evidence=step.evidence,
            typed_confirmation=step.typed_confirmation,
            d3fend=[asdict(technique) for technique in step.d3fend],
            instructions=[asdict(instruction) for instruction in step.instructions],
            after=list(step.after),
            certain=step.certain,
            at_opening=step.at_opening,
            answers=[asdict(asked) for asked in step.answers],
        )
        for step in plan.steps
    ]
