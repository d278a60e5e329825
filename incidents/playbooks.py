"""Keeps playbooks: a CACAO document becomes a playbook row, one row per action step, and one per signature."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connections, transaction

from incidents.cacao.canonical import content_of
from incidents.cacao.notes import Notes
from incidents.cacao.parts import check_instant
from incidents.cacao.plan import Plan
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.kept_signatures import add_signatures
from incidents.models import Playbook, Step
from incidents.named import versions_named
from portal import clock
from portal.documents import Problem
from portal.ledger.record import Actor, record


class VersionTaken(Exception):
    """Another document is kept under the same id and version. A playbook is never changed in place."""


@transaction.atomic(using="default")
def keep_playbook(
    document: dict[str, Any] | bytes, *, organisation_id: UUID, actor: Actor | None = None, strict: bool = False
) -> tuple[Playbook, bool]:
    """Check a CACAO document and keep it; returns the playbook and whether it is new. Safe to repeat.

    Signatures are kept beside the version. The same version with others of them is the same version: they are added. A
    name that means another playbook already earns a warning: whoever asks by that name gets the other one. The database
    holds every column against the document, and says itself when it was kept.

    Raises:
        PlaybookRefused: the document breaks the standard, or, when `strict`, earns a warning; every problem has a JSON
            pointer.
        VersionTaken: see there.
    """
    plan = read_playbook(document, strict=strict)
    digest = bytes.fromhex(plan.fingerprint)
    kept = _kept(plan)
    if kept is not None:
        return _again(kept, plan, digest, organisation_id), False
    warnings = [*plan.warnings, *_name_taken(plan)]
    if strict and warnings:
        raise PlaybookRefused(warnings)
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
        warnings=[asdict(warning) for warning in warnings],
        blockers=[asdict(blocker) for blocker in plan.blockers],
        calls=list(plan.calls),
        revoked=plan.document.get("revoked", False),
        valid_from=_moment(plan.document.get("valid_from")),
        valid_until=_moment(plan.document.get("valid_until")),
    )
    try:
        with transaction.atomic(using="default"):
            playbook.save(force_insert=True)
            playbook.refresh_from_db(fields=["imported_at"])
    except IntegrityError:  # the same version twice at once: the other one was first
        kept = _kept(plan)
        if kept is None:
            raise
        return _again(kept, plan, digest, organisation_id), False
    Step.objects.bulk_create(_steps(playbook, plan))
    add_signatures(playbook, plan, organisation_id)
    if actor is not None:
        record("playbook.imported", actor=actor, audience=[organisation_id], subject_id=playbook.pk, slug=playbook.slug)
    return playbook, True


def _kept(plan: Plan) -> Playbook | None:
    """The version that is kept under this id and instant, however its time is spelt there.

    Raises:
        VersionTaken: the same instant is kept in another spelling, so it is another document.
    """
    with connections["default"].cursor() as cursor:  # one at a time under an id: two spellings clash in no constraint
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"playbook {plan.playbook_id}"])
    spelt = dict(Playbook.objects.filter(cacao_id=plan.playbook_id).values_list("version", "pk"))
    if plan.version in spelt:
        return Playbook.objects.get(pk=spelt[plan.version])
    instant = _instant(plan.version)
    for version in spelt:
        if _instant(version) == instant:
            raise VersionTaken(f"{plan.name} is kept already with this time, spelt {version}.")
    return None


def _again(kept: Playbook, plan: Plan, digest: bytes, organisation_id: UUID) -> Playbook:
    if bytes(kept.digest) != digest:
        raise VersionTaken(f"{plan.name} {plan.version} is kept already, with another content.")
    add_signatures(kept, plan, organisation_id)
    return kept


def _name_taken(plan: Plan) -> list[Problem]:
    """That the name means another playbook, when no version of this one has had it before."""
    other = versions_named(plan.slug).values_list("cacao_id", "name").first()
    if other is None or Playbook.objects.filter(cacao_id=plan.playbook_id, slug=plan.slug).exists():
        return []
    return [Problem("/name", f"Another playbook has this name already and is the one that it means: {other[1]}.")]


def _instant(version: str) -> datetime | str:
    return check_instant(version, (), Notes()) or version


def _moment(text: str | None) -> datetime | None:
    return check_instant(text, (), Notes()) if text else None


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
